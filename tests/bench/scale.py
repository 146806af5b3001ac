"""Workers and partitions, with enrichment that sleeps as long as the model takes."""

from __future__ import annotations

from contextlib import ExitStack

from tests.bench import plot
from tests.bench.rig import rig, until
from tests.bench.running import Sizes, Where
from tests.bench.stories import stream

SLEEP = 0.07


def report(where: Where, sizes: Sizes) -> str:
    """The section on scale."""
    rows = []
    lines: dict[str, list[tuple[float, float]]] = {}
    for workers, partitions in sizes.scale:
        rate = _rate(where, workers, partitions, sizes.scale_seconds)
        lines.setdefault(f"{partitions} partitions", []).append((workers, rate))
        rows.append(f"| {workers} | {partitions} | {rate:.1f} | {rate * SLEEP / workers:.2f} |")
    table = "\n".join(rows)
    if sizes.keeps_plots:
        drawn = {name: [(0.0, 0.0), *points] for name, points in lines.items() if len(points) > 1}
        plot.keep("scale.svg", drawn, "workers", "stories/s")
    return f"""## Scale

`python -m tests.bench scale`

Enrichment sleeps {SLEEP * 1e3:.0f} ms a story, so that the cores do not hide the
pipeline's own limits; one NLP process a worker. From the first to the last story found.

| workers | partitions | stories/s | of what sleeping allows |
|---|---|---|---|
{table}

![scale](scale.svg)
"""


def _rate(where: Where, workers: int, partitions: int, seconds: float) -> float:
    stories = stream(max(workers * 8, int(workers * seconds / SLEEP)), seed=11)
    warm = stream(64 * workers, seed=12)
    environ = {"NEWSWIRE_TOPICS__PARTITIONS": str(partitions)}
    with rig(where.engine, where.folder, **environ) as system, ExitStack() as stack:
        for _ in range(workers):
            stack.enter_context(system.worker("tests.bench.worker", str(SLEEP)))
        system.publish(warm)
        until(lambda: system.indexed() == len(warm))
        system.publish(stories)
        began = until(lambda: system.indexed() > len(warm))
        first = system.indexed() - len(warm)
        done = until(lambda: system.indexed() == len(warm) + len(stories))
    return (len(stories) - first) / (done - began)
