"""What all but the model costs: enrichment that finds nothing, beside three other ways."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from elasticsearch import AsyncElasticsearch, Elasticsearch
from elasticsearch.helpers import async_bulk, bulk
from kafka import KafkaConsumer

from pipeline.index.document import document
from pipeline.wire import codec
from pipeline.wire.story import Story
from pipeline.wire.topics import Topics
from tests.bench.flow import Flow, timed
from tests.bench.peers import Pace, counted, naive, own_index, quix
from tests.bench.rig import Rig, rig, server_seconds, until
from tests.bench.running import Sizes, Where
from tests.bench.stories import stream
from tests.bench.worker import Sleeping

NAIVE_SHARE = 10
"""The naive agent is given a tenth of the stories: it is that slow."""
WARM_UP = 6000


def report(where: Where, sizes: Sizes) -> str:
    """The section on what is left without the model."""
    stories = stream(sizes.plain)
    with rig(where.engine, where.folder) as system:
        # The servers' Java is slow until it is compiled.
        _from_memory(system, stories[:WARM_UP], "warm")
        ours = timed(system, ("tests.bench.worker", "0"), stories, warm_up=len(stories) // 3)
        memory = _from_memory(system, stories, "memory")
        by_one = naive(system, max(1, sizes.plain // NAIVE_SHARE), sizes.plain)
        consumer = _consumer(system, sizes.plain)
        of_quix = quix(system, sizes.plain, sizes.plain)
    own = Pace(ours.rate, (ours.total - ours.servers) / ours.stories, ours.servers / ours.stories)
    ways = {
        "newswire: published, enriched, indexed": own,
        "(a) elasticsearch-py's async bulk, documents from memory": memory,
        "(b) a Faust agent that indexes story by story": by_one,
        "(c) a kafka-python consumer with bulk, stories as they are": consumer,
        "(d) Quix Streams with its Elasticsearch sink, stories as they are": of_quix,
    }
    table = "\n".join(
        f"| {name} | {pace.rate:.0f} | {own.rate / pace.rate:.2f} | {pace.costs} |"
        for name, pace in ways.items()
    )
    return f"""## Without the model

`python -m tests.bench plain`

{len(stories)} stories with enrichment that finds nothing, in an NLP process all the same, until
the last can be found; all beside the same servers on the same cores.

| | stories/s | newswire's rate to it | CPU ms a story: its processes | servers |
|---|---|---|---|---|
{table}

CPU milliseconds a story: worker {ours.per_story(ours.worker)}, NLP process
{ours.per_story(ours.nlp)}, publisher {ours.per_story(ours.publisher)}, Kafka
{ours.per_story(ours.broker)}, Elasticsearch {ours.per_story(ours.index)}: at most
{_most(ours):.0f} stories/s on {_cores()} cores. newswire also writes each story to Kafka twice,
looks its versions up twice, keeps its history, folds its words for the search and groups it into
events.
"""


def _cores() -> int:
    return os.cpu_count() or 1


def _most(flow: Flow) -> float:
    """Stories a second, were every core always busy with them."""
    return _cores() * flow.stories / flow.total


def _from_memory(system: Rig, stories: Sequence[Story], name: str) -> Pace:
    documents = [document(record) for record in Sleeping(0).enrich(stories)]
    index = own_index(system, name)

    def actions() -> Iterator[dict[str, Any]]:
        for one in documents:
            yield {"_index": f"{index}-write", "_id": one["id"], "_source": one}

    async def write() -> None:
        async with AsyncElasticsearch(system.engine.elasticsearch_url) as client:
            await async_bulk(client, actions(), chunk_size=500)

    with _measured(system, len(stories)) as pace:
        asyncio.run(write())
        until(counted(system, index, len(stories)))
    return pace()


def _consumer(system: Rig, wanted: int) -> Pace:
    index = own_index(system, "consumer")
    topic = Topics(system.settings.topics.prefix).stories
    consumer = KafkaConsumer(
        topic, bootstrap_servers=system.engine.brokers, auto_offset_reset="earliest",
        group_id=f"{topic}-consumer", max_poll_records=500,
    )  # fmt: skip
    with (
        _measured(system, wanted) as pace,
        Elasticsearch(system.engine.elasticsearch_url) as client,
    ):
        done = 0
        while done < wanted:
            actions = []
            for records in consumer.poll(timeout_ms=500).values():
                for record in records:
                    story = codec.as_json(codec.decode_story(record.value))
                    source = {k: v for k, v in story.items() if v not in (None, [])}
                    actions.append(
                        {"_index": f"{index}-write", "_id": source["id"], "_source": source}
                    )
            bulk(client, actions)
            done += len(actions)
            consumer.commit()
        until(counted(system, index, wanted))
    consumer.close()
    return pace()


@contextmanager
def _measured(system: Rig, stories: int) -> Iterator[Callable[[], Pace]]:
    """What this process does with so many stories; its pace is known at the end."""

    def now() -> tuple[float, float, float]:
        return time.monotonic(), time.process_time(), sum(server_seconds(system.engine))

    before, spent = now(), list[float]()
    yield lambda: Pace(stories / spent[0], spent[1] / stories, spent[2] / stories)
    spent += [b - a for a, b in zip(before, now(), strict=True)]
