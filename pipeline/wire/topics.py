"""Topic names, message keys and headers: what connectors and worker agree on.

A message's key is its story's id, so that all versions of a story share a partition and
keep their order, and the partitions of `stories` and `enriched` match one to one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum

from pipeline.wire.story import Signal, Status, Story

Header = tuple[str, bytes]
Headers = list[Header]


_ESCAPED = "backslashreplace"
"""What UTF-8 can't write, as in a file's name in Latin-1, is spelt out instead of raised."""


class Lane(IntEnum):
    """Which of the stories topics a story takes: the lower number is served first."""

    URGENT = 0
    LIVE = 1
    BACKFILL = 2


_URGENT_SIGNALS = frozenset({Signal.FLASH, Signal.BULLETIN, Signal.NEWSALERT, Signal.KILL})


def lane(story: Story, backfill: bool = False) -> Lane:
    """Returns the lane of a story: what is most urgent, and every kill, overtakes a backlog.

    Versions of one story may take different lanes and so overtake each other; their
    versions decide all the same.
    """
    if urgent(story.status, story.signal):
        return Lane.URGENT
    if backfill:
        return Lane.BACKFILL
    return Lane.URGENT if urgent(story.status, story.signal, story.urgency) else Lane.LIVE


def urgent(status: Status, signal: Signal | None, urgency: int | None = None) -> bool:
    """Returns whether a story overtakes others: a kill, a flash and its kin, or urgency 1."""
    return status is Status.WITHDRAWN or signal in _URGENT_SIGNALS or urgency == 1


@dataclass(frozen=True, slots=True)
class Topics:
    """The topics' names under one prefix."""

    prefix: str = "wire"

    @property
    def stories(self) -> str:
        """Returns the topic of stories as connectors parsed them, in the order of arrival."""
        return f"{self.prefix}.stories"

    def lane(self, lane: Lane) -> str:
        """Returns the stories topic of a lane."""
        return self.stories if lane is Lane.LIVE else f"{self.stories}.{lane.name.lower()}"

    @property
    def lanes(self) -> tuple[str, ...]:
        """Returns the stories topics in the order in which they are served."""
        return tuple(self.lane(lane) for lane in Lane)

    @property
    def enriched(self) -> str:
        """Returns the topic of each story's newest version, enriched; compacted by story id."""
        return f"{self.prefix}.enriched"

    @property
    def refused(self) -> str:
        """Returns the topic of records that the index does not take now; retried without end."""
        return f"{self.prefix}.refused"

    @property
    def deadletter(self) -> str:
        """Returns the topic of what could not be read or indexed, with raw bytes and reason."""
        return f"{self.prefix}.deadletter"

    @property
    def fingerprints(self) -> str:
        """Returns the topic of what events compare of each story; compacted by story id."""
        return f"{self.prefix}.fingerprints"

    @property
    def events(self) -> str:
        """Returns the topic of the event that each story is in; compacted by story id."""
        return f"{self.prefix}.events"

    @property
    def alerts(self) -> str:
        """Returns the topic of new stories that saved searches found, and their withdrawals."""
        return f"{self.prefix}.alerts"

    @property
    def taken(self) -> tuple[str, ...]:
        """Returns the topics that the worker reads."""
        return (*self.lanes, self.enriched, self.refused, self.fingerprints, self.deadletter)

    def all(self) -> tuple[str, ...]:
        """Returns every topic, in the order of the flow."""
        return (
            *self.lanes,
            self.enriched,
            self.refused,
            self.fingerprints,
            self.events,
            self.alerts,
            self.deadletter,
        )

    def partitions(self, topic: str, configured: int) -> int:
        """Returns how many partitions a topic has: one where all stories are compared."""
        return 1 if topic in (self.fingerprints, self.events) else configured


def key(story_id: str) -> bytes:
    """Returns the message key of a story."""
    return story_id.encode("utf-8", _ESCAPED)


def headers(**values: object) -> Headers:
    """Returns message headers in the form that Kafka takes; None is left out."""
    return [
        (name, str(value).encode("utf-8", _ESCAPED))
        for name, value in values.items()
        if value is not None
    ]


def read_headers(pairs: Iterable[tuple[str, bytes | None]] | None) -> dict[str, str]:
    """Returns headers as a dict of text; undecodable bytes are replaced, not raised."""
    return {name: (value or b"").decode("utf-8", "replace") for name, value in pairs or ()}
