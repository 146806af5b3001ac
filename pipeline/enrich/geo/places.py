"""What can be said of gazetteer places alone: their class, prominence, containment."""

from __future__ import annotations

import math
from collections.abc import Sequence

from pipeline.enrich.geo.gazetteer import Entry, Sense

_FLOOR = {"PCLI": 6.5, "PCLD": 4.5, "CONT": 8.5, "OCN": 7.5, "SEA": 6.5, "ADM1": 5.5}
_FAMOUS_REGION, _REGION, _NATURAL, _CAPITAL = 6.0, 2.0, 5.5, 6.3


def prominence(entry: Entry) -> float:
    """Return how likely a place is to be meant, all else unknown: a population, in powers of ten.

    Seas and ranges have no people and capitals stand for their country: they count as if
    they had more.
    """
    base = math.log10(entry.population + 1)
    if entry.feature in _FLOOR:
        return max(base, _FLOOR[entry.feature])
    if entry.feature == "PPLC" and entry.population > 50_000:
        return max(base, _CAPITAL)
    if entry.feature == "RGN":
        return max(base, _FAMOUS_REGION if entry.id < 0 else _REGION)
    if entry.population == 0 and not entry.feature.startswith(("PPL", "ADM")):
        return _NATURAL
    return base


def holds(outer: Entry, inner: Entry) -> bool:
    """Return whether one place lies in the other, by the gazetteer's divisions."""
    if outer.feature.startswith("PCL"):
        return outer.country == inner.country and outer.row != inner.row
    return outer.row in (inner.admin1, inner.admin2)


def _is_in(town: Entry, division: Entry) -> bool:
    """Returns True for a town that has most of a division's people."""
    return town.country == division.country and 2 * town.population > division.population


def entry_class(entry: Entry) -> str:
    """Return the broad class of a place: country, first division, division, capital, city..."""
    feature = entry.feature
    if feature.startswith("PCL"):
        return "country"
    if feature == "ADM1":
        return "first division"
    if feature.startswith("ADM"):
        return "division"
    if feature == "PPLC":
        return "capital"
    if feature.startswith("PPL"):
        return "city"
    return "region" if feature in ("RGN", "CONT") else "natural"


def gazetteer_class(senses: Sequence[Sense]) -> str:
    """Return the class of a name: that of its most prominent place, with cities classed by size."""
    places = [s.entry for s in senses if s.kind != "demonym"]
    if not places:
        return "demonym" if senses else "unknown"
    best = max(places, key=prominence)
    kind = entry_class(best)
    if kind == "division":  # Paris is also a department, of as many people
        same = [p for p in places if p.feature.startswith("PPL") and _is_in(p, best)]
        best = max(same, key=prominence, default=best)
        kind = entry_class(best)
    if kind in ("capital", "city"):
        for limit, name in ((1e6, "metropolis"), (1e5, "city"), (15e3, "town")):
            if best.population >= limit:
                return name
        return "village"
    if best.feature == "RGN" and prominence(best) <= _REGION:
        return "small region"
    return kind
