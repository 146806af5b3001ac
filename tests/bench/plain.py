"""What all but the model costs: enrichment that finds nothing, beside three other ways."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from elasticsearch import AsyncElasticsearch, Elasticsearch
from elasticsearch.helpers import async_bulk, bulk
from kafka import KafkaConsumer

from pipeline.index.document import document
from pipeline.index.setup import setup_index
from pipeline.wire import codec
from pipeline.wire.story import Story
from pipeline.wire.topics import Topics
from tests.bench.flow import Flow, timed
from tests.bench.rig import ROOT, Rig, rig, server_seconds, until
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
        memory, memory_cpu = _from_memory(system, stories, "memory")
        naive = _naive(system, max(1, sizes.plain // NAIVE_SHARE), sizes.plain)
        consumer = _consumer(system, sizes.plain)
    return f"""## Without the model

`python -m tests.bench plain`

{len(stories)} stories with enrichment that finds nothing, in an NLP process all the same, until
the last can be found; all beside the same servers on the same cores.

| | stories/s | newswire's rate to it |
|---|---|---|
| newswire: published, enriched, indexed | {ours.rate:.0f} | |
| (a) elasticsearch-py's async bulk, documents from memory | {memory:.0f} \
| {ours.rate / memory:.2f} |
| (b) a Faust agent that indexes story by story | {naive:.0f} | {ours.rate / naive:.1f} |
| (c) a kafka-python consumer with bulk, stories as they are | {consumer:.0f} \
| {ours.rate / consumer:.2f} |

CPU milliseconds a story: worker {ours.per_story(ours.worker)}, NLP process
{ours.per_story(ours.nlp)}, publisher {ours.per_story(ours.publisher)}, Kafka
{ours.per_story(ours.broker)}, Elasticsearch {ours.per_story(ours.index)}: at most
{_most(ours):.0f} stories/s on {_cores()} cores. Of (a) it is {1e3 * memory_cpu:.2f}, of client and
servers together: newswire also writes each story to Kafka twice, looks its versions up twice and
keeps its history. (a) itself is {memory / naive:.1f} times as fast as (b).
"""


def _index(system: Rig, name: str) -> str:
    """An index of its own with newswire's mapping."""
    own = f"{system.settings.elasticsearch.index}-{name}"
    setup_index(system.settings.elasticsearch.model_copy(update={"index": own}))
    return own


def _counted(system: Rig, index: str, wanted: int) -> Callable[[], bool]:
    def there() -> bool:
        with Elasticsearch(system.engine.elasticsearch_url) as client:
            return bool(client.count(index=index)["count"] >= wanted)

    return there


def _cores() -> int:
    return os.cpu_count() or 1


def _most(flow: Flow) -> float:
    """Stories a second, were every core always busy with them."""
    spent = flow.worker + flow.nlp + flow.publisher + flow.servers
    return _cores() * flow.stories / spent


def _from_memory(system: Rig, stories: Sequence[Story], name: str) -> tuple[float, float]:
    """Stories a second, and processor seconds a story."""
    documents = [document(record) for record in Sleeping(0).enrich(stories)]
    index = _index(system, name)

    def actions() -> Iterator[dict[str, Any]]:
        for one in documents:
            yield {"_index": f"{index}-write", "_id": one["id"], "_source": one}

    async def write() -> None:
        async with AsyncElasticsearch(system.engine.elasticsearch_url) as client:
            await async_bulk(client, actions(), chunk_size=500)

    spent, began = -time.process_time() - sum(server_seconds(system.engine)), time.monotonic()
    asyncio.run(write())
    took = until(_counted(system, index, len(stories))) - began
    spent += time.process_time() + sum(server_seconds(system.engine))
    return len(stories) / took, spent / len(stories)


def _naive(system: Rig, wanted: int, published: int) -> float:
    """From the first story found, so that its start is not counted."""
    index = _index(system, "naive")
    topic = Topics(system.settings.topics.prefix).stories
    process = subprocess.Popen(
        [
            sys.executable, "-m", "tests.bench.naive", system.engine.brokers,
            system.engine.elasticsearch_url, topic, f"{index}-write",
        ],
        cwd=ROOT, env=dict(os.environ), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        first = until(_counted(system, index, 1))
        with Elasticsearch(system.engine.elasticsearch_url) as client:
            there = int(client.count(index=index)["count"])
        more = min(wanted, published - there)  # a few stories may all be there at once
        done = until(_counted(system, index, there + more))
        return max(1, more) / (done - first)
    finally:
        process.kill()
        process.wait()
        shutil.rmtree(Path(f"/tmp/naive-{index}-write"), ignore_errors=True)


def _consumer(system: Rig, wanted: int) -> float:
    index = _index(system, "consumer")
    topic = Topics(system.settings.topics.prefix).stories
    began = time.monotonic()
    consumer = KafkaConsumer(
        topic, bootstrap_servers=system.engine.brokers, auto_offset_reset="earliest",
        group_id=f"{topic}-consumer", max_poll_records=500,
    )  # fmt: skip
    done = 0
    with Elasticsearch(system.engine.elasticsearch_url) as client:
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
    consumer.close()
    return wanted / (until(_counted(system, index, wanted)) - began)
