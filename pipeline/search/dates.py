"""Dates as people type them: 2026-11-27, yesterday, 2h, "27 Nov"."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from pipeline.wire.days import MONTHS

_AGO = re.compile(r"(?P<count>\d{1,5}) ?(?P<unit>[mhdw])(?:in|ours?|ays?|eeks?)?(?: ago)?")
_UNITS = {
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
}
_DAY = re.compile(
    r"(?:(?P<day>\d{1,2})[ -]?(?P<month>[^\W\d_]{3,12})"
    r"|(?P<month_first>[^\W\d_]{3,12})[ -]?(?P<day_last>\d{1,2}))"
    r"(?:,?[ -]?(?P<year>\d{4}))?"
)


def read(text: str, now: datetime) -> datetime | None:
    """Return the instant that a text means, in UTC; None if it is no date.

    A day means its beginning. A day without a year is the last one that is not still to come.
    """
    text = re.sub(r"(?<=[^\W\d_])\.|\.(?= )", "", " ".join(text.lower().split()))
    today = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    named = {"now": now, "today": today, "yesterday": today - timedelta(days=1)}
    if text in named:
        return named[text]
    try:
        if ago := _AGO.fullmatch(text):
            return now - int(ago["count"]) * _UNITS[ago["unit"]]
        if day := _DAY.fullmatch(text):
            return _day(day, today)
        when = datetime.fromisoformat(text.upper())
        return when.astimezone(UTC) if when.tzinfo else when.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def _day(match: re.Match[str], today: datetime) -> datetime:
    """Return the day of a match; raises ValueError if there is none."""
    month = MONTHS.get(match["month"] or match["month_first"])
    if month is None:
        raise ValueError("no such month")
    day = int(match["day"] or match["day_last"])
    if match["year"]:
        return datetime(int(match["year"]), month, day, tzinfo=UTC)
    years = (today.year - back for back in range(5))  # the 29th of February
    for year in years:
        try:
            found = datetime(year, month, day, tzinfo=UTC)
        except ValueError:
            continue
        if found <= today:
            return found
    raise ValueError("no such day")
