"""What a story with names costs Elasticsearch: processor time, disk by field, Lucene documents."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import msgspec
from elasticsearch import AsyncElasticsearch, Elasticsearch

from pipeline.enrich.enricher import load
from pipeline.index.client import connect
from pipeline.index.history import History, history_index
from pipeline.index.writer import Writer
from pipeline.kafka.messages import Message, Record
from pipeline.stream.indexing import AGENT, Indexing
from pipeline.stream.newest import Newest
from pipeline.wire import codec
from pipeline.wire.enriched import Enriched
from pipeline.wire.topics import Topics
from tests.bench.rig import Rig, rig, server_seconds
from tests.bench.running import Sizes, Where
from tests.bench.stories import stream

WARM_UP = 0.4
"""The share of stories that are indexed before the clock runs: Java compiles as it goes."""
DISTINCT = 120
"""Stories that are enriched, at most; all others are these with other numbers in the text."""
PACES = {"10 at a time, each shown at once": 10, "200 at a time": 200}
"""Stories in a request: what a second of enrichment gives, and what a rebuild sends."""
BEFORE = """\
| before (commit c810f93), 10 at a time | 23.8 | 95.2 | 48,924 | 48,924 | 13,967 |
| before, 200 at a time | 6.7 | 95.2 | 44,857 | 44,857 | 13,976 |"""
"""When entities, places and quotes were nested, measured minutes before the first rows after it."""
FIELDS = 14
"""Of those that take the most room."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What one story took, at one pace."""

    cpu_ms: float
    documents: float
    """Of Lucene, nested ones too."""
    index: float
    """Bytes, merged into one segment, as those of `history` and `fields`."""
    unmerged: float
    history: float
    fields: Mapping[str, float]


def report(where: Where, sizes: Sizes) -> str:
    """The section on the cost of the index."""
    with ExitStack() as stack:
        systems = [stack.enter_context(rig(where.engine, where.folder)) for _ in PACES]
        records = _records(systems[0], sizes.indexed)
        costs = {
            name: _cost(system, records, batch)
            for system, (name, batch) in zip(systems, PACES.items(), strict=True)
        }
    chars = sum(len(record.story.body) for record in records) / len(records)
    rows = "\n".join(
        f"| {name} | {c.cpu_ms:.1f} | {c.documents:.1f} | {c.index:,.0f} | {c.unmerged:,.0f} "
        f"| {c.history:,.0f} |"
        for name, c in costs.items()
    )
    fields = ", ".join(
        f"{field} {size:,.0f}" for field, size in list(costs.values())[-1].fields.items()
    )
    return f"""## A story in Elasticsearch

`python -m tests.bench index`

{sizes.indexed} stories of {chars:,.0f} characters with names and places, taken by the worker's
own step: look-ups, index, history. Of {min(sizes.indexed, DISTINCT)} different ones the others
have other numbers in the text. The first {WARM_UP:.0%} warm the server up. Bytes are those of one
merged segment; "as written" are those on disk when the last story was taken.

| stories | CPU ms a story | Lucene documents | index, bytes | as written | history, bytes |
|---|---|---|---|---|---|
{BEFORE}
{rows}

The fields that take the most room, bytes a story: {fields or "not known of this engine"}.
"""


def _records(system: Rig, wanted: int) -> list[Enriched]:
    """Enriched stories, no text twice."""
    enricher = load(system.settings)
    made = enricher.enrich(stream(min(wanted, DISTINCT), seed=31))
    return [_other(made[n % len(made)], n) for n in range(wanted)]


def _other(record: Enriched, number: int) -> Enriched:
    """The same story with other digits, so that its offsets still hold."""
    turn = number // DISTINCT
    digits = str.maketrans("0123456789", "".join(str((n * 3 + turn) % 10) for n in range(10)))
    story = msgspec.structs.replace(
        record.story, id=f"bench:index:{number}", body=record.story.body.translate(digits)
    )
    return msgspec.structs.replace(record, story=story)


def _cost(system: Rig, records: Sequence[Enriched], batch: int) -> Cost:
    warm = int(len(records) * WARM_UP) // batch * batch
    seconds = asyncio.run(_indexed(system, records, batch, warm))
    base = system.settings.elasticsearch.index
    with Elasticsearch(system.engine.elasticsearch_url).options(request_timeout=300) as client:
        client.indices.refresh(index=base)
        unmerged = _stored(client, base)
        merge = {"index": f"{base},{history_index(base)}", "max_num_segments": 1, "flush": True}
        if system.engine.kind == "real":
            client.indices.forcemerge(**merge)
            client.indices.refresh(index=base)  # lets go of the segments before
        documents = client.indices.stats(index=base)["_all"]["primaries"]["docs"]["count"]
        fields = _fields(client, base) if system.engine.kind == "real" else {}
        merged, history = _stored(client, base), _stored(client, history_index(base))
    many = len(records)
    return Cost(
        1e3 * seconds / (many - warm),
        documents / many,
        merged / many,
        unmerged / many,
        history / many,
        {name: size / many for name, size in fields.items()},
    )


def _stored(client: Elasticsearch, index: str) -> int:
    client.indices.flush(index=index)
    found = client.indices.stats(index=index, metric="store")["_all"]["primaries"]["store"]
    return int(found["size_in_bytes"])


def _fields(client: Elasticsearch, index: str) -> dict[str, int]:
    """Bytes of the fields that take the most room."""
    answer = client.indices.disk_usage(index=index, run_expensive_tasks=True)
    (found,) = (each for name, each in answer.items() if name != "_shards")
    sizes = {name: each["total_in_bytes"] for name, each in found["fields"].items()}
    return dict(sorted(sizes.items(), key=lambda each: -each[1])[:FIELDS])


async def _indexed(system: Rig, records: Sequence[Enriched], batch: int, warm: int) -> float:
    """Processor seconds of the index for the records after the first `warm`."""
    async with connect(system.settings.elasticsearch) as client:
        step, writer = _step(system, client)
        began = 0.0
        for at in range(0, len(records), batch):
            if at == warm:
                began = sum(server_seconds(system.engine))
            some = records[at : at + batch]
            await writer.newest(record.story.id for record in some)  # before they are enriched
            await step(
                [Record("bench", 0, at + n, codec.encode(record)) for n, record in enumerate(some)]
            )
            if batch == min(PACES.values()):
                await client.indices.refresh(index=system.settings.elasticsearch.index)
    return sum(server_seconds(system.engine)) - began


def _step(system: Rig, client: AsyncElasticsearch) -> tuple[Indexing, Writer]:
    """The worker's step, whose messages go nowhere."""
    elastic = system.settings.elasticsearch

    async def nothing(_: Any) -> int:
        return 0

    async def send(messages: list[Message]) -> list[tuple[int, int] | None]:
        return [(0, 0) for _ in messages]

    writer = Writer(client, elastic)
    newest = Newest(writer.newest, nothing, nothing, writer.dated)
    counts = dict.fromkeys(AGENT.counters, 0)
    topics = Topics(system.settings.topics.prefix)
    return Indexing(topics, writer, newest, send, counts, history=History(client, elastic)), writer
