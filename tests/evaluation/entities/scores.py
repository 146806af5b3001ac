"""Span F1, type F1 and B-cubed of found spans against gold ones.

B-cubed (Bagga and Baldwin 1998) is counted over all mentions, so that it punishes a name
that was missed or invented too: a found mention that is no gold span has precision 0, a gold
mention that was not found has recall 0.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from tests.evaluation.entities.annotation import Span

Place = tuple[str, int, int]


@dataclass(slots=True)
class Score:
    """Hits, and what they are hits of, summed over stories."""

    precise: float = 0.0
    found: int = 0
    recalled: float = 0.0
    gold: int = 0

    @property
    def precision(self) -> float:
        return self.precise / self.found if self.found else 0.0

    @property
    def recall(self) -> float:
        return self.recalled / self.gold if self.gold else 0.0

    @property
    def f1(self) -> float:
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0


@dataclass(frozen=True, slots=True)
class Scores:
    """The three scores of one system on some stories."""

    span: Score
    type: Score
    grouping: Score


def score(pairs: Iterable[tuple[Sequence[Span], Sequence[Span]]]) -> Scores:
    """The scores over stories, each given as its gold and its found spans."""
    span, typed, grouping = Score(), Score(), Score()
    for gold, found in pairs:
        _add(span, {_place(s) for s in gold}, {_place(s) for s in found})
        _add(typed, {(_place(s), s.label) for s in gold}, {(_place(s), s.label) for s in found})
        _b_cubed(grouping, gold, found)
    return Scores(span, typed, grouping)


def _add(score: Score, gold: set[object], found: set[object]) -> None:
    both = len(gold & found)
    score.precise += both
    score.recalled += both
    score.gold += len(gold)
    score.found += len(found)


def _b_cubed(score: Score, gold: Sequence[Span], found: Sequence[Span]) -> None:
    golds, founds = _groups(gold), _groups(found)
    score.gold += len(golds)
    score.found += len(founds)
    for place in golds.keys() & founds.keys():
        common = len(golds[place] & founds[place])
        score.precise += common / len(founds[place])
        score.recalled += common / len(golds[place])


def _groups(spans: Sequence[Span]) -> Mapping[Place, set[Place]]:
    members: dict[str, set[Place]] = defaultdict(set)
    for span in spans:
        members[span.group].add(_place(span))
    return {_place(span): members[span.group] for span in spans}


def _place(span: Span) -> Place:
    return span.field, span.start, span.end
