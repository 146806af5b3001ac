"""What every source promises: deliveries that its feed has not had yet, at least once."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Protocol

from pydantic import BaseModel, ConfigDict

from connectors.cursor import Cursor

State = Mapping[str, str | None]
"""What a source wants in its cursor; None takes a name out of it."""

MAX_BYTES = 16 * 1024 * 1024
"""The longest delivery that a source takes unless its feed says otherwise."""


class Options(BaseModel):
    """A source's keys in a feed's table; a key that is not declared is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def now() -> datetime:
    """The time of receipt of a delivery that is taken now."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Delivery:
    """The bytes that arrived, as they arrived, and how the cursor remembers them."""

    raw: bytes
    name: str
    """Where they came from, for errors and dead letters: a file's path, a URL."""
    received_at: datetime = field(default_factory=now)
    state: State = field(default_factory=dict)
    """What the source wants in its cursor once the broker has the delivery."""
    linked: Mapping[str, bytes] = field(default_factory=dict)
    """Documents that the delivery points to, already fetched, by their URL."""
    recurs: bool = True
    """Whether other bytes may come under this name: a file, a page; not a record, a mail."""

    @property
    def key(self) -> str:
        """Of the content alone: the same bytes under another name have the same key."""
        digest = hashlib.sha256(self.raw)
        for url, document in sorted(self.linked.items()):
            digest.update(url.encode() + b"\0" + document)
        return digest.hexdigest()


@dataclass(frozen=True, slots=True)
class Refused:
    """What is there and can't be taken, too long or unreadable: a dead letter names it."""

    name: str
    reason: str
    state: State = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Progress:
    """News for the cursor where nothing was delivered: a file that is gone, an empty page."""

    state: State


Polled = Delivery | Refused | Progress


class Source(Protocol):
    """Where a feed's bytes come from. Used from one thread.

    At least once: what `poll` has given comes again, in this process or the next, until
    the feed has stored its state in the cursor. A source writes to no cursor itself; it
    reads what it needs to go on from there.
    """

    interval_seconds: float
    """How long to rest after a poll that gave nothing."""
    settling_seconds: float = 0.2
    """How long to rest instead while something is on its way."""

    def poll(self, cursor: Cursor) -> Iterator[Polled]:
        """What is there now and not in the cursor, oldest first.

        Raises:
            SourceUnavailable: it can't be reached; the feed backs off and polls again.
        """
        ...

    def acknowledged(self, cursor: Cursor) -> None:
        """The broker has what the cursor says: answer the sender, tidy the folder."""

    def settled(self) -> bool:
        """Whether nothing that was seen is still on its way: `--once` may stop."""
        return True

    def close(self) -> None:
        """Let go of connections."""
