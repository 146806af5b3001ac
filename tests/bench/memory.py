"""What connector, worker and web keep in memory as stories pass, and how long a start takes."""

from __future__ import annotations

import http.client
import time
from pathlib import Path

import orjson

from tests.bench import plot
from tests.bench.rig import family, rig, rss_bytes, until
from tests.bench.running import Sizes, Where
from tests.bench.stories import stream
from tests.bench.web import web

STEP = 2000
SEARCHES = 20
"""Asked of the search API after each step."""

Points = list[tuple[float, float]]


def report(where: Where, sizes: Sizes) -> str:
    """The section on memory and start-up, and its plot."""
    step = min(STEP, sizes.kept)
    kept, rates = _kept(where, step, sizes.kept)
    with rig(where.engine, where.folder) as system:
        system.publish(stream(1, seed=98))
        began = time.monotonic()
        with system.worker() as process:
            start = until(lambda: system.indexed() == 1) - began
            main, *nlp = [rss_bytes(pid) / 2**20 for pid in family(process.pid)]
    if sizes.keeps_plots:
        plot.keep("memory.svg", kept, "stories", "MB")
    table = "\n".join(
        f"| {int(kept['worker'][n][0]):,} | "
        + " | ".join(f"{points[n][1]:.0f}" for points in kept.values())
        + f" | {rates[n]:.0f} |"
        for n in _few(len(rates))
    )
    return f"""## Memory and start

`python -m tests.bench memory`

Stories of about 1 kB, each a file that a connector reads from a folder and deletes, through Kafka
and the worker, with enrichment that finds nothing, into Elasticsearch; {SEARCHES} searches after
every {step:,}. Resident memory of each process, and how quickly the last {step:,} went
from file to searchable (all in memory.svg):

| stories | {" MB | ".join(kept)} MB | stories/s |
|---|{"---|" * len(kept)}---|
{table}

With the model: worker {main:.0f} MB, {", ".join(f"{mb:.0f}" for mb in nlp)} MB each further
process. From the command to the first story that can be found, the gazetteer built before:
{start:.1f} s.

![memory](memory.svg)
"""


def _kept(where: Where, step: int, most: int) -> tuple[dict[str, Points], list[float]]:
    """Megabytes of each process after so many stories, and stories a second in each step."""
    points: dict[str, Points] = {"connector": [], "worker": [], "web": []}
    rates = []
    with rig(where.engine, where.folder) as system:
        drop = system.folder / "drop"
        drop.mkdir()
        feeds = system.folder / "feeds.toml"
        feeds.write_text(
            f'[feeds.bench]\nsource = "directory"\nformat = "ninjs"\npath = "{drop}"\n'
            'after = "delete"\nsettle_seconds = 0\ninterval_seconds = 0.2\n',
            encoding="utf-8",
        )
        with (
            system.process("connectors", NEWSWIRE_CONNECTORS__FEEDS_FILE=str(feeds)) as connector,
            system.worker("tests.bench.worker", "0") as worker,
            web(system) as (server, port),
        ):
            processes = dict(zip(points, (connector, worker, server), strict=True))
            for done in range(step, most + 1, step):
                began = time.monotonic()
                _deliver(drop, step, seed=done)
                until(lambda wanted=done: system.indexed() >= wanted)  # type: ignore[misc]
                rates.append(step / (time.monotonic() - began))
                _search(port)
                for name, process in processes.items():
                    points[name].append((done, rss_bytes(process.pid) / 2**20))
    return points, rates


def _deliver(drop: Path, count: int, seed: int) -> None:
    for number, story in enumerate(stream(count, seed=seed, paragraphs=4)):
        item = {
            "uri": story.id,
            "version": "1",
            "versioncreated": story.version_created and story.version_created.isoformat(),
            "headline": story.headline,
            "language": "en",
            "body_text": story.body,
        }
        part = drop.parent / "part"
        part.write_bytes(orjson.dumps(item))
        part.rename(drop / f"{seed}-{number}.json")


def _search(port: int) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port)
    for number in range(SEARCHES):
        connection.request("GET", f"/api/search?q=item+{number}&collapse=true")
        connection.getresponse().read()
    connection.close()


def _few(points: int) -> list[int]:
    """The first, the last and some between."""
    every = max(1, points // 8)
    return sorted({0, *range(every, points - every // 2, every), points - 1})
