"""Responses as pages."""

from typing import Any

from pipeline.search.results import page


def test_an_empty_response_is_an_empty_page() -> None:
    """No hits, no facets, no next page."""
    response: dict[str, Any] = {"hits": {"total": {"value": 0}, "hits": []}, "took": 1}
    assert page(response).total == 0


def test_the_timeline_is_the_finest_that_holds_all() -> None:
    """Hours where every story is recent, days where one is older; gaps are filled."""
    day, hour = 86_400_000, 3_600_000
    start = 20_000 * day

    def line(*counts: tuple[int, int]) -> dict[str, Any]:
        return {"buckets": [{"key": key, "doc_count": count} for key, count in counts]}

    def response(days: Any, hours: Any) -> dict[str, Any]:
        mapped = {
            "values": {"buckets": []},
            "times": {"timeline:86400": days, "recent": {"timeline:3600": hours}},
        }
        return {"hits": {"hits": []}, "aggregations": {"map": mapped}}

    recent = page(response(line((start, 3)), line((start, 1), (start + 2 * hour, 2))))
    assert [bucket.count for bucket in recent.timeline] == [1, 0, 2]
    older = page(response(line((start - 2 * day, 1), (start, 3)), line((start, 3))))
    assert [bucket.count for bucket in older.timeline] == [1, 0, 3]
    assert older.timeline[0].end == older.timeline[1].start


def test_a_long_timeline_is_folded() -> None:
    """Twenty years of days come as at most 120 buckets that lose no story."""
    day = 86_400_000
    buckets = [{"key": n * day, "doc_count": 1} for n in range(0, 7300, 5)]
    mapped = {"times": {"timeline:86400": {"buckets": buckets}}}
    line = page({"hits": {"hits": []}, "aggregations": {"map": mapped}}).timeline
    assert 60 <= len(line) <= 120
    assert sum(bucket.count for bucket in line) == len(buckets)


def test_a_place_keeps_its_name_whatever_it_holds() -> None:
    """The separator of the map's keys may stand in a name."""
    buckets = [
        {"key": "A|B|FR|7|1.5,-2.0", "doc_count": 4},
        {"key": "Sea||8|0.0,0.0", "doc_count": 1},
    ]
    mapped = {"values": {"buckets": buckets}}
    first, second = page({"hits": {"hits": []}, "aggregations": {"map": mapped}}).places
    assert (first.name, first.country_code, first.geonames_id) == ("A|B", "FR", 7)
    assert (first.latitude, first.longitude, first.count) == (1.5, -2.0, 4)
    assert second.country_code is None
