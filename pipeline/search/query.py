"""A search request as an Elasticsearch body.

Page, API, command line and alerts share these bodies. Each holds `visible`, so that no hit,
highlight, count or suggestion shows a withdrawn story or one whose embargo has not passed.

Relevance is the score of the words (see `words`), multiplied by RECENCY_FLOOR + recency, where
recency is 1 for FRESH_FOR and halves every HALF_LIFE.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from pipeline.search.filters import facet_filters, other_filters
from pipeline.search.request import SearchRequest
from pipeline.search.visible import ANYBODY, Body, Clause, Viewer, iso, visible
from pipeline.search.words import scoring

RECENCY_FLOOR = 0.3
"""Of an old story's score: a perfect match of last year still ranks above a poor one of today."""
FRESH_FOR = timedelta(hours=3)
HALF_LIFE = timedelta(days=2)

RESULT_FIELDS = (
    "id",
    "source",
    "version",
    "clock",
    "status",
    "signal",
    "headline",
    "slugline",
    "byline",
    "dateline",
    "summary",
    "body",
    "language",
    "provenance.language",
    "urgency",
    "published_at",
    "version_created",
    "embargoed_until",
    "indexed_at",
    "places.geonames_id",
    "places.name",
    "places.location",
    "places.country_code",
    "places.role",
    "places.confidence",
    "persons",
    "changed",
)
"""The fields that a result is made of; of the body it shows snippets."""


def body(
    request: SearchRequest,
    now: datetime,
    languages: Sequence[str] = (),
    viewer: Viewer = ANYBODY,
) -> Body:
    """Return the search for a request's hits; `counts` returns the one for its facets.

    Args:
        request: the search.
        now: decides embargoes and recency; an aware datetime.
        languages: those with a field `text.<language>`, see `pipeline.index.analysis`.
        viewer: whom the hits are shown to.
    """
    words = scoring(request.q, languages, now)
    chosen = facet_filters(request)
    filters = [visible(now, viewer), *other_filters(request)]
    result: Body = {
        "size": request.size,
        "track_total_hits": not request.facets,
        "_source": [*RESULT_FIELDS, *(("fingerprint",) if request.collapse is True else ())],
        "query": _scored(words, filters, now),
        "sort": _sort(request, bool(words)),
    }
    if chosen:
        result["post_filter"] = {"bool": {"filter": list(chosen.values())}}
    return result


def matching(
    request: SearchRequest,
    now: datetime,
    languages: Sequence[str] = (),
    viewer: Viewer = ANYBODY,
) -> Clause:
    """Return the unscored query with every filter, as alerts and the live stream evaluate it."""
    words = scoring(request.q, languages, now)
    filters = [visible(now, viewer), *other_filters(request), *facet_filters(request).values()]
    return {"bool": {"filter": [*filters, *([words] if words else [])]}}


def _scored(words: Clause | None, filters: list[Clause], now: datetime) -> Clause:
    if words is None:
        return {"bool": {"filter": filters}}
    return {
        "function_score": {
            "query": {"bool": {"must": [words], "filter": filters}},
            "functions": [
                {
                    # A story without any time would count as brand-new in the decay.
                    "filter": {"exists": {"field": "published_at"}},
                    "gauss": {
                        "published_at": {
                            "origin": iso(now),
                            "offset": in_seconds(FRESH_FOR),
                            "scale": in_seconds(HALF_LIFE),
                            "decay": 0.5,
                        }
                    },
                    "weight": 1.0,
                },
                {"weight": RECENCY_FLOOR},
            ],
            "score_mode": "sum",
            "boost_mode": "multiply",
        }
    }


def _sort(request: SearchRequest, words: bool) -> list[Clause]:
    order = request.sort if request.sort != "auto" else "relevance" if words else "newest"
    newest = {"published_at": {"order": "desc", "missing": "_last"}}
    tie = {"id": {"order": "asc"}}
    match order:
        case "relevance":
            return [{"_score": {"order": "desc"}}, newest, tie]
        case "oldest":
            return [{"published_at": {"order": "asc", "missing": "_last"}}, tie]
        case _:
            return [newest, tie]


def in_seconds(span: timedelta) -> str:
    """Return a span as Elasticsearch writes it: "3600s"."""
    return f"{int(span.total_seconds())}s"
