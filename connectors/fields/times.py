"""Times as wires write them, to UTC.

NITF writes ISO 8601 basic format ("20160908T132446+0100", NITF 3.6 `norm`), NewsML 1.2 the
same, NewsML-G2 and ninjs the extended format of XML Schema part 2 section 3.2.7, mail and RSS
RFC 5322 section 3.3. All occur with and without a zone, and shortened after any part.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from pipeline.wire.errors import ParseError

_TIME = re.compile(
    r"""\s*(?P<year>\d{4})-?(?P<month>\d\d)-?(?P<day>\d\d)
    (?:[T\s]?\s*(?P<hour>\d\d)(?::?(?P<minute>\d\d)(?::?(?P<second>\d\d)(?:[.,](?P<part>\d+))?)?)?
    \s*(?P<zone>Z|UTC|GMT|(?:GMT|UTC)?[+-]\d\d:?(?:\d\d)?)?)?\s*""",
    re.VERBOSE | re.IGNORECASE | re.ASCII,
)


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
    match = _TIME.fullmatch(text)
    try:
        found = _of_parts(match, feed_zone) if match else _of_mail(text, feed_zone)
        return found and Instant(found.at.astimezone(UTC), found.assumed)
    except (ValueError, OverflowError):
        return None


def _of_parts(match: re.Match[str], feed_zone: str) -> Instant:
    year, month, day_, hour, minute, second = (
        int(match[name] or 0) for name in ("year", "month", "day", "hour", "minute", "second")
    )
    part = int((match["part"] or "")[:6].ljust(6, "0"))
    # datetime does not know of leap seconds.
    local = datetime(year, month, day_, hour, minute, min(second, 59), part)
    offset = _offset(match["zone"])
    return Instant(local.replace(tzinfo=offset or zone(feed_zone)), offset is None)


def _offset(sent: str | None) -> tzinfo | None:
    digits = re.sub(r"\D", "", sent or "")
    if not sent or not digits:
        return UTC if sent else None
    ahead = timedelta(hours=int(digits[:2]), minutes=int(digits[2:] or 0))
    return timezone(-ahead if "-" in sent else ahead)


def _of_mail(text: str, feed_zone: str) -> Instant | None:
    if not re.search(r"\d{1,2}\s+[A-Za-z]{3,}", text):
        return None
    found = parsedate_to_datetime(text)
    assumed = found.tzinfo is None and "-0000" not in text  # RFC 5322: -0000 is UTC
    return Instant(
        found.replace(tzinfo=found.tzinfo or (zone(feed_zone) if assumed else UTC)), assumed
    )


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
