"""An enriched story as a document, and back.

A document is the record's JSON form with the story's fields at the root, plus arrays
derived for Kibana. It holds all that the record holds, so `enriched` gives the record
back: the worker uses that to restore a newest version to the compacted topic.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from pipeline.enrich.geo.home import divisions
from pipeline.index.fingerprint import as_fields, fingerprint
from pipeline.index.mapping import FOLDED_NAMES, FOLDED_TEXTS
from pipeline.index.stems import BREAK, base_language, folded, folded_name, spoken_by
from pipeline.wire.enriched import Enriched, Place
from pipeline.wire.errors import MappingError
from pipeline.wire.labels import PLACES, Label
from pipeline.wire.versions import trusted_time

Document = dict[str, Any]

BEYOND = {"version": 2**63 - 1, "urgency": 2**31 - 1, "priority": 2**31 - 1}
"""The largest value of each number that a wire may send larger than its field."""
PROMINENT = 0.5
"""Salience from which on a story counts as being about an entity."""


def document(record: Enriched, languages: Iterable[str] = ()) -> Document:
    """Return the document to index for a record, without the time of indexing.

    Args:
        record: an enriched story.
        languages: those that the server may have an analyzer for, which get `text.<language>`.
    """
    story = record.story
    result: Document = {
        key: value
        for key, value in msgspec.to_builtins(story).items()
        if value is not None and value != []
    }
    if at := trusted_time(
        story, record.provenance.enriched_at
    ):  # when the version counts as published
        result["published_at"] = msgspec.to_builtins(at)
    base = record.provenance.language or (story.language or "").split("-")[0]
    if base in languages and story.body:
        result["text"] = {base: "\n\n".join(part for part in (story.headline, story.body) if part)}
    result["entities"] = [
        {**msgspec.to_builtins(entity), "count": len(entity.mentions)} for entity in record.entities
    ]
    if record.quotes:
        result["quotes"] = msgspec.to_builtins(record.quotes)
        speakers = {quote.speaker for quote in record.quotes}
        result["quoted"] = _unique(e.name or e.text for e in record.entities if e.id in speakers)
    result["places"] = [_place(msgspec.to_builtins(place)) for place in record.places]
    for label in Label:
        if label.field:
            result[label.field] = _names(record, label)
    result["place_names"] = _unique(place.name for place in record.places)
    result["within"] = _unique(
        name for place in record.places for name in (place.admin1, place.country) if name
    )
    result["place_ids"] = _unique(place.geonames_id for place in record.places)
    result["place_points"] = _unique(_point(place) for place in record.places)
    result["countries"] = _unique(p.country_code for p in record.places if p.country_code)
    result["divisions"] = divisions(record.places)
    result["locations"] = _unique_points(record)
    filed = next((place for place in record.places if place.role == "dateline"), None)
    if filed:
        result["filed_from"] = {"lat": filed.latitude, "lon": filed.longitude}
    if record.topics:
        result["topics"] = [
            {key: value for key, value in msgspec.to_builtins(topic).items() if value is not None}
            for topic in record.topics
        ]
        result["top_topics"] = [topic.name for topic in record.topics if topic.level == 1]
    result["focus"] = list(record.focus)
    if record.focus_country:
        result["focus_country"] = record.focus_country
    if record.follows is not None:
        result["follows"] = record.follows
    if found := fingerprint(story.body):
        result["fingerprint"] = as_fields(found)
    result["provenance"] = msgspec.to_builtins(record.provenance)
    result["folded"] = _folded(result, base_language(record.provenance.language or story.language))
    return _within_limits(result)


def _folded(document: Document, language: str) -> Document:
    """Return what a document's texts and names are searched as."""
    dateline = document.get("dateline") or {}
    line = dateline.get("text") or dateline.get("place")
    texts = {**document, "dateline": line}
    toponyms = [e["text"] for e in document["entities"] if e["label"] in PLACES]
    names = {**document, "place_names": _unique([*document["place_names"], *toponyms])}
    found: Document = {
        **{name: folded(texts[name], language) for name in FOLDED_TEXTS if texts.get(name)},
        **{name: [folded_name(each) for each in names.get(name, ())] for name in FOLDED_NAMES},
        "prominent": [
            folded_name(entity.get("name") or entity["text"])
            for entity in document["entities"]
            if entity["salience"] >= PROMINENT
        ],
        "quotes": _quotes(document, language),
    }
    return {name: value for name, value in found.items() if value}


