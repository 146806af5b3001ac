"""From publish to searchable, at half load, at four fifths, and behind a backlog."""

from __future__ import annotations

import random
import statistics
import threading
import time
from collections.abc import Sequence

import msgspec
from elasticsearch import Elasticsearch

from pipeline.wire.story import Story
from tests.bench import plot
from tests.bench.flow import timed
from tests.bench.rig import Rig, quantile, rig, until
from tests.bench.running import Sizes, Where
from tests.bench.stories import stream

POLL_SECONDS = 0.02
SLOW = 0.07
"""Seconds that enrichment sleeps for each story of a backlog: as long as the model takes."""


def report(where: Where, sizes: Sizes) -> str:
    """The section on latency."""
    with rig(where.engine, where.folder) as system:
        most = timed(system, (), stream(max(12, sizes.latency // 2), seed=7)).rate
    rows = []
    lines = {}
    # Behind a backfill that does not end before the live stories do.
    past = stream(sizes.latency * 3, seed=9)
    for share, behind in [*((load, []) for load in sizes.loads), (sizes.loads[0], past)]:
        with rig(where.engine, where.folder) as system:
            system.publish(behind, backfill=True)
            found = at_rate(system, most * share, stream(sizes.latency, seed=8))
        name = f"{share:.0%}, beside a backfill" if behind else f"{share:.0%}"
        ordered = sorted(a for a, _ in found)
        lines[name] = [(seconds, 100 * (n + 1) / len(ordered)) for n, seconds in enumerate(ordered)]
        rows.append(
            f"| {name} | {most * share:.1f} | {quantiles([a for a, _ in found])} "
            f"| {quantiles([a - b for a, b in found])} |"
        )
    table = "\n".join(rows)
    if sizes.keeps_plots:
        plot.keep("latency.svg", lines, "seconds until found", "% of stories")
    with rig(where.engine, where.folder) as system:
        urgent = _urgent(system, sizes.backlog)
    return f"""## Latency

`python -m tests.bench latency`

{sizes.latency} stories at random moments (Poisson), one NLP process, whose most is
{most:.1f} stories/s. Seconds from publish until a search finds the story, and the same less what
passes between the indexing and the refresh that shows it (every second). The load is that of the
live stories; a backfill on its own topic takes all that they leave.

| load | stories/s | p50 / p99 / p99.9 | without the refresh |
|---|---|---|---|
{table}

![latency](latency.svg)

A story of urgency 1, published behind a backlog of {sizes.backlog:,} stories of which each takes
{SLOW * 1e3:.0f} ms: found after **{urgent:.2f} s**.
"""


def quantiles(seconds: Sequence[float]) -> str:
    return " / ".join(f"{quantile(seconds, share):.2f}" for share in (0.5, 0.99, 0.999))


def at_rate(system: Rig, rate: float, stories: Sequence[Story]) -> list[tuple[float, float]]:
    """For each story: until it was found, and the part of it after it was indexed."""
    draw = random.Random(3)
    published: dict[str, float] = {}
    ours = {"prefix": {"id": stories[0].id.rpartition(":")[0]}}
    with system.worker(), Elasticsearch(system.engine.elasticsearch_url) as client:
        warm, there = stream(8, seed=99), system.indexed()
        system.publish(warm)
        until(lambda: system.indexed() >= there + len(warm))

        def publish() -> None:
            for story in stories:
                time.sleep(draw.expovariate(rate))
                published[story.id] = time.time()
                system.publish([story])

        thread = threading.Thread(target=publish)
        thread.start()
        found: dict[str, tuple[float, float]] = {}
        while len(found) < len(stories):
            hits = client.search(
                index=system.settings.elasticsearch.index, size=200, query=ours,
                sort=[{"indexed_at": "desc"}], source_includes=["id", "indexed_at"],
            )["hits"]["hits"]  # fmt: skip
            now = time.time()
            for hit in hits:
                name = hit["_source"]["id"]
                if name in published and name not in found:
                    at = hit["sort"][0] / 1000
                    found[name] = (now - published[name], max(0.0, now - at))
            time.sleep(POLL_SECONDS)
        thread.join()
    return list(found.values())


def _urgent(system: Rig, backlog: int) -> float:
    """Seconds until a story of urgency 1 is found; the median of five."""
    stories = stream(backlog, seed=5)
    system.publish(stories)
    taken = []
    with (
        system.worker("tests.bench.worker", str(SLOW)),
        Elasticsearch(system.engine.elasticsearch_url) as client,
    ):
        until(lambda: system.indexed() > 0)
        for number in range(5):
            [story] = stream(1, seed=1000 + number)
            began = time.monotonic()
            system.publish([msgspec.structs.replace(story, urgency=1)])

            def there(name: str = story.id) -> bool:
                query = {"ids": {"values": [name]}}
                index = system.settings.elasticsearch.index
                return bool(client.count(index=index, query=query)["count"])

            taken.append(until(there, every=POLL_SECONDS) - began)
    return statistics.median(taken)
