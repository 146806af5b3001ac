"""Search: queries as people type them, with judged answers, as nDCG@10.

Three collections, each of queries over a corpus of our own stories:

- `first`: 62 queries. Its corpus is the demo feed, stories.txt, and the stories of the evaluation
  of events, which answer none of them.
- `desk`: 87 queries in another style, of editors and analysts: typos, questions, filters, names
  with and without accents, thirteen languages. They were judged before they were first run. Its
  corpus is desk-stories.txt, the wire of the demo, and the stories of the evaluation of events.
- `held out`: 55 more queries over the corpus of the desk, written after what was learned from the
  others. Nothing is changed for one of them.

The corpora are enriched, indexed and searched through the reader, as the page does, on the embedded
engine and on Elasticsearch, with and without Lucene's analyzers.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import log2
from pathlib import Path

import orjson
from elasticsearch import Elasticsearch as Client

from config.settings import Elasticsearch as ElasticsearchSettings
from connectors.formats import FORMATS, Context
from newswire.demo import deliveries
from newswire.servers.artifacts import Missing
from newswire.servers.elasticsearch import Elasticsearch
from newswire.servers.process import folder_for_servers
from pipeline.enrich.enricher import Enricher
from pipeline.index.analysis import available, languages
from pipeline.index.client import connect
from pipeline.index.document import document
from pipeline.index.setup import setup_index, write_alias
from pipeline.search.reader import Reader
from pipeline.search.request import SearchRequest
from pipeline.wire.enriched import Enriched
from pipeline.wire.story import Dateline, Status, Story
from tests.evaluation import events
from tests.servers.embedded import Embedded
from tests.servers.plugin import ANALYZERS, NAMES

HERE = Path(__file__).parent
DEMO = Path(__file__).resolve().parents[3] / "config" / "demo"
DEPTH = 10

Judged = Mapping[str, int]
"""Stories that answer a query: 2 are about it, 1 mention it."""
Stories = Iterator[Story]
Scores = Mapping[str, float]
"""The nDCG@10 of each query."""


@dataclass(frozen=True, slots=True)
class Collection:
    """Queries over a corpus."""

    name: str
    queries: str
    """The file of the queries."""
    corpus: Callable[[datetime], Stories]
    before: str | None = None
    """What was measured before anything was learned from these queries, and where."""

    def judged(self) -> dict[str, Judged]:
        """Return the queries with their judged answers."""
        found: dict[str, Judged] = {}
        for line in (HERE / self.queries).read_text(encoding="utf-8").splitlines():
            query, _, answers = line.rpartition("|")
            pairs = [answer.rpartition(":") for answer in answers.split()]
            found[query] = {name: int(grade) for name, _, grade in pairs}
        return found


def first_stories(now: datetime) -> Stories:
    """Yield the first corpus, each story an hour older than the one before."""
    at = now
    for line in (HERE / "stories.txt").read_text(encoding="utf-8").splitlines():
        name, language, headline, body = line.split("|")
        at -= timedelta(hours=1)
        yield Story(
            id=name,
            source="made",
            language=language,
            headline=headline,
            body=body,
            dateline=_dateline(body),
            version_created=at,
        )
    yield from _of_events(at)
    for path in sorted(DEMO.iterdir()):
        for story in FORMATS["auto"](path.read_bytes(), Context()).stories:
            if story.status is Status.USABLE:
                yield story


def desk_stories(now: datetime) -> Stories:
    """Yield the desk's corpus: its own stories say how many hours old they are."""
    for line in (HERE / "desk-stories.txt").read_text(encoding="utf-8").splitlines():
        name, language, source, hours, urgency, slug, headline, body = line.split("|")
        yield Story(
            id=name,
            source=source,
            language=language,
            urgency=int(urgency),
            slugline=slug,
            headline=headline,
            body=body.replace("//", "\n\n"),
            dateline=_dateline(body),
            version_created=now - timedelta(hours=int(hours)),
        )
    for number, delivery in enumerate(deliveries()):
        yield Story(
            id=f"demo-{number}",
            source=delivery.agency,
            headline=delivery.headline,
            body="\n\n".join(delivery.paragraphs),
            version_created=now - timedelta(hours=number),
        )
    yield from _of_events(now)


def _dateline(body: str) -> Dateline | None:
    place = body.partition(" - ")[0] if " - " in body[:40] else None
    return Dateline(text=place, place=place) if place else None


def _of_events(at: datetime) -> Stories:
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


COLLECTIONS = (
    Collection("first", "queries.txt", first_stories, "(commit 2291cae) | 0.513 (26)"),
    Collection("desk", "desk-queries.txt", desk_stories, "(commit 4388f3d) | 0.938 (4)"),
    Collection("held out", "held-queries.txt", desk_stories),
)


