"""Completions of typed text."""

import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.search.suggestions import body, suggestions
from pipeline.search.visible import ANYBODY, visible

NOW = datetime(2026, 11, 25, tzinfo=UTC)


def response(**names: list[str]) -> dict[str, object]:
    """What an engine that ignores `include` answers."""
    kinds = {"people": [], "places": [], "slugs": [], **names}
    return {
        "aggregations": {
            kind: {"buckets": [{"key": name, "doc_count": 1} for name in found]}
            for kind, found in kinds.items()
        }
    }


@pytest.mark.parametrize(
    ("typed", "name", "begins"),
    [
        ("legr", "Julie Legrand", True),
        ("JULIE L", "Julie Legrand", True),
        ("rand", "Julie Legrand", False),
        ("jose", "São José", True),
        ("brien", "Pat O'Brien", True),
        ("kim", "Kim", True),
        ("kim", "Ki", False),
        ("a.b", "aXb", False),
    ],
)
def test_a_word_of_the_name_begins_as_typed(typed: str, name: str, begins: bool) -> None:
    """The pattern that is sent and the check of what comes back agree."""
    asked = body(typed, NOW)
    assert asked
    pattern = asked["aggs"]["people"]["terms"]["include"]
    assert bool(re.fullmatch(pattern, name)) is begins
    assert bool(suggestions(typed, response(people=[name])).people) is begins


def test_places_come_with_country_and_id() -> None:
    """The map's key is taken apart."""
    (place,) = suggestions("ly", response(places=["Lyon|FR|2996944|45.7,4.8"])).places
    assert (place.value, place.country_code, place.geonames_id) == ("Lyon", "FR", 2996944)


@given(st.text(max_size=60))
def test_no_text_makes_a_broken_pattern(typed: str) -> None:
    """Whatever is typed, the pattern is valid, short enough, and hides what must not show."""
    asked = body(typed, NOW)
    if asked is None:
        return
    pattern = asked["aggs"]["people"]["terms"]["include"]
    assert re.compile(pattern)
    assert len(pattern) < 1000
    assert visible(NOW, ANYBODY) in asked["query"]["bool"]["filter"]
