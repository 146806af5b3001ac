"""Requests against a running index: what they find, and what they never show."""

import asyncio
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import msgspec
import pytest
from elasticsearch import Elasticsearch

from config.settings import Elasticsearch as ElasticsearchSettings
from pipeline.index.setup import read_alias
from pipeline.search import homes
from pipeline.search.counts import counts
from pipeline.search.query import body
from pipeline.search.reader import open_reader
from pipeline.search.request import SearchRequest
from pipeline.search.results import Page, counted, page
from pipeline.wire.enriched import Enriched, Entity, Quote
from pipeline.wire.story import Status
from tests.integration.search.corpus import index_of
from tests.records import enriched
from tests.servers import Engine

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def quoting(record: Enriched) -> Enriched:
    """A story whose quoted words are Ana Silva's, and that names a place that is on no map."""
    quotes = tuple(
        Quote(start=match.start(1), end=match.end(1), speaker="person:ana silva")
        for match in re.finditer('"([^"]+)"', record.story.body)
    )
    gulf = Entity(id="loc:gulf-of-finland", text="Gulf of Finland", label="LOC", mentions=())
    return msgspec.structs.replace(record, quotes=quotes, entities=(*record.entities, gulf))


def corpus() -> list[Enriched]:
    """A dozen stories that differ in what filters ask for, and three that must not be shown."""
    return [
        enriched(
            "ap-1",
            "Macron opens summit in Paris",
            "PARIS — President Emmanuel Macron welcomed 40 leaders. The state of emergency ended.",
            persons=["Emmanuel Macron"],
            organisations=["NATO"],
            places=["Paris"],
            dateline="PARIS",
            published_at=NOW - HOUR,
            urgency=2,
            categories=("i",),
            subjects=[("11000000", "politics")],
            slugline="EU-SUMMIT",
        ),
        enriched(
            "afp-1",
            "Flood closes bridges in Lyon",
            "The Rhone rose. Julie Legrand, the mayor, asked for calm; Macron sent help.",
            persons=["Julie Legrand", "Emmanuel Macron"],
            places=["Lyon"],
            source="AFP",
            language="fr",
            published_at=NOW - 30 * HOUR,
            urgency=4,
        ),
        enriched(
            "dpa-1",
            "Berlin votes",
            "Voters in Berlin chose a mayor. An emergency of state was not declared.",
            places=["Berlin"],
            source="dpa",
            language="en-GB",
            published_at=NOW - 24 * 10 * HOUR,
        ),
        enriched(
            "ap-2", "Fiji storm", "A storm met Suva.", places=["Suva"], published_at=NOW - 2 * HOUR
        ),
        quoting(
            enriched(
                "trt-1",
                "Erdoğan's visit to İzmir",
                "Fires burned near São Paulo's hills; North Korea’s envoy was elected. "
                "東京都知事も。 "
                '"The forests are lost," said Ana Silva by the Gulf of Finland. '
                '"The rivers stay."',
                persons=["Ana Silva"],
                published_at=NOW - 400 * HOUR,
            )
        ),
        enriched(
            "dpa-2",
            "Hochwasser",
            "Die Überschwemmungen erreichten die Häuser.",
            language="de",
            published_at=NOW - 400 * HOUR,
        ),
        enriched("ap-3", "Old summit", "A summit of long ago.", published_at=NOW - 9000 * HOUR),
        enriched(
            "ap-4",
            "Summit menu",
            "What they eat. " + "A meal is a meal. " * 40 + "Macron at the summit chose fish.",
            published_at=NOW - HOUR,
        ),
        enriched(
            "x-killed",
            "Macron secret withdrawn",
            "Withdrawn text on Macron in Paris at the summit.",
            persons=["Secret Person"],
            places=["Nairobi"],
            status=Status.WITHDRAWN,
            published_at=NOW - HOUR,
        ),
        enriched(
            "x-embargoed",
            "Macron secret embargoed",
            "Embargoed text on Macron in Paris at the summit.",
            persons=["Secret Person"],
            places=["Nairobi"],
            status=Status.EMBARGOED,
            embargoed_until=NOW + HOUR,
            published_at=NOW - HOUR,
        ),
        enriched(
            "x-endless",
            "Macron secret without end",
            "Embargoed text on Macron in Paris at the summit.",
            persons=["Secret Person"],
            places=["Nairobi"],
            status=Status.EMBARGOED,
            published_at=NOW - HOUR,
        ),
    ]


