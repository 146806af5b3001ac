"""Elasticsearch stands still in mid-stream: who waits, and what grows meanwhile."""

from __future__ import annotations

import time

from pipeline.process.status import read_status
from tests.bench import plot
from tests.bench.rig import Rig, family, rig, rss_bytes, until
from tests.bench.running import Sizes, Where
from tests.bench.stories import stream

EVERY = 0.5
"""Seconds between two looks."""
BACKLOG = 6
"""Times as many stories as the part without the model has: not all are taken before the stall."""


def report(where: Where, sizes: Sizes) -> str:
    """The section on back-pressure, and its plots."""
    memory: list[tuple[float, float]] = []
    taken: list[tuple[float, float]] = []
    with rig(where.engine, where.folder) as system:
        stories = stream(BACKLOG * sizes.plain, seed=31, paragraphs=4)
        system.publish(stories)
        with system.worker("tests.bench.worker", "0") as worker:
            until(lambda: _taken(system) > 0)
            began = time.monotonic()

            def watch(seconds: float) -> None:
                end = time.monotonic() + seconds
                while time.monotonic() < end:
                    now = time.monotonic() - began
                    memory.append((now, sum(map(rss_bytes, family(worker.pid))) / 2**20))
                    taken.append((now, _taken(system)))
                    time.sleep(EVERY)

            watch(sizes.stalled / 5)
            where.engine.index.pause()
            try:
                stalled = len(memory)
                watch(sizes.stalled)
            finally:
                where.engine.index.resume()
            resumed = len(memory)
            back = time.monotonic()
            until(lambda: (watch(EVERY), system.indexed() == len(stories))[1])  # type: ignore[func-returns-value]
            done = time.monotonic() - back
    if sizes.keeps_plots:
        plot.keep("pressure-memory.svg", {"worker": memory}, "seconds", "MB")
        plot.keep("pressure.svg", {"stories taken": taken}, "seconds", "stories")
    settled = resumed - (resumed - stalled) // 2  # of the stall the second half
    return f"""## Back-pressure

`python -m tests.bench pressure`

{len(stories):,} stories of about 1 kB wait in Kafka, enrichment finds nothing; Elasticsearch is
stopped (SIGSTOP) for {sizes.stalled:.0f} s in their midst and goes on.

| | stories taken from Kafka | worker and NLP process, MB |
|---|---|---|
| when it stopped | {taken[stalled][1]:,.0f} | {memory[stalled][1]:.0f} |
| half of the stall later | {taken[settled][1]:,.0f} | {memory[settled][1]:.0f} |
| at its end | {taken[resumed - 1][1]:,.0f} | {memory[resumed - 1][1]:.0f} |
| at most, from the beginning to the end | {taken[-1][1]:,.0f} | {max(m for _, m in memory):.0f} |

All stories were found {done:.1f} s after it went on.

![stories taken](pressure.svg)
![memory](pressure-memory.svg)
"""


def _taken(system: Rig) -> int:
    """Stories that the worker has taken from Kafka so far."""
    told = [status["counts"]["received"] for status in read_status(system.settings.data_dir)]
    return sum(told)
