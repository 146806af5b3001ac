"""IPTC 7901, the text format of European agencies, in the dialect of dpa.

IPTC Recommendation 7901, "News Agency Text Messages". A message is

    SOH eca0003 3 i 380  dpa 0045                  service, number, priority, category, words,
                                                   then the agency and its own number
    Switzerland/migration/UN/                      keywords
    STX 1ST LEAD                                   lead lines
    Switzerland joins list of countries...         headline
    By dpa correspondents =                        byline; "=" ends the head
    Geneva (dpa) - Switzerland is joining...       text
    # Notebook                                     notes to editors, from here to the end
    ETX 212322 GMT Nov 18                          day, time, month, year
    EOT

A trailer without "GMT" is in the feed's zone; one without the year has that of arrival, or
none. Month names are English or German.

Id: agency, keywords and day, for the number changes with each transmission: so "1ST LEAD" and
"REFILE" meet the story. `version` is the lead's number.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from itertools import accumulate, pairwise
from typing import NamedTuple

from connectors.fields import printed, restrictions, signals, values
from connectors.fields.charset import decode, sanitise
from connectors.fields.times import Instant, zone
from connectors.formats.base import Context, Format, Parsed, read_each
from connectors.formats.start import Start
from pipeline.wire import dateline, ids
from pipeline.wire.agencies import id_name, short_name
from pipeline.wire.days import MONTHS
from pipeline.wire.errors import ParseError
from pipeline.wire.story import Clock, Link, Status, Story

_HEADER = re.compile(
    r"^(?P<service>[A-Za-z]{2,4}?)(?P<number>\d{1,5})\s+(?P<priority>[1-9])\s+"
    r"(?P<category>[A-Za-z]{1,3})\s+(?P<words>\d{0,5})\s*(?P<more>.*)$"
)
_AGENCY = re.compile(r"(?:^|\s)(?P<agency>[A-Za-z][\w/-]{1,20})\s+(?P<number>\d{2,5})\s*$")
# Where a relay dropped the control characters, the header line is unmistakable.
_BARE_HEADER = re.compile(
    rb"^[A-Za-z]{2,4}\d{1,5} +[1-9] +[A-Za-z]{1,3} +\d{0,5} +"
    rb"[A-Za-z][\w/-]{1,20} +\d{2,5}[ \t\r]*$",
    re.MULTILINE,
)
_BARE_TRAILER = re.compile(rb"\d{6} *(?:GMT|UTC|Z)? *[A-Za-z\xc0-\xff]{3,9}\.?(?: +\d{2,4})?$")
_NOTES = re.compile(r"^#\s*\S")
_RULE = re.compile(r"^\*(?:\s?\*){2,}$")
_TRAILER = re.compile(
    r"^(?P<day>\d\d)(?P<hour>\d\d)(?P<minute>\d\d)\s*(?P<zone>GMT|UTC|Z)?\s*"
    r"(?P<month>[^\W\d_]{3,9})\.?(?:\s+(?P<year>\d{4}|\d\d))?\b",
    re.IGNORECASE,
)
_BYLINE = re.compile(r"^(?:By|Von)\s")  # "By dpa correspondents"
_LINK = re.compile(r"\[(?P<title>[^\]]+)\]\((?P<href>https?://[^)\s]+)\)")


def parse(raw: bytes, context: Context) -> Parsed:
    """Returns the stories of one or several IPTC 7901 messages.

    Raises:
        ParseError: not one message could be read; names the byte.
    """
    raw = raw.strip(b"\x00")
    printed.check_text(raw)
    raw = _with_controls(raw)
    before, *messages = raw.split(b"\x01")
    if not messages or before.strip(b"\x16\x04\x7f \r\n"):
        raise ParseError("no IPTC 7901 message: it does not begin with SOH", "byte 0")
    printed.check_count(len(messages))
    offsets = accumulate(messages, lambda at, message: at + 1 + len(message), initial=len(before))
    return read_each(
        ((None, item) for item in zip(messages, offsets, strict=False)),
        lambda item: (_read(item[0], item[1] + 1, context),),
    )


def _with_controls(raw: bytes) -> bytes:
    """Returns a delivery with SOH, STX and ETX where a relay has dropped all of them."""
    if re.search(rb"[\x01-\x03]", raw) or not _BARE_HEADER.search(raw):
        return raw
    starts = [match.start() for match in _BARE_HEADER.finditer(raw)]
    parts = (raw[start:end] for start, end in pairwise((*starts, len(raw))))
    return raw[: starts[0]] + b"".join(map(_restored, parts))


def _restored(message: bytes) -> bytes:
    lines = message.split(b"\n")
    head = 1
    while head < len(lines) and (not lines[head].strip() or b"/" in lines[head]):
        head += 1  # keywords: "/transport/Portugal/"
    if head < len(lines) and not any(b"/" in line for line in lines[1:head]):
        head += _is_keyword(lines[head], lines[head + 1 : head + 5])
    ends = (n for n, line in enumerate(lines) if n >= head and _BARE_TRAILER.match(line.strip()))
    end = max(ends, default=len(lines))
    text, tail = b"\n".join(lines[head:end]), b"\n".join(lines[end:])
    return b"\x01" + b"\n".join(lines[:head]) + b"\n\x02" + text + b"\n\x03" + tail


def _is_keyword(line: bytes, following: list[bytes]) -> bool:
    """Returns whether a line above the headline is one keyword: "Soccer", and no version word."""
    bare = decode(line).strip()
    ends = any(each.rstrip().endswith(b"=") for each in following)
    is_short = len(bare) <= 30 and len(bare.split()) <= 3 and not bare.endswith("=")
    return ends and is_short and not _is_lead_line(bare)


class _Head(NamedTuple):
    """What stands between STX and the text."""

    says: list[str]
    headline: str | None
    byline: str | None
    embargo: printed.Embargo | None


def _read(message: bytes, offset: int, context: Context) -> Story:
    before, start, rest = message.partition(b"\x02")
    first, *keyword_lines = decode(before).replace("\r", "").strip("\x16").split("\n")
    header = _HEADER.match(first.strip())
    if header is None:
        raise ParseError("the header is not that of an IPTC 7901 message", f"byte {offset}")
    if not start:
        raise ParseError("no start of text (STX)", f"byte {offset + len(before)}")
    text, end, tail = rest.partition(b"\x03")
    printed.check_story(len(text), f"byte {offset}")
    if not end:
        raise ParseError(
            "cut short: no end of text (ETX)", f"byte {offset + len(before) + 1 + len(text)}"
        )
    received = context.received_at.date() if context.received_at else None
    sent = _sent(decode(tail).strip(), received, context)
    near = sent.at.date() if sent else received
    lines = sanitise(decode(text)).split("\n")
    head, lines = _split_head(lines, near, context)
    notebook = next((n for n, line in enumerate(lines) if _is_notebook(line)), len(lines))
    body = "\n\n".join(printed.paragraphs(lines[:notebook]))
    notes = "\n".join(line.strip() for line in lines[notebook:] if line.strip())
    keywords = values.distinct(
        values.line(word) for line in keyword_lines for word in sanitise(line).split("/")
    )
    slugline = "/".join(keywords) or None
    signalled = signals.strongest(printed.signal((*head.says, *keywords[-1:])), head.headline)
    orders = (head.embargo, restrictions.instruction(head.headline, near, context.timezone))
    verdict = restrictions.decide(None, signalled, None, orders)
    status, until = verdict.status, verdict.until
    if status is Status.WITHDRAWN:
        notes, body = "\n".join(filter(None, (body, notes))), ""
    if not body and not notes and not head.headline:
        raise ParseError("no text", f"byte {offset + len(before) + 1}")
    agency = _AGENCY.search(header["more"])
    filed = dateline.of_body(body, near)
    signed = _signatures(agency["agency"] if agency else None) or (
        dateline.agency_of(filed),
        context.agency,
    )
    # "etf" and the like are desks: a known agency of the dateline is preferred.
    source = short_name(*signed, dateline.agency_of(filed), context.agency)
    provider_id = header["service"] + header["number"]
    day = _printed_day(decode(tail).strip(), sent)
    owner = id_name(context.agency) or id_name(*signed)

    def made_on(day: str) -> tuple[str, tuple[Link, ...]]:
        identity = printed.identity(slugline or head.headline or provider_id, day)
        return printed.take(values.story_id(owner, identity), signalled, body)

    story_id, takes = made_on(day)
    signal = signalled.signal if signalled else None
    return Story(
        id=story_id,
        eve_id=ids.eve_id(lambda day: made_on(day)[0], day, status, signal),
        source=source,
        provider_id=provider_id,
        version=signalled.lead if signalled and not takes else None,
        status=status,
        status_sent=verdict.sent,
        signal=signal,
        signal_sent=signalled.sent if signalled else None,
        headline=head.headline,
        slugline=slugline,
        byline=head.byline,
        dateline=filed,
        body=body,
        language=context.language,
        urgency=values.urgency(header["priority"]),
        urgency_sent=header["priority"],
        categories=(header["category"],),
        keywords=keywords,
        ednote=notes or None,
        first_created=sent.at if sent else None,
        version_created=sent.at if sent else None,
        embargoed_until=until.at if until else None,
        zone_assumed=bool((sent and sent.assumed) or (until and until.assumed)),
        links=values.distinct((*takes, *_links(notes))),
    )


def _signatures(sent: str | None) -> tuple[str, ...]:
    """Returns the agency that distributes: "dpa" of "dpa-tns", whose copy is the Tribune's."""
    # Of several names `short_name` prefers one that it knows.
    return (sent, sent.partition("-")[0]) if sent else ()


