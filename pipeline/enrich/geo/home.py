"""The home region of a feed: where a story without other evidence takes place.

A local paper writes "Springfield" and means its own. The region is a country or a first division
of one, "GB" or "US-Tennessee". It is learned from the places that the feed's own stories were
resolved to: a story counts once for each division that it names, and less the older it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pipeline.enrich.geo.gazetteer import Entry, Gazetteer
from pipeline.wire.enriched import Place
from pipeline.wire.errors import SetupError

HALF_LIFE_DAYS = 30.0
"""After so long a story counts half."""
ENOUGH = 4.0
"""Stories, each by its weight, from which on a region is learned."""
DIVISION_SHARE = 0.45
"""Share of the stories with places that name one in the division."""
COUNTRY_SHARE = 0.75
CERTAIN = 0.5
"""Places of less confidence are no evidence."""


@dataclass(frozen=True, slots=True)
class Learned:
    """What the stories of one feed say of its home."""

    region: str | None
    """None where no region stands out."""
    leading: str | None
    """The region that most stories name, whether it stands out or not."""
    share: float
    """Share of the stories that name a place in the leading region."""
    stories: float
    """Stories with places, each by its weight."""


def weight(age_days: float) -> float:
    """Returns how much a story of an age counts."""
    return float(0.5 ** (max(0.0, age_days) / HALF_LIFE_DAYS))


def divisions(places: Sequence[Place]) -> list[str]:
    """Returns the first divisions that a story's places lie in, "US-Tennessee", each once.

    A place without one gives its country alone: "MC".
    """
    found: dict[str, None] = {}
    for place in places:
        named = place.role in ("mentioned", "dateline") and place.confidence >= CERTAIN
        if named and place.country_code:
            name = place.name if place.feature == "ADM1" else place.admin1
            found[f"{place.country_code}-{name}" if name else place.country_code] = None
    return list(found)


def learned(counts: Mapping[str, float], stories: float) -> Learned:
    """Returns the home that stories with places speak for.

    Args:
        counts: how many stories name each region: divisions, and countries in all.
        stories: how many there are.
    """
    inside = {name: n for name, n in counts.items() if "-" in name}
    whole = {name: n for name, n in counts.items() if "-" not in name}
    for regions, least in ((inside, DIVISION_SHARE), (whole, COUNTRY_SHARE)):
        leading = max(sorted(regions), key=lambda name: regions[name], default=None)
        share = regions[leading] / stories if leading and stories else 0.0
        if stories >= ENOUGH and share >= least:
            return Learned(leading, leading, share, stories)
    leading = max(sorted(counts), key=lambda name: counts[name], default=None)
    return Learned(None, leading, counts[leading] / stories if leading else 0.0, stories)


def region(name: str, gazetteer: Gazetteer) -> Entry:
    """Returns the place of "US-TN", "US-Tennessee" or "GB".

    Raises:
        SetupError: the gazetteer has no such region.
    """
    country, _, division = name.partition("-")
    if not division:
        entry = gazetteer.country(country)
        if entry is not None:
            return entry
    for sense in gazetteer.lookup(division):
        if sense.entry.country == country and sense.entry.feature == "ADM1":
            return sense.entry
    raise SetupError(f"no region {name!r} in the gazetteer: write it as US-TX, US-Texas or GB")
