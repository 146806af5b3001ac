"""Plain text as agencies print it: one story, or several in one delivery.

There is no standard; the form is the one that the AP Stylebook and the agencies' filing
guides describe, and each part may be missing:

    BC-EU--Water Treaty, 1st Ld-Writethru,322      keyword line: slug, version, word count
    Four nations agree to share Rhine water        headline
    Eds: UPDATES with quotes.                      note, never part of the body
    By ANNA KELLER                                 byline
    Demo Wire                                      credit
    GENEVA, Nov 24 (DW) — Switzerland, Austria...  dateline: the body begins with it
    ___                                            before the story's credits
    DW-WF-11-24-26 1340GMT                         trailer: agency, date, time
    -30-                                           ends a story, as do ###, ends, NNNN, =====

Labels ("Headline: ...", "Subject: ...", "Date: ...") stand for the same parts. A line KILL,
CORRECTION or 1ST LEAD of its own says what the version does.

Stories are separated by an end mark, a form feed, a new keyword line, or a new dateline that
names its agency. The body keeps its dateline, as NITF bodies do. A story without a headline
line has no headline: none is made of its text.

Id: the "Id:" label if there is one; else agency, slug and day; without a slug, agency, place,
day and headline; without a headline, the first words. The day is the printed one, of the
dateline or else the trailer, never that of arrival: a story fetched twice keeps its id.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from itertools import islice, takewhile

from connectors.fields import markup, printed, restrictions, signals, values
from connectors.fields.charset import decode, sanitise
from connectors.fields.times import Instant, any_assumed, instant
from connectors.formats.base import Context, Format, Parsed, read_each
from pipeline.wire import agencies, dateline, ids
from pipeline.wire.agencies import id_name, short_name
from pipeline.wire.days import MONTHS
from pipeline.wire.errors import ParseError
from pipeline.wire.story import Clock, Dateline, Link, Status, Story

_END = re.compile(
    r"^\s*(?:-\s?30\s?-|#{3,}|={5,}|-{5,}|\*{5,}|\(?end(?:s|e|it)?\)?\.?|NNNN|\f)\s*$",
    re.IGNORECASE,
)
_START = re.compile(r"^ZCZC.*$")
_LABEL = re.compile(
    r"^(Headline|Subject|Title|Slug|Slugline|Keywords?|Byline|Author|Dateline|Date|Source|Agency|"
    r"Urgency|Priority|Category|Language|Id|GUID|Version|Embargo|Embargoed|Abstract|Summary|"
    r"Status|Copyright)\s*:\s+(\S.*)$",
    re.IGNORECASE,
)
_SAME_LABEL = {
    "subject": "headline", "title": "headline", "slug": "slugline", "keyword": "keywords",
    "author": "byline", "agency": "source", "guid": "id", "embargoed": "embargo",
    "abstract": "summary",
}  # fmt: skip
_SLUGGED = re.compile(
    r"\b((?:BC|AM|PM)-[\w.'’ -]{2,80}?)(?=[,;.\"”\n]|\s+(?:of|that|sent|moved)\b|$)"
)
_NO_TEXT = re.compile(r"\s*(?:WARC/\d|HTTP/\d|%PDF-|%!PS|BEGIN:V(?:CALENDAR|CARD))")
_HTML = re.compile(r"</(?:p|div|body|html)>|<br\s*/?>", re.IGNORECASE)
_CODE = re.compile(r"[A-Z\d/:.-]*\d[A-Z\d/:.-]*|[A-Z]{1,4}")
_CLOCK = re.compile(r"\d:\d\d")
_HEADER_LINES = 14
"""A dateline is looked for in so many lines: below them a place and a dash are just text."""
_LONGEST_HEADLINE = 160
_SENTENCE_END = (".", ":", ";", ",", "…", ".”", '."', "?”", "”")


def parse(raw: bytes, context: Context) -> Parsed:
    """Returns the stories of a plain-text delivery.

    Raises:
        ParseError: empty, too large, or no text; names the byte.
    """
    printed.check_text(raw)
    text = decode(raw)
    if _NO_TEXT.match(text):
        raise ParseError(f"not a story but a container: it begins with {text[:10]!r}", "line 1")
    if is_html(text):
        text = markup.text_of_html(text)  # it says text/plain and is HTML
    lines = sanitise(text.replace("\f", "\n=====\n")).split("\n")
    parts = list(islice(split(lines), printed.MAX_STORIES + 1))
    printed.check_count(len(parts))
    if not parts:
        raise ParseError("no line of text", "line 1")
    items = ((f"line {number}", story_lines) for number, story_lines in parts)
    return read_each(items, lambda story_lines: (read(story_lines, context)[0],))


def is_html(text: str) -> bool:
    """Returns whether a text that says it is plain is HTML."""
    return bool(_HTML.search(text))


def has_head(lines: list[str]) -> bool:
    """Returns whether lines print labels, a keyword line or a dateline above or at the story."""
    start = [line.strip() for line in lines if line.strip()][:_HEADER_LINES]
    return any(
        _LABEL.match(line) or printed.is_keyword_line(line) or _opens_story(line) for line in start
    )


def split(lines: list[str]) -> Iterator[tuple[int, list[str]]]:
    """Yields the lines of each story, with the number of its first line.

    Raises:
        ParseError: one story is longer than any that is written.
    """
    found: list[str] = []
    first, has_body, dated = 1, False, False
    signed: frozenset[str] = frozenset()  # the agencies of the datelines
    ended: tuple[int, list[str]] | None = None  # its trailer may stand below its end mark
    length = 0
    for number, line in enumerate(lines, start=1):
        bare = line.strip()
        length = (length if found else 0) + len(line)
        printed.check_story(length, f"line {first}")
        if _END.match(bare) or _START.match(bare):
            # An end mark right under a headline underlines it.
            if has_body or _is_kill(found):
                if ended:
                    yield ended
                ended = first, found
                found, has_body, dated = [], False, False
            continue
        if not bare:
            if found:
                found.append(line)
            continue
        is_trailer = printed.trailer(bare) is not None
        if ended:
            yield (ended[0], [*ended[1], line]) if is_trailer else ended
            ended = None
            if is_trailer:
                continue
        if is_trailer and (has_body or _is_kill(found) or sum(map(bool, found)) > 2):
            yield first, [*found, line]
            found, has_body, dated = [], False, False
            continue
        opens = len(bare) > 40 and _opens_story(bare) and not _is_mid_sentence(found)
        # "Bayern (CSU) - " inside a story is none of its agency's.
        follows = opens and dated and _is_signed(bare, signed)
        signed |= _signatures(bare, opens)
        if has_body and (printed.is_keyword_line(bare) or follows):
            head = _head_behind(found) if opens else []
            yield first, found
            found, has_body, dated = head, False, False
            first = number - len(head)
        if not found:
            first = number
        dated = dated or opens
        has_body = has_body or opens or (len(bare) > _LONGEST_HEADLINE or bare.endswith("."))
        found.append(line)
    if ended:
        yield ended
    if any(line.strip() for line in found):
        yield first, found


def _opens_story(line: str) -> bool:
    """Returns whether a line begins with a dateline that names its agency."""
    return dateline.agency_of(dateline.of_paragraph(line, None)) is not None


def _signatures(line: str, opens: bool) -> frozenset[str]:
    """Returns the agency of a dateline that a line opens a story with; none for none."""
    agency = dateline.agency_of(dateline.of_paragraph(line, None)) if opens else None
    return frozenset(filter(None, (agency,)))


def _is_signed(line: str, before: frozenset[str]) -> bool:
    """Returns whether a dateline's agency is known, or has signed in this delivery before."""
    own = _signatures(line, opens=True)
    return bool(own & before) or any(map(agencies.is_known, own))


