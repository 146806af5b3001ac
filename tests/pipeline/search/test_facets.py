"""A facet is declared once: everything else reads the table."""

import json
from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from pipeline.search.counts import counts
from pipeline.search.facets import FACETS
from pipeline.search.query import body
from pipeline.search.request import SearchRequest
from pipeline.search.results import page
from pipeline.search.syntax import Term, parse

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)


@pytest.mark.parametrize("name", FACETS)
def test_a_facet_filters_and_counts(name: str) -> None:
    """Each facet is a parameter, a query word and a count."""
    request = SearchRequest(**{name: ("4",)})
    values = getattr(request, name)
    assert body(request, NOW)["post_filter"]["bool"]["filter"] == [FACETS[name].clause(values)]
    assert counts(request, NOW)["aggs"][name]["aggs"]["values"]["terms"]["field"] == (
        FACETS[name].field
    )
    for word in (name, *FACETS[name].words):
        assert parse(f"{word}:4") == Term("4", field=name)
    found = {"hits": {"hits": []}, "aggregations": {name: {"values": {"buckets": []}}}}
    assert page(found).facets == {name: ()}


@pytest.mark.parametrize("values", [("10",), ("-1",), ("high",), ("1",) * 51])
def test_a_facets_values_are_of_its_type(values: tuple[str, ...]) -> None:
    """An urgency is a number from 0 to 9, and a filter has at most 50 values."""
    with pytest.raises(ValidationError):
        SearchRequest(urgency=values)


def test_numbers_are_not_compared_regardless_of_case() -> None:
    """Elasticsearch refuses that for a field of numbers."""
    clause = body(SearchRequest(urgency=(1, 2)), NOW)["post_filter"]["bool"]["filter"]
    assert clause == [{"terms": {"urgency": [1, 2]}}]


def test_countries_go_by_code_and_by_name() -> None:
    """A country's name is its code; one that has no code is searched as the gazetteer spells it."""
    clause = FACETS["country"].clause
    assert clause(("fr",)) == clause(("France",))
    spelt = json.dumps(clause(("Elbonia",)))
    assert "places.country" in spelt
    assert "Elbonia" in spelt


def test_ids_that_can_be_no_place_match_nothing() -> None:
    """A number too long for an id does not match every story."""
    assert FACETS["place"].clause(("9" * 30,)) == {"match_none": {}}
