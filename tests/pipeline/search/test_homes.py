"""What the index says of the homes of feeds."""

from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

from pipeline.search.homes import AGES, body, homes
from pipeline.search.visible import ANYBODY, visible

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)


def span(stories: int, **divisions: int) -> dict[str, Any]:
    buckets = [{"key": f"US-{name}", "doc_count": n} for name, n in divisions.items()]
    country = [{"key": "US", "doc_count": stories}] if stories else []
    return {
        "doc_count": stories,
        "divisions": {"buckets": buckets},
        "countries": {"buckets": country},
    }


def test_what_must_not_be_seen_is_not_counted() -> None:
    """Killed and embargoed stories say nothing of a feed's home."""
    assert visible(NOW, ANYBODY) in body(NOW)["query"]["bool"]["filter"]


def test_newer_stories_count_more() -> None:
    """A paper that moved is at home where it is now."""
    spans = {f"{a}-{b}": span(0) for a, b in pairwise(AGES)}
    spans["0-5"] = span(20, Ohio=18)
    spans["180-365"] = span(500, Texas=500)
    found = homes({"aggregations": {"feeds": {"buckets": [{"key": "paper", **spans}]}}})
    assert found["paper"].region == "US-Ohio"
    assert found["paper"].share > 0.7