def _is_dateline(line: str) -> bool:
    """Returns whether a line begins with a dateline; "ANNULATION - Le ferry" is a headline."""
    found = dateline.of_paragraph(line, None)
    is_signal = found is not None and dateline.is_guess(found) and signals.of_headline(line)
    return found is not None and not is_signal


def _is_mid_sentence(found: list[str]) -> bool:
    """Returns whether the lines before are wrapped prose that goes on, and no story's header.

    "... the European Environment" may wrap before "Agency (EEA) argued".
    """
    block = list(takewhile(bool, (line.strip() for line in reversed(found))))
    if not block or block[0].endswith((".", "!", "?", ".”", '."', "”")) or _known(block[0]):
        return False
    return len(block) > 2 or any(_opens_story(line) or ". " in line for line in block)


def _head_behind(found: list[str]) -> list[str]:
    """Takes the next story's header lines from the end of the story before it."""
    cut, headlines = len(found), 0
    while cut:
        bare = found[cut - 1].strip()
        known = not bare or printed.is_byline(bare) or printed.is_note(bare)
        known = known or bool(_LABEL.match(bare)) or (printed.is_credit(bare) and not headlines)
        if not known:
            if headlines or len(bare) > _LONGEST_HEADLINE or bare.endswith(_SENTENCE_END):
                break
            if bare.startswith("___") or printed.trailer(bare):
                break
            headlines += 1
        cut -= 1
    head = found[cut:]
    del found[cut:]
    return head


