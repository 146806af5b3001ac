"""Times as wires write them, to UTC.

NITF writes ISO 8601 basic format ("20160908T132446+0100", NITF 3.6 `norm`), NewsML 1.2 the
same, NewsML-G2 and ninjs the extended format of XML Schema part 2 section 3.2.7, mail and RSS
RFC 5322 section 3.3. All occur with and without a zone, and shortened after any part.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from pipeline.wire.days import MONTHS
from pipeline.wire.errors import ParseError

_ZONE = (
    r"(?P<zone>[A-Z]{1,5}(?:[+-]\d{1,2}(?::?\d\d)?)?|z|gmt|utc|[+-]\d{1,2}(?::?\d\d)?"
    r"|[A-Z][a-z]+/[A-Z][A-Za-z_/]+)"
)
# Go prints "+0100 CET m=+0.1", Java "[Europe/Paris]", mail "(CEST)" behind an offset.
_REST = r"(?:\s*\(?[A-Z]{2,5}\)?)?(?:\s*\[[\w/]+\])?(?:\s+m=\S+)?\s*"
_TIME = re.compile(
    r"""\s*(?P<year>\d{4})[-/.]?(?P<month>\d\d)[-/.]?(?P<day>\d\d)
    (?:[Tt\s]?\s*(?P<hour>\d\d)(?::?(?P<minute>\d\d)(?::?(?P<second>\d\d)(?:[.,](?P<part>\d+))?)?)?
    \s*(?:"""
    + _ZONE
    + ")?"
    + _REST
    + r")?\s*",
    re.VERBOSE | re.ASCII,
)
_CLOCK = (
    r"(?P<hour>\d{1,2})[:.](?P<minute>\d\d)(?:[:.](?P<second>\d\d)(?:[.,](?P<part>\d+))?)?"
    r"\s*(?P<half>[AaPp]\.?[Mm]\b\.?)?(?:\s*(?:Uhr|uur|hrs?|h)\b\.?)?"
)
_WEEKDAY = r"\s*(?:[^\W\d_]+\.?,?\s+)?"
_DAY_FIRST = (
    r"(?P<day>\d{1,2})(?:st|nd|rd|th|er|\.|º)?[\s-]+(?:de\s+)?(?P<name>[^\W\d_]{3,12})\.?,?"
    r"[\s-]+(?:de\s+)?(?P<year>\d{4}|\d\d)"
)
_MONTH_FIRST = r"(?P<name>[^\W\d_]{3,12})\.?\s+(?P<day>\d{1,2})(?:st|nd|rd|th)?,?\s+(?P<year>\d{4})"
_AT = rf"(?:,?\s+(?:at\s+|um\s+|à\s+|-\s+)?{_CLOCK}\s*(?:{_ZONE})?)?{_REST}"
_IN_WORDS = tuple(
    re.compile(pattern)
    for pattern in (
        _WEEKDAY + _DAY_FIRST + _AT,  # RFC 5322, RFC 850, "2. März 2026, 10:00 CET"
        _WEEKDAY + _MONTH_FIRST + _AT,  # "March 2, 2026 10:00 AM EST"
        # C and Go: "Mon Mar  2 15:04:05 CET 2026"
        _WEEKDAY + r"(?P<name>[^\W\d_]{3,12})\.?\s+(?P<day>\d{1,2}),?\s+"
        rf"{_CLOCK}\s+(?:{_ZONE}\s+)?(?P<year>\d{{4}})\s*",
    )
)
# Points part day, month and year in this order; strokes do in another, by country.
_IN_FIGURES = re.compile(
    _WEEKDAY
    + r"(?P<one>\d{1,2})(?P<mark>[./-])\s?(?P<two>\d{1,2})(?P=mark)\s?(?P<year>\d{4})"
    + _AT
)
_EAST_ASIAN = re.compile(
    rf"\s*(?P<year>\d{{4}})\s?[年년]\s?(?P<month>\d{{1,2}})\s?[月월]\s?(?P<day>\d{{1,2}})\s?[日일]"
    rf"(?:\s*{_CLOCK}\s*(?:{_ZONE})?)?\s*"
)
_JSON_DATE = re.compile(r"/Date\((\d{9,16})(?:[+-]\d{4})?\)/")  # the offset is for display
_EPOCH = re.compile(r"\s*(?P<seconds>[1-9]\d{8,9})(?:\d{3}|\d{6}|\.\d+)?\s*", re.ASCII)
_OLDEST_YEAR = 1800
"""What is dated before was not: a zero time, or a number that is no time."""
_HOURS: Mapping[str, float] = {
    # Names with one meaning, or the one that RFC 5322 gives them. IST and AST have several.
    "Z": 0, "UT": 0, "UTC": 0, "GMT": 0, "WET": 0, "WEST": 1, "BST": 1, "WAT": 1,
    "CET": 1, "MEZ": 1, "MET": 1, "CEST": 2, "MESZ": 2, "MEST": 2, "SAST": 2, "CAT": 2,
    "EET": 2, "EEST": 3, "MSK": 3, "TRT": 3, "EAT": 3, "PKT": 5, "ICT": 7, "WIB": 7,
    "HKT": 8, "SGT": 8, "AWST": 8, "JST": 9, "KST": 9, "ACST": 9.5, "ACDT": 10.5,
    "AEST": 10, "AEDT": 11, "NZST": 12, "NZDT": 13, "NST": -3.5, "NDT": -2.5, "BRT": -3,
    "EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7,
    "AKST": -9, "AKDT": -8, "HST": -10,
}  # fmt: skip
_REGIONS: Mapping[str, str] = {
    "ET": "America/New_York", "CT": "America/Chicago", "MT": "America/Denver",
    "PT": "America/Los_Angeles",
}  # fmt: skip
ZONE_NAMES = (*_HOURS, *_REGIONS)
"""The zones that are known by a name of letters alone."""


class Instant(NamedTuple):
    """A time of the wire."""

    at: datetime
    """In UTC."""
    assumed: bool
    """Whether the wire left out the zone, so that the feed's was assumed."""


@lru_cache(maxsize=64)
def zone(name: str) -> tzinfo:
    """Returns the IANA zone of a feed.

    Raises:
        ParseError: there is no such zone.
    """
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise ParseError(f"the feed's time zone {name!r} is not known", "timezone") from error


def instant(text: str | None, feed_zone: str) -> Instant | None:
    """Returns a time in UTC; None for none, an impossible one, or an unfilled template.

    A template left in place reads "YYYYMMDD000000-HHMM". A time without a zone, or a date
    alone (its midnight), is taken to be in `feed_zone`, an IANA name.
    """
    if not text or not text.strip() or len(text) > 80:
        return None
    try:
        found = (
            _of_numbers(text, feed_zone)
            or _of_epoch(text)
            or _of_words(text, feed_zone)
            or _of_figures(text, feed_zone)
        )
        if found is None or found.at.year < _OLDEST_YEAR:
            return None
        return Instant(found.at.astimezone(UTC), found.assumed)
    except (ValueError, OverflowError):
        return None


def _of_numbers(text: str, feed_zone: str) -> Instant | None:
    match = _TIME.fullmatch(text)
    if match is None or not 1 <= int(match["month"]) <= 12 or int(match["year"]) < _OLDEST_YEAR:
        return None
    return _instant(match, int(match["year"]), int(match["month"]), feed_zone)


def _of_epoch(text: str) -> Instant | None:
    """Returns a time in seconds since 1970, or in their thousandths or millionths."""
    match = _EPOCH.fullmatch(_JSON_DATE.sub(r"\1", text.strip()))
    return Instant(datetime.fromtimestamp(int(match["seconds"]), UTC), False) if match else None


def _of_words(text: str, feed_zone: str) -> Instant | None:
    for pattern in _IN_WORDS:
        match = pattern.fullmatch(text)
        month = MONTHS.get(match["name"].casefold()) if match else None
        if match is not None and month is not None:
            year = int(match["year"])
            if len(match["year"]) == 2:
                year += 1900 if year >= 70 else 2000
            return _instant(match, year, month, feed_zone)
    return None


def _of_figures(text: str, feed_zone: str) -> Instant | None:
    """Returns a time whose month is a number beside the day; None if it can be either."""
    if match := _EAST_ASIAN.fullmatch(text):
        return _instant(match, int(match["year"]), int(match["month"]), feed_zone)
    match = _IN_FIGURES.fullmatch(text)
    if match is None:
        return None
    one, two = int(match["one"]), int(match["two"])
    if match["mark"] != "." and one <= 12 and two <= 12 and one != two:
        return None
    day, month = (two, one) if two > 12 else (one, two)
    return _instant(match, int(match["year"]), month, feed_zone, day)


def _instant(
    match: re.Match[str], year: int, month: int, feed_zone: str, day: int | None = None
) -> Instant:
    sent = match.groupdict()
    hour, minute, second = (int(sent.get(name) or 0) for name in ("hour", "minute", "second"))
    half = (sent.get("half") or "")[:1].casefold()
    hour = hour % 12 + 12 * (half == "p") if half else hour
    part = int((sent.get("part") or "")[:6].ljust(6, "0"))
    # datetime does not know of leap seconds.
    local = datetime(year, month, day or int(sent["day"] or 0), hour, minute, min(second, 59), part)
    known = named_zone(sent.get("zone"))
    return Instant(local.replace(tzinfo=known or zone(feed_zone)), known is None)


def named_zone(sent: str | None) -> tzinfo | None:
    """Returns the zone of "Z", "CEST", "+02:00", "GMT+2"; None for none and for unknown names."""
    if not sent:
        return None
    if sent.upper() in _HOURS:
        return timezone(timedelta(hours=_HOURS[sent.upper()]))
    if sent in _REGIONS or "/" in sent:
        try:
            return ZoneInfo(_REGIONS.get(sent, sent))
        except (KeyError, ValueError, OSError):
            return None
    match = re.fullmatch(r"(?:GMT|UTC|UT|Z)?([+-])(\d{1,2}):?(\d\d)?", sent)
    if match is None:
        return None
    ahead = timedelta(hours=int(match[2]), minutes=int(match[3] or 0))
    return timezone(-ahead if match[1] == "-" else ahead)


def written_day(text: str | None) -> date | None:
    """Returns the calendar day of a time as the wire wrote it, in whatever zone; None for none."""
    match = _TIME.fullmatch(text) if text and len(text) <= 80 else None
    try:
        return date(int(match["year"]), int(match["month"]), int(match["day"])) if match else None
    except ValueError:
        return None


def any_assumed(instants: Iterable[Instant | None]) -> bool:
    """Returns whether any of a story's times had its zone assumed."""
    return any(found is not None and found.assumed for found in instants)
