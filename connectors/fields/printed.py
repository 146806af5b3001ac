"""The parts of a story as agencies print it: keyword line, credits, notes, paragraphs, trailer.

For the formats whose story is lines of text (plain text, mail, ANPA 1312, IPTC 7901). The
conventions are those of the agencies' own style books: a keyword line "BC-BKN--Heat-Hawks,
1st Ld-Writethru,416", "By NAME" and a credit below it, "Eds:" before a note, "___" between a
story and its credits, "AP-WF-11-13-13 1509GMT" at its end.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

from connectors.fields import signals, values, wrapping
from connectors.fields.signals import Signalled
from connectors.fields.times import ZONE_NAMES, Instant, instant, named_zone, zone
from pipeline.wire import ids
from pipeline.wire.days import MONTHS
from pipeline.wire.errors import ParseError
from pipeline.wire.story import Link, Signal

MAX_BYTES = 8 * 1024 * 1024
MAX_LINES = 300_000
MAX_STORIES = 5_000
MAX_STORY_BYTES = 1024 * 1024
"""Limits of a delivery, of its number of stories, and of one story."""

_CYCLE = re.compile(r"^(?:AM|PM|BC|AP)-", re.IGNORECASE)  # morning, afternoon, both cycles
_KEYWORDS = re.compile(
    r"^(?:AM|PM|BC)-\S.{1,150}$|^[A-Z]{2,4}--\S.{1,150}$|^AP-[A-Z][\w.]*-\S.{0,150}$"
)
_WORDS = re.compile(r"^\d{1,5}$")
_BYLINE = re.compile(r"^(?:By|BY|Von|Par|Por|Av|Di)\s+(?=\S)(?=.*[A-ZÀ-Ý])[^!?]{2,140}$")
_CREDIT = re.compile(
    r"^(?i:(?:The\s+)?(?:Associated Press|Canadian Press|Press Association)(?:\s+Writers?)?)$"
    r"|^[A-Z][\w.&'’ -]{1,60}\s(?:Writers?|Staff|Correspondents?|Editors?|Wire|Bureau|Service)$"
    r"|^[A-Z][A-Za-z]{1,5}$"
)
_NOTE = re.compile(
    r"^[(\[]?\s*(?:Eds?|EDS?|Editors?|EDITORS?|Editor['’]s|EDITOR['’]S|Editors['’]|EDITORS['’])"
    r"(?:\s+(?:note|Note|NOTE)s?)?\s*(?:[:.,;]|[-–—_]\s)"
)
_PHOTO = re.compile(
    r"^(?:With\s+)?[A-Z]{2,6}\s+(?:Photos?|Graphics?|Video|Interactive)s?\b[^.!?]*[.]?$"
)
_EMBARGO = re.compile(
    r"^\W*(?:(?:strictly\s+)?embargo(?:ed)?\b(?:\s+(?:until|till|to|for(?:\s+release)?))?"
    r"|(?:(?:hold|adv(?:ance)?)\s+)?for\s+(?:release|use)\s+(?:on\s+|at\s+|after\s+|until\s+)?)[\s:,]*(?P<when>.*)$",
    re.IGNORECASE,
)
# "Embargoed arms reach port" orders nothing.
_ORDERS = re.compile(r"\d|[:–—]|\s-\s|\b(?:until|till|for\s+(?:release|use))\b", re.IGNORECASE)
_TRAILER = re.compile(
    r"^\^?(?P<agency>[A-Z]{2,8})-(?:[A-Z]{2}-)?(?P<month>\d\d)-(?P<day>\d\d)-(?P<year>\d\d)\s+"
    r"(?P<hour>\d\d):?(?P<minute>\d\d)\s*(?P<zone>[A-Z]{1,4})<?$"
)
# CP's: "16:35ET 31-10-14", the day first.
_CP_TRAILER = re.compile(
    r"^(?P<hour>\d\d):(?P<minute>\d\d)\s?(?P<zone>[A-Z]{1,4})\s+"
    r"(?P<day>\d\d)-(?P<month>\d\d)-(?P<year>\d\d)<?$"
)
_CLOCK = re.compile(
    r"(?P<hour>\d{1,2})(?:[:.]?(?P<minute>\d\d))?\s*"
    r"(?:(?:(?P<half>[ap])(?:\.?m)?|m)\.?(?![^\W\d_])\s*)?"  # "p.m.", but no part of "MET", "AKST"
    rf"(?P<zone>{'|'.join(ZONE_NAMES)})?\b",
    re.IGNORECASE,
)
_CALENDAR = re.compile(
    r"(?P<month>[^\W\d_]{3,9})\.?\s+(?P<day>\d{1,2})(?:st|nd|rd|th)?,?(?:\s+(?P<year>\d{4})\b)?"
    r"|(?P<day2>\d{1,2})(?:st|nd|rd|th|\.)?\s+(?P<month2>[^\W\d_]{3,9})\.?,?(?:\s+(?P<year2>\d{4})\b)?"
)

# ANSA's, without a zone: "24-NOV-26 14:05 NNNN".
_ANSA_TRAILER = re.compile(
    r"^(?P<day>\d\d)-(?P<month>[A-Z]{3})-(?P<year>\d\d)\s+(?P<hour>\d\d):(?P<minute>\d\d)(?:\s+NNNN)?$"
)

# IPTC 7901's, which dpa and PA keep in plain text: "301612 NOV 26".
_IPTC_TRAILER = re.compile(
    r"^(?P<day>\d\d)(?P<hour>\d\d)(?P<minute>\d\d)\s*(?P<zone>[A-Z]{1,4})?\s+"
    r"(?P<month>[A-Za-z\u00c0-\u017e]{3})\.?\s+(?:20)?(?P<year>\d\d)$"
)
_NOTEBOOK = re.compile(r"^#+\s*(?:dpa\s+)?(?:Notebook|Notizblock)\b", re.IGNORECASE)
_NOT_PUBLISHED = re.compile(
    r"following information is not (?:intended )?for publication"
    r"|folgenden? Informationen? sind nicht zur Ver[öo]ffentlichung",
    re.IGNORECASE,
)


class Slug(NamedTuple):
    """A keyword line, taken apart."""

    slugline: str
    """Without version and count: "BC-BKN--Heat-Hawks"."""
    version: str
    """Its version words, without the count: "1st Ld-Writethru"; may be empty."""


def slug(printed: str) -> Slug:
    """Returns the slug and the version words of a keyword line, without its count of words."""
    parts = [part.strip() for part in printed.strip(" ^<=\t").split(",")]
    parts = [part for part in parts if part and not _WORDS.match(part)]
    return Slug(parts[0] if parts else "", ", ".join(parts[1:]))


def signal(texts: Iterable[str | None]) -> Signalled | None:
    """Returns the strongest signal of several slugs and lead lines, with all that they say.

    "REFILE" above "1ST LEAD" is a correction, and the lead's number is its version.
    """
    found = [said for said in map(signals.of_slug, texts) if said]
    strongest = signals.of_slug(*(said.sent for said in found)) or next(iter(found), None)
    if strongest is None:
        return None
    leads = [said.lead for said in found if said.lead is not None]
    words = [said.sent for said in found]
    words = [word for word in words if not any(word != other and word in other for other in words)]
    words = list(dict.fromkeys(words))  # "KILL" in the keyword line, "BULLETIN KILL" below it
    lead = max(leads, default=None)
    return Signalled(strongest.signal, " ".join(words), lead, strongest.holds)


def is_keyword_line(line: str) -> bool:
    """Returns whether a line is an AP-style keyword line: "BC-US--Deer Season,310"."""
    is_trailer = trailer(line) is not None  # "AP-WF-11-13-13 1509GMT"
    return bool(_KEYWORDS.match(line)) and not (is_trailer or line.endswith((".", "?", "!")))


def identity(slugline: str, day: str) -> str:
    """Returns what stays the same in all versions of a story that has a slug and a day, but no id.

    The cycle ("BC-", "AM-") is left out: the afternoon's version is the same story.
    """
    return ":".join(filter(None, (_CYCLE.sub("", slugline.strip()).strip("- "), day)))


def take(story_id: str, signalled: Signalled | None, body: str) -> tuple[str, tuple[Link, ...]]:
    """Returns the id of a version of a story, and its link to the first take where it is an add.

    A further take goes below what was sent: it is an item of its own, or it would replace the top.
    """
    if signalled is None or signalled.signal is not Signal.ADD:
        return story_id, ()
    name = signalled.lead or values.hashed_id(body[:400])
    return ids.take_id(story_id, name), (Link(href=story_id, rel="first-take"),)


def is_byline(line: str) -> bool:
    """Returns whether a line credits an author: "By PAUL BYRNE", "Von Anna Keller"."""
    return (bool(_BYLINE.match(line)) and not line.endswith((".", ":"))) or line == "By"


def is_notebook(line: str) -> bool:
    """Returns whether what follows a line is for editors: dpa's "# Notizblock"."""
    return bool(_NOTEBOOK.match(line) or _NOT_PUBLISHED.search(line))


