"""ANPA 1312, the high-speed wire of American agencies, in the dialects of AP and CP.

"High-Speed Wire Service Transmission Guidelines", ANPA Bulletin 1312. A message is

    SYN SYN SOH  z6715 US -----                      service level, number, selector code
    r z DC3 DC1  BC-BKN--Heat-Hawks 1stLd-Writethru  02-20 0500
                 priority, category, format, keyword, version, date, word count
    STX  the text, line by line  ETX
    AP-WF-02-20-16 0337GMT                           agency, day and time of transmission
    EOT

A text line begins with TAB (a paragraph), "^" (a line of its own: keyword line, headline,
notes, byline, subheads) or BS (a row of a table, its cells separated by ";"); without any it goes
on with the line above. "<" and "=" end a line flush left or centred. The code has 7 bits: ``
and '' are quotation marks, _ between blanks is a dash, { is one half, DLE a space.

Id: agency, keyword and day, for the number changes with each transmission. The keyword is the
text's own keyword line, without the cycle ("BC-") and the version ("1st Ld-Writethru"), so
that a writethru, a correction and a kill meet the story; the day is the header's, with the
trailer's year. `version` is the lead's number.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date
from itertools import accumulate

from connectors.fields import printed, restrictions, signals, values
from connectors.fields.charset import decode, sanitise
from connectors.fields.times import Instant
from connectors.formats.base import Context, Format, Parsed, Skipped, read_each
from connectors.formats.start import Start
from pipeline.wire import dateline, ids
from pipeline.wire.agencies import id_name, short_name
from pipeline.wire.errors import ParseError
from pipeline.wire.story import Clock, Link, Signal, Status, Story

_NUMBER = re.compile(r"^(?P<level>[A-Za-z]?)(?P<number>\d{3,4})[^\x1f]{0,16}\x1f(?P<selector>\S*)")
_HEADER_START = re.compile(rb"[A-Za-z]?\d{3,4}[^\x1f\n]{0,16}\x1f")
_FILING = re.compile(
    r"^(?P<priority>[A-Za-z])\s+(?P<category>[A-Za-z]{1,2})(?P<format>[\x13\x14][\x11\x12])?\s*"
    r"(?P<keyword>\S*)\s*(?P<version>.*?)\s*"
    r"(?:(?P<date>\d{1,2}-\d{1,2})(?:\s+(?P<words>\d{1,5}))?)?\s*$"
)
# f flash, b bulletin, u urgent, r regular, d deferred, h hold for release, a and s advances for
# weekdays and Sundays: the numbers that AP itself gives them (AP Media API, "urgency").
PRIORITIES = {"f": 1, "b": 2, "u": 3, "r": 4, "d": 5, "h": 6, "a": 7, "s": 8}
_LINE_END = re.compile(r"[\s<=@^]+$")
_CP_LABEL = re.compile(r"^(HL|INDEX|SYMBOL|Update|code)\s*:\s*(.*)$")
_NEWS_ALERT = re.compile(r"(?:AP)?-?News-?Alert", re.IGNORECASE)
_TYPED = (("``", "“"), ("''", "”"), ("`", "‘"), (" _ ", " — "), ("{", "½"), ("\x10", " "))
_SENTENCE = re.compile(r"[.!?][\"'”’]*$")


def parse(raw: bytes, context: Context) -> Parsed:
    """Returns the stories of one or several ANPA 1312 messages.

    Raises:
        ParseError: not one message could be read; names the byte.
    """
    raw = raw.strip(b"\x00")
    printed.check_text(raw)
    before, *messages = raw.split(b"\x01")
    if not messages or before.strip(b"\x16\x04\x7f \r\n"):
        raise ParseError("no ANPA 1312 message: it does not begin with SOH", "byte 0")
    printed.check_count(len(messages))
    offsets = accumulate(messages, lambda at, message: at + 1 + len(message), initial=len(before))
    return read_each(
        ((None, item) for item in zip(messages, offsets, strict=False)),
        lambda item: (_read(item[0], item[1] + 1, context),),
    )


@dataclass
class _Text:
    """The text of a message, sorted."""

    slug: printed.Slug = field(default_factory=lambda: printed.Slug("", ""))
    headline: str | None = None
    byline: str | None = None
    credit: str | None = None
    notes: list[str] = field(default_factory=list)
    summary: list[str] = field(default_factory=list)
    keywords: list[str] = field(default_factory=list)
    embargo: printed.Embargo | None = None
    body: list[str] = field(default_factory=list)
    """Paragraphs; the rows of a table are the lines of one."""


def _read(message: bytes, offset: int, context: Context) -> Story | Skipped:
    head, start, rest = message.partition(b"\x02")
    lines = [line.strip(" \r\x16") for line in decode(head).split("\n")]
    number = _NUMBER.match(lines[0])
    filing = _FILING.match(lines[1]) if len(lines) > 1 else None
    if number is None or filing is None:
        raise ParseError("the header is not that of an ANPA 1312 message", f"byte {offset}")
    if not start:
        raise ParseError("no start of text (STX)", f"byte {offset + len(head)}")
    text, end, tail = rest.partition(b"\x03")
    printed.check_story(len(text), f"byte {offset}")
    if not end:
        raise ParseError(
            "cut short: no end of text (ETX)", f"byte {offset + len(head) + 1 + len(text)}"
        )
    agency, sent = _trailer(decode(tail))
    near = sent.at.date() if sent else (context.received_at and context.received_at.date())
    found = _sort(decode(text).split("\n"), near, context)
    body = "\n\n".join(found.body)
    filed = dateline.of_body(body, near)
    signalled = _signal(found, filing["version"])
    orders = (found.embargo, restrictions.instruction(found.headline, near, context.timezone))
    verdict = restrictions.decide(None, signalled, None, orders)
    status, until = verdict.status, verdict.until
    provider_id = number["level"] + number["number"]
    if not body and not found.headline and not found.notes and status is Status.USABLE:
        return Skipped("a message without text", provider_id)
    if status is Status.WITHDRAWN and body:
        found.notes.append(body)
        body = ""
    # CP's trailer and datelines do not name it, but its credit line does.
    signed = agency or dateline.agency_of(filed) or context.agency or found.credit
    slugline = found.slug.slugline or filing["keyword"]
    # All alerts of a day have one keyword, and none has versions: each is a story.
    is_alert = signalled is not None and signalled.signal is Signal.NEWSALERT
    alert = f":{values.hashed_id(body)}" if is_alert else ""

    def made_on(day: str) -> tuple[str, tuple[Link, ...]]:
        identity = printed.identity(slugline or provider_id, day) + alert
        owner = id_name(context.agency or signed)
        return printed.take(values.story_id(owner, identity), signalled, body)

    day = _day(filing["date"], sent)
    story_id, links = made_on(day)
    signal = signalled.signal if signalled else None
    return Story(
        id=story_id,
        eve_id=ids.eve_id(lambda day: made_on(day)[0], day, status, signal),
        source=short_name(signed),
        provider_id=provider_id,
        version=signalled.lead if signalled and not links else None,
        links=links,
        status=status,
        status_sent=verdict.sent,
        signal=signal,
        signal_sent=signalled.sent if signalled else None,
        headline=found.headline,
        slugline=slugline or None,
        byline=found.byline,
        dateline=filed,
        summary="\n".join(found.summary) or None,
        body=body,
        language=context.language,
        urgency=values.urgency(filing["priority"], PRIORITIES),
        urgency_sent=filing["priority"],
        categories=(filing["category"],),
        keywords=values.distinct(found.keywords),
        ednote="\n".join(found.notes) or None,
        first_created=sent.at if sent else None,
        version_created=sent.at if sent else None,
        embargoed_until=until.at if until else None,
        zone_assumed=bool((sent and sent.assumed) or (until and until.assumed)),
    )


def _trailer(tail: str) -> tuple[str | None, Instant | None]:
    for line in tail.split("\n"):
        found = printed.trailer(line.strip(" \t\r\x0c\x04<^"))
        if found:
            return found
    return None, None


def _signal(found: _Text, version: str) -> signals.Signalled | None:
    if version.casefold() == "kill":
        version = "KILL"  # only in the keyword line can "Kill" be a part of the slug
    alert = _NEWS_ALERT.search(found.slug.slugline)
    said = printed.signal((found.slug.version,)) or printed.signal((version, *found.notes[:1]))
    if said is None and alert:
        return signals.Signalled(Signal.NEWSALERT, alert[0])
    return signals.strongest(said, found.headline, found.notes)


def _day(filed_on: str | None, sent: Instant | None) -> str:
    """Returns the header's "02-20" with the trailer's year; CP writes the day first."""
    if not filed_on:
        return sent.at.date().isoformat() if sent else ""
    month, day = map(int, filed_on.split("-"))
    if month > 12:
        month, day = day, month
    if sent is None:
        return f"{month:02}-{day:02}"
    year = sent.at.year  # the header's day is local, the trailer's is GMT
    year += (month == 1 and sent.at.month == 12) - (month == 12 and sent.at.month == 1)
    return f"{year}-{month:02}-{day:02}"


def _sort(lines: list[str], near: date | None, context: Context) -> _Text:
    """Returns the lines of a message by what they are."""
    found = _Text()
    plain: list[str] = []  # lines of the head that are neither note nor byline
    rows: list[list[str]] = []
    open_paragraph = False
    in_head = True
    # Kyodo indents a paragraph by blanks, where other wires have a tabulator.
    indent = "\t" if any(line.startswith("\t") for line in lines) else "  "
    for number, sent in enumerate(lines):
        line = _clean(sent)
        if sent.startswith("\b"):
            rows.append([cell.strip() for cell in line.split(";")])
            open_paragraph = in_head = False
            continue
        if rows:
            found.body.append(_table(rows))
            rows = []
        if not line:
            open_paragraph = False
        elif number == 0:
            found.slug = printed.slug(line.rpartition("^")[2].strip())
        elif sent.startswith(indent):
            in_head = False
            open_paragraph = True
            found.body.append(line)
        elif "^" not in sent[:12] and open_paragraph and not sent.startswith("=="):
            found.body[-1] += f" {line}"
        elif in_head:
            _read_head_line(line, found, plain, near, context)
        else:
            open_paragraph = False
            (found.notes if printed.is_note(line) else found.body).append(line)
    if rows:
        found.body.append(_table(rows))
    _place_head(found, plain)
    return found


def _read_head_line(
    line: str, found: _Text, plain: list[str], near: date | None, context: Context
) -> None:
    label = _CP_LABEL.match(line)
    embargo = printed.embargo(line, near, context.timezone)
    if embargo:
        found.embargo = embargo
        found.notes.append(line)
    elif line.startswith("+"):  # Kyodo's headline
        plain.insert(0, line.strip("+ "))
    elif label and label[1] == "HL":
        plain.insert(0, label[2])
    elif label and label[1] == "INDEX":
        found.keywords += [word.strip() for word in label[2].split(",")]
    elif label or printed.is_note(line):
        found.notes.append(line)
    elif printed.is_byline(line) and found.byline is None:
        found.byline = values.byline(line)
        plain.append("")  # what follows the byline is no headline and no summary
    elif printed.is_credit(line) and found.byline and plain[-1:] == [""]:
        found.credit = line
    else:
        plain.append(line)


def _place_head(found: _Text, plain: list[str]) -> None:
    """Makes the head's other lines headline and summary; the rest begins the body.

    A list of headlines and a table have their first lines there: they are all caret lines.
    """
    before = plain[: plain.index("")] if "" in plain else plain
    after = plain[len(before) :]
    if before:
        found.headline = before[0]
    has_paragraphs = any(dateline.agency_of(dateline.of_paragraph(p, None)) for p in found.body[:3])
    rest: list[str] = []
    for line in before[1:]:
        is_summary = has_paragraphs and _SENTENCE.search(line)
        (found.summary if is_summary else rest).append(line)
    found.body[:0] = [line for line in (*rest, *after) if line]


def _clean(sent: str) -> str:
    """Returns a line in today's characters, without the marks that begin and end it."""
    line = sent.replace("\b", " ").strip(" \t\r\x0c")
    line = _LINE_END.sub("", line.removeprefix("^"))
    for typed, meant in _TYPED:
        line = line.replace(typed, meant)
    return " ".join(sanitise(line).split())


def _table(rows: list[list[str]]) -> str:
    """Returns rows as lines with their cells in columns."""
    widths = [max(map(len, column)) for column in zip(*(_padded(row) for row in rows), strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=False)).rstrip()
        for row in rows
    )


_COLUMNS = 40


def _padded(row: list[str]) -> list[str]:
    return row[:_COLUMNS] + [""] * (_COLUMNS - len(row))


def _recognises(start: Start) -> bool:
    return start.raw.startswith(b"\x01") and bool(_HEADER_START.match(start.raw, 1))


FORMAT = Format(
    name="anpa1312",
    parse=parse,
    recognises=_recognises,
    clock=Clock.TRANSMISSION,
)