@pytest.fixture(scope="module")
def index(engine: Engine) -> Iterator[tuple[Elasticsearch, str]]:
    """A client, and the name of an index with the corpus."""
    name = f"search-{uuid4().hex[:8]}"
    with (
        index_of(engine.elasticsearch_url, name, corpus()),
        Elasticsearch(engine.elasticsearch_url, request_timeout=60) as client,
    ):
        yield client, name


def search(index: tuple[Elasticsearch, str], now: datetime = NOW, **asked: Any) -> Page:
    """The page for a request: its hits, with their counts."""
    client, name = index
    request = SearchRequest(**asked)
    hits = client.search(index=name, **body(request, now)).body
    if not request.facets:
        return page(hits, request.q)
    found = counted(hits, client.search(index=name, **counts(request, now)).body)
    return page(found, request.q)


def ids(found: Page) -> set[str]:
    """The ids on a page."""
    return {hit.id for hit in found.hits}


ALL = {"ap-1", "ap-2", "ap-3", "ap-4", "afp-1", "dpa-1", "dpa-2", "trt-1"}


FINDS = [
    ({}, ALL),
    ({"q": "macron"}, {"ap-1", "ap-4", "afp-1"}),
    ({"q": "macron summit"}, {"ap-1", "ap-4"}),
    ({"q": "macron -summit"}, {"afp-1"}),
    ({"q": '"state of emergency"'}, {"ap-1"}),
    ({"q": "berlin OR fiji"}, {"dpa-1", "ap-2"}),
    ({"q": "-macron"}, ALL - {"ap-1", "ap-4", "afp-1"}),
    ({"q": "erdogan izmir"}, {"trt-1"}),
    ({"q": "sao paulo fire"}, {"trt-1"}),
    ({"q": "north korea election"}, {"trt-1"}),
    ({"q": "DPRK"}, {"trt-1"}),
    ({"q": '"fire"'}, set()),
    ({"q": '"fires burned"'}, {"trt-1"}),
    ({"q": "東京"}, {"trt-1"}),
    ({"q": "京東"}, set()),
    ({"q": "Uberschwemmung haus"}, {"dpa-2"}),
    ({"q": "erdog*"}, {"trt-1"}),
    ({"q": "floods of lyon"}, {"afp-1"}),
    ({"q": "place:France"}, {"ap-1", "afp-1"}),
    ({"place": ("France",)}, {"ap-1", "afp-1"}),
    ({"q": 'place:"gulf of finland"'}, {"trt-1"}),
    ({"q": "said:forests by:silva"}, {"trt-1"}),
    ({"q": "said:forest"}, {"trt-1"}),
    ({"q": "by:silva -said:hills"}, {"trt-1"}),
    ({"q": "said:hills by:silva"}, set()),
    ({"q": "said:forests by:macron"}, set()),
    ({"q": "said:lost said:forest by:ana"}, {"trt-1"}),
    ({"q": "said:rivers said:stay"}, {"trt-1"}),
    ({"q": "said:forests said:rivers"}, set()),
    ({"q": 'said:"the forests are lost" by:silva'}, {"trt-1"}),
    ({"q": 'said:"forests are lost" said:rivers'}, set()),
    ({"q": 'said:"lost lost forests" said:lost'}, {"trt-1"}),
    ({"q": 'said:"lost lose loses river rivers riverly rivering rivered"'}, set()),
    ({"q": 'said:rivers by:"ana silva"'}, {"trt-1"}),
    ({"q": 'said:rivers by:"silva ana"'}, set()),
    ({"without": ("source:AP",)}, {"afp-1", "dpa-1"}),
    ({"without": ("person:Julie Legrand",), "q": "macron"}, {"ap-1", "ap-4"}),
    ({"q": "headline:macron"}, {"ap-1"}),
    ({"q": "body:flood"}, set()),
    ({"q": "person:macron"}, {"ap-1", "afp-1"}),
    ({"q": 'person:"julie legrand"'}, {"afp-1"}),
    ({"q": "person:ron"}, set()),
    ({"q": "person:macr*"}, {"ap-1", "afp-1"}),
    ({"q": "place:lyon"}, {"afp-1"}),
    ({"q": "place:2988507"}, {"ap-1"}),
    ({"q": "org:nato"}, {"ap-1"}),
    ({"q": "source:afp"}, {"afp-1"}),
    ({"q": "country:france"}, {"ap-1", "afp-1"}),
    ({"q": "country:de"}, {"dpa-1"}),
    ({"q": "subject:politics"}, {"ap-1"}),
    ({"q": "slug:summit"}, {"ap-1"}),
    ({"q": "urgency:<=3"}, {"ap-1"}),
    ({"q": "lang:en -macron"}, {"dpa-1", "ap-2", "ap-3", "trt-1"}),
    ({"q": "dateline:paris"}, {"ap-1"}),
    ({"q": "before:2026-01-01"}, {"ap-3"}),
    ({"q": "fij*"}, {"ap-2"}),
    ({"source": ("AFP", "dpa")}, {"afp-1", "dpa-1"}),
    ({"language": ("en",), "q": "berlin"}, {"dpa-1"}),
    ({"urgency": (4,)}, {"afp-1"}),
    ({"status": ("usable",)}, ALL),
    ({"status": ("withdrawn", "embargoed")}, set()),
    ({"category": ("i",)}, {"ap-1"}),
    ({"subject": ("11000000",)}, {"ap-1"}),
    ({"subject": ("Politics",)}, {"ap-1"}),
    ({"person": ("Emmanuel Macron",)}, {"ap-1", "afp-1"}),
    ({"organisation": ("NATO",)}, {"ap-1"}),
    ({"place": ("Lyon", "2988507")}, {"ap-1", "afp-1"}),
    ({"place": ("9" * 40,)}, set()),
    ({"country": ("FR",)}, {"ap-1", "afp-1"}),
    ({"country": ("Germany",)}, {"dpa-1"}),
    ({"since": NOW - 3 * HOUR}, {"ap-1", "ap-2", "ap-4"}),
    ({"until": NOW - 500 * HOUR}, {"ap-3"}),
    ({"near": "48.9,2.4", "radius_km": 30}, {"ap-1"}),
    ({"bbox": "0,40,10,50"}, {"ap-1", "afp-1"}),
    ({"bbox": "170,-30,-170,0"}, {"ap-2"}),
    ({"q": "the"}, None),
    ({"q": 'AND OR ( ) " : person: -'}, None),
    ({"q": "\\ / [ { ^ ~ ? * && ||"}, None),
]