def is_credit(line: str) -> bool:
    """Returns whether a line names whom the author above it writes for: "AP Sports Writer"."""
    return bool(_CREDIT.match(line))


def is_note(line: str) -> bool:
    """Returns whether a line is for editors: "Eds: With AP Photos.", "AP Photo XNP101, XNP102"."""
    return bool(_NOTE.match(line) or _PHOTO.match(line))


def trailer(line: str, feed_zone: str = "UTC") -> tuple[str | None, Instant] | None:
    """Returns agency and time of the last line of a story: "AP-WF-11-13-13 1509GMT"."""
    bare = line.strip()
    patterns = (_TRAILER, _CP_TRAILER, _ANSA_TRAILER, _IPTC_TRAILER)
    match = next(filter(None, (pattern.match(bare) for pattern in patterns)), None)
    if match is None:
        return None
    parts = match.groupdict()
    known = named_zone(parts.get("zone"))
    month = parts["month"]
    try:
        local = datetime(
            2000 + int(parts["year"]),
            int(month) if month.isdigit() else MONTHS[month.casefold()],
            int(parts["day"]), int(parts["hour"]), int(parts["minute"]),
            tzinfo=known or zone(feed_zone),
        )  # fmt: skip
    except (ValueError, KeyError):
        return None
    agency = "ANSA" if match.re is _ANSA_TRAILER else parts.get("agency")
    return agency, Instant(local.astimezone(UTC), known is None)


