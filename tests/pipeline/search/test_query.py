"""Requests as Elasticsearch bodies."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from pipeline.index.mapping import properties
from pipeline.search.counts import counts, earlier, one_facet, span_before
from pipeline.search.facets import FACETS
from pipeline.search.query import body, matching
from pipeline.search.request import SearchRequest
from pipeline.search.visible import ANYBODY, is_visible, visible

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)

FULL = {
    "q": 'flood -"old news" person:merkel after:2026-01-01 urgency:1-3 lang:fr dateline:paris',
    "source": ("AP", "AFP"),
    "language": ("en",),
    "urgency": (1, 2),
    "status": ("usable",),
    "signal": ("update",),
    "changed": ("figures",),
    "category": ("i",),
    "subject": ("15054000",),
    "person": ("Angela Merkel",),
    "organisation": ("NATO",),
    "place": ("Paris", "2988507"),
    "country": ("France",),
    "without": ("person:Ana Lima", "place:Lima"),
    "since": NOW - timedelta(days=3),
    "until": NOW,
    "near": "48.85,2.35",
    "bbox": "170,-50,-170,0",
    "collapse": True,
}


@given(
    st.fixed_dictionaries({}, optional={name: st.just(value) for name, value in FULL.items()}),
    st.sampled_from(["auto", "relevance", "newest", "oldest"]),
)
def test_every_body_hides_what_must_not_be_shown(asked: dict[str, Any], sort: str) -> None:
    """Whatever is asked for, the query holds the filter of visible stories."""
    request = SearchRequest(**asked, sort=sort)
    for query in (body(request, NOW)["query"], matching(request, NOW)):
        query = query.get("function_score", {"query": query})["query"]
        assert visible(NOW, ANYBODY) in query["bool"]["filter"]
    minute = NOW.replace(second=0, microsecond=0)
    assert visible(minute, ANYBODY) in counts(request, NOW)["query"]["bool"]["filter"]
    for name in FACETS:
        filters = one_facet(name, "a", request, NOW)["query"]["bool"]["filter"]
        assert visible(NOW, ANYBODY) in filters


def test_every_field_of_a_body_is_in_the_mapping() -> None:
    """A body names no field that the index does not have."""
    mapping = properties({"ja": "standard"})
    known = set(_paths(mapping))
    request = SearchRequest(**FULL)
    sent = json.dumps([body(request, NOW, ["ja"]), counts(request, NOW, ["ja"])])
    named = {
        *(facet.field for facet in FACETS.values()),
        *(f.partition("^")[0] for f in _values(json.loads(sent), "fields")),
        *_values(json.loads(sent), "field"),
    }
    assert {field for field in named if field not in known} == set()


def test_a_facet_counts_without_its_own_filter() -> None:
    """Choosing one source leaves the counts of the other sources to be seen."""
    request = SearchRequest(source=("AP",), country=("FR",))
    made = counts(request, NOW)
    assert made["post_filter"] == body(request, NOW)["post_filter"]
    assert len(made["post_filter"]["bool"]["filter"]) == 2
    own = made["aggs"]["source"]["filter"]["bool"]["filter"]
    assert own == [{"term": {"countries": {"value": "FR", "case_insensitive": True}}}]


def test_words_are_sorted_by_relevance_and_a_bare_list_by_time() -> None:
    """Without words there is nothing to be relevant to."""
    assert "_score" in body(SearchRequest(q="flood"), NOW)["sort"][0]
    assert "published_at" in body(SearchRequest(), NOW)["sort"][0]
    assert "published_at" in body(SearchRequest(q="()"), NOW)["sort"][0]


@pytest.mark.parametrize(
    "wrong",
    [
        {"near": "91,0"},
        {"near": "1"},
        {"near": "a,b"},
        {"near": "nan,0"},
        {"bbox": "1,2,3"},
        {"bbox": "0,10,5,5"},
        {"bbox": "181,0,0,1"},
        {"size": 101},
        {"q": "x" * 1001},
        {"q": "\ud800"},
        {"person": ("x",) * 51},
        {"radius_km": 0},
        {"unknown": 1},
        {"without": ("person",)},
        {"without": ("body:x",)},
    ],
)
def test_a_request_beyond_its_limits_is_refused(wrong: dict[str, Any]) -> None:
    """Limits hold before anything is sent to Elasticsearch."""
    with pytest.raises(ValidationError):
        SearchRequest(**wrong)


@pytest.mark.parametrize(
    ("document", "shown"),
    [
        ({"status": "usable"}, True),
        ({"status": "withdrawn"}, False),
        ({"status": "embargoed"}, False),
        ({"status": "embargoed", "embargoed_until": "2026-11-25T11:59:59Z"}, True),
        ({"status": "embargoed", "embargoed_until": "2026-11-25T12:00:01Z"}, False),
        ({"status": "usable", "embargoed_until": "2026-11-25T12:00:01Z"}, False),
        ({"status": "usable", "embargoed_until": "2026-11-25T12:00:00Z"}, True),
    ],
)
def test_visibility_of_a_document_at_hand(document: dict[str, Any], shown: bool) -> None:
    """Withdrawn never, embargoed only once its time has passed."""
    assert is_visible(document, NOW, ANYBODY) is shown


def _paths(mapping: dict[str, Any], at: str = "") -> list[str]:
    paths = []
    for name, field in mapping.items():
        paths.append(at + name)
        for inner in ("properties", "fields"):
            paths += _paths(field.get(inner, {}), f"{at}{name}.")
    return paths


def _values(tree: Any, key: str) -> list[str]:
    found: list[str] = []
    if isinstance(tree, dict):
        for name, value in tree.items():
            if name == key:
                found += [value] if isinstance(value, str) else list(value)
            found += _values(value, key)
    elif isinstance(tree, list):
        for value in tree:
            found += _values(value, key)
    return found


def test_the_span_before_ends_where_the_search_begins() -> None:
    """It is as long, has the same filters and steps, and a search without a beginning has none."""
    since = NOW - timedelta(hours=6)
    request = SearchRequest(q="flood", source=("AP",), since=since)
    window = span_before(request, NOW)
    assert window == (NOW - timedelta(hours=12), since)
    body = earlier(request, window, NOW)
    filters = str(body["query"])
    for part in ("'source'", window[0].isoformat()[:16], since.isoformat()[:16]):
        assert part in filters
    assert (
        body["aggs"].keys() <= counts(request, NOW)["aggs"]["map"]["aggs"]["times"]["aggs"].keys()
    )
    assert span_before(SearchRequest(q="flood"), NOW) is None
    assert span_before(SearchRequest(since=NOW, until=since), NOW) is None
    assert span_before(SearchRequest(since=datetime(900, 1, 1, tzinfo=UTC)), NOW) is None