@pytest.mark.parametrize(("asked", "found"), FINDS)
def test_a_request_finds(
    index: tuple[Elasticsearch, str], asked: dict[str, Any], found: set[str] | None
) -> None:
    """Each word, prefix and filter finds its stories on every engine, and no query fails."""
    result = search(index, **asked)
    assert found is None or ids(result) == found
    assert result.total == len(result.hits)


def test_an_alert_matches_what_a_search_finds(
    engine: Engine, index: tuple[Elasticsearch, str]
) -> None:
    """By id, every request has the same stories as its search, and hides the same ones."""
    _, name = index
    requests = [SearchRequest(**asked) for asked, _ in FINDS]

    async def matches() -> list[frozenset[str]]:
        settings = ElasticsearchSettings(url=(engine.elasticsearch_url,), index=name)
        reader = open_reader(settings)
        try:
            return await reader.matches([record.story.id for record in corpus()], requests)
        finally:
            await reader.close()

    matched = asyncio.run(matches())
    for (asked, _), ids_of_alert in zip(FINDS, matched, strict=True):
        assert ids_of_alert == ids(search(index, now=datetime.now(UTC), **asked)), asked


def test_headline_dateline_and_recency_weigh(index: tuple[Elasticsearch, str]) -> None:
    """The new story with the word in its headline leads, the old one comes last."""
    assert search(index, q="summit").hits[-1].id == "ap-3"
    assert search(index, q="macron").hits[0].id == "ap-1"


def test_facets_timeline_and_map_count(index: tuple[Elasticsearch, str]) -> None:
    """Counts agree with the hits; a chosen source leaves the others to be seen."""
    found = search(index, country=("FR",))
    assert {(v.value, v.count) for v in found.facets["source"]} == {("AP", 1), ("AFP", 1)}
    assert {v.value for v in found.facets["country"]} == {"FR", "DE", "FJ"}
    assert {(p.name, p.count, p.country_code) for p in found.places} == {
        ("Paris", 1, "FR"),
        ("Lyon", 1, "FR"),
    }
    assert sum(bucket.count for bucket in found.timeline) == 2


