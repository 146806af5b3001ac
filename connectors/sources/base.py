"""What every source promises: deliveries that its feed has not had yet, at least once."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Protocol

from connectors.cursor import Cursor


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
    state: Mapping[str, str] = field(default_factory=dict)
    """What the source wants in its cursor once the broker has the delivery."""
    linked: Mapping[str, bytes] = field(default_factory=dict)
    """Documents that the delivery points to, already fetched, by their URL."""

    @property
    def key(self) -> str:
        """Of the content alone: the same bytes under another name are the same delivery."""
        digest = hashlib.sha256(self.raw)
        for url, document in sorted(self.linked.items()):
            digest.update(url.encode() + b"\0" + document)
        return digest.hexdigest()


class Source(Protocol):
    """Where a feed's bytes come from.

    At least once: a delivery that `poll` has given comes again, in this process or the
    next, until the feed has stored its key and state in the cursor. A source writes to no
    cursor itself; it reads what it needs to go on from there.
    """

    interval_seconds: float
    """How long to rest after a poll that gave nothing."""

    def poll(self, cursor: Cursor) -> Iterator[Delivery]:
        """What is there now and not in the cursor, oldest first.

        Raises:
            SourceUnavailable: it can't be reached; the feed backs off and polls again.
        """
        ...

    def settled(self) -> bool:
        """Whether nothing that was seen is still on its way: `--once` may stop."""
        ...

    def close(self) -> None:
        """Let go of connections."""
        ...
