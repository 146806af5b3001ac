"""Days as wires print them, in the languages that wires come in."""

from __future__ import annotations

import re
from datetime import date, timedelta

_NAMED_MONTHS = """
    january jan januar jän jänner januari janvier janv enero ene gennaio gen janeiro tammikuu
        января янв stycznia januára januarja siječnja ledna ocak január ιανουαρίου januara gener
    february feb februar feber februari février fevrier févr fév febrero febbraio fevereiro
        helmikuu февраля фев lutego februára februara februarja veljače února şubat subat február
        φεβρουαρίου febrer
    march mar märz mär mrz maerz maart mrt mars marzo março maaliskuu marca марта мар března ožujka
        mart március μαρτίου març maret
    april apr avril avr abril abr aprile huhtikuu апреля апр kwietnia apríla aprila travnja dubna
        nisan április απριλίου
    may mai mei maj mayo maggio mag maio toukokuu мая май maja mája svibnja května mayıs mayis
        május μαΐου maig
    june jun juni juin junio giugno giu junho kesäkuu июня июн czerwca júna juna junija lipnja
        června haziran június ιουνίου juny
    july jul juli juillet juil julio luglio lug julho heinäkuu июля июл lipca júla jula julija
        srpnja července temmuz július ιουλίου juliol
    august aug augustus août aout agosto ago elokuu августа авг sierpnia augusta avgusta kolovoza
        srpna ağustos agustos augusztus αυγούστου agost
    september sep sept septembre septiembre settembre set setembro syyskuu сентября сен września
        septembra rujna září eylül eylul szeptember σεπτεμβρίου setembre
    october oct oktober okt octobre octubre ottobre ott outubro lokakuu октября окт października
        októbra oktobra října ekim október οκτωβρίου
    november nov novembre noviembre novembro marraskuu ноября ноя listopada novembra studenoga
        studenog listopadu kasım kasim νοεμβρίου
    december dec dezember dez décembre déc diciembre dic dicembre dezembro desember des joulukuu
        декабря дек grudnia decembra prosinca prosince aralık aralik δεκεμβρίου desembre
"""
MONTHS = {
    name: number
    for number, names in enumerate(re.split(r"\n    (?=\S)", _NAMED_MONTHS.strip()), start=1)
    for name in names.split()
}
"""Month names and abbreviations, in lower case, of the languages wires come in."""
# Hungarian prints the year first: "2026. november 24."
_DAY = re.compile(
    r"(?P<year3>\d{4})\.\s+(?P<month3>[^\W\d_]{3,12})\.?\s+(?P<day3>\d{1,2})\.?|"
    r"(?P<month>[^\W\d_]{3,12})\.?\s+(?P<day>\d{1,2})(?:st|nd|rd|th)?(?:,?\s+(?P<year>\d{4}))?"
    r"|(?P<day2>\d{1,2})(?:st|nd|rd|th|er|\.|º)?\s+(?:de\s+)?(?P<month2>[^\W\d_]{3,12})\.?"
    r"(?:,?\s+(?:de\s+|del\s+)?(?P<year2>\d{4}))?"
)


def day(text: str | None, near: date | None) -> date | None:
    """Returns a day as datelines print it: "Aug 29, 2014", "29. August", "July 23", "4 avril 2018".

    Without a year it is the one that brings it nearest to `near`; None without both, and for
    days written in numbers alone, whose order can't be known.
    """
    match = _DAY.fullmatch(text.strip()) if text else None
    if match is None:
        return None
    parts = match.groupdict()
    form = next(form for form in ("", "2", "3") if parts[f"month{form}"])
    month = MONTHS.get(parts[f"month{form}"].casefold())
    if month is None:
        return None
    return nearest(month, int(parts[f"day{form}"]), near, parts[f"year{form}"])


def nearest(month: int, number: int, near: date | None, year: str | None = None) -> date | None:
    """Returns the day of a month, without a year the one nearest to `near`; None for none."""
    years = [int(year)] if year else [near.year + step for step in (-1, 0, 1)] if near else []
    possible = []
    for candidate in years:
        try:
            possible.append(date(candidate, month, number))
        except ValueError:  # February 29 in a common year, July 35 in any
            continue
    return min(possible, key=lambda found: abs(found - near) if near else timedelta(), default=None)
