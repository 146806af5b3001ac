"""Search: 60 queries as people type them, with judged answers, as nDCG@10.

The corpus is the demo feed, our own stories for these queries (stories.txt) and those of the
evaluation of events, which answer none of them. It is enriched, indexed on the embedded engine
and searched through the reader, as the page does. Any release can be measured: copy this folder
into a work tree of it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from math import log2
from pathlib import Path

import orjson
from elasticsearch import Elasticsearch

from config.settings import Elasticsearch as ElasticsearchSettings
from connectors.formats import FORMATS, Context
from newswire.servers.process import folder_for_servers
from pipeline.enrich.enricher import Enricher
from pipeline.index.document import document
from pipeline.index.setup import setup_index, write_alias
from pipeline.search.reader import open_reader
from pipeline.search.request import SearchRequest
from pipeline.wire.story import Dateline, Status, Story
from tests.evaluation import events
from tests.servers.embedded import Embedded

HERE = Path(__file__).parent
DEMO = Path(__file__).resolve().parents[3] / "config" / "demo"
DEPTH = 10
BEFORE_AT, BEFORE, BEFORE_MISSED = "2291cae", 0.513, 26
"""The same figures of the code before word forms and partial matches, measured there."""

Judged = Mapping[str, int]
"""Stories that answer a query: 2 are about it, 1 mention it."""


def queries() -> dict[str, Judged]:
    """Return the queries with their judged answers."""
    found: dict[str, Judged] = {}
    for line in (HERE / "queries.txt").read_text(encoding="utf-8").splitlines():
        query, _, answers = line.rpartition("|")
        pairs = [answer.rpartition(":") for answer in answers.split()]
        found[query] = {name: int(grade) for name, _, grade in pairs}
    return found


def stories(now: datetime) -> Iterator[Story]:
    """Yield the corpus, each story an hour older than the one before."""
    at = now
    for line in (HERE / "stories.txt").read_text(encoding="utf-8").splitlines():
        name, language, headline, body = line.split("|")
        at -= timedelta(hours=1)
        place = body.partition(" - ")[0] if " - " in body[:40] else None
        yield Story(
            id=name,
            source="made",
            language=language,
            headline=headline,
            body=body,
            dateline=Dateline(text=place, place=place) if place else None,
            version_created=at,
        )
    for text in events.own_texts():
        at -= timedelta(hours=1)
        yield Story(
            id=f"event-{text.id}",
            source="made",
            language="en",
            headline=text.headline,
            body=text.text,
            version_created=at,
        )
    for path in sorted(DEMO.iterdir()):
        for story in FORMATS["auto"](path.read_bytes(), Context()).stories:
            if story.status is Status.USABLE:
                yield story


def ndcg(ranked: list[str], judged: Judged) -> float:
    """Return the discounted gain of a ranking, as a share of that of the best one."""
    gained = _gain([judged.get(name, 0) for name in ranked[:DEPTH]])
    return gained / _gain(sorted(judged.values(), reverse=True)[:DEPTH])


def _gain(grades: list[int]) -> float:
    return sum((2**grade - 1) / log2(rank + 2) for rank, grade in enumerate(grades))


def measured(enricher: Enricher) -> dict[str, float]:
    """Return the nDCG@10 of each query."""
    now = datetime.now(UTC)
    with folder_for_servers() as folder:
        server = Embedded(folder)
        server.start()
        try:
            settings = ElasticsearchSettings(url=(server.address,), index="evaluation")
            setup_index(settings)
            lines: list[bytes] = []
            for record in enricher.enrich(list(stories(now))):
                lines.append(orjson.dumps({"index": {"_id": record.story.id}}) + b"\n")
                lines.append(orjson.dumps(document(record)) + b"\n")
            with Elasticsearch(server.address, request_timeout=60) as client:
                client.bulk(index=write_alias(settings.index), operations=lines, refresh=True)
            return asyncio.run(_searched(settings))
        finally:
            server.stop()


async def _searched(settings: ElasticsearchSettings) -> dict[str, float]:
    found = {}
    async with open_reader(settings) as reader:
        for query, judged in queries().items():
            page, _ = await reader.search(SearchRequest(q=query, size=DEPTH, facets=False))
            found[query] = ndcg([hit.id for hit in page.hits], judged)
    return found


def report(enricher: Enricher) -> str:
    """Return the section on search."""
    found = measured(enricher)
    mean = sum(found.values()) / len(found)
    missed = sum(score == 0 for score in found.values())
    worst = sorted((score, query) for query, score in found.items() if score < 1)
    rows = "\n".join(f"| `{query}` | {score:.2f} |" for score, query in worst)
    corpus = sum(1 for _ in stories(datetime.now(UTC)))
    return f"""## Search

{len(found)} queries as people type them, with judged answers, over {corpus} stories in eight
languages: the demo feed, our own stories, and those of the evaluation of events, which answer
none of them. nDCG@10, on the embedded engine (`python -m tests.evaluation search`):

| | nDCG@10 | queries that find none of their answers |
|---|---|---|
| before (commit {BEFORE_AT}) | {BEFORE:.3f} | {BEFORE_MISSED} |
| now | {mean:.3f} | {missed} |

The queries that are not answered perfectly now:

| query | nDCG@10 |
|---|---|
{rows}
"""