def test_snippets_mark_the_words(index: tuple[Elasticsearch, str]) -> None:
    """A snippet is about the words, also deep in the body; without words it is the beginning."""
    found = {hit.id: hit for hit in search(index, q="macron").hits}
    for story in ("ap-1", "ap-4"):
        marked = [
            part.text[start:end] for part in found[story].snippets for start, end in part.marks
        ]
        assert marked
        assert set(marked) == {"Macron"}
    bare = {hit.id: hit for hit in search(index, source=("AFP",)).hits}
    assert bare["afp-1"].snippets[0].text.startswith("The Rhone rose")
    assert bare["afp-1"].snippets[0].marks == ()


def test_a_phrase_is_marked(index: tuple[Elasticsearch, str]) -> None:
    """A phrase that is looked for as written shows in the snippet."""
    (hit,) = search(index, q='"state of emergency"').hits
    assert any(part.marks for part in hit.snippets)


@pytest.mark.parametrize("sort", ["relevance", "newest", "oldest"])
@pytest.mark.parametrize(
    "asked",
    [{}, {"q": "secret"}, {"q": "macron"}, {"person": ("Secret Person",)}, {"place": ("Nairobi",)}],
)
def test_nothing_hidden_is_shown(
    index: tuple[Elasticsearch, str], sort: str, asked: dict[str, Any]
) -> None:
    """Withdrawn and embargoed stories are in no hit, snippet, facet, timeline or map."""
    found = search(index, sort=sort, **asked)
    shown = msgspec.json.encode(found).decode()
    for word in ("x-killed", "x-embargoed", "x-endless", "secret", "Secret", "Nairobi"):
        assert word not in shown
    assert sum(bucket.count for bucket in found.timeline) == found.total


def test_an_embargo_ends(index: tuple[Elasticsearch, str]) -> None:
    """Once its time has passed the story is found; one without a time never is."""
    assert ids(search(index, now=NOW + 2 * HOUR, q="secret")) == {"x-embargoed"}


def test_the_home_of_a_feed_is_learned_from_what_may_be_seen(engine: Engine) -> None:
    """Killed and embargoed stories of the feed do not count."""

    def told(number: int, place: str, **more: Any) -> Enriched:
        return enriched(
            f"v-{number}", "A story", f"It was in {place}.", places=[place], feed="valley",
            published_at=NOW - HOUR, **more,
        )  # fmt: skip

    records = [
        *(told(n, "Lyon") for n in range(5)),
        *(told(n, "Suva", status=Status.WITHDRAWN) for n in range(10, 20)),
        *(told(n, "Suva", embargoed_until=NOW + HOUR) for n in range(20, 30)),
    ]
    with (
        index_of(engine.elasticsearch_url, f"home-{uuid4().hex[:8]}", records) as settings,
        Elasticsearch(engine.elasticsearch_url, request_timeout=60) as client,
    ):
        answer = client.search(index=read_alias(settings.index), **homes.body(NOW))
    learned = homes.homes(answer.body)["valley"]
    assert learned.leading is not None
    assert learned.leading.startswith("FR")
    assert learned.share == 1


def test_a_facet_is_searched(engine: Engine, index: tuple[Elasticsearch, str]) -> None:
    """Its values are found by any part, without case and accents; hidden ones are not."""
    _, name = index

    async def listed(facet: str, typed: str, **asked: Any) -> list[str]:
        reader = open_reader(ElasticsearchSettings(url=(engine.elasticsearch_url,), index=name))
        try:
            found = await reader.facet(facet, SearchRequest(**asked), typed)
            return [value.value for value in found]
        finally:
            await reader.close()

    assert asyncio.run(listed("person", "MÁCR")) == ["Emmanuel Macron"]
    assert asyncio.run(listed("person", "", q="withdrawn")) == []
    assert asyncio.run(listed("country", "fran")) == ["FR"]
    assert asyncio.run(listed("language", "ger")) == ["de"]
    assert asyncio.run(listed("person", "", q="flood"))[0] in ("Emmanuel Macron", "Julie Legrand")
    assert asyncio.run(listed("person", "", place=("Lyon",), person=("Ana Silva",))) != []