def ndcg(ranked: list[str], judged: Judged) -> float:
    """Return the discounted gain of a ranking, as a share of that of the best one."""
    gained = _gain([judged.get(name, 0) for name in ranked[:DEPTH]])
    return gained / _gain(sorted(judged.values(), reverse=True)[:DEPTH])


def _gain(grades: list[int]) -> float:
    return sum((2**grade - 1) / log2(rank + 2) for rank, grade in enumerate(grades))


@dataclass(frozen=True, slots=True)
class Engine:
    """Where a corpus is searched."""

    name: str
    server: Callable[[Path], Embedded | Elasticsearch]
    named: Mapping[str, str]
    """Analyzers that are used beside those that newswire chooses."""


ENGINES = (
    Engine("embedded", Embedded, {}),
    Engine("Elasticsearch without analyzers", Elasticsearch, {}),
    Engine(
        "Elasticsearch with Lucene's, where newswire has no forms of its own",
        lambda folder: Elasticsearch(folder, plugins=[ANALYZERS]),
        {},
    ),
    Engine(
        "Elasticsearch with Lucene's for every language",
        lambda folder: Elasticsearch(folder, plugins=[ANALYZERS]),
        NAMES,
    ),
)


def measured(engine: Engine, corpora: Mapping[str, Sequence[Enriched]]) -> dict[str, Scores]:
    """Return the nDCG@10 of each query of each collection, on one engine.

    Raises:
        Missing: this machine lacks what the engine needs.
    """
    with folder_for_servers() as folder, ExitStack() as stack:
        server = engine.server(folder)
        stack.enter_context(server)
        found = {}
        for collection in COLLECTIONS:
            where = {"url": (server.address,), "index": collection.name.replace(" ", "-")}
            settings = ElasticsearchSettings(**where)
            with Client(server.address, request_timeout=60) as client:
                if engine.named:
                    both = {**available(client, settings), **engine.named}
                    settings = ElasticsearchSettings(**where, analyzers=both)
                setup_index(settings)
                lines: list[bytes] = []
                for record in corpora[collection.name]:
                    lines.append(orjson.dumps({"index": {"_id": record.story.id}}) + b"\n")
                    lines.append(orjson.dumps(document(record, languages(settings))) + b"\n")
                client.bulk(index=write_alias(settings.index), operations=lines, refresh=True)
            found[collection.name] = asyncio.run(_searched(settings, collection))
        return found


async def _searched(settings: ElasticsearchSettings, collection: Collection) -> Scores:
    # Without the page's time limit: other work on the machine is no fault of a query.
    reader = Reader(connect(settings), settings)
    try:
        found = {}
        for query, judged in collection.judged().items():
            page, _ = await reader.search(SearchRequest(q=query, size=DEPTH, facets=False))
            found[query] = ndcg([hit.id for hit in page.hits], judged)
        return found
    finally:
        await reader.close()


def report(enricher: Enricher) -> str:
    """Return the section on search."""
    now = datetime.now(UTC)
    corpora = {each.name: list(enricher.enrich(list(each.corpus(now)))) for each in COLLECTIONS}
    scores: dict[str, dict[str, Scores]] = {}
    for engine in ENGINES:
        try:
            scores[engine.name] = measured(engine, corpora)
        except Missing as missing:
            print(f"search: {engine.name} is not measured: {missing}", file=sys.stderr)
    sections = [_section(each, len(corpora[each.name]), scores) for each in COLLECTIONS]
    return f"""## Search

Queries as people type them, with judged answers (`python -m tests.evaluation search`). The first
were written with the search; those of the desk later, in another style, and judged before they were
first run; the held-out ones after what was learned from both. nDCG@10, and in brackets the queries
that find none of their answers:

{"".join(sections)}"""


def _section(collection: Collection, size: int, scores: Mapping[str, Mapping[str, Scores]]) -> str:
    def cell(found: Scores) -> str:
        missed = sum(score == 0 for score in found.values())
        return f"{sum(found.values()) / len(found):.3f} ({missed})"

    rows = [f"| before, embedded {collection.before} |"] if collection.before else []
    rows += [f"| {name} | {cell(found[collection.name])} |" for name, found in scores.items()]
    embedded = scores[ENGINES[0].name][collection.name]
    worst = sorted((score, query) for query, score in embedded.items() if score < 1)
    listed = "\n".join(f"| `{query.replace('|', ' ')}` | {score:.2f} |" for score, query in worst)
    return f"""### {collection.name.capitalize()}: {len(embedded)} queries over {size} stories

| | nDCG@10 |
|---|---|
{chr(10).join(rows)}

Not answered perfectly on the embedded engine:

| query | nDCG@10 |
|---|---|
{listed}

"""
