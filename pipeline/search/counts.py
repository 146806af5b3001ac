"""Facets, places and timeline of a search, as aggregations."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from pipeline.search.query import facet_filters, in_seconds, other_filters, scoring
from pipeline.search.request import FACETS, SearchRequest
from pipeline.search.visible import Body, Clause, iso, visible

FACET_VALUES = 12


PLACE_VALUES = 400


TIMELINE_BUCKETS = 60


def counts(request: SearchRequest, now: datetime, languages: Sequence[str] = ()) -> Body:
    """The Elasticsearch search for a request's total, facets, timeline and places.

    Apart from the hits, for this one Elasticsearch keeps the answer until the index changes, as
    long as it is asked the same: so "now" is the minute's beginning. A story whose embargo ends
    within the minute is counted when it is over.

    Facets' own filters stand in `post_filter`, so that each facet counts what choosing
    another of its values would give.
    """
    now = now.replace(second=0, microsecond=0)
    words = scoring(request, languages, now)
    chosen = facet_filters(request)
    result: Body = {
        "size": 0,
        "track_total_hits": True,
        "query": {
            "bool": {"filter": [visible(now), *other_filters(request), *([words] if words else [])]}
        },
        "aggs": _aggregations(request, chosen, now),
    }
    if chosen:
        result["post_filter"] = {"bool": {"filter": list(chosen.values())}}
    return result


def _aggregations(request: SearchRequest, chosen: dict[str, Clause], now: datetime) -> Body:
    """Facets, each under the other facets' filters; timeline and places under all."""
    result: Body = {}
    for name, field in FACETS.items():
        others = [clause for facet, clause in chosen.items() if facet != name]
        values = {"terms": {"field": field, "size": FACET_VALUES}}
        result[name] = _under(others, {"values": values})
    # "name|country|id|latitude,longitude": all that the map needs, without a look-up.
    points = {"terms": {"field": "place_points", "size": PLACE_VALUES}}
    result["map"] = _under(list(chosen.values()), {"values": points, **_timelines(request, now)})
    return result


def _under(clauses: list[Clause], aggregations: Body) -> Body:
    return {"filter": {"bool": {"filter": clauses}}, "aggs": aggregations}


_INTERVALS = [
    timedelta(**step)
    for step in (
        {"minutes": 1},
        {"minutes": 5},
        {"minutes": 15},
        {"hours": 1},
        {"hours": 3},
        {"hours": 12},
        {"days": 1},
        {"days": 7},
        {"days": 30},
        {"days": 365},
    )
]


def _timelines(request: SearchRequest, now: datetime) -> Body:
    """Counts over time, named `timeline:<seconds of a bucket>`.

    Without a beginning nobody knows yet how far back the stories go: days for all of
    them and hours for the last three, of which results.py takes the one that fits.
    """
    if request.since:
        span = (request.until or now) - request.since
        step = next((s for s in _INTERVALS if span / s <= TIMELINE_BUCKETS), _INTERVALS[-1])
        return {_timeline_name(step): _histogram(step)}
    day, hour = timedelta(days=1), timedelta(hours=1)
    recent = {"range": {"published_at": {"gte": iso((request.until or now) - 3 * day)}}}
    return {
        _timeline_name(day): _histogram(day),
        "recent": {"filter": recent, "aggs": {_timeline_name(hour): _histogram(hour)}},
    }


def _timeline_name(step: timedelta) -> str:
    return f"timeline:{int(step.total_seconds())}"


def _histogram(step: timedelta) -> Body:
    return {
        "date_histogram": {
            "field": "published_at",
            "fixed_interval": in_seconds(step),
            "min_doc_count": 1,
        }
    }