def _quotes(document: Document, language: str) -> list[str]:
    """Return who says what in a document, a line for each quote."""
    speakers = {each["id"]: each for each in document.get("entities", ())}
    found = []
    for quote in document.get("quotes", ()):
        speaker = speakers.get(quote["speaker"], {})
        names = dict.fromkeys(name for key in ("text", "name") if (name := speaker.get(key)))
        said = document.get("body", "")[quote["start"] : quote["end"]]
        found.append(f" {BREAK} ".join([*map(spoken_by, names), folded(said, language)]))
    return found


def _within_limits(document: Document) -> Document:
    """Return the document with the values that the mapping can't hold moved to "beyond".

    There they are kept and not searched, so that one odd value does not lose a story.
    """
    beyond: Document = {}
    for name, most in BEYOND.items():
        if (value := document.get(name)) is not None and not -most - 1 <= value <= most:
            beyond[name] = str(document.pop(name))  # a larger integer is not JSON for everybody
    if any(not _on_earth(located) for located in document.get("located", ())):
        beyond["located"] = document["located"]
        document["located"] = [
            located if _on_earth(located) else {**located, "latitude": None, "longitude": None}
            for located in document["located"]
        ]
    return {**document, "beyond": beyond} if beyond else document


def _on_earth(located: dict[str, Any]) -> bool:
    """Return whether coordinates are absent or numbers that a place can have."""
    latitude, longitude = located.get("latitude"), located.get("longitude")
    return (latitude is None or -90 <= latitude <= 90) and (
        longitude is None or -180 <= longitude <= 180
    )


_BARE = frozenset(
    {"id", "eve_id", "source", "version", "status", "received_at", "format", "clock", "feed"}
    | {"published_at", "indexed_at", "record", "follows", "unseen"}
)


def bare(document: Document) -> Document:
    """Return a withdrawn story's document with nothing that an index could refuse.

    What it says is that the story is withdrawn, in which version, and by which record.
    """
    provenance = {
        key: value
        for key, value in document["provenance"].items()
        if key in ("pipeline", "model", "gazetteer", "revision")
    }
    kept = {key: value for key, value in document.items() if key in _BARE}
    return {**kept, "provenance": provenance}


def enriched(source: Document) -> Enriched:
    """Return the record that a document was made of.

    Raises:
        MappingError: the document was not made by `document`.
    """
    beyond = source.get("beyond", {})
    numbers = {name: int(beyond[name]) for name in BEYOND if name in beyond}
    located = {"located": beyond["located"]} if "located" in beyond else {}
    # An index of mapping 4 has names there that were too many to nest.
    entities, places = (
        [*source.get(name, ()), *beyond.get(name, ())] for name in ("entities", "places")
    )
    try:
        return msgspec.convert(
            {
                "story": {**source, **numbers, **located},
                "entities": entities,
                "places": [_from_point(place) for place in places],
                "quotes": source.get("quotes", []),
                "focus": source.get("focus", []),
                "focus_country": source.get("focus_country"),
                "topics": source.get("topics", []),
                "follows": source.get("follows"),
                "provenance": source["provenance"],
            },
            Enriched,
        )
    except (msgspec.ValidationError, KeyError) as error:
        raise MappingError(f"not a document of newswire's: {error}") from error


def _place(place: dict[str, Any]) -> dict[str, Any]:
    point = {"lat": place.pop("latitude"), "lon": place.pop("longitude")}
    return {**place, "location": point, "count": len(place["mentions"])}


def _from_point(place: dict[str, Any]) -> dict[str, Any]:
    return {**place, "latitude": place["location"]["lat"], "longitude": place["location"]["lon"]}


def _point(place: Place) -> str:
    country = place.country_code or ""
    return f"{place.name}|{country}|{place.geonames_id}|{place.latitude},{place.longitude}"


def _names(record: Enriched, label: Label) -> list[str]:
    return _unique(e.name or e.text for e in record.entities if e.label == label)


def _unique(values: Iterable[Any]) -> list[Any]:
    return list(dict.fromkeys(values))


def _unique_points(record: Enriched) -> list[dict[str, float]]:
    points = dict.fromkeys((place.latitude, place.longitude) for place in record.places)
    return [{"lat": latitude, "lon": longitude} for latitude, longitude in points]