def _split_head(lines: list[str], near: date | None, context: Context) -> tuple[_Head, list[str]]:
    """Returns the head, which ends at a line that ends in "=", and the lines below it.

    Without such a line the head ends at the first empty one.
    """
    ends = (n for n, line in enumerate(lines[:12]) if line.rstrip().endswith("="))
    empty = (n for n, line in enumerate(lines[:12]) if n and not line.strip())
    last = next(ends, None)
    while (
        last is not None and lines[last + 1 : last + 2] and lines[last + 1].rstrip().endswith("=")
    ):
        last += 1  # the byline has an end of its own
    if last is None:
        last = next(empty, min(len(lines), 1)) - 1
    says: list[str] = []
    headlines: list[str] = []
    byline = None
    embargo = None
    for line in lines[: last + 1]:
        bare = " ".join(line.split()).rstrip("= ").strip()
        found = printed.embargo(bare, near, context.timezone)
        if found:
            embargo = found
            says.append(bare)
        elif printed.is_byline(bare) or (headlines and _BYLINE.match(bare)):
            byline = values.byline(bare)
        elif _is_lead_line(bare):
            says.append(bare)
        elif bare:
            headlines.append(bare)
    if not headlines and says:
        # A headline in capitals is no lead line where nothing else can be the headline.
        plain = [line for line in says if signals.of_slug(line) is None]
        headlines, says = plain[-1:], [line for line in says if line not in plain[-1:]]
    return _Head(says, " ".join(headlines) or None, byline, embargo), lines[last + 1 :]


