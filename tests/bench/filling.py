"""An index filled through Kafka and the worker, its rate and the worker's memory watched."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

from pipeline.enrich.enricher import load
from pipeline.wire import codec
from pipeline.wire.story import Story
from tests.bench.rig import Rig, rss_bytes, until
from tests.bench.stories import pool, stream

ENRICHED = 200
"""Stories that are enriched, at most; all others have the names and places of one of them."""
SOURCES = 20
STEP = 5_000
"""Stories that are published at a time, and at most that many more wait in Kafka."""


@dataclass(frozen=True, slots=True)
class Filled:
    """What was seen on the way to so many stories."""

    stories: int
    rate: float
    """Stories a second over the last tenth of all, or the last step if that is more."""
    memory: list[tuple[int, float]]
    """Stories in the index, and megabytes of the worker's own process."""


def names(system: Rig, stories: int) -> Path:
    """A file of enriched stories, for a worker that gives their names and places to others."""
    records = load(system.settings).enrich(stream(min(ENRICHED, stories), seed=21, paragraphs=6))
    path = system.folder / "names.jsonl"
    path.write_bytes(b"\n".join(codec.encode(record) for record in records))
    return path


def fill(system: Rig, named: Path, there: int, wanted: int) -> Filled:
    """Publish stories to a worker until so many can be found."""
    memory = []
    tail = max(there + 1, wanted - max(STEP, wanted // 10))
    stories = made(there, wanted)
    with system.worker("tests.bench.worker", str(named)) as process:
        system.publish([next(stories)])  # it has started when that is found
        began = until(lambda: system.indexed() > there)
        at = counted = there + 1
        while at < wanted:
            step = list(islice(stories, STEP))
            system.publish(step)
            at += len(step)
            enough = wanted if at == wanted else at - STEP
            until(lambda enough=enough: system.indexed() >= enough)  # type: ignore[misc]
            if counted < tail <= (found := system.indexed()) and found < wanted:
                began, counted = time.monotonic(), found
            memory.append((enough, rss_bytes(process.pid) / 2**20))
        rate = (wanted - counted) / (time.monotonic() - began)
    return Filled(wanted, rate, memory)


def made(there: int, wanted: int) -> Iterator[Story]:
    """Stories of 1.5 kB, one every three minutes backwards from now."""
    draw = random.Random(there)
    parts, now = pool(), datetime.now(UTC)
    for number in range(there, wanted):
        text = draw.sample(parts, 6)
        yield Story(
            id=f"bench:{number}",
            source=f"Agency {draw.randrange(SOURCES)}",
            version=1,
            urgency=draw.randint(1, 8),
            headline=text[0][:60],
            body="\n\n".join(text),
            language="en",
            version_created=now - timedelta(minutes=3 * (wanted - number)),
        )
