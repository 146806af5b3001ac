"""Each Kibana panel's own aggregation, on real Elasticsearch with real documents."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from elasticsearch import Elasticsearch

from config.settings import Elasticsearch as ElasticsearchSettings
from pipeline.index.deadletters import deadletters_index, entry, setup_deadletters
from pipeline.index.events import events_index, setup_events
from pipeline.index.setup import readers_alias
from pipeline.kafka.messages import Record
from pipeline.kibana.definitions import load_definitions
from pipeline.kibana.objects import Object, objects, sources
from pipeline.wire.deadletter import dead_letter
from pipeline.wire.errors import ParseError
from pipeline.wire.story import Signal, Status
from pipeline.wire.topics import read_headers
from tests.integration.search.corpus import index_of, put
from tests.records import enriched
from tests.servers import Engine

# Kibana itself runs on nothing less.
pytestmark = [
    pytest.mark.real,
    pytest.mark.parametrize("engine_kind", ["real"], indirect=True, scope="session"),
]

NOW = datetime.now(UTC)
ALL = objects(load_definitions(), sources(ElasticsearchSettings()))
LENS = [pytest.param(found, id=found["id"]) for found in ALL if found["type"] == "lens"]


@pytest.fixture(scope="module")
def index(engine: Engine) -> Iterator[tuple[Elasticsearch, str]]:
    """A client, and an index with stories, and dead letters, that have what the panels show."""
    name = f"kibana-{uuid4().hex[:8]}"
    stories = [
        enriched(
            f"ap-{n}",
            "Macron in Paris",
            "Macron met NATO in Paris.",
            persons=["Emmanuel Macron"],
            organisations=["NATO"],
            places=["Paris"],
            published_at=NOW - timedelta(hours=n),
            received_at=NOW,
            feed="ap",
            urgency=n,
            version=n,
            subjects=[("1", "politics")],
            signal=Signal.CORRECTION if n == 1 else Signal.UPDATE,
            status=Status.WITHDRAWN if n == 9 else Status.USABLE,
        )
        for n in range(1, 10)
    ]
    stories += [
        enriched(f"old-{n}", body="Ana Lima was in Lima.", persons=["Ana Lima"], places=["Lima"],
                 published_at=NOW - timedelta(days=100))
        for n in range(50)
    ]  # fmt: skip
    embargoed = {"status": Status.EMBARGOED, "published_at": NOW}
    stories += [
        enriched("ap-held", **embargoed),
        enriched("ap-later", embargoed_until=NOW + timedelta(days=1), **embargoed),
        enriched("ap-free", embargoed_until=NOW - timedelta(hours=1), **embargoed),
    ]
    with (
        index_of(engine.elasticsearch_url, name, ()) as settings,
        Elasticsearch(engine.elasticsearch_url, request_timeout=60) as client,
    ):
        at = NOW.isoformat()
        provenance = {
            "pipeline": "0.1.0",
            "model": "none",
            "gazetteer": "test",
            "revision": 1,
            "enriched_at": at,
        }
        delays = {"enrichment_delay_ms": 90, "indexing_delay_ms": 30}
        more = {
            "provenance": provenance,
            "changed": ["figures"],
            "top_topics": ["Politics"],
            **delays,
        }
        put(client, settings, stories, indexed_at=at, **more)
        setup_events(settings, anew=False)
        event = {"story": "ap-1", "event": "ap-1", "published_at": at, "changed_at": at}
        for source, race in (
            ("AP", {"race": "first", "ahead_seconds": 60}),
            ("AFP", {"race": "late", "behind_seconds": 60}),
            ("dpa", {"race": "alone"}),
        ):
            document = event | {"source": source} | race
            client.index(index=events_index(name), document=document, refresh=True)
        setup_deadletters(settings)
        letter = dead_letter(b"<nitf", "parse", ParseError("no end", "line 1"), feed="ap")
        write = entry(Record("wire.deadletter", 0, 7, letter.raw, read_headers(letter.headers)))
        letters = deadletters_index(name)
        client.index(index=letters, id=write.id, document=write.document, refresh=True)
        yield client, name
        client.indices.delete(index=[letters, events_index(name)])


@pytest.mark.parametrize("found", LENS)
def test_a_panel_shows_something(index: tuple[Elasticsearch, str], found: Object) -> None:
    """What the panel groups by and measures gives groups with values."""
    client, name = index
    (view,) = (reference["id"] for reference in found["references"])
    titles = {o["id"]: o["attributes"]["title"] for o in ALL if o["type"] == "index-pattern"}
    name = titles[view].replace(ElasticsearchSettings().index, name)
    times = {o["id"]: o["attributes"].get("timeFieldName") for o in ALL}
    # As Kibana limits a dashboard in time; what is unusual is compared with all stories.
    lately = {"range": {times[view]: {"gte": (NOW - timedelta(days=10)).isoformat()}}}
    (layer,) = found["attributes"]["state"]["datasourceStates"]["formBased"]["layers"].values()
    query = found["attributes"]["state"]["query"]["query"]
    answer = client.search(
        index=name,
        size=0,
        query={"bool": {"filter": [lately, *([terms(query)] if query else [])]}},
        aggs=aggregations(layer),
        track_total_hits=True,
    )
    level: Any = answer.get("aggregations", {})
    for column in [c for c in layer["columnOrder"] if layer["columns"][c]["isBucketed"]]:
        buckets = level[column]["buckets"]
        assert buckets, column
        level = max(buckets, key=lambda bucket: bucket["doc_count"])
        assert level["doc_count"]
    measured = [c for c in layer["columnOrder"] if not layer["columns"][c]["isBucketed"]]
    total = {"value": level.get("doc_count", answer["hits"]["total"]["value"])}
    for column in measured:
        shown = level.get(column, total)
        assert shown["value"] if "value" in shown else all(shown["values"].values())


def terms(query: str) -> dict[str, Any]:
    """A condition of Kibana's query language, "field : value", as Elasticsearch's."""
    field, value = query.split(" : ")
    return {"exists": {"field": field}} if value == "*" else {"term": {field: value}}


@pytest.mark.parametrize("alias", ["stories", "events"])
def test_readers_aliases_hide(index: tuple[Elasticsearch, str], alias: str) -> None:
    """Whatever Discover asks for, they hold only what readers may see now."""
    client, name = index
    if alias == "stories":
        found = client.search(index=readers_alias(name), size=100)["hits"]["hits"]
        assert {hit["_id"] for hit in found} == {
            *(f"ap-{n}" for n in range(1, 9)),
            *(f"old-{n}" for n in range(50)),
            "ap-free",
        }
    else:
        withheld = {"story": "ap-9", "changed_at": NOW.isoformat()}
        client.index(index=events_index(name), document=withheld, refresh=True)
        found = client.search(index=readers_alias(events_index(name)))["hits"]["hits"]
        assert {hit["_source"]["story"] for hit in found} == {"ap-1"}


def aggregations(layer: dict[str, Any]) -> dict[str, Any]:
    """A Lens layer as Elasticsearch's aggregations."""
    made: dict[str, Any] = {}
    for name in reversed(layer["columnOrder"]):
        column = layer["columns"][name]
        field = column["sourceField"]
        match column["operationType"]:
            case "count":
                continue
            case "terms" if column["params"]["orderBy"]["type"] == "significant":
                own = {"significant_terms": {"field": field, "min_doc_count": 1}}
            case "terms":
                own = {"terms": {"field": field, "size": column["params"]["size"]}}
            case "percentile":
                own = {
                    "percentiles": {"field": field, "percents": [column["params"]["percentile"]]}
                }
            case "date_histogram":
                own = {"date_histogram": {"field": field, "fixed_interval": "1h"}}
            case "unique_count":
                own = {"cardinality": {"field": field}}
            case "average":
                own = {"avg": {"field": field}}
            case operation:
                own = {operation: {"field": field}}
        if column["isBucketed"]:
            made = {name: own | ({"aggs": made} if made else {})}
        else:
            made[name] = own
    return made


def test_the_map_has_points_and_clusters(index: tuple[Elasticsearch, str]) -> None:
    """Points are found in a rectangle, and a grid clusters them."""
    client, name = index
    box = {"top_left": {"lat": 60, "lon": -10}, "bottom_right": {"lat": 40, "lon": 20}}
    found = client.search(index=name, query={"geo_bounding_box": {"locations": box}})
    assert found["hits"]["total"]["value"] == 9
    grid = {"grid": {"geotile_grid": {"field": "locations", "precision": 4}}}
    within = {"geo_bounding_box": {"locations": box}}
    answer = client.search(index=name, size=0, query=within, aggs=grid)
    assert answer["aggregations"]["grid"]["buckets"][0]["doc_count"] == 9
