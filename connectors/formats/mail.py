"""A story sent as mail: RFC 5322 with MIME (RFC 2045 to 2047).

The text is the first text/plain part, or the HTML one where there is none; attachments and
attached mails are left out, as is the sender's signature (RFC 3676 section 4.3). Newsrooms
print labels into the text ("Headline: ...", "Abstract: ..."), a byline and a dateline: such a
text is read as plain text is, and its headline goes before the Subject.

Headers are decoded leniently: a raw UTF-8 byte inside an encoded word that claims another set
is read as UTF-8.

Id: the Message-ID, or that of the mail which this one names in `Supersedes` (RFC 5536 section
3.2.12), so that the two meet; else sender, subject and date.
"""

from __future__ import annotations

import binascii
import re
from base64 import b64decode
from datetime import date
from email import policy
from email.message import Message
from email.parser import BytesParser
from email.utils import parseaddr
from quopri import decodestring

import msgspec

from connectors.fields import printed, restrictions, signals, values, wrapping
from connectors.fields.charset import decode, sanitise
from connectors.fields.times import instant
from connectors.formats import inline, text
from connectors.formats.base import Context, Format, Parsed, Skipped
from connectors.formats.start import Start
from pipeline.wire import dateline
from pipeline.wire.agencies import id_name, short_name
from pipeline.wire.errors import ParseError
from pipeline.wire.story import Clock, Status, Story

_HEADERS = ("from", "date", "subject", "message-id", "received", "mime-version", "to")
_WORD = rb"=\?([^?*\s]{1,40})(?:\*[^?]*)?\?([QqBb])\?([^?]*)\?="
_WORDS = re.compile(rb"(?:" + _WORD + rb"[ \t]*)+")
_ONE_WORD = re.compile(_WORD)
_REPLY = re.compile(r"^(?:(?:re|fwd?|aw|wg)\s*:\s*)+", re.IGNORECASE)
_FIELD = re.compile(rb"[!-9;-~]{1,100}:")  # RFC 5322 section 3.6.8
_END_OF_HEADERS = re.compile(rb"\r?\n\r?\n")
_HEADER_BLOCK = re.compile(
    r"(?:From \S[^\n]*\n)?(?:[A-Za-z][A-Za-z0-9-]{0,60}:[ \t]*[^\n]*\n(?:[ \t]+\S[^\n]*\n)*){2,}"
)
_MAIL_ONLY = re.compile(
    r"^(?:Received|Message-ID|MIME-Version|Return-Path|Delivered-To|Content-Type|From|DKIM-Signature)"
    r":[ \t]*\S",
    re.IGNORECASE | re.MULTILINE,
)
_MAX_HEADERS = 256 * 1024
_MAX_BOUNDARIES = 2_000
_SIGNATURE = ("-- ", "--")


def parse(raw: bytes, context: Context) -> Parsed:
    """Returns the story of a mail.

    Raises:
        ParseError: empty, too large, or no mail; names the line or byte.
    """
    printed.check_text(raw)
    raw = re.sub(rb"^From [^\n]*\n", b"", raw.lstrip())  # an mbox's own line
    end = _END_OF_HEADERS.search(raw)
    if not _FIELD.match(raw) or (end.start() if end else len(raw)) > _MAX_HEADERS:
        raise ParseError("no mail: it does not begin with headers", "line 1")
    if raw.count(b"\n--") > _MAX_BOUNDARIES:
        raise ParseError(f"more than {_MAX_BOUNDARIES} parts", "the message")
    try:
        message = BytesParser(policy=policy.compat32).parsebytes(raw)
        headers = _headers(message)
        body = _body(message)
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        raise ParseError(f"the mail can't be read: {error}", "the message") from error
    if not any(name in headers for name in _HEADERS):
        raise ParseError("no mail: none of its headers is known", "line 1")
    message_id = (headers.get("message-id") or "").strip("<> ") or None
    if not body:
        return Parsed(skipped=(Skipped("a mail without text", message_id),))
    printed.check_story(len(body), "the text")
    return Parsed((_story(headers, message_id, body, context),))


