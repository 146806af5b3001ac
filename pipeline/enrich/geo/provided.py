"""The places that a provider names in a story's metadata, as toponyms without a span."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.enrich.geo.gazetteer import Entry, Gazetteer, Sense
from pipeline.enrich.geo.link import Toponym
from pipeline.enrich.geo.places import holds
from pipeline.enrich.geo.records import haversine_km
from pipeline.enrich.geo.toponyms import Candidate
from pipeline.wire.story import Located, Story

CLOSE_KM = 60.0
"""How far the provider's point may be from the gazetteer's for the same place."""


def provided(story: Story, gazetteer: Gazetteer) -> list[Toponym]:
    """Returns the toponyms of `story.located`, narrowed to what the provider says of each.

    A place that the gazetteer doesn't know by name is left out.
    """
    found = []
    for located in story.located:
        senses = _senses(located, gazetteer)
        if senses:
            name = located.name or located.country or ""
            found.append(Toponym(Candidate(0, 0, name, senses), "provider"))
    return found


def _senses(located: Located, gazetteer: Gazetteer) -> tuple[Sense, ...]:
    name = located.name or located.country
    if not name:
        return ()
    # Providers write "Paris, Texas" in one field where they have no other.
    senses = gazetteer.lookup(name) or gazetteer.lookup(name.partition(",")[0])
    senses = tuple(s for s in senses if s.kind != "demonym")
    lat, lon = located.latitude, located.longitude
    if lat is not None and lon is not None:
        close = [s for s in senses if _km(s.entry, lat, lon) < CLOSE_KM]
        if close:
            return tuple(close)
    country = _country(located, gazetteer)
    if country is not None:
        senses = _narrowed(senses, [country])
    if located.admin1:
        senses = _narrowed(senses, [s.entry for s in gazetteer.lookup(located.admin1)])
    return senses


def _narrowed(senses: tuple[Sense, ...], outer: Sequence[Entry]) -> tuple[Sense, ...]:
    """Returns the senses that lie in one of the places, or all senses where none does."""
    inside = tuple(
        s for s in senses if any(holds(o, s.entry) or o.row == s.entry.row for o in outer)
    )
    return inside or senses


def _country(located: Located, gazetteer: Gazetteer) -> Entry | None:
    code = (located.country_code or "").upper()
    if len(code) == 2:
        return gazetteer.country(code)
    for name in (code, located.country):
        for sense in gazetteer.lookup(name) if name else ():
            if sense.entry.feature.startswith("PCL"):
                return sense.entry
    return None


def _km(entry: Entry, latitude: float, longitude: float) -> float:
    return haversine_km(entry.latitude, entry.longitude, latitude, longitude)
