"""A Kafka message as the steps see it, and what is sent."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from pipeline.kafka.tracing import carried
from pipeline.wire.deadletter import dead_letter, in_place_of
from pipeline.wire.topics import Headers, Topics

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Record:
    """One message of a topic."""

    topic: str
    partition: int
    offset: int
    value: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    key: bytes = b""
    timestamp: int = 0
    """Milliseconds since 1970 when the broker or the producer stamped it; 0 where not read."""

    @property
    def place(self) -> str:
        """Return the record's place: "the record wire.stories/3 @1207"."""
        return f"the record {self.topic}/{self.partition} @{self.offset}"


@dataclass(frozen=True, slots=True)
class Message:
    """One message to be sent."""

    topic: str
    key: bytes
    value: bytes
    headers: Headers
    is_tombstone: bool = False
    """It is sent without a value; an empty value is one: what became of a dead letter has it."""

    @property
    def sent_value(self) -> bytes | None:
        """Return the value as Kafka's clients take it."""
        return None if self.is_tombstone else self.value


Send = Callable[[list[Message]], Awaitable[list[tuple[int, int] | None]]]
"""Send in order; returns partition and offset of each once the broker has acknowledged all,
None for one that its topic finds too large: in its place went a dead letter.
Waits for a broker that is away, for as long as it takes."""


def too_large(topics: Topics, message: Message) -> Message:
    """Return what replaces a message too large for its topic, and log a warning.

    Raises:
        SetupError: nothing can be.
    """
    key, value, headers = in_place_of(
        topics, message.topic, message.key, message.value, message.headers
    )
    log.warning("too large", extra={"topic": message.topic, "bytes": len(message.value)})
    return Message(topics.deadletter, key, value, headers)


def dead_letter_of(
    topics: Topics, record: Record, stage: str, error: Exception, story_id: str | None = None
) -> Message:
    """Return a dead letter, as a message, for an unusable record, and log a warning."""
    dead = dead_letter(
        record.value,
        stage,
        error,
        story_id=story_id,
        feed=record.headers.get("feed"),
        format=record.headers.get("format"),
        name=record.headers.get("name"),
        received_at=record.headers.get("received_at"),
        topic=record.topic,
        partition=record.partition,
        offset=record.offset,
    )
    log.warning(
        "dead letter",
        extra={"topic": record.topic, "offset": record.offset, "reason": dead.reason},
    )
    return Message(topics.deadletter, dead.key, dead.raw, dead.headers + carried(record))


@dataclass(frozen=True, slots=True)
class Position:
    """One partition: its end, and how far the worker's group is."""

    topic: str
    partition: int
    end: int
    committed: int | None

    @property
    def lag(self) -> int | None:
        """Return the number of records that the group has still to take; None if it takes none."""
        return None if self.committed is None else max(0, self.end - self.committed)
