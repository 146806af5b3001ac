"""Days as wires print them, in the languages that wires come in."""

from __future__ import annotations

import re
from datetime import date, timedelta

_NAMED_MONTHS = """
    january jan januar jän jänner januari janvier janv enero ene gennaio gen janeiro tammikuu
        января stycznia ledna ocak január ιανουαρίου januara gener
    february feb februar feber februari février fevrier févr fév febrero febbraio fevereiro
        helmikuu февраля lutego února şubat subat február φεβρουαρίου febrer
    march mar märz mär mrz maerz maart mrt mars marzo março maaliskuu marca марта března mart
        március μαρτίου març maret
    april apr avril avr abril abr aprile huhtikuu апреля kwietnia dubna nisan április απριλίου
    may mai mei maj mayo maggio mag maio toukokuu мая maja května mayıs mayis május μαΐου maig
    june jun juni juin junio giugno giu junho kesäkuu июня czerwca června haziran június
        ιουνίου juny
    july jul juli juillet juil julio luglio lug julho heinäkuu июля lipca července temmuz
        július ιουλίου juliol
    august aug augustus août aout agosto ago elokuu августа sierpnia srpna ağustos agustos
        augusztus αυγούστου agost
    september sep sept septembre septiembre settembre set setembro syyskuu сентября września
        září eylül eylul szeptember σεπτεμβρίου setembre
    october oct oktober okt octobre octubre ottobre ott outubro lokakuu октября października
        října ekim október οκτωβρίου
    november nov novembre noviembre novembro marraskuu ноября listopada listopadu kasım kasim
        νοεμβρίου
    december dec dezember dez décembre déc diciembre dic dicembre dezembro desember des
        joulukuu декабря grudnia prosince aralık aralik δεκεμβρίου desembre
"""
MONTHS = {
    name: number
    for number, names in enumerate(re.split(r"\n    (?=\S)", _NAMED_MONTHS.strip()), start=1)
    for name in names.split()
}
"""Month names and abbreviations, in lower case, of the languages wires come in."""
_DAY = re.compile(
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
    month = MONTHS.get((match["month"] or match["month2"]).casefold()) if match else None
    if not match or not month:
        return None
    number, year = int(match["day"] or match["day2"]), match["year"] or match["year2"]
    years = [int(year)] if year else [near.year + step for step in (-1, 0, 1)] if near else []
    possible = []
    for candidate in years:
        try:
            possible.append(date(candidate, month, number))
        except ValueError:  # February 29 in a common year, July 35 in any
            continue
    return min(possible, key=lambda found: abs(found - near) if near else timedelta(), default=None)