def _is_kill(lines: list[str]) -> bool:
    return any(
        signals.status_of(signals.of_slug(line.strip())) is Status.WITHDRAWN for line in lines[:6]
    )


@dataclass
class _Head:
    """What stands before a body."""

    labels: dict[str, str] = field(default_factory=dict)
    slugline: str | None = None
    topic: str | None = None
    """A slug that many stories of a day share: never part of an id."""
    headline: str | None = None
    byline: str | None = None
    notes: list[str] = field(default_factory=list)
    summary: list[str] = field(default_factory=list)
    says: list[str] = field(default_factory=list)
    """Version words of the keyword line, and lines that hold nothing else."""
    embargo: printed.Embargo | None = None


def read(lines: list[str], context: Context, near: date | None = None) -> tuple[Story, str | None]:
    """Returns one story from its lines, and whose it is, for an id.

    Args:
        near: a day near the filing, for dates without a year; else that of arrival.

    Raises:
        ParseError: there is no text in it.
    """
    near = near or (context.received_at.date() if context.received_at else None)
    lines, sent = _without_trailer(lines, context.timezone)
    if sent is not None:
        near = sent[1].at.date()
    start = _body_start(lines)
    head = _read_head([line.strip() for line in lines[:start]], near, context)
    labelled = instant(head.labels.get("date"), context.timezone)
    near = near or (labelled.at.date() if labelled else None)
    notebook = next((n for n in range(start, len(lines)) if printed.is_notebook(lines[n])), None)
    body_paragraphs = printed.paragraphs(lines[start:notebook])
    notes = [text for text in body_paragraphs if text.startswith(("Eds:", "(Eds:", "EDS:"))]
    body = "\n\n".join(text for text in body_paragraphs if text not in notes)
    if not body and not head.headline and not head.says:
        raise ParseError("no text below the header lines")
    head.notes += notes + (printed.paragraphs(lines[notebook:]) if notebook is not None else [])
    filed = dateline.of_element(head.labels.get("dateline"), near) or dateline.of_body(body, near)
    signalled = signals.strongest(printed.signal(head.says), head.headline, head.notes)
    orders = (
        head.embargo,
        restrictions.instruction(head.headline, near, context.timezone),
        restrictions.of_value(head.labels.get("embargo"), context.timezone),
    )
    verdict = restrictions.decide(
        head.labels.get("status"), signalled, None, orders, context.status_words
    )
    status, until = verdict.status, verdict.until
    if status is Status.WITHDRAWN:
        head.notes.append(body)
    printed_agency = dateline.agency_of(filed) or (sent[0] if sent else None)
    signed = (printed_agency,) if printed_agency else (head.labels.get("source"), context.agency)
    source = short_name(*signed)
    slugline = head.slugline or (_slug_named_in(body) if status is Status.WITHDRAWN else None)
    provider_id = head.labels.get("id")
    created = labelled or (sent[1] if sent else None)
    owner = id_name(context.agency) or id_name(*signed)
    day = "" if provider_id else _printed_day(filed, created)

    def made_on(day: str) -> tuple[str, tuple[Link, ...]]:
        identity = provider_id or _identity(slugline, head.headline, filed, body, day)
        return printed.take(values.story_id(owner, identity), signalled, body)

    story_id, links = made_on(day)
    signal = signalled.signal if signalled else None
    former: tuple[str, ...] = ()
    if status is Status.WITHDRAWN and slugline and not provider_id and sent and sent[0] == "AP":
        # AP's trailer was once taken for a keyword line, so that ids had no day.
        former = (values.story_id(owner, printed.identity(slugline, "")),)
    if status is Status.WITHDRAWN and head.topic and not provider_id:
        # The slug was once taken for the headline.
        former = (values.story_id(owner, _identity(None, head.topic, filed, body, day)),)
    story = Story(
        id=story_id,
        former_ids=former if story_id not in former else (),
        eve_id=ids.eve_id(lambda day: made_on(day)[0], day, status, signal),
        source=source,
        provider_id=provider_id,
        version=values.integer(head.labels.get("version"))
        or (signalled.lead if signalled and not links else None),
        links=links,
        status=status,
        status_sent=verdict.sent,
        signal=signal,
        signal_sent=signalled.sent if signalled else None,
        headline=head.headline,
        slugline=slugline or head.topic,
        byline=head.byline,
        dateline=filed,
        summary="\n".join(head.summary) or None,
        body="" if status is Status.WITHDRAWN else body,
        language=values.language(head.labels.get("language")) or context.language,
        urgency=values.urgency(head.labels.get("urgency")),
        urgency_sent=head.labels.get("urgency"),
        priority=values.integer(head.labels.get("priority")),
        categories=values.distinct((head.labels.get("category"),)),
        keywords=values.distinct(
            word.strip() for word in re.split(r"[,;]", head.labels.get("keywords", ""))
        ),
        ednote="\n".join(filter(None, head.notes)) or None,
        copyright=head.labels.get("copyright"),
        first_created=created.at if created else None,
        version_created=created.at if created else None,
        embargoed_until=until.at if until else None,
        zone_assumed=any_assumed((created, until)),
    )
    return story, owner


