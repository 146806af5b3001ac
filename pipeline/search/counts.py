"""Facets, places and timeline of a search, as aggregations."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from pipeline.search.facets import FACETS
from pipeline.search.filters import facet_filters, other_filters
from pipeline.search.query import in_seconds, matching
from pipeline.search.request import SearchRequest
from pipeline.search.suggestions import pattern
from pipeline.search.visible import ANYBODY, Body, Clause, Viewer, iso, visible
from pipeline.search.words import scoring
from pipeline.wire.versions import AHEAD

FACET_VALUES = 30
"""Values shown of each facet: its most frequent ones."""
MERGED_VALUES = 100
"""Values counted of a facet whose values are merged."""
SEARCHED_VALUES = 500
"""Values of one facet that are searched by a typed text."""
PLACE_VALUES = 400
"""Places on the map: the most frequent ones."""
FIRST_YEAR = 1000
"""A span that begins before has none before it."""
TIMELINE_BUCKETS = 60
"""Buckets of a timeline at most, where the interval is known."""


def counts(
    request: SearchRequest,
    now: datetime,
    languages: Sequence[str] = (),
    viewer: Viewer = ANYBODY,
) -> Body:
    """Return the search for a request's total, facets, timeline and places.

    It is separate from the search for the hits, since Elasticsearch caches its answer until the
    index changes, for identical requests: so "now" is the beginning of the minute. A story whose
    embargo ends within the minute is counted after it.

    The filters by facet stand in `post_filter`, and each facet counts without its own, so that a
    facet shows what choosing another of its values would find.
    """
    now = now.replace(second=0, microsecond=0)
    words = scoring(request.q, languages, now)
    chosen = facet_filters(request)
    filters = [visible(now, viewer), *other_filters(request)]
    result: Body = {
        "size": 0,
        "track_total_hits": True,
        "query": {"bool": {"filter": [*filters, *([words] if words else [])]}},
        "aggs": _aggregations(request, chosen, now),
    }
    if chosen:
        result["post_filter"] = {"bool": {"filter": list(chosen.values())}}
    return result


def one_facet(
    name: str,
    typed: str,
    request: SearchRequest,
    now: datetime,
    languages: Sequence[str] = (),
    viewer: Viewer = ANYBODY,
) -> Body:
    """Return the search for the values of one facet that hold a typed text, in any case.

    Args:
        name: of the facet.
        typed: all values hold the empty text; of a facet of numbers or codes all are returned.
        request: the search whose stories are counted, without its own filter by this facet.
        now: decides embargoes.
        languages: see `pipeline.search.words.scoring`.
        viewer: whom the values are shown to.
    """
    facet = FACETS[name]
    values: Body = {"field": facet.field, "size": SEARCHED_VALUES}
    if typed and facet.value is str and facet.shown is str:
        values["include"] = f".*{pattern(typed)}.*"
    query = _beside(name, request, now, languages, viewer)
    return {**query, "aggs": {"values": {"terms": values}}}


def with_any(
    name: str,
    groups: Sequence[Sequence[str]],
    request: SearchRequest,
    now: datetime,
    languages: Sequence[str] = (),
    viewer: Viewer = ANYBODY,
) -> Body:
    """Return the search for how many stories have any value of each group, numbered from 0.

    The arguments are those of `one_facet`.
    """
    field = FACETS[name].field
    groups_of = {str(n): {"filter": {"terms": {field: g}}} for n, g in enumerate(groups)}
    return {**_beside(name, request, now, languages, viewer), "aggs": groups_of}


def earlier(
    request: SearchRequest,
    window: tuple[datetime, datetime],
    now: datetime,
    languages: Sequence[str] = (),
    viewer: Viewer = ANYBODY,
) -> Body:
    """Return the search for a request's timeline in another span, as long as its own.

    The aggregation is named `timeline:<seconds of a bucket>`.
    """
    since, until = window
    before = request.model_copy(update={"since": since, "until": until})
    step = _step(until - since)
    return {
        "size": 0,
        "track_total_hits": True,
        "query": matching(before, now.replace(second=0, microsecond=0), languages, viewer),
        "aggs": {_timeline_name(step): _histogram(step)},
    }


def span_before(request: SearchRequest, now: datetime) -> tuple[datetime, datetime] | None:
    """Return the equally long span before a request's own; None if it has no beginning."""
    since, end = request.since, request.until or now
    if since is None or end <= since or since.year < FIRST_YEAR:
        return None
    return since - (end - since), since


def _beside(
    name: str, request: SearchRequest, now: datetime, languages: Sequence[str], viewer: Viewer
) -> Body:
    """Return a search without hits, of all stories that a facet's values are counted in."""
    now = now.replace(second=0, microsecond=0)
    words = scoring(request.q, languages, now)
    others = [clause for other, clause in facet_filters(request).items() if other != name]
    filters = [visible(now, viewer), *other_filters(request), *others, *([words] if words else [])]
    return {"size": 0, "track_total_hits": False, "query": {"bool": {"filter": filters}}}


def _aggregations(request: SearchRequest, chosen: dict[str, Clause], now: datetime) -> Body:
    """Return the facets, each under the other facets' filters; timeline and places under all."""
    result: Body = {}
    for name, facet in FACETS.items():
        others = [clause for other, clause in chosen.items() if other != name]
        size = MERGED_VALUES if facet.merged else FACET_VALUES
        values = {"terms": {"field": facet.field, "size": size}}
        result[name] = _under(others, {"values": values})
    # "name|country|id|latitude,longitude": all that the map needs, without another request.
    points = {"terms": {"field": "place_points", "size": PLACE_VALUES}}
    focus = {"terms": {"field": "focus", "size": PLACE_VALUES}}
    result["map"] = _under(
        list(chosen.values()), {"values": points, "focus": focus, "times": _timeline(request, now)}
    )
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


def _timeline(request: SearchRequest, now: datetime) -> Body:
    """Return the counts over time, named `timeline:<seconds of a bucket>`.

    Without a beginning the span of the stories is not known yet. Then there are two: days for
    all stories, and hours for the last three days; `results` takes the one that fits.

    A story whose date is still to come (a wire may mistype the year) is not on the timeline.
    """
    day, hour = timedelta(days=1), timedelta(hours=1)
    end = request.until or now
    if request.since:
        step = _step(end - request.since)
        lines = {_timeline_name(step): _histogram(step)}
    else:
        recent = {"range": {"published_at": {"gte": iso(end - 3 * day)}}}
        lines = {
            _timeline_name(day): _histogram(day),
            "recent": {"filter": recent, "aggs": {_timeline_name(hour): _histogram(hour)}},
        }
    return {
        "filter": {"range": {"published_at": {"lte": iso(max(end, now) + AHEAD)}}},
        "aggs": lines,
    }


def _step(span: timedelta) -> timedelta:
    """Return the shortest interval that a span has few enough of."""
    return next((s for s in _INTERVALS if span / s <= TIMELINE_BUCKETS), _INTERVALS[-1])


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
