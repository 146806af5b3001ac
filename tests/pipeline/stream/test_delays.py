"""The histograms of how long stories take."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

from prometheus_client import CollectorRegistry

from pipeline.index.writer import Write
from pipeline.stream.delays import Delays
from pipeline.wire.errors import IndexUnavailable


def write(id: str, seconds: float | None, **fields: Any) -> Write:
    """A document that was received so many seconds ago."""
    document = {"id": id, "status": "usable", "feed": "harbour", **fields}
    if seconds is not None:
        document["received_at"] = (datetime.now(UTC) - timedelta(seconds=seconds)).isoformat()
    return Write(id, 7, document)


def count(registry: CollectorRegistry, name: str, lane: str, within: str) -> float | None:
    """How many of a feed's stories took at most so long."""
    labels = {"feed": "harbour", "lane": lane, "le": within}
    return registry.get_sample_value(f"newswire_{name}_seconds_bucket", labels)


def test_each_story_counts_by_feed_and_lane() -> None:
    """A flash and a kill are urgent; a story without a receipt is not counted."""

    async def run() -> CollectorRegistry:
        async def found(story_id: str, version: int) -> bool:
            return True

        registry = CollectorRegistry()
        delays = Delays(found)
        delays.register(registry)
        delays.indexed(
            [
                write("a", 4),
                write("b", 0.5, signal="flash"),
                write("c", 0.5, status="withdrawn"),
                write("d", 0.5, urgency=1),
                write("e", None),
            ]
        )
        await delays.stop()
        return registry

    registry = asyncio.run(run())
    assert count(registry, "indexed", "live", "3.0") == 0
    assert count(registry, "indexed", "live", "5.0") == 1
    assert count(registry, "indexed", "urgent", "1.0") == 3
    assert count(registry, "indexed", "urgent", "+Inf") == 3


def test_searchable_is_counted_when_a_search_finds_it() -> None:
    """The last story of a batch is looked for, one at a time; an index that is away counts none."""
    looks: list[tuple[str, int]] = []
    answers: list[bool | Exception] = [False, True, IndexUnavailable("away")]

    async def found(story_id: str, version: int) -> bool:
        looks.append((story_id, version))
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def run() -> CollectorRegistry:
        registry = CollectorRegistry()
        delays = Delays(found)
        delays.register(registry)
        delays.indexed([write("a", 4), write("b", 4)])
        delays.indexed([write("c", 4)])  # while the look for b goes on
        while len(looks) < 2:
            await asyncio.sleep(0.01)
        await asyncio.sleep(0)
        delays.indexed([write("d", 4)])
        while len(looks) < 3:
            await asyncio.sleep(0.01)
        await delays.stop()
        return registry

    registry = asyncio.run(asyncio.wait_for(run(), 30))
    assert looks == [("b", 7), ("b", 7), ("d", 7)]
    assert count(registry, "searchable", "live", "+Inf") == 1
