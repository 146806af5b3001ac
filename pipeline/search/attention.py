"""Attention: how many stories up to five searches find over time, and their share of all stories.

The index counts stories by hour or day; longer spans are added up here, so that a week begins on
Monday and a month on its first day on every engine. All times are UTC.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import msgspec
from pydantic import Field, model_validator

from pipeline.search.exports import safe_cell
from pipeline.search.facets import FACETS
from pipeline.search.filters import facet_filters, other_filters
from pipeline.search.query import in_seconds
from pipeline.search.request import MAX_QUERY_CHARS, SearchRequest
from pipeline.search.visible import Body, Clause, Viewer, visible
from pipeline.search.words import scoring

MAX_SEARCHES = 5
MAX_POINTS = 3_000
"""Spans of one request."""
VALUES = 10
"""Values counted where stories are also counted by a facet: the most frequent ones."""
DEFAULT_SPAN = timedelta(days=30)

Interval = Literal["hour", "day", "week", "month"]
By = Literal["source", "place", "person", "organisation", "country", "language"]

_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)


class AttentionRequest(SearchRequest):
    """Searches to compare. `q` and the filters hold for all of them, and for the total."""

    search: tuple[str, ...] = Field(min_length=1, max_length=MAX_SEARCHES)
    """Words of each search; see the syntax in docs/search.md."""
    interval: Interval = "day"
    """The span of each count."""
    by: By | None = None
    """A facet whose most frequent values are counted apart."""

    @model_validator(mode="after")
    def _bounded(self) -> AttentionRequest:
        if any(len(text) > MAX_QUERY_CHARS for text in self.search):
            raise ValueError(f"search: a search has at most {MAX_QUERY_CHARS} characters")
        if not all(text.strip() for text in self.search):
            raise ValueError("search: a search has no words")
        begin, end = span(self, datetime.now(UTC))
        if begin >= end:
            raise ValueError("until: lies before since")
        if (end - begin) / _step(self.interval) > MAX_POINTS:
            raise ValueError(f"interval: more than {MAX_POINTS} spans; choose a longer interval")
        return self


class Count(msgspec.Struct, frozen=True, kw_only=True):
    """One search in one span."""

    start: datetime
    end: datetime
    search: str
    value: str | None = None
    """The value of the facet in `by`; None of all stories."""
    count: int
    total: int
    """All stories of the span, of that value."""

    @property
    def share(self) -> float | None:
        """Return the share of all stories; None where there are none."""
        return self.count / self.total if self.total else None


def span(request: AttentionRequest, now: datetime) -> tuple[datetime, datetime]:
    """Return the beginning and the end of what is counted, at the edges of the interval."""
    end = request.until or now
    begin = request.since or end - DEFAULT_SPAN
    return floor(begin, request.interval), end


def floor(at: datetime, interval: Interval) -> datetime:
    """Return the beginning of the span that an instant lies in."""
    at = at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    if interval == "hour":
        return at
    day = at.replace(hour=0)
    if interval == "week":
        return day - timedelta(days=day.weekday())
    return day.replace(day=1) if interval == "month" else day


def following(start: datetime, interval: Interval) -> datetime:
    """Return the beginning of the next span."""
    if interval == "month":
        return (start + timedelta(days=31)).replace(day=1)
    return start + _step(interval)


def _step(interval: Interval) -> timedelta:
    return {"hour": _HOUR, "day": _DAY, "week": 7 * _DAY, "month": 28 * _DAY}[interval]


def values_body(
    request: AttentionRequest, now: datetime, languages: Sequence[str], viewer: Viewer
) -> Body:
    """Return the search for the values of `by` that the searches find most often."""
    assert request.by
    found = [scoring(text, languages, now) or {"match_none": {}} for text in request.search]
    either = {"bool": {"should": found, "minimum_should_match": 1}}
    terms = {"terms": {"field": FACETS[request.by].field, "size": VALUES}}
    return _counting(request, now, languages, viewer, [either], {"values": terms})


def body(
    request: AttentionRequest,
    values: Sequence[str],
    now: datetime,
    languages: Sequence[str],
    viewer: Viewer,
) -> Body:
    """Return the search that counts; each value of `by` apart, or all stories without values."""
    step = _HOUR if request.interval == "hour" else _DAY
    line: Body = {
        "line": {
            "date_histogram": {
                "field": "published_at",
                "fixed_interval": in_seconds(step),
                "min_doc_count": 1,
            }
        }
    }
    aggregations: Body = {"all": _by_value(request.by, values, {"match_all": {}}, line)}
    for number, text in enumerate(request.search):
        words = scoring(text, languages, now) or {"match_none": {}}
        aggregations[str(number)] = _by_value(request.by, values, words, line)
    return _counting(request, now, languages, viewer, [], aggregations)


def _by_value(by: By | None, values: Sequence[str], words: Clause, line: Body) -> Body:
    if by is None:
        return {"filter": words, "aggs": line}
    field = FACETS[by].field
    parts = {
        str(number): {"filter": {"term": {field: value}}, "aggs": line}
        for number, value in enumerate(values)
    }
    return {"filter": words, "aggs": parts} if parts else {"filter": words}


def _counting(
    request: AttentionRequest,
    now: datetime,
    languages: Sequence[str],
    viewer: Viewer,
    more: list[Clause],
    aggregations: Body,
) -> Body:
    begin, end = span(request, now)
    limited = request.model_copy(update={"since": begin, "until": end})
    words = scoring(request.q, languages, now)
    filters = [
        visible(now, viewer),
        *other_filters(limited),
        *facet_filters(request).values(),
        *([words] if words else []),
        *more,
    ]
    return {
        "size": 0,
        "track_total_hits": False,
        "query": {"bool": {"filter": filters}},
        "aggs": aggregations,
    }


def counts(
    request: AttentionRequest,
    values: Sequence[str],
    answer: Mapping[str, Any],
    now: datetime,
) -> list[Count]:
    """Return the counts of an answer to `body`: every span of every search, also empty ones."""
    found = answer["aggregations"]
    begin, end = span(request, now)
    result = []
    for number, value in enumerate(values if request.by else [None]):
        totals = _line(_part(found["all"], number, value), request.interval)
        lines = [
            _line(_part(found[str(n)], number, value), request.interval)
            for n in range(len(request.search))
        ]
        start = begin
        while start < end:
            after = following(start, request.interval)
            for text, line in zip(request.search, lines, strict=True):
                result.append(
                    Count(
                        start=start,
                        end=after,
                        search=text,
                        value=value,
                        count=line.get(start, 0),
                        total=totals.get(start, 0),
                    )
                )
            start = after
    return result


def _part(found: Mapping[str, Any], number: int, value: str | None) -> Mapping[str, Any]:
    part: Mapping[str, Any] = found if value is None else found[str(number)]
    return part


def _line(found: Mapping[str, Any], interval: Interval) -> dict[datetime, int]:
    line: dict[datetime, int] = {}
    for bucket in found["line"]["buckets"]:
        start = floor(datetime.fromtimestamp(bucket["key"] / 1000, UTC), interval)
        line[start] = line.get(start, 0) + bucket["doc_count"]
    return line


COLUMNS = ("start", "end", "search", "by", "value", "count", "total", "share")


def as_csv(request: AttentionRequest, found: Sequence[Count]) -> Iterator[bytes]:
    """Write counts as CSV, a row for each span of each search, as statistics programs read it."""
    yield _row(COLUMNS)
    for each in found:
        share = "" if each.share is None else f"{each.share:.6f}"
        yield _row(
            (
                each.start.isoformat(),
                each.end.isoformat(),
                each.search,
                request.by or "",
                shown(request, each.value),
                each.count,
                each.total,
                share,
            )
        )


def shown(request: AttentionRequest, value: str | None) -> str:
    """Return a value in words: a country's name instead of its code."""
    return "" if value is None else FACETS[request.by or ""].shown(value)


def _row(cells: Sequence[object]) -> bytes:
    line = io.StringIO()
    csv.writer(line).writerow([safe_cell(str(cell)) for cell in cells])
    return line.getvalue().encode()