class Embargo(NamedTuple):
    """An embargo as printed."""

    sent: str
    until: Instant | None
    """None when the line names no time that can be read: hold it until a person looks."""


def embargo(line: str, near: date | None, feed_zone: str) -> Embargo | None:
    """Returns the embargo of a line: "EMBARGOED until 1600 GMT, Jan. 1, 2031"; None for none.

    "For release Sunday, Nov. 13, and thereafter" ends as that day begins.
    """
    match = _EMBARGO.match(line) if len(line) < 200 else None
    if match is None or not (line.isupper() or _ORDERS.search(match[0])):
        return None
    when = match["when"].strip(" .")
    return Embargo(line, instant(when, feed_zone) or spoken_time(when, near, feed_zone))


def spoken_time(text: str, near: date | None, feed_zone: str) -> Instant | None:
    """Returns a time in words: "1600 GMT, Jan. 1, 2031", "Sunday, Nov. 13", "00:01 BST 5 May"."""
    found = next(
        (m for m in _CALENDAR.finditer(text) if (m["month"] or m["month2"]).casefold() in MONTHS),
        None,
    )
    if found is None:
        return None
    year = found["year"] or found["year2"]
    if not year and near is None:
        return None
    rest = text[: found.start()] + " " + text[found.end() :]
    clock = _CLOCK.search(rest)
    hour, minute = (int(clock["hour"]), int(clock["minute"] or 0)) if clock else (0, 0)
    if clock and clock["half"]:
        hour = hour % 12 + 12 * (clock["half"].casefold() == "p")
    named = clock["zone"] if clock else None
    place = named_zone(named and named.upper()) or zone(feed_zone)
    month = MONTHS[(found["month"] or found["month2"]).casefold()]
    try:
        day = date(int(year) if year else near.year, month, int(found["day"] or found["day2"]))  # type: ignore[union-attr]
        if not year and near is not None and day < near - timedelta(days=180):
            day = day.replace(year=day.year + 1)
        local = datetime(day.year, day.month, day.day, hour, minute, tzinfo=place)
        return Instant(local.astimezone(UTC), named is None)
    except (ValueError, OverflowError):
        return None


def paragraphs(lines: list[str]) -> list[str]:
    """Returns lines as paragraphs: hard-wrapped ones joined, lists and tables line by line."""
    return [text for text in wrapping.paragraphs("\n".join(lines)).split("\n\n") if text]


def check_text(raw: bytes) -> None:
    """Refuses a delivery that is empty, too large or binary.

    Raises:
        ParseError: names the first byte that does not belong.
    """
    if len(raw) > MAX_BYTES:
        raise ParseError(f"larger than {MAX_BYTES} bytes", f"byte {MAX_BYTES}")
    if raw.count(b"\n") > MAX_LINES:
        raise ParseError(f"more than {MAX_LINES} lines", f"line {MAX_LINES}")
    if not raw.strip():
        raise ParseError("the delivery is empty", "byte 0")
    nul = raw.find(b"\x00")
    if nul >= 0 and not raw.startswith((b"\xff\xfe", b"\xfe\xff", b"\x00\x00\xfe\xff")):
        raise ParseError("a NUL byte: this is no text", f"byte {nul}")


def check_count(stories: int) -> None:
    """Refuses a delivery of too many stories.

    Raises:
        ParseError: says how many are allowed.
    """
    if stories > MAX_STORIES:
        raise ParseError(f"more than {MAX_STORIES} stories in one delivery", "the delivery")


def check_story(length: int, where: str) -> None:
    """Refuses a story that is too long.

    Raises:
        ParseError: says how long it may be.
    """
    if length > MAX_STORY_BYTES:
        raise ParseError(f"a story of more than {MAX_STORY_BYTES} bytes", where)
