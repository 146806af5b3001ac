"""Enriched stories written for tests: say what matters, the rest is filled in."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from pipeline.wire.enriched import Enriched, Entity, Mention, Place, Provenance
from pipeline.wire.story import Dateline, Story, Subject
from pipeline.wire.versions import Held, followed, index_version, is_newer, trusted_time

PLACES = {
    "Paris": (2988507, 48.85341, 2.3488, "France", "FR", 2_138_551),
    "Lyon": (2996944, 45.74846, 4.84671, "France", "FR", 522_969),
    "Berlin": (2950159, 52.52437, 13.41053, "Germany", "DE", 3_426_354),
    "Suva": (2198148, -18.14161, 178.44149, "Fiji", "FJ", 93_970),
    "Nairobi": (184745, -1.28333, 36.81667, "Kenya", "KE", 2_750_547),
    "Lima": (3936456, -12.04318, -77.02824, "Peru", "PE", 7_737_002),
    "Tokyo": (1850147, 35.6895, 139.69171, "Japan", "JP", 8_336_599),
}
"""GeoNames id, latitude, longitude, country, its code, population."""


def enriched(
    id: str,
    headline: str = "A headline",
    body: str = "A body.",
    *,
    persons: Iterable[str] = (),
    organisations: Iterable[str] = (),
    places: Iterable[str] = (),
    subjects: Iterable[tuple[str, str]] = (),
    dateline: str | None = None,
    published_at: datetime | None = None,
    **story: Any,
) -> Enriched:
    """A record whose entities and places are found where the body names them."""
    record = Story(
        id=id,
        headline=headline,
        body=body,
        dateline=Dateline(text=f"{dateline} —", place=dateline) if dateline else None,
        subjects=tuple(Subject(code=code, name=name) for code, name in subjects),
        version_created=published_at,
        **{"source": "AP", "language": "en", **story},
    )
    entities = [
        Entity(
            id=f"{label.lower()}:{name.lower()}",
            text=name,
            label=label,
            mentions=_found(name, body),
        )
        for label, names in (("PERSON", persons), ("ORG", organisations))
        for name in names
    ]
    return Enriched(
        story=record,
        entities=tuple(entities),
        places=tuple(place(name, body) for name in places),
        provenance=Provenance(pipeline="0.1.0", model="none", gazetteer="test", revision=1),
    )


def place(name: str, body: str = "") -> Place:
    """A place of PLACES, mentioned where the body names it."""
    geonames_id, latitude, longitude, country, code, population = PLACES[name]
    return Place(
        geonames_id=geonames_id,
        name=name,
        mentions=_found(name, body),
        latitude=latitude,
        longitude=longitude,
        country=country,
        country_code=code,
        population=population,
        feature="PPL",
        confidence=0.9,
        reason="written so in the test",
    )


def _found(name: str, text: str) -> tuple[Mention, ...]:
    start = text.find(name)
    return (Mention(start=start, end=start + len(name)),) if start >= 0 else ()


def last_of(deliveries: Sequence[Story]) -> Story:
    """Return what is left when versions arrive in this order, each compared with the last."""
    last, held = deliveries[0], None
    for story in deliveries:
        if is_newer(story, 1, held):
            version = index_version(story, 1, followed(story, held))
            assert held is None or version > held.version
            last = story
            held = Held(version, trusted_time(story), story.received_at)
    return last
