"""The contract of a source: its feed receives every delivery at least once."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict

from connectors.cursor import Cursor

State = Mapping[str, str | None]
"""What a source wants in its cursor; None removes a name from it."""

MAX_BYTES = 16 * 1024 * 1024
"""The longest delivery that a source accepts, unless its feed configures another length."""


class Options(BaseModel):
    """A source's keys in a feed's table; a key that is not declared is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def now() -> datetime:
    """Return the current time, in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Delivery:
    """The bytes that arrived, unchanged, and how the cursor remembers them."""

    raw: bytes
    name: str
    """Where they came from, for errors and dead letters: a file's path, a URL."""
    received_at: datetime = field(default_factory=now)
    state: State = field(default_factory=dict)
    """What the source wants in its cursor once the broker has the delivery."""
    linked: Mapping[str, bytes] = field(default_factory=dict)
    """Documents that the delivery links to, already fetched, by their URL."""
    recurs: bool = True
    """True when other bytes may arrive under this name: a file, a page; not a record, a mail."""
    receipt: object = field(default=None, compare=False)
    """What the source needs to recognise the delivery when it is acknowledged."""

    @property
    def key(self) -> str:
        """Return a digest of the content alone: the same bytes have the same key under any name."""
        digest = hashlib.sha256(self.raw)
        for url, document in sorted(self.linked.items()):
            digest.update(url.encode() + b"\0" + document)
        return digest.hexdigest()


@dataclass(frozen=True, slots=True)
class Refused:
    """A delivery that is too long or unreadable: a dead letter names it."""

    name: str
    reason: str
    state: State = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Progress:
    """A change of the cursor without a delivery: a file was deleted, a page was empty."""

    state: State


Polled = Delivery | Refused | Progress


class Source(ABC):
    """Delivers everything that its feed has not acknowledged, at least once.

    What `poll` has yielded is yielded again, in this process or the next, until the feed has
    stored its state in the cursor. A source never writes to the cursor; it reads from it
    where to continue. It is used from one thread.

    A subclass is registered in `connectors.sources.SOURCES`.
    """

    name: ClassVar[str]
    """What a feed's table calls it: `source = "rss"`."""
    options: ClassVar[type[Options]]
    """The keys that a feed's table may have for it."""
    pushed: ClassVar[bool] = False
    """True when senders connect to the source, so that it can't be tried by polling it."""

    interval_seconds: float
    """The pause after a poll that yielded nothing: an option, or the class's own value."""
    settling_seconds: float = 0.2
    """The pause instead while a delivery is still arriving."""

    @abstractmethod
    def __init__(self, options: Any) -> None:
        """Store the options. Connects to nothing."""

    @abstractmethod
    def poll(self, cursor: Cursor) -> Iterator[Polled]:
        """Yield what is available and not in the cursor, oldest first.

        Raises:
            SourceUnavailable: the source can't be reached; the feed waits and polls again.
        """

    def acknowledged(  # noqa: B027 (optional: most senders expect no answer)
        self, deliveries: Sequence[Delivery]
    ) -> None:
        """Answer the senders of these deliveries, or delete their files.

        The broker has acknowledged them and the cursor is on the disk. They are in the order
        in which `poll` yielded them. Called after each batch, so that there may be fewer than
        it yielded, and once more after each poll without any.
        """

    def settled(self) -> bool:
        """Return False while a delivery is still arriving, so that `--once` waits for it."""
        return True

    def close(self) -> None:  # noqa: B027 (optional)
        """Close the connections."""
