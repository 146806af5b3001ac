"""The search API beside the same searches asked of Elasticsearch directly, over many stories."""

from __future__ import annotations

import asyncio
import http.client
import random
import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import msgspec
from elasticsearch import AsyncElasticsearch, Elasticsearch

from pipeline.enrich import load
from pipeline.enriched import Enriched
from pipeline.index.document import document
from pipeline.index.writer import Write, Writer
from pipeline.search.query import SearchRequest, body, counts
from tests.bench.rig import Rig, quantile, rig
from tests.bench.running import Sizes, Where
from tests.bench.stories import pool, stream
from tests.bench.web import web

BULK = 500
ENRICHED = 200
"""Stories that are enriched, at most; all others have the names and places of one of them."""
SOURCES = 20
WORDS = 30
"""Different words that each kind of search is asked with, and so different searches."""


def report(where: Where, sizes: Sizes) -> str:
    """The section on searches."""
    sections = []
    with rig(where.engine, where.folder) as system:
        there = 0
        rows: list[str] = []
        records = enriched(system, min(ENRICHED, sizes.searched[-1]))
        for wanted in sizes.searched:
            rate = fill(system, records, there, wanted)
            there = wanted
            rows.append(f"| {wanted:,} | {rate:.0f} |")
            if wanted >= sizes.searched_from:
                sections.append(_section(system, wanted, sizes.searches))
    million = " --million" if sizes.searched[-1] >= 1_000_000 else ""
    return f"""## Searches

`python -m tests.bench queries{million}`

Stories of 1.5 kB with the names and places of enriched ones, at one every three minutes
backwards from now. Every search has facets, timeline and map as the page asks for them. The
search API over HTTP beside elasticsearch-py's own call with the same two bodies, for the hits and
for the counts (which Elasticsearch remembers until the index changes), one after the other and
in turn, {sizes.searches} times each with {WORDS} different words; milliseconds.

{"".join(sections)}
"Frozen" is the same, the hits asked of a point in time that is opened first: the API does that, so
that a listing's next page fits the one before.

Indexing does not slow down as the index grows (in bulks of {BULK}, with versions, each after a
look-up of its stories by id, as the worker does; the rate over the last tenth of the way there,
or the last two bulks; the first thousand meets a server that is not yet warm):

| stories in the index | stories/s |
|---|---|
{chr(10).join(rows)}
"""


def _section(system: Rig, stories: int, times: int) -> str:
    rows = []
    with web(system) as (_, port), Elasticsearch(system.engine.elasticsearch_url) as client:
        api = http.client.HTTPConnection("127.0.0.1", port)
        for kind, requests in _requests(times).items():
            took = _compared(system, api, client, requests)
            *others, served = [statistics.median(seconds) for seconds in took]
            over = " | ".join(f"{served / other - 1:+.0%}" for other in others)
            rows.append(f"| {kind} | {' | '.join(map(_shown, took))} | {over} |")
        api.close()
    table = "\n".join(rows)
    return f"""
| {stories:,} stories: search for | direct, p50 / p99 | frozen, p50 / p99 | API, p50 / p99 \
| over direct at p50 | over frozen |
|---|---|---|---|---|---|
{table}
"""


def _shown(seconds: Sequence[float]) -> str:
    return f"{1e3 * quantile(seconds, 0.5):.1f} / {1e3 * quantile(seconds, 0.99):.1f}"


def _requests(times: int) -> Mapping[str, list[SearchRequest]]:
    """Searches by kind, as a reader of the page would ask them."""
    draw = random.Random(5)
    words = sorted({w.strip(".,") for p in pool() for w in p.split() if w[:1].islower()})
    long = draw.sample([w for w in words if w.isalpha() and len(w) > 5], WORDS)
    one = [draw.choice(long) for _ in range(times)]
    two = [f"{draw.choice(long)} {draw.choice(long)}" for _ in range(times)]
    return {
        "nothing: the newest": [SearchRequest() for _ in one],
        "a word": [SearchRequest(q=word) for word in one],
        "two words": [SearchRequest(q=pair) for pair in two],
        "a word, of a source, last month": [
            SearchRequest(
                q=word, source=("Agency 3",), since=datetime.now(UTC) - timedelta(days=30)
            )
            for word in one
        ],
        "a word, near a place": [SearchRequest(q=w, near="51.5,-0.1", radius_km=500) for w in one],
    }


