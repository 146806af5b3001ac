"""What events cost: CPU time for each story, and memory, at windows of many stories.

The stories are vectors made here: six tenths of an event's names recur in each of its stories,
names and words follow Zipf's law, and most events have one story, as on a wire.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncGenerator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.events.fingerprints import Fingerprint, pack
from pipeline.events.groups import Groups
from pipeline.events.links import LINKS
from pipeline.events.neighbours import Neighbours
from pipeline.events.terms import PLAIN, RARITY, TERMS, UNIT, Terms, terms
from pipeline.events.weights import COMMON, RAREST
from pipeline.search.reader import Reader, open_reader
from pipeline.stream.events import SETTLED
from pipeline.web.live import LOOK_SECONDS, Event, Live
from pipeline.wire.story import Story
from tests.bench.rig import Rig, rig
from tests.bench.running import Sizes, Where
from tests.bench.stories import stream

BEGAN = datetime(2026, 3, 1, tzinfo=UTC)
PER_DAY = 100_000
NAMES, WORDS = 400_000, 40_000
EVENT_NAMES, OWN_NAMES, PLAIN_WORDS = 14, 22, 14
SIZES = (1, 2, 3, 5, 12, 60, 300)
SIZE_SHARES = (500, 200, 100, 100, 60, 8, 1)
"""Events of each size."""
AT_ONCE = 3_000
"""Events that are under way at a time."""
MEASURED = 1_000


class Wire:
    """Makes stories, one after the other, as a wire of many agencies sends them."""

    def __init__(self, seed: int = 1) -> None:
        """Starts before the first story."""
        self._draw = random.Random(seed)
        self._numbers = np.random.default_rng(seed)
        self._running: list[tuple[NDArray[Any], int]] = []

    def __iter__(self) -> Iterator[Terms]:
        """Yields stories without end."""
        while True:
            while len(self._running) < AT_ONCE:
                size = self._draw.choices(SIZES, SIZE_SHARES)[0]
                self._running.append((self._ranks(EVENT_NAMES, NAMES), size))
            n = self._draw.randrange(AT_ONCE)
            names, left = self._running[n]
            yield self._story(names)
            if left > 1:
                self._running[n] = names, left - 1
            else:
                self._running[n] = self._running[-1]
                self._running.pop()

    def _ranks(self, count: int, of: int) -> NDArray[Any]:
        """Returns ranks by Zipf's law, which is even on a logarithmic scale."""
        return np.exp(self._numbers.random(count) * np.log(of)).astype(np.int64)

    def _story(self, event: NDArray[Any]) -> Terms:
        kept = event[self._numbers.random(len(event)) < 0.6]
        names = np.unique(np.concatenate([kept, self._ranks(OWN_NAMES, NAMES)]))
        words = np.unique(self._ranks(PLAIN_WORDS, WORDS))
        repeated = np.where(np.isin(names, event), 2.0, 1.0)
        ranks = np.concatenate([names, words])
        rarity = np.clip((COMMON - (6.3 - np.log10(ranks))) / (COMMON - RAREST), 0, 1) ** 0.8
        weights = rarity * np.concatenate([repeated, np.full(len(words), PLAIN)])
        mixed = (ranks * 2654435761) % 2**32
        keys = np.concatenate([mixed[: len(names)] | 1, (mixed[len(names) :] ^ 0x5BD1E995) & ~1])
        keys, first = np.unique(keys, return_index=True)
        keys, first = keys[:TERMS], first[:TERMS]
        weights = weights[first]
        scaled = np.floor(weights * (UNIT / np.sqrt(np.square(weights).sum())))
        return Terms(
            keys.astype(np.uint32),
            scaled.astype(np.uint16),
            np.round(rarity[first] * RARITY).astype(np.uint8),
        )