def _is_lead_line(bare: str) -> bool:
    """Returns whether a line of the head tells the kind of message: "1ST LEAD", "(Achtung)"."""
    if len(bare) > 60 or not bare:
        return False
    said = signals.of_slug(bare)
    if said is not None and len(said.sent) >= len(bare) - 3:
        return True
    return (bare.isupper() and len(bare.split()) <= 4) or bool(re.fullmatch(r"\([^()]+\)", bare))


def _is_notebook(line: str) -> bool:
    bare = line.strip()
    return bool(_NOTES.match(bare) or _RULE.match(bare)) or printed.is_notebook(bare)


def _links(notes: str) -> list[Link]:
    return [
        Link(href=match["href"], title=values.line(match["title"]))
        for match in _LINK.finditer(notes)
    ]


def _sent(tail: str, received: date | None, context: Context) -> Instant | None:
    """Returns when the message was sent, from its trailer "212322 GMT Nov 18"."""
    match = _TRAILER.match(tail)
    month = MONTHS.get(match["month"].casefold()) if match else None
    if match is None or month is None or not (match["year"] or received):
        return None
    place = UTC if match["zone"] else zone(context.timezone)
    year = int(match["year"] or received.year)  # type: ignore[union-attr]
    year += 2000 if year < 100 else 0
    try:
        day = date(year, month, int(match["day"]))
        if not match["year"] and received and day > received + timedelta(days=2):
            day = day.replace(year=year - 1)  # sent on December 31, received on January 1
        local = datetime(
            day.year, month, day.day, int(match["hour"]), int(match["minute"]), tzinfo=place
        )
    except ValueError:
        return None
    return Instant(local.astimezone(UTC), match["zone"] is None)


def _printed_day(tail: str, sent: Instant | None) -> str:
    """Returns the day of a trailer, for the id: "2018-11-21", or "11-21" where it has no year."""
    match = _TRAILER.match(tail)
    month = MONTHS.get(match["month"].casefold()) if match else None
    if match is None or month is None:
        return ""
    return sent.at.date().isoformat() if sent and match["year"] else f"{month:02}-{match['day']}"


def _recognises(start: Start) -> bool:
    return start.raw.startswith(b"\x01") or bool(_BARE_HEADER.match(start.raw))


FORMAT = Format(
    name="iptc7901",
    parse=parse,
    recognises=_recognises,
    clock=Clock.TRANSMISSION,
)
