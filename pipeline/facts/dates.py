"""The days and times of day that a text names, as it names them: "Tuesday", "12 March", "10:30"."""

from __future__ import annotations

import re
from collections.abc import Mapping

import msgspec

from pipeline.facts.words import alternatives

_WEEKDAYS: Mapping[str, str] = {
    word: name
    for name, words in {
        "Monday": "Monday Mon Montag lundi lunes lunedì maandag segunda-feira måndag mandag",
        "Tuesday": "Tuesday Tue Tues Dienstag mardi martes martedì dinsdag terça-feira tisdag "
        "tirsdag",
        "Wednesday": "Wednesday Wed Mittwoch mercredi miércoles mercoledì woensdag quarta-feira "
        "onsdag",
        "Thursday": "Thursday Thu Thurs Donnerstag jeudi jueves giovedì donderdag quinta-feira "
        "torsdag",
        "Friday": "Friday Fri Freitag vendredi viernes venerdì vrijdag sexta-feira fredag",
        "Saturday": "Saturday Sat Samstag Sonnabend samedi sábado sabato zaterdag lördag lørdag",
        "Sunday": "Sunday Sun Sonntag dimanche domingo domenica zondag söndag søndag",
    }.items()
    for word in words.split()
}
_SHORT = frozenset({"Mon", "Tue", "Tues", "Wed", "Thu", "Thurs", "Fri", "Sat", "Sun"})
"""Weekdays only with a full stop or a date behind them: "Sun" and "Sat" are words."""
_MONTHS: Mapping[str, int] = {
    word: number
    for number, words in enumerate(
        (
            "January Jan Januar janvier enero gennaio januari janeiro",
            "February Feb Februar février febrero febbraio februari fevereiro",
            "March Mar März mars marzo maart março",
            "April Apr avril abril aprile",
            "May Mai mai mayo maggio mei maio maj",
            "June Jun Juni juin junio giugno junho",
            "July Jul Juli juillet julio luglio julho",
            "August Aug août agosto augustus augusti",
            "September Sept Sep septembre septiembre settembre setembro",
            "October Oct Oktober octobre octubre ottobre outubro oktober",
            "November Nov novembre noviembre novembro",
            "December Dec Dezember décembre diciembre dicembre dezembro december",
        ),
        1,
    )
    for word in words.split()
}
_MONTH = alternatives(_MONTHS)
_YEAR = r"(?:1[5-9]|20|21)\d\d"
_DATE = re.compile(
    rf"""
      \b(?P<iso>{_YEAR}-\d\d-\d\d)\b
    | \b(?P<day>\d{{1,2}})(?:st|nd|rd|th|\.|er|º)?\s(?:(?:of|de)\s)?(?P<month>{_MONTH})\b\.?
        (?:,?\s(?:de\s)?(?P<year>{_YEAR})\b)?
    | \b(?P<month2>{_MONTH})\b\.?\s(?P<day2>\d{{1,2}})(?:st|nd|rd|th)?(?![\d:%]|[.,]\d)
        (?:,?\s(?P<year2>{_YEAR})\b)?
    | \b(?P<month3>{_MONTH})\b\.?,?\s(?:de\s)?(?P<year3>{_YEAR})\b
    | \b(?P<weekday>{alternatives(_WEEKDAYS)})\b(?P<dot>\.)?
    | \b(?P<hour>\d{{1,2}})(?:[:.h](?P<minute>\d\d))?\s?(?P<half>[ap])\.?m\b\.?
    | \b(?P<hour2>[01]?\d|2[0-3]):(?P<minute2>[0-5]\d)\b(?!\.\d|:\d)
    | \b(?P<gmt>[0-2]\d[0-5]\d)\s(?:GMT|UTC)\b
    """,
    re.VERBOSE,
)


class Date(msgspec.Struct, frozen=True, kw_only=True):
    """A day or a time of day that a text names."""

    start: int
    end: int
    value: str
    """"Tuesday", "2026-03-12", "03-12" without a year, "2026-03" without a day, "14:30"."""
    kind: str
    """"weekday", "day" or "time"."""


def dates(text: str) -> tuple[Date, ...]:
    """Return the days and times of day that a text names, in order."""
    found = (_date(match) for match in _DATE.finditer(text))
    return tuple(date for date in found if date)


def _date(match: re.Match[str]) -> Date | None:
    start, end = match.span()
    if name := match["weekday"]:
        if name in _SHORT and not match["dot"]:
            return None
        return Date(start=start, end=end, value=_WEEKDAYS[name], kind="weekday")
    if match["iso"]:
        return Date(start=start, end=end, value=match["iso"], kind="day")
    if month := match["month"] or match["month2"]:
        day = int(match["day"] or match["day2"])
        year = match["year"] or match["year2"]
        if not 1 <= day <= 31:
            return None
        value = f"{_MONTHS[month]:02d}-{day:02d}"
        return Date(start=start, end=end, value=f"{year}-{value}" if year else value, kind="day")
    if match["month3"]:
        value = f"{match['year3']}-{_MONTHS[match['month3']]:02d}"
        return Date(start=start, end=end, value=value, kind="day")
    return _time(match)


def _time(match: re.Match[str]) -> Date | None:
    start, end = match.span()
    if match["gmt"]:
        value = f"{match['gmt'][:2]}:{match['gmt'][2:]}"
        return Date(start=start, end=end, value=value, kind="time")
    hour = int(match["hour"] or match["hour2"])
    minute = match["minute"] or match["minute2"] or "00"
    if match["half"]:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if match["half"] == "p" else 0)
    return Date(start=start, end=end, value=f"{hour:02d}:{minute}", kind="time")
