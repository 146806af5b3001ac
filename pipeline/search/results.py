"""Elasticsearch responses as typed pages of results."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from pipeline.search.countries import country_name
from pipeline.search.counts import FACET_VALUES, TIMELINE_BUCKETS
from pipeline.search.facets import FACETS
from pipeline.search.marks import Marker, Text
from pipeline.search.suggestions import folded
from pipeline.wire.versions import AHEAD

_AS_THEY_ARE = (
    "id", "source", "slugline", "byline", "summary", "language", "urgency", "signal", "version",
    "clock", "published_at", "indexed_at", "embargoed_until", "persons", "changed",
)  # fmt: skip
"""Fields of a hit that are copied from the document."""


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """A place that a story names."""

    geonames_id: int
    name: str
    latitude: float
    longitude: float
    country_code: str | None = None
    role: str | None = None
    confidence: float = 0.0


class Similar(msgspec.Struct, frozen=True, kw_only=True):
    """A near-duplicate of another story."""

    id: str
    source: str | None = None
    headline: str | None = None
    slugline: str | None = None
    published_at: datetime | None = None


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """What one agency has of an event."""

    source: str | None = None
    stories: int
    story: str
    """Its first story."""
    first_at: datetime | None = None
    behind_seconds: int | None = None
    """How long after the first agency it had the event; 0 for the first."""


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """An event in a list."""

    id: str
    """The id of its first story."""
    headline: str | None = None
    """Of its newest story that is more than a flash."""
    newest: str
    """The id of the story with that headline."""
    stories: int
    sources: tuple[Source, ...]
    """The first to report it stands first."""
    languages: dict[str, int]
    """How many stories are in each."""
    first_at: datetime | None = None
    """When the first agency had it: its own time, or that of the receipt."""
    last_at: datetime | None = None
    """When its newest version was published."""


class Hit(msgspec.Struct, frozen=True, kw_only=True):
    """One story in a list of results."""

    id: str
    source: str | None = None
    headline: Text
    slugline: str | None = None
    byline: str | None = None
    dateline: str | None = None
    summary: str | None = None
    snippets: tuple[Text, ...] = ()
    language: str | None = None
    urgency: int | None = None
    signal: str | None = None
    version: int | None = None
    clock: str | None = None
    """What orders the versions of the story: see `pipeline.wire.story.Clock`."""
    published_at: datetime | None = None
    dated: datetime | None = None
    """The agency's own date, if it can't be true: it lies more than a day after the receipt."""
    indexed_at: datetime | None = None
    embargoed_until: datetime | None = None
    places: tuple[Place, ...] = ()
    persons: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    """The kinds of facts that changed from the version before: "figures", "dates"."""
    score: float | None = None
    similar: tuple[Similar, ...] = ()
    """The near-duplicates hidden behind this story, if results are collapsed."""
    event: Summary | None = None
    """The event that the story stands for, if results are listed by event."""


class FacetValue(msgspec.Struct, frozen=True, kw_only=True):
    """A value of a facet, and the number of stories that have it."""

    value: str
    count: int
    label: str = ""
    """The value as people read it: a country's name instead of its code."""
    forms: tuple[str, ...] = ()
    """Other values that name the same person, and are counted here: "Obama"."""


class TimeBucket(msgspec.Struct, frozen=True, kw_only=True):
    """A span of time, without its end, and the number of stories in it."""

    start: datetime
    end: datetime
    count: int


class Earlier(msgspec.Struct, frozen=True, kw_only=True):
    """The equally long span before the one that is searched."""

    total: int
    span: timedelta
    timeline: tuple[TimeBucket, ...] = ()


class PlaceCount(msgspec.Struct, frozen=True, kw_only=True):
    """A place on the map, and the number of stories that name it."""

    geonames_id: int
    name: str
    country_code: str | None = None
    latitude: float
    longitude: float
    count: int
    focus: int = 0
    """The number of these stories that are about the place."""
    is_country: bool = False


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """A page of results, with the counts that the page shows beside them."""

    total: int
    hits: tuple[Hit, ...]
    facets: dict[str, tuple[FacetValue, ...]] = {}
    timeline: tuple[TimeBucket, ...] = ()
    places: tuple[PlaceCount, ...] = ()
    left_out: tuple[str, ...] = ()
    """Parts of the query that were left out, since no story has all of them."""
    meant: str | None = None
    """The query in another spelling, which may be what was meant: with hits and nothing left out,
    they are its hits."""
    took_ms: int = 0
    timed_out: bool = False
    """True when the search was stopped at its time limit: counts are lower bounds."""

    def said(self) -> list[str]:
        """Return a sentence for what was left out, and one for what may be meant."""
        if not self.meant:
            return self.lacking()
        if self.is_respelt:
            return [f"No story has the words as typed. These are the stories for “{self.meant}”."]
        return [*self.lacking(), f"Did you mean “{self.meant}”?"]

    @property
    def is_respelt(self) -> bool:
        """Return whether the hits are those of the query in another spelling."""
        return bool(self.meant and self.hits and not self.left_out)

    def lacking(self) -> list[str]:
        """Return a sentence for what was left out."""
        words = ", ".join(f"“{part}”" for part in self.left_out)
        was = "was" if len(self.left_out) == 1 else "were"
        return [f"No story has all the words: {words} {was} left out."] if words else []