def _without_trailer(
    lines: list[str], feed_zone: str
) -> tuple[list[str], tuple[str | None, Instant] | None]:
    """Returns the lines above the trailer, and what it says."""
    for index in range(len(lines) - 1, max(len(lines) - 6, -1), -1):
        found = printed.trailer(lines[index], feed_zone)
        if found is not None:
            return lines[:index] + lines[index + 1 :], found
    return lines, None


def _body_start(lines: list[str]) -> int:
    """Returns the index of the line that the body begins with."""
    filled = [index for index, line in enumerate(lines) if line.strip()][:_HEADER_LINES]
    last_known = -1
    for index in filled:
        bare = lines[index].strip()
        is_label = _LABEL.match(bare) or printed.is_keyword_line(bare)
        if len(bare) > 40 and not is_label and _is_dateline(bare):
            return index
        if _known(bare) or (printed.is_credit(bare) and last_known >= 0):
            last_known = index
    rest = [index for index in filled if index > last_known]
    if not rest:
        return len(lines)
    if last_known < 0 or not any(_headline_like(lines[i].strip()) for i in filled if i < rest[0]):
        first = rest[0]
        if len(rest) > 1 and _headline_like(lines[first].strip()):
            longer = max(len(lines[i]) for i in rest[1:3]) > len(lines[first])
            if longer or not lines[first + 1].strip():
                return first + 1
    return rest[0]


def _headline_like(bare: str) -> bool:
    return (
        len(bare) <= _LONGEST_HEADLINE
        and not bare.endswith(_SENTENCE_END)
        and not _known(bare)
        and not bare.startswith("___")
    )


def _known(bare: str) -> bool:
    """Returns whether a line is of the header whatever follows it."""
    return bool(
        _LABEL.match(bare)
        or printed.is_keyword_line(bare)
        or printed.is_byline(bare)
        or printed.is_note(bare)
        or printed.embargo(bare, None, "UTC")
        or _says_what_it_does(bare)
    )


def _says_what_it_does(bare: str) -> signals.Signalled | None:
    """Returns the signal of a line that holds nothing else: "KILL", "1ST LEAD", "CORRECTION"."""
    found = signals.of_slug(bare) if len(bare) <= 40 else None
    return found if found and len(found.sent) >= len(bare) - 2 else None


