"""What a worker keeps in memory as stories pass, and how long it takes to begin."""

from __future__ import annotations

import time

from tests.bench.plot import line_plot
from tests.bench.rig import ROOT, family, rig, rss_bytes, until
from tests.bench.running import Sizes, Where
from tests.bench.stories import stream

STEP = 1000
PLOT = ROOT / "docs" / "memory.svg"


def report(where: Where, sizes: Sizes) -> str:
    """The section on memory and start-up, and its plot."""
    points: list[tuple[float, float]] = []
    with rig(where.engine, where.folder) as system, system.worker("tests.bench.worker", "0") as w:
        step = min(STEP, sizes.kept)
        for done in range(step, sizes.kept + 1, step):
            system.publish(stream(step, seed=done))
            until(lambda wanted=done: system.indexed() >= wanted)  # type: ignore[misc]
            points.append((done, rss_bytes(w.pid) / 2**20))
    with rig(where.engine, where.folder) as system:
        system.publish(stream(1, seed=98))
        began = time.monotonic()
        with system.worker() as process:
            start = until(lambda: system.indexed() == 1) - began
            main, *nlp = [rss_bytes(pid) / 2**20 for pid in family(process.pid)]
    if sizes.keeps_plots:
        PLOT.write_text(line_plot(points, "stories", "MB"), encoding="utf-8")
    table = "\n".join(f"| {int(n):,} | {mb:.0f} |" for n, mb in _few(points))
    return f"""## Memory and start

`python -m tests.bench memory`

Resident memory of a worker's own process after so many stories, enrichment finding nothing
(every {step:,} in memory.svg):

| stories | MB |
|---|---|
{table}

With the model: worker {main:.0f} MB, {", ".join(f"{mb:.0f}" for mb in nlp)} MB each further
process. From the command to the first story that can be found, the gazetteer built before:
{start:.1f} s.

![memory](memory.svg)
"""


def _few(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    every = max(1, len(points) // 6)
    return points[:1] + points[every - 1 : -1 : every][1:] + points[-1:]
