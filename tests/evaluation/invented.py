"""Invented stories, made of gazetteer places alone: local news and world news.

No corpus at hand holds local news of the kind where "Paris" is a town of 25,000 in Texas.
These lists of places stand in for it: a town, others within an hour's drive, sometimes its
county, state or country, and a few far and famous ones. They exercise the choice among
namesakes, not recognition, and they are drawn from a seed.
"""

from __future__ import annotations

import random
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import accumulate

from pipeline.enrich.geo.gazetteer import Entry, Gazetteer
from pipeline.enrich.geo.link import Toponym
from pipeline.enrich.geo.records import haversine_km
from pipeline.enrich.geo.toponyms import Candidate

COUNTRIES = {"US": 0.7, "GB": 0.08, "CA": 0.07, "AU": 0.05, "IN": 0.04, "IE": 0.03, "ZA": 0.03}


@dataclass(frozen=True, slots=True)
class Invented:
    """Toponyms as recognition would give them, and the place that each means."""

    toponyms: tuple[Toponym, ...]
    meant: tuple[Entry, ...]
    home: Entry | None = None
    """The first division that its paper is at home in."""
    paper: int = 0


class Inventor:
    """Draws stories from a gazetteer."""

    def __init__(self, gazetteer: Gazetteer, seed: int, evenness: float = 0.5) -> None:
        self._evenness = evenness
        self._gazetteer = gazetteer
        self._random = random.Random(seed)
        towns = [gazetteer.entry(row) for row in range(gazetteer.header["places"])]
        towns = [t for t in towns if t.feature.startswith("PPL")]
        self._famous = [t for t in towns if t.population > 500_000]
        self._towns = {c: [t for t in towns if t.country == c] for c in COUNTRIES}
        for country in COUNTRIES:
            self._towns[country].sort(key=lambda t: (t.latitude, t.row))

    def papers(self, count: int, stories: int) -> Iterator[Invented]:
        """Stories of local papers: most of their own division, short, with few places each."""
        for paper in range(count):
            draw = self._random
            [code] = draw.choices(list(COUNTRIES), list(COUNTRIES.values()))
            seat = self._weighted([t for t in self._towns[code] if t.admin1 is not None])
            home = self._gazetteer.entry(seat.admin1 or 0)
            near = self._close(code, seat)
            inside = [t for t in self._towns[code] if t.admin1 == home.row]
            for _ in range(stories):
                kind = draw.random()
                if kind < 0.15:  # from elsewhere
                    meant = [self._weighted(self._famous) for _ in range(draw.randint(1, 3))]
                elif kind < 0.3:
                    meant = [self._weighted(self._towns[code])]
                else:
                    meant = [self._weighted(draw.choice((near, inside)))]
                    for _ in range(draw.choice((0, 0, 0, 1, 1, 2))):
                        meant.append(self._weighted(draw.choice((near, inside))))
                    if draw.random() < 0.3:
                        meant.append(home)
                    if draw.random() < 0.25:
                        meant.append(self._weighted(self._famous))
                yield replace(self._story(meant), home=home, paper=paper)

    def local(self, count: int) -> Iterator[Invented]:
        """Stories of one place and its neighbours."""
        for _ in range(count):
            draw = self._random
            [code] = draw.choices(list(COUNTRIES), list(COUNTRIES.values()))
            centre = self._weighted(self._towns[code])
            around = [t for t in self._close(code, centre) if t.row != centre.row]
            meant = [centre]
            for _ in range(min(len(around), draw.randint(1, 5))):
                meant.append(self._weighted(around))
            if centre.admin1 is not None and draw.random() < 0.4:
                meant.append(self._gazetteer.entry(centre.admin1))
            if centre.admin2 is not None and draw.random() < 0.3:
                meant.append(self._gazetteer.entry(centre.admin2))
            country = self._gazetteer.country(code)
            if country is not None and draw.random() < 0.2:
                meant.append(country)
            for _ in range(draw.choice((0, 0, 0, 1, 1, 2))):
                meant.append(self._weighted(self._famous))
            yield self._story(meant)

    def world(self, count: int) -> Iterator[Invented]:
        """Stories of cities and countries all over the world."""
        codes = sorted(self._gazetteer.country_rows)
        for _ in range(count):
            draw = self._random
            meant = [self._weighted(self._famous) for _ in range(draw.randint(1, 5))]
            for _ in range(draw.randint(1, 4)):
                country = self._gazetteer.country(draw.choice(codes))
                if country is not None and country.population > 1_000_000:
                    meant.append(country)
            yield self._story(meant)

    def _weighted(self, towns: list[Entry]) -> Entry:
        sums = list(accumulate((t.population + 1) ** self._evenness for t in towns))
        return towns[bisect_left(sums, self._random.random() * sums[-1])]

    def _close(self, code: str, centre: Entry) -> list[Entry]:
        towns = self._towns[code]
        low = bisect_left(towns, centre.latitude - 0.5, key=lambda t: t.latitude)
        high = bisect_left(towns, centre.latitude + 0.5, key=lambda t: t.latitude)
        return [
            t for t in towns[low:high]
            if haversine_km(t.latitude, t.longitude, centre.latitude, centre.longitude) < 50
        ]  # fmt: skip

    def _story(self, meant: list[Entry]) -> Invented:
        unique = list({e.name: e for e in meant}.values())
        self._random.shuffle(unique)
        toponyms = tuple(
            Toponym(
                Candidate(
                    100 * i, 100 * i + len(e.name), e.name, self._gazetteer.lookup(e.name)
                ),
                "body",
            )
            for i, e in enumerate(unique)
        )  # fmt: skip
        return Invented(toponyms, tuple(unique))