def _compared(
    system: Rig,
    api: http.client.HTTPConnection,
    client: Elasticsearch,
    requests: Sequence[SearchRequest],
) -> list[list[float]]:
    """Seconds that each search takes directly, in a listing frozen first, and through the API."""
    index = system.settings.elasticsearch.index

    def directly(request: SearchRequest) -> None:
        now = datetime.now(UTC)
        client.msearch(searches=[{"index": index}, body(request, now), *counting(request, now)])

    def counting(request: SearchRequest, now: datetime) -> list[dict[str, Any]]:
        return [{"index": index, "request_cache": True}, counts(request, now)]

    def frozen(request: SearchRequest) -> None:
        opened = client.open_point_in_time(index=index, keep_alive="3m")
        pit = {"id": opened["id"], "keep_alive": "3m"}
        now = datetime.now(UTC)
        client.msearch(searches=[{}, {**body(request, now), "pit": pit}, *counting(request, now)])

    def served(request: SearchRequest) -> None:
        asked = request.model_dump(mode="json", exclude_defaults=True)
        api.request("GET", f"/api/search?{urlencode(asked, doseq=True)}")
        answer = api.getresponse()
        content = answer.read()
        if answer.status != http.client.OK:
            raise AssertionError(content.decode())

    ways: list[tuple[Callable[[SearchRequest], None], list[float]]] = [
        (directly, []), (frozen, []), (served, [])
    ]  # fmt: skip
    for number, request in enumerate([requests[0], *requests]):
        for way, took in ways[:: 1 if number % 2 else -1]:
            began = time.perf_counter()
            way(request)
            if number:  # the first is to warm up
                took.append(time.perf_counter() - began)
    return [took for _, took in ways]


def enriched(system: Rig, count: int) -> Sequence[Enriched]:
    """Stories to fill an index with the names and places of."""
    return load(system.settings).enrich(stream(count, seed=21, paragraphs=6))


def fill(system: Rig, records: Sequence[Enriched], there: int, wanted: int) -> float:
    """Index stories up to so many; stories a second over the last tenth of the way."""

    async def filled() -> float:
        settings = system.settings.elasticsearch
        began, counted = time.monotonic(), there
        last = max(there, wanted - max(2 * BULK, (wanted - there) // 10))
        async with AsyncElasticsearch(system.engine.elasticsearch_url) as client:
            writer = Writer(client, settings)
            for writes in _writes(records, there, wanted):
                if counted < last <= (at := counted + len(writes)):
                    began, last = time.monotonic(), at
                await writer.newest(write.id for write in writes)
                await writer.write(writes)
                counted += len(writes)
            took = time.monotonic() - began
            await client.indices.refresh(index=settings.index)
        return (wanted - last) / took

    return asyncio.run(filled())


def _writes(records: Sequence[Enriched], there: int, wanted: int) -> Iterator[list[Write]]:
    draw = random.Random(there)
    parts = pool()
    now = datetime.now(UTC)
    writes: list[Write] = []
    for number in range(there, wanted):
        record = draw.choice(records)
        at = now - timedelta(minutes=3 * (wanted - number))
        text = draw.sample(parts, 6)
        fields = document(
            msgspec.structs.replace(
                record,
                story=msgspec.structs.replace(
                    record.story,
                    id=f"bench:{number}",
                    source=f"Agency {draw.randrange(SOURCES)}",
                    urgency=draw.randint(1, 8),
                    headline=text[0][:60],
                    body="\n\n".join(text),
                    version_created=at,
                ),
            )
        )
        writes.append(Write(f"bench:{number}", 1, fields))
        if len(writes) == BULK or number == wanted - 1:
            yield writes
            writes = []
