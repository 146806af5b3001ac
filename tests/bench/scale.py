"""Workers and partitions, with enrichment that sleeps as long as the model takes."""

from __future__ import annotations

from contextlib import ExitStack

from elasticsearch import Elasticsearch

from tests.bench import plot
from tests.bench.rig import Rig, rig, until
from tests.bench.running import Sizes, Where
from tests.bench.stories import stream

SLEEP = 0.07
BETWEEN = (0.1, 0.8)
"""Of the stories: at the beginning the workers are not yet busy, at the end not all of them."""


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
pipeline's own limits; one NLP process a worker. By the times at which stories were indexed, from
{BETWEEN[0]:.0%} of them to {BETWEEN[1]:.0%}.

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
        until(lambda: system.indexed() == len(warm) + len(stories))
        times = _indexed_at(system, {story.id for story in stories})
    first, last = int(BETWEEN[0] * len(times)), int(BETWEEN[1] * len(times))
    return (last - first) / (times[last] - times[first])


def _indexed_at(system: Rig, ids: set[str]) -> list[float]:
    """When each of these was indexed, to the millisecond, in order."""
    with Elasticsearch(system.engine.elasticsearch_url) as client:
        hits = client.search(
            index=system.settings.elasticsearch.index, size=10_000, source=False,
            sort=[{"indexed_at": "asc"}],
        )["hits"]["hits"]  # fmt: skip
    return [hit["sort"][0] / 1000 for hit in hits if hit["_id"] in ids]
