"""A dead letter: raw bytes that could not be used, with what failed, why and where.

The message on the dead-letter topic has the raw bytes as its value, unchanged, and the
rest as headers, so that it can be replayed once the cause is fixed.
"""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, datetime

import msgspec

from pipeline.wire.errors import CodecError, ParseError, SetupError
from pipeline.wire.topics import Headers, Topics, headers, key, read_headers

SCHEMA = 1

RESOLUTIONS = ("replayed", "dismissed")

_KILL = re.compile(rb'"status":\s*"withdrawn"')
"""In a record of ours, also one that can't be decoded."""


class DeadLetter(msgspec.Struct, frozen=True, kw_only=True):
    """What goes to the dead-letter topic."""

    raw: bytes
    stage: str
    """Where it failed: "read", "parse", "decode", "enrich", "publish" or "index"."""
    error: str
    """The error's class: "ParseError"."""
    reason: str
    """One sentence, without the story's text."""
    where: str | None = None
    """Element, key, line or byte offset, as precise as is known."""
    feed: str | None = None
    format: str | None = None
    name: str | None = None
    """Of the delivery: a file's name, a URL."""
    story_id: str | None = None
    topic: str | None = None
    """The record that failed, where it came from a topic."""
    partition: int | None = None
    offset: int | None = None
    received_at: str | None = None
    failed_at: str | None = None
    status: str | None = None
    """ "withdrawn" where the record is a kill: until its replay the killed text may be shown."""

    @property
    def key(self) -> bytes:
        """Returns a key that equal letters share, so that a repeated failure is recognised."""
        return key(self.story_id or hashlib.sha256(self.raw).hexdigest())

    @property
    def headers(self) -> Headers:
        """Returns everything but the raw bytes."""
        values = {name: getattr(self, name) for name in self.__struct_fields__ if name != "raw"}
        return headers(schema=SCHEMA, **values)


def letter_name(partition: int, offset: int) -> str:
    """Returns what a dead letter is called, by its place on the topic: "2:107"."""
    return f"{partition}:{offset}"


class Found(msgspec.Struct, frozen=True):
    """A dead letter and its place on the topic."""

    name: str
    """See `letter_name`."""
    letter: DeadLetter
    size: int
    """Of the raw bytes, also where these are left out."""
    resolved: str | None = None
    """See `RESOLUTIONS`; None while nobody has acted on it."""


def dead_letter(raw: bytes, stage: str, error: Exception, **where_from: object) -> DeadLetter:
    """Returns a letter for bytes that raised an error.

    Args:
        raw: the delivery's or the record's bytes, unchanged.
        stage: where it failed.
        error: why. Its text becomes the reason, cut at 1,000 characters.
        where_from: further fields of the letter.
    """
    reason = error.message if isinstance(error, ParseError) else str(error)
    return msgspec.convert(
        {
            "raw": raw,
            "stage": stage,
            "error": type(error).__name__,
            "reason": (reason or repr(error))[:1000],
            "where": getattr(error, "where", None),
            "failed_at": datetime.now(UTC).isoformat(),
            "status": "withdrawn" if _KILL.search(raw) else None,
            **where_from,
        },
        DeadLetter,
    )


def in_place_of(
    topics: Topics, topic: str, key: bytes, value: bytes, given: Headers
) -> tuple[bytes, bytes, Headers]:
    """Returns the dead letter of a message whose topic takes none so large: key, value and headers.

    Of a dead letter that is too large itself half the bytes are kept; a header `raw_bytes`
    says how many there were.

    Raises:
        SetupError: the dead-letter topic does not even take one without bytes.
    """
    values = read_headers(given)
    if topic == topics.deadletter:
        if not value:
            raise SetupError(f"the topic {topic} takes no message at all: see max.message.bytes")
        size_header = [] if "raw_bytes" in values else headers(raw_bytes=len(value))
        return key, value[: len(value) // 2], given + size_header
    context = {n: values.get(n) for n in ("feed", "format", "name", "received_at")}
    error = CodecError(
        f"{len(value):,} bytes, more than the topic {topic} takes: raise its max.message.bytes "
        "or lower kafka.max_request_bytes"
    )
    story_id = key.decode("utf-8", "replace")
    letter = dead_letter(value, "publish", error, story_id=story_id, topic=topic, **context)
    return letter.key, letter.raw, letter.headers


def resolution(found: Found, how: str, by: str) -> tuple[bytes, bytes, Headers]:
    """Returns the message that says what became of a dead letter: key, value and headers.

    Args:
        how: one of RESOLUTIONS.
        by: who decided it, for the audit.
    """
    letter = found.letter
    said = headers(
        resolves=found.name,
        resolved=how,
        resolved_by=by,
        resolved_at=datetime.now(UTC).isoformat(),
        raw_bytes=found.size,
    )
    return letter.key, b"", letter.headers + said


def read(raw: bytes, values: dict[str, str]) -> DeadLetter:
    """Returns a letter from a message of the dead-letter topic and its decoded headers."""
    known = {name: values[name] for name in DeadLetter.__struct_fields__ if name in values}
    missing = {name: "?" for name in ("stage", "error", "reason") if name not in known}
    return msgspec.convert({**known, **missing, "raw": raw}, DeadLetter, strict=False)
