"""A format of one's own: stories as blocks of `Key: value` lines, a blank line, and text.

ID: 2041
Version: 2
Sent: 2026-03-01T12:00:00Z
Title: Ferry resumes after storm

The ferry between the islands sailed again on Sunday.
====
"""

from __future__ import annotations

from collections.abc import Iterator

from connectors.fields import signals
from connectors.fields.times import instant
from connectors.formats import Context, Format, Parsed
from connectors.formats.base import read_each
from connectors.formats.start import Start
from pipeline.wire.errors import ParseError
from pipeline.wire.story import Clock, Story

SEPARATOR = "\n===="


def parse(raw: bytes, context: Context) -> Parsed:
    """Returns the stories of a delivery.

    Raises:
        ParseError: not UTF-8, or the only story has no id.
    """
    try:
        text = raw.decode("utf-8").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise ParseError("not UTF-8", f"byte {error.start}") from error
    return read_each(_blocks(text), lambda block: (_read(block, context),))


def _blocks(text: str) -> Iterator[tuple[str, str]]:
    for number, block in enumerate(text.split(SEPARATOR), 1):
        if block.strip():
            yield f"story {number}", block.strip()


def _read(block: str, context: Context) -> Story:
    head, _, body = block.partition("\n\n")
    fields = dict(line.split(": ", 1) for line in head.split("\n") if ": " in line)
    if "ID" not in fields:
        raise ParseError("a story without ID")
    title = fields.get("Title")
    signalled = signals.of_headline(title)  # "CORRECTED-", "KILL": a kill must not be shown
    sent = instant(fields.get("Sent"), context.timezone)
    version = fields.get("Version", "")
    return Story(
        id=f"{(context.agency or 'example').lower()}:{fields['ID']}",
        source=context.agency,
        provider_id=fields["ID"],
        version=int(version) if version.isdecimal() else None,
        version_created=sent and sent.at,
        zone_assumed=bool(sent and sent.assumed),
        status=signals.status_of(signalled),
        signal=signalled.signal if signalled else None,
        headline=title,
        body=body,
        language=context.language,
    )


def recognises(start: Start) -> bool:
    """Returns whether a delivery that starts so is of this format."""
    return start.raw.startswith(b"ID: ")


FORMAT = Format(name="example", parse=parse, recognises=recognises, clock=Clock.VERSION)
