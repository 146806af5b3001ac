"""The search API beside the same searches asked of Elasticsearch directly, over many stories."""

from __future__ import annotations

import http.client
import random
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from elasticsearch import Elasticsearch

from pipeline.search.counts import counts
from pipeline.search.query import body
from pipeline.search.reader import SEARCH_SECONDS
from pipeline.search.request import SearchRequest
from tests.bench import plot
from tests.bench.filling import ENRICHED, STEP, Filled, fill, names
from tests.bench.rig import Rig, quantile, rig
from tests.bench.running import Sizes, Where
from tests.bench.stories import pool
from tests.bench.web import web

WORDS = 30
"""Different words that each kind of search is asked with, and so different searches."""


def report(where: Where, sizes: Sizes) -> str:
    """The section on searches."""
    sections = []
    steps: list[Filled] = []
    with rig(where.engine, where.folder) as system:
        there = 0
        named = names(system, sizes.searched[-1])
        for wanted in sizes.searched:
            steps.append(fill(system, named, there, wanted))
            there = wanted
            if wanted >= sizes.searched_from:
                sections.append(_section(system, wanted, sizes.searches))
    rows = [f"| {step.stories:,} | {step.rate:.0f} | {step.memory[-1][1]:.0f} |" for step in steps]
    if sizes.keeps_plots:
        seen = [(float(stories), mb) for step in steps for stories, mb in step.memory]
        plot.keep("filling.svg", {"worker": seen}, "stories", "MB")
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

All of them came through Kafka and a worker, whose enrichment gives each the names and places of one
of {ENRICHED} stories. What a story costs as index and topics grow, and what the worker keeps (it
is started again after each row; the rate is that of the last tenth, or of the last {STEP:,}):

| stories in index and topics | stories/s | worker, MB |
|---|---|---|
{chr(10).join(rows)}

![memory of the worker](filling.svg)
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
    within = {"timeout": f"{SEARCH_SECONDS}s"}

    def directly(request: SearchRequest) -> None:
        now = datetime.now(UTC)
        found = body(request, now) | within
        client.msearch(searches=[{"index": index}, found, *counting(request, now)])

    def counting(request: SearchRequest, now: datetime) -> list[dict[str, Any]]:
        # To the letter as the API asks: who asks first in a minute lets Elasticsearch remember.
        return [{"index": index, "request_cache": True}, counts(request, now) | within]

    def frozen(request: SearchRequest) -> None:
        opened = client.open_point_in_time(index=index, keep_alive="3m")
        pit = {"id": opened["id"], "keep_alive": "3m"}
        now = datetime.now(UTC)
        found = body(request, now) | within | {"pit": pit}
        client.msearch(searches=[{}, found, *counting(request, now)])

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