def report(where: Where, sizes: Sizes) -> str:
    """The section on events."""
    with rig(where.engine, where.folder) as system, system.worker("tests.bench.worker", "0"):
        delays = sorted(asyncio.run(live(system, sizes.reports)))
    lines = [
        "## Events",
        "",
        "`python -m tests.bench events`",
        "",
        "CPU time of one process for each story that comes to a full window of so many and is"
        " clustered, while the oldest one freezes (`pipeline.events`); of every tenth, also for a"
        " kill. A restart clusters the whole window again. Memory is what the window holds."
        " The stories are vectors made by Zipf's law; half of the events have one story. To read a"
        f" story of 6 kB into a vector takes {reading() * 1000:.1f} ms besides.",
        "",
        "| stories | links of a story | story p50 | p99 | kill p50 | p99 | memory | a story"
        " | restart |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for window in sizes.events:
        cost = measure(window)
        lines.append(
            f"| {window:,} | {cost.links:.1f} | {_ms(cost.story, 50)} | {_ms(cost.story, 99)}"
            f" | {_ms(cost.kill, 50)} | {_ms(cost.kill, 99)} | {cost.memory / 2**20:.0f} MiB"
            f" | {cost.memory / window / 1024:.1f} kB | {cost.restart:.0f} s |"
        )
    search, memory = searching(sizes.alike)
    lines += [
        "",
        f"Among {sizes.alike:,} stories the search for those that are alike, which is most of that,"
        f" takes {_ms(search, 50)} (p50; p99 {_ms(search, 99)}), and its index"
        f" {memory / 2**20:.0f} MiB.",
        "",
        f"An open page hears that its event has grown {delays[len(delays) // 2]:.2f} s after the"
        f" index took the story (median; at most {delays[-1]:.2f} s; {len(delays)} reports, one by"
        " one): worker, topic of fingerprints, index of events and live stream on one machine.",
    ]
    return "\n".join([*lines, ""])


async def live(system: Rig, reports: int) -> list[float]:
    """Returns the seconds from the indexing of each report to when its event's page can show it."""
    reader = open_reader(system.settings.elasticsearch)
    try:
        await asyncio.to_thread(system.publish, [_report(0)])
        while await reader.events.event("bench:0") is None:
            await asyncio.sleep(0.1)
        heard = Live(reader).listen([], shown=["bench:0"], event="bench:0")
        await anext(heard)
        await asyncio.sleep(2 * LOOK_SECONDS)  # what the first look finds is not announced
        return [await _shown(system, reader, heard, number) for number in range(1, reports + 1)]
    finally:
        await reader.close()


async def _shown(
    system: Rig, reader: Reader, heard: AsyncGenerator[Event, None], number: int
) -> float:
    story = _report(number)
    await asyncio.to_thread(system.publish, [story])
    async with asyncio.timeout(60):
        async for event in heard:
            found = await reader.events.event("bench:0") if event.grown else None
            if found and any(version.story == story.id for version in found.timeline):
                break
    at = datetime.now(UTC)
    held = await reader.story(story.id)
    assert held is not None
    return (at - datetime.fromisoformat(held["indexed_at"])).total_seconds()


def _report(number: int) -> Story:
    """Returns a report of one fire, a minute after the one before."""
    at = BEGAN + timedelta(minutes=number)
    return Story(
        id=f"bench:{number}",
        headline="Kessandra mill burns in Lower Tarn",
        body=f"Fire destroyed the Kessandra mill in Lower Tarn, Piet Hallow said. Report {number}.",
        first_created=at,
        version_created=at,
        received_at=at,
    )


@dataclass(frozen=True, slots=True)
class Cost:
    """What stories cost in a window."""

    links: float
    """Of a story, on average."""
    story: list[float]
    """Seconds of CPU time for each."""
    kill: list[float]
    memory: int
    """Bytes of the window."""
    restart: float
    """Seconds of CPU time until the whole window is clustered."""


def measure(window: int) -> Cost:
    """Returns what stories cost when there are so many."""
    wire = iter(Wire())
    found = Groups(days=window / PER_DAY)
    before = resident()
    restart = 0.0
    for number in range(window):
        restart += _take(found, number, next(wire), settled=number % SETTLED == SETTLED - 1)
    start = time.process_time()
    found.settle()
    restart += time.process_time() - start
    memory = resident() - before
    story, kill = [], []
    for number in range(window, window + MEASURED):
        story.append(_take(found, number, next(wire)))
        if number % 10 == 0:
            kill.append(_take(found, number - window // 2, None))
    return Cost(found.links / window, story, kill, memory, restart)


def searching(stories: int) -> tuple[list[float], int]:
    """Returns seconds of CPU time of single searches among so many stories, and their memory."""
    wire = iter(Wire())
    index = Neighbours(LINKS[0])
    before = resident()
    for _ in range(stories):
        index.add(next(wire))
    memory = resident() - before
    found = []
    for _ in range(MEASURED):
        start = time.process_time()
        slot = index.add(next(wire))
        index.near(slot)
        found.append(time.process_time() - start)
    return found, memory


def _take(groups: Groups, number: int, vector: Terms | None, settled: bool = True) -> float:
    """Takes a story, or its kill, and returns the seconds of CPU time that this took."""
    record = Fingerprint(
        version=1 if vector else 2,
        at=at(number),
        published_at=at(number),
        packed=pack(vector) if vector else b"",
    )
    start = time.process_time()
    groups.take(f"wire:{number:08}", record)
    if settled:
        groups.settle()
    return time.process_time() - start


def _ms(seconds: list[float], percentile: int) -> str:
    return f"{1000 * float(np.percentile(seconds, percentile)):.1f} ms"


def at(number: int) -> datetime:
    """Returns the time of publication of a story."""
    return BEGAN + timedelta(days=number / PER_DAY)


def resident() -> int:
    """Returns the memory of this process, in bytes."""
    pages = Path("/proc/self/statm").read_text(encoding="utf-8").split()[1]
    return int(pages) * 4096


def reading() -> float:
    """Returns the seconds that the vector of a story of 6 kB takes."""
    stories = stream(200)
    start = time.process_time()
    for story in stories:
        terms(story.body, story.headline)
    return (time.process_time() - start) / len(stories)