def _read_head(lines: list[str], near: date | None, context: Context) -> _Head:
    head = _Head()
    plain: list[str] = []
    for bare in filter(None, lines):
        label = _LABEL.match(bare)
        embargo = printed.embargo(bare, near, context.timezone)
        said = _says_what_it_does(bare)
        if embargo:
            head.embargo = embargo
            head.notes.append(bare)
        elif label:
            name = label[1].casefold()
            head.labels.setdefault(_SAME_LABEL.get(name, name), label[2].strip())
        elif _CLOCK.search(bare) and instant(bare, context.timezone):
            head.labels.setdefault("date", bare)  # "Nov 30, 2026 2:05 PM EST"
        elif printed.is_keyword_line(bare):
            slug = printed.slug(bare)
            head.slugline = slug.slugline
            head.says.append(slug.version)
        elif said:
            head.says.append(bare)
        elif printed.is_note(bare):
            head.notes.append(bare)
        elif printed.is_byline(bare):
            head.byline = values.byline(bare)
        elif not (printed.is_credit(bare) and head.byline) and not bare.startswith("___"):
            plain.append(bare.rstrip(" ="))  # IPTC 7901 ends a headline so
    plain = [bare for bare in plain if bare not in head.says]  # "Adv 06", as in the keyword line
    if "headline" in head.labels:
        head.headline = head.labels["headline"]
        head.notes += plain  # lines above a labelled head are the desk's: "Gol PGA"
        plain = []
    elif plain:
        plain = [bare for bare in plain if not _is_code(bare)] or plain
        if len(plain) > 1 and not head.slugline and _is_topic(*plain[:2]):
            head.topic = plain.pop(0)
        head.headline = plain.pop(0)
    head.summary = [head.labels["summary"]] if "summary" in head.labels else plain
    head.byline = head.byline or head.labels.get("byline")
    if "slugline" in head.labels:
        slug = printed.slug(head.labels["slugline"])
        head.slugline = slug.slugline
        head.says.append(slug.version)
    return head


def _is_code(bare: str) -> bool:
    """Returns whether a line is a relay's or an archive's code: "R CRO S0A QBXB", "XCI20334"."""
    tokens = bare.split()
    is_mixed = any(re.search(r"[A-Z]\d|\d[A-Z]", token) for token in tokens)
    return is_mixed and all(_CODE.fullmatch(token) for token in tokens)


def _is_topic(bare: str, below: str) -> bool:
    """Returns whether a line above the headline is a slug: AAP's and EFE's "BUSHFIRE WA TOLL".

    It is short and in capitals, or PA's "HOME Ferry", and the headline is in the other case.
    """
    words = bare.split()
    is_other = bare.isupper() != below.isupper() and words[0].isupper()
    is_short = len(words) <= 4 and len(bare) <= 40 and len(bare) < len(below)
    return is_other and is_short and len(below.split()) >= 4 and not below.endswith(".")


def _slug_named_in(body: str) -> str | None:
    """Returns the slug of the story that a kill note names: "Kill BC-US--Mill Fire, sent at..."."""
    match = _SLUGGED.search(body[:1000])
    return match[1].strip() if match else None


def _identity(
    slugline: str | None,
    headline: str | None,
    filed: Dateline | None,
    body: str,
    day: str,
) -> str:
    if slugline:
        return printed.identity(slugline, day)
    place = filed.place if filed else None
    start = body[len(filed.text) if filed and filed.text and body.startswith(filed.text) else 0 :]
    return values.hashed_id(place, day, signals.topic(headline or " ".join(start.split()[:12])))


def _printed_day(filed: Dateline | None, created: Instant | None) -> str:
    """Returns the day of a story as it prints it, "2026-11-24", "11-24"; "" if it does not.

    The dateline's day goes before the trailer's: a writethru sent after midnight keeps it.
    """
    words = re.search(r"\b([^\W\d_]{3,9})\.? (\d{1,2})\b", (filed.text or "") if filed else "")
    month = MONTHS.get(words[1].casefold()) if words else None
    if words and month:
        day = f"{month:02}-{int(words[2]):02}"
        return f"{created.at.year}-{day}" if created else day
    return created.at.date().isoformat() if created else ""


FORMAT = Format(
    name="text",
    parse=parse,
    recognises=lambda start: start.is_text or start.element == "html",
    clock=Clock.TRANSMISSION,
)
