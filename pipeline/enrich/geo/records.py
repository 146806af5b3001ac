"""What a gazetteer is built from: one record per place, whatever source it came from."""

from __future__ import annotations

import math
import unicodedata
import zlib
from dataclasses import dataclass, field

from pipeline.enrich.geo.gazetteer import Kind

Division = tuple[str, ...]
"""Country code and the name or code of each division below it."""


@dataclass(slots=True)
class Record:
    """One place on its way into the gazetteer."""

    id: int
    name: str
    latitude: float
    longitude: float
    feature: str
    country: str | None = None
    population: int = 0
    admin1: Division | None = None
    admin2: Division | None = None
    names: dict[str, Kind] = field(default_factory=dict)
    """Further names; the own name needs no entry."""
    foreign: set[tuple[str, str]] = field(default_factory=set)
    """Names in one language only, each with its language: ("de", "Moskau")."""
    division: Division | None = None
    """The division that this place is, where it is one."""


def derived_id(*parts: str) -> int:
    """Returns a stable negative id for a place that has no GeoNames entry in the sources."""
    return -(zlib.crc32("/".join(parts).encode()) & 0x7FFFFFFF) - 1


def distance_km(a: Record, b: Record) -> float:
    """Returns the great-circle distance of two records in kilometres."""
    return haversine_km(a.latitude, a.longitude, b.latitude, b.longitude)


def haversine_km(lat1: float, lon1: float, lat2: float, lon2: float) -> float:
    """Returns the kilometres between two points in degrees, on a sphere of 6,371 km radius."""
    p1, p2 = math.radians(lat1), math.radians(lat2)
    h = (
        math.sin((p2 - p1) / 2) ** 2
        + math.cos(p1) * math.cos(p2) * math.sin(math.radians(lon2 - lon1) / 2) ** 2
    )
    return 12742.0 * math.asin(min(1.0, math.sqrt(h)))


def printable_alternate(name: str) -> bool:
    """Returns whether a newspaper in Latin script might print an alternate name.

    GeoNames lists codes ("LAX"), transliterations in lower case ("mwskw") and every script.
    """
    if len(name) < 3 or len(name) > 60 or not name[0].isupper():
        return False
    if name.isupper() and len(name) <= 5:
        return False
    return all(c in " '’‘ʻ-." or (c.isalpha() and "LATIN" in unicodedata.name(c, "")) for c in name)
