"""Scores of a geoparser against a corpus: recognition, resolution, and both together.

A toponym is a span with a point or without one. Gold and predicted spans are matched one to
one, in the order of the text, the longest overlap first.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field

from pipeline.enrich.geo.records import haversine_km

NEAR_KM = 161.0
"""A hundred miles: the usual tolerance of geoparsing's evaluations."""
FARTHEST_KM = 20_039.0


@dataclass(frozen=True, slots=True)
class Toponym:
    """A gold or predicted place mention; latitude and longitude are None without a place."""

    start: int
    end: int
    latitude: float | None = None
    longitude: float | None = None
    geonames_id: int | None = None


@dataclass(slots=True)
class Counts:
    """True positives, predictions and gold toponyms, summed over documents."""

    hits: int = 0
    predicted: int = 0
    gold: int = 0

    @property
    def precision(self) -> float:
        return self.hits / self.predicted if self.predicted else 0.0

    @property
    def recall(self) -> float:
        return self.hits / self.gold if self.gold else 0.0

    @property
    def f1(self) -> float:
        total = self.predicted + self.gold
        return 2 * self.hits / total if total else 0.0


@dataclass(slots=True)
class Score:
    """Everything that the geography rows of docs/quality.md say."""

    exact: Counts = field(default_factory=Counts)
    overlap: Counts = field(default_factory=Counts)
    end_to_end: Counts = field(default_factory=Counts)
    errors_km: list[float | None] = field(default_factory=list)
    """One per recognised gold toponym with a point; None where it got no place."""
    same_id: int = 0
    """Recognised gold toponyms beyond 161 km that got the very GeoNames id."""

    @property
    def resolved_km(self) -> list[float]:
        return [km for km in self.errors_km if km is not None]

    @property
    def accuracy(self) -> float:
        near = sum(km <= NEAR_KM for km in self.resolved_km)
        return near / len(self.errors_km) if self.errors_km else 0.0

    @property
    def accuracy_or_id(self) -> float:
        near = sum(km <= NEAR_KM for km in self.resolved_km) + self.same_id
        return near / len(self.errors_km) if self.errors_km else 0.0

    @property
    def mean_km(self) -> float:
        return statistics.fmean(self.resolved_km) if self.resolved_km else 0.0

    @property
    def median_km(self) -> float:
        return statistics.median(self.resolved_km) if self.resolved_km else 0.0

    @property
    def area(self) -> float:
        """Area under the curve of log errors: 0 is best, 1 is the far side of the earth."""
        if not self.errors_km:
            return 0.0
        return statistics.fmean(
            math.log(1 + min(FARTHEST_KM - 1, FARTHEST_KM if km is None else km))
            / math.log(FARTHEST_KM)
            for km in self.errors_km
        )


def match(
    gold: Sequence[Toponym], predicted: Sequence[Toponym], exact: bool = False
) -> list[tuple[Toponym, Toponym]]:
    """Pairs of gold and predicted spans, one to one, the longest overlap first."""
    pairs = []
    for i, g in enumerate(gold):
        for j, p in enumerate(predicted):
            shared = min(g.end, p.end) - max(g.start, p.start)
            same = (g.start, g.end) == (p.start, p.end)
            if same or (shared > 0 and not exact):
                pairs.append((not same, -shared, i, j))
    used_gold: set[int] = set()
    used_predicted: set[int] = set()
    matched = []
    for _, _, i, j in sorted(pairs):
        if i not in used_gold and j not in used_predicted:
            used_gold.add(i)
            used_predicted.add(j)
            matched.append((gold[i], predicted[j]))
    return matched


def add(score: Score, gold: Sequence[Toponym], predicted: Sequence[Toponym]) -> None:
    """Count one document into a score."""
    score.exact.hits += len(match(gold, predicted, exact=True))
    overlapping = match(gold, predicted)
    score.overlap.hits += len(overlapping)
    for counts in (score.exact, score.overlap):
        counts.predicted += len(predicted)
        counts.gold += len(gold)
    near = 0
    ignored = sum(p.latitude is None for p in predicted)
    for g, p in overlapping:
        if g.latitude is None or g.longitude is None:
            ignored += p.latitude is not None
            continue
        if p.latitude is None or p.longitude is None:
            score.errors_km.append(None)
            continue
        km = haversine_km(g.latitude, g.longitude, p.latitude, p.longitude)
        score.errors_km.append(km)
        near += km <= NEAR_KM
        score.same_id += (
            km > NEAR_KM and g.geonames_id is not None and g.geonames_id == p.geonames_id
        )
    score.end_to_end.hits += near
    score.end_to_end.predicted += len(predicted) - ignored
    score.end_to_end.gold += sum(g.latitude is not None for g in gold)
