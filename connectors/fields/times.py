"""Times as wires write them, to UTC.

NITF writes ISO 8601 basic format ("20160908T132446+0100", NITF 3.6 `norm`), NewsML 1.2 the
same, NewsML-G2 and ninjs the extended format of XML Schema part 2 section 3.2.7, mail and RSS
RFC 5322 section 3.3. All are met with and without a zone, and cut after any part.
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
_NAMED_MONTHS = """
    january jan januar jän jänner januari janvier janv enero ene gennaio gen janeiro tammikuu
    february feb februar feber februari février fevrier févr fév febrero febbraio fevereiro helmikuu
    march mar märz mär mrz maerz maart mrt mars marzo março maaliskuu
    april apr avril avr abril abr aprile huhtikuu
    may mai mei maj mayo maggio mag maio toukokuu
    june jun juni juin junio giugno giu junho kesäkuu
    july jul juli juillet juil julio luglio lug julho heinäkuu
    august aug augustus août aout agosto ago elokuu
    september sep sept septembre septiembre settembre set setembro syyskuu
    october oct oktober okt octobre octubre ottobre ott outubro lokakuu
    november nov novembre noviembre novembro marraskuu
    december dec dezember dez décembre déc diciembre dic dicembre dezembro desember des joulukuu
"""
MONTHS = {
    name: number
    for number, names in enumerate(_NAMED_MONTHS.strip().splitlines(), start=1)
    for name in names.split()
}
"""Month names and abbreviations, in lower case, of the languages wires come in."""


class Instant(NamedTuple):
    """A time of the wire."""

    at: datetime
    """In UTC."""
    assumed: bool
    """Whether the wire left out the zone, so that the feed's was assumed."""


@lru_cache(maxsize=64)
def zone(name: str) -> tzinfo:
    """The IANA zone of a feed.

    Raises:
        ParseError: there is no such zone.
    """
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise ParseError(f"the feed's time zone {name!r} is not known", "timezone") from error


def instant(text: str | None, feed_zone: str) -> Instant | None:
    """A time in UTC; None for none, an impossible one, or an unfilled template.

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
    """The calendar day of a time as the wire wrote it, in whatever zone; None for none."""
    match = _TIME.fullmatch(text) if text and len(text) <= 80 else None
    try:
        return date(int(match["year"]), int(match["month"]), int(match["day"])) if match else None
    except ValueError:
        return None


def any_assumed(instants: Iterable[Instant | None]) -> bool:
    """Whether any of a story's times had its zone assumed."""
    return any(found is not None and found.assumed for found in instants)


def day(text: str | None, near: date | None) -> date | None:
    """A day as datelines print it: "Aug 29, 2014", "29. August", "July 23", "4 avril 2018".

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


_DAY = re.compile(
    r"(?P<month>[^\W\d_]{3,12})\.?\s+(?P<day>\d{1,2})(?:st|nd|rd|th)?(?:,?\s+(?P<year>\d{4}))?"
    r"|(?P<day2>\d{1,2})(?:st|nd|rd|th|er|\.|º)?\s+(?:de\s+)?(?P<month2>[^\W\d_]{3,12})\.?"
    r"(?:,?\s+(?:de\s+|del\s+)?(?P<year2>\d{4}))?"
)
