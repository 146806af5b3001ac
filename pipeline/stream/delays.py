"""How long stories take, measured: from their receipt to the index, and until a search finds them.

Every indexed story counts in the first histogram. The second needs a search for each look, so it
is a sample: one story at a time is looked for, the last of a batch.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime

from prometheus_client import CollectorRegistry, Histogram

from pipeline.index.document import Document
from pipeline.index.writer import Write
from pipeline.kafka.tracing import NO_TRACER, Tracer
from pipeline.wire.errors import NewswireError
from pipeline.wire.story import Signal, Status
from pipeline.wire.topics import Header, read_headers, urgent

log = logging.getLogger(__name__)

BUCKETS = (0.1, 0.25, 0.5, 1, 2, 3, 5, 10, 30, 60, 300, 3600, 86_400)
"""Seconds: below a second for urgent stories, a day for what waited for a server."""
LOOK_SECONDS = 0.1
PATIENCE_SECONDS = 60.0
"""A story that no search finds for so long was replaced or hidden: it is not counted."""

Found = Callable[[str, int], Awaitable[bool]]
"""Returns whether a search finds a story in this index version or a newer one."""


class Delays:
    """The histograms of one worker."""

    def __init__(self, found: Found, tracer: Tracer = NO_TRACER) -> None:
        self._found = found
        self._tracer = tracer
        self._looking: asyncio.Task[None] | None = None
        labels = ("feed", "lane")
        self._indexed = Histogram(
            "newswire_indexed_seconds",
            "From the receipt of a delivery to its story's place in the index.",
            labels,
            buckets=BUCKETS,
            registry=None,
        )
        self._searchable = Histogram(
            "newswire_searchable_seconds",
            "From the receipt of a delivery until a search finds its story; a sample.",
            labels,
            buckets=BUCKETS,
            registry=None,
        )

    def register(self, registry: CollectorRegistry) -> None:
        """Add the histograms to a registry."""
        registry.register(self._indexed)
        registry.register(self._searchable)

    def indexed(self, writes: list[Write], trace: Sequence[Header] = ()) -> None:
        """Count stories that are indexed now, and look for the last of them.

        Args:
            writes: what was indexed.
            trace: the context of the last one, where it is traced.
        """
        now = datetime.now(UTC)
        received = None
        for write in writes:
            if (received := _received(write.document)) is not None:
                self._indexed.labels(*_labels(write.document)).observe(_seconds(received, now))
        idle = self._looking is None or self._looking.done()
        if received is not None and idle:
            self._looking = asyncio.create_task(self._look(writes[-1], received, trace))

    async def _look(self, write: Write, received: datetime, trace: Sequence[Header]) -> None:
        span = self._tracer.begin("searchable", read_headers(trace)) if trace else None
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                while not await self._found(write.id, write.version):
                    await asyncio.sleep(LOOK_SECONDS)
        except (NewswireError, TimeoutError) as error:
            log.debug("no search found it", extra={"story_id": write.id, "reason": str(error)})
        else:
            seconds = _seconds(received, datetime.now(UTC))
            self._searchable.labels(*_labels(write.document)).observe(seconds)
            if span:  # of a story that no search found there is none
                span.end()

    async def stop(self) -> None:
        """End the look that is under way."""
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.gather(self._looking, return_exceptions=True)


def _received(document: Document) -> datetime | None:
    at = document.get("received_at")
    return datetime.fromisoformat(at) if isinstance(at, str) else None


def _seconds(received: datetime, now: datetime) -> float:
    return max(0.0, (now - received).total_seconds())


def _labels(document: Document) -> tuple[str, str]:
    signal = document.get("signal")
    fast = urgent(
        Status(document["status"]), Signal(signal) if signal else None, document.get("urgency")
    )
    return document.get("feed") or "", "urgent" if fast else "live"