def _story(headers: dict[str, str], message_id: str | None, body: str, context: Context) -> Story:
    sent = instant(headers.get("date"), context.timezone)
    subject = values.line(_REPLY.sub("", headers.get("subject") or ""))
    story, owner = _printed(body, context, sent.at.date() if sent else None)
    name, address = parseaddr(headers.get("from") or "")
    said = signals.of_headline(subject)
    order = restrictions.instruction(subject, sent.at.date() if sent else None, context.timezone)
    verdict = restrictions.decide(None, said, None, (order,))
    if story.status is not Status.USABLE:  # the text says it more precisely
        verdict = verdict._replace(status=max(story.status, verdict.status, key=[*Status].index))
    status = verdict.status
    if status is Status.WITHDRAWN and story.body:  # a kill notice is for editors
        note = "\n".join(filter(None, (story.ednote, story.body)))
        story = msgspec.structs.replace(story, body="", ednote=note)
    until = story.embargoed_until or (verdict.until.at if verdict.until else None)
    replaced = (headers.get("supersedes") or "").strip("<> ")
    source = story.source or short_name(context.agency, name or address)
    wire_id = replaced or message_id
    return msgspec.structs.replace(
        story,
        id=values.story_id(
            owner,
            wire_id or values.hashed_id(address or name, subject, headers.get("date")),
        ),
        source=source,
        provider_id=message_id,
        status=status,
        status_sent=story.status_sent or verdict.sent,
        embargoed_until=until if status is Status.EMBARGOED else None,
        signal=story.signal or (said.signal if said else None),
        signal_sent=story.signal_sent or (said.sent if said else None),
        headline=story.headline or subject,
        language=story.language or values.language(headers.get("content-language")),
        priority=values.integer((headers.get("x-priority") or "")[:1]),
        first_created=sent.at if sent else None,
        version_created=sent.at if sent else story.version_created,
        zone_assumed=bool(sent and sent.assumed) or story.zone_assumed,
    )


def _printed(body: str, context: Context, near: date | None) -> tuple[Story, str | None]:
    """Returns the text of a mail as a story, with its labels and byline, and whose it is."""
    lines = body.split("\n")
    if text.has_head(lines):
        return text.read(lines, context, near)
    paragraphs = wrapping.paragraphs(body)
    filed = dateline.of_body(paragraphs, near)
    agency = dateline.agency_of(filed)
    story = Story(
        id="",
        source=short_name(agency),
        dateline=filed,
        body=paragraphs,
        language=context.language,
    )
    return story, id_name(context.agency) or id_name(agency)


def _headers(message: Message) -> dict[str, str]:
    """Returns the headers by their names in lower case, decoded; the first of each name."""
    found: dict[str, str] = {}
    for name, value in message.raw_items():
        raw = str(value).encode("ascii", "surrogateescape")
        value = sanitise(_WORDS.sub(_decoded, raw).decode("utf-8", "replace"))
        found.setdefault(name.casefold(), value)
    return {name: " ".join(value.split()) for name, value in found.items()}


def _decoded(match: re.Match[bytes]) -> bytes:
    """Returns adjacent encoded words as UTF-8: one character may be cut between two of them."""
    payload, charset = b"", "utf-8"
    for word in _ONE_WORD.finditer(match[0]):
        charset = word[1].decode("ascii", "replace")
        if word[2] in b"Qq":
            payload += decodestring(word[3].replace(b"_", b" "))
        else:
            try:
                payload += b64decode(word[3] + b"=" * (-len(word[3]) % 4))
            except binascii.Error:
                payload += word[3]
    return decode(payload, charset).encode("utf-8", "replace")


def _body(message: Message) -> str:
    """Returns the text of the mail, without the sender's signature; "" if it has none."""
    plain: list[str] = []
    marked: list[str] = []
    parts = [message]
    while parts:
        part = parts.pop(0)
        kind = part.get_content_type()
        if kind.startswith("multipart/") and part.is_multipart():
            parts[:0] = [inner for inner in part.get_payload() if isinstance(inner, Message)]
            continue
        attached = str(part.get("content-disposition") or "").strip().casefold()
        if attached.startswith("attachment") or not kind.startswith("text/"):
            continue
        payload = part.get_payload(decode=True)
        if isinstance(payload, bytes) and payload.strip():
            said = sanitise(decode(payload, part.get_content_charset()))
            (marked if kind == "text/html" else plain).append(said)
    for said in plain:
        if text.is_html(said):
            marked.append(said)
        elif said.strip():
            return _without_signature(said)
    return next(filter(None, map(inline.of_text, marked)), "")


def _without_signature(said: str) -> str:
    lines = said.split("\n")
    end = next((n for n, line in enumerate(lines) if n and line in _SIGNATURE), len(lines))
    return "\n".join(lines[:end]).strip()


def _recognises(start: Start) -> bool:
    headers = _HEADER_BLOCK.match(start.text) if start.is_text else None
    return bool(headers and _MAIL_ONLY.search(headers[0]))


FORMAT = Format(
    name="mail",
    parse=parse,
    recognises=_recognises,
    clock=Clock.TRANSMISSION,
)
