"""A rebuild of the index and a replay of the topic, beside bulk itself and beside live stories."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from elasticsearch import Elasticsearch
from elasticsearch.helpers import bulk

from newswire.status import positions
from pipeline.index.document import document
from pipeline.kafka.publisher import Publisher
from pipeline.stream.enriching import enriched_message
from pipeline.wire.enriched import Enriched
from pipeline.wire.story import Story
from pipeline.wire.topics import Topics
from tests.bench.filling import ENRICHED, made, names
from tests.bench.latency import at_rate, quantiles
from tests.bench.peers import own_index
from tests.bench.rig import Rig, cpu_seconds, rig, server_seconds, until
from tests.bench.running import Sizes, Where
from tests.bench.stories import stream
from tests.bench.worker import Lending

MILLION = 1_000_000
PUBLISHED = 500
LIVE = 2.0
"""Stories a second that arrive meanwhile: a quarter of what the model can read alone."""


@dataclass(frozen=True, slots=True)
class Done:
    """So many stories, what that took and what it cost."""

    stories: int
    seconds: float
    own: float
    """Processor seconds of the command."""
    servers: float

    def row(self, name: str) -> str:
        """A line of the table."""
        rate = self.stories / self.seconds
        own, servers = (1e3 * cpu / self.stories for cpu in (self.own, self.servers))
        return f"| {name} | {rate:.0f} | {own:.2f} | {servers:.2f} | {MILLION / rate / 60:.0f} |"


def report(where: Where, sizes: Sizes) -> str:
    """The section on rebuilds."""
    with rig(where.engine, where.folder) as system:
        named, stories = names(system, sizes.rebuilt), list(made(0, sizes.rebuilt))
        records = Lending(named).enrich(stories)
        _publish(system, records)
        alone = _bulk(system, records)
        lost = _command(system, len(records), "reindex")
        again = _command(system, len(records), "reindex")
        replayed = _replayed(system, named, stories)
        live = _live(system, sizes.latency)
    rows = "\n".join(
        [
            alone.row("bulk, documents from memory"),
            lost.row("`newswire reindex` of an index that was lost"),
            again.row("`newswire reindex` beside the index in use"),
            replayed.row("`newswire replay --from topic`, until the worker has taken all"),
        ]
    )
    return f"""## Rebuild and replay

`python -m tests.bench rebuild`

{sizes.rebuilt:,} stories of 1.5 kB with the names and places of {ENRICHED} enriched ones, from
their topic into a new index; a million is extrapolated. What is replayed is known to the worker,
which drops it as stale.

| | stories/s | CPU ms a story: its process | servers | minutes for a million |
|---|---|---|---|---|
{rows}

{sizes.latency} stories that arrive meanwhile at random moments, {LIVE} a second, with the model:
found after {live} s (p50 / p99 / p99.9), while one rebuild follows the other.
"""


def _publish(system: Rig, records: Sequence[Enriched]) -> None:
    topics = Topics(system.settings.topics.prefix)
    publisher = Publisher(system.settings.kafka)
    for at in range(0, len(records), PUBLISHED):
        publisher.publish([enriched_message(topics, each) for each in records[at : at + PUBLISHED]])
    publisher.close()


def _bulk(system: Rig, records: Sequence[Enriched]) -> Done:
    index = own_index(system, "bulk")
    documents = [document(record) for record in records]
    began, cpu, servers = time.monotonic(), time.process_time(), _servers(system)
    with Elasticsearch(system.engine.elasticsearch_url) as client:
        bulk(
            client, ({"_index": f"{index}-write", "_id": d["id"], "_source": d} for d in documents)
        )
        client.indices.refresh(index=index)
    return Done(
        len(records),
        time.monotonic() - began,
        time.process_time() - cpu,
        _servers(system) - servers,
    )


def _command(system: Rig, stories: int, *command: str) -> Done:
    began, servers, cpu = time.monotonic(), _servers(system), _children()
    with system.process("newswire", *command) as process:
        if process.wait():
            raise RuntimeError(f"newswire {' '.join(command)} ended with {process.returncode}")
    return Done(stories, time.monotonic() - began, _children() - cpu, _servers(system) - servers)


def _replayed(system: Rig, named: Path, stories: Sequence[Story]) -> Done:
    """The command, and what the worker does with it."""
    with system.worker("tests.bench.worker", str(named)) as worker:
        system.publish(stories)
        until(lambda: _is_idle(system))
        began, cpu, servers = time.monotonic(), cpu_seconds(worker.pid), _servers(system)
        command = _command(system, len(stories), "replay", "--from", "topic")
        until(lambda: _is_idle(system))
        own = command.own + cpu_seconds(worker.pid) - cpu
        return Done(len(stories), time.monotonic() - began, own, _servers(system) - servers)


def _is_idle(system: Rig) -> bool:
    """Whether the worker has taken all stories that there are."""
    lanes = Topics(system.settings.topics.prefix).lanes
    return all(not each.lag for each in positions(system.settings) if each.topic in lanes)


def _live(system: Rig, stories: int) -> str:
    """Quantiles of the seconds until live stories are found, beside rebuilds."""
    over = threading.Event()

    def rebuild() -> None:
        while not over.is_set():
            _command(system, 1, "reindex")

    thread = threading.Thread(target=rebuild)
    thread.start()
    try:
        found = at_rate(system, LIVE, stream(stories, seed=8))
    finally:
        over.set()
        thread.join()
    return quantiles([until_found for until_found, _ in found])


def _servers(system: Rig) -> float:
    return sum(server_seconds(system.engine))


def _children() -> float:
    times = os.times()
    return times.children_user + times.children_system