def page(response: Mapping[str, Any], q: str = "") -> Page:
    """Return the page for a response to `pipeline.search.query.body`.

    Args:
        response: of Elasticsearch.
        q: the words that are marked in headlines and snippets.
    """
    marker = Marker(q)
    aggregations = response.get("aggregations") or {}
    total = response["hits"].get("total") or {"value": 0}
    return Page(
        total=total["value"],
        hits=tuple(hit(found, marker) for found in response["hits"]["hits"]),
        facets={
            name: tuple(facet_values(name, aggregations[name]["values"]["buckets"])[:FACET_VALUES])
            for name in FACETS
            if name in aggregations
        },
        timeline=tuple(_timeline(aggregations.get("map") or {})),
        places=tuple(_places(aggregations.get("map") or {})),
        took_ms=response.get("took", 0),
        timed_out=response.get("timed_out", False),
    )


def earlier(response: Mapping[str, Any], span: timedelta) -> Earlier:
    """Return the answer to `pipeline.search.counts.earlier`."""
    buckets = _timeline({"times": response.get("aggregations") or {}})
    return Earlier(total=response["hits"]["total"]["value"], span=span, timeline=tuple(buckets))


def counted(response: Mapping[str, Any], counts: Mapping[str, Any]) -> dict[str, Any]:
    """Combine the response to a search for hits with the response to one for counts."""
    return {
        **response,
        "hits": {**response["hits"], "total": counts["hits"]["total"]},
        "aggregations": counts.get("aggregations") or {},
        "took": max(response.get("took", 0), counts.get("took", 0)),
        "timed_out": response.get("timed_out", False) or counts.get("timed_out", False),
    }


def hit(found: Mapping[str, Any], marker: Marker) -> Hit:
    """Return one hit of a response, with the marker's words marked."""
    source = found["_source"]
    dateline = source.get("dateline") or {}
    language = (source.get("provenance") or {}).get("language") or source.get("language")
    fields = {
        **{name: source[name] for name in _AS_THEY_ARE if name in source},
        "headline": marker.marked(source.get("headline") or "", language),
        "dateline": dateline.get("place") or dateline.get("text"),
        "snippets": marker.snippets(source.get("body") or "", language),
        "places": [_place(found) for found in source.get("places", ())],
        "dated": misdated(source),
        "score": found.get("_score"),
        "similar": [
            {name: each["_source"].get(name) for name in Similar.__struct_fields__}
            for each in found.get("similar", ())
        ],
        "event": found.get("event"),
    }
    return msgspec.convert(fields, Hit)


def misdated(source: Mapping[str, Any]) -> datetime | None:
    """Return a version's own date if it lies too far ahead to count as its time of publication."""
    own, counted_as = source.get("version_created"), source.get("published_at")
    if not own or not counted_as:
        return None
    dated = datetime.fromisoformat(own)
    return dated if dated - datetime.fromisoformat(counted_as) > AHEAD else None


def _place(source: Mapping[str, Any]) -> dict[str, Any]:
    point = source["location"]
    return {**source, "latitude": point["lat"], "longitude": point["lon"]}


def holding(typed: str, values: Sequence[FacetValue], size: int) -> tuple[FacetValue, ...]:
    """Return the values whose label or other forms hold a typed text, without case and accents."""
    wanted = folded(typed)
    held = [v for v in values if any(wanted in folded(text) for text in (v.label, *v.forms))]
    return tuple(held[:size])


def facet_values(name: str, buckets: Sequence[Mapping[str, Any]]) -> list[FacetValue]:
    """Return the values of a facet as their buckets stand, forms of one person as one."""
    return [
        FacetValue(
            value=str(bucket["key"]),
            count=bucket["doc_count"],
            label=FACETS[name].shown(str(bucket["key"])),
            forms=tuple(bucket.get("forms", ())),
        )
        for bucket in buckets
    ]


def _places(aggregation: Mapping[str, Any]) -> Iterator[PlaceCount]:
    focus = {b["key"]: b["doc_count"] for b in aggregation.get("focus", {}).get("buckets", ())}
    for bucket in aggregation.get("values", {}).get("buckets", ()):
        # From the right: only the place's name may contain the separator.
        name, country, geonames_id, point = bucket["key"].rsplit("|", 3)
        latitude, longitude = point.split(",")
        yield PlaceCount(
            geonames_id=int(geonames_id),
            name=name,
            country_code=country or None,
            latitude=float(latitude),
            longitude=float(longitude),
            count=bucket["doc_count"],
            focus=focus.get(int(geonames_id), 0),
            is_country=bool(country) and country_name(country) == name,
        )


def _timeline(aggregation: Mapping[str, Any]) -> list[TimeBucket]:
    """Return the finest timeline that has all stories, without gaps."""
    times = aggregation.get("times", {})
    found = {**times, **times.get("recent", {})}
    lines = {
        int(name.partition(":")[2]): {b["key"]: b["doc_count"] for b in line["buckets"]}
        for name, line in found.items()
        if name.startswith("timeline:")
    }
    if not lines:
        return []
    most = max(sum(line.values()) for line in lines.values())
    step = min(seconds for seconds, line in lines.items() if sum(line.values()) == most)
    return _filled(lines[step], step * 1000)


def _filled(counts: Mapping[int, int], step: int) -> list[TimeBucket]:
    if not counts:
        return []
    first, last = int(min(counts)), int(max(counts))
    wide = step
    while (last - first) // wide + 1 > TIMELINE_BUCKETS * 2:
        wide *= 2
    totals = dict.fromkeys(range(first, last + 1, wide), 0)
    for key, count in counts.items():
        totals[first + (int(key) - first) // wide * wide] += count
    return [
        TimeBucket(start=_instant(key), end=_instant(key + wide), count=count)
        for key, count in totals.items()
    ]


def _instant(milliseconds: int) -> datetime:
    """Return a bucket's edge; it may lie outside the years that a date can have."""
    try:
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=milliseconds)
    except OverflowError:
        edge = datetime.max if milliseconds > 0 else datetime.min
        return edge.replace(tzinfo=UTC)
