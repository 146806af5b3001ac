"""One gazetteer place for each toponym of a story.

Toponyms that read alike are one question ("one sense per story") unless the text itself
says which one is meant: "Springfield, Ill.". Each question has senses, each sense features:
how prominent the place is, which kind of name it is called by, whether it lies in the
countries and divisions that the rest of the story is about and close to its other places.
What the rest of the story is about depends on the answers, so the answers start from what
each toponym says by itself and are worked out again a few times, all at once (mean field).
The weights are in data/resolution.toml.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.enrich.folding import fold
from pipeline.enrich.geo.gazetteer import Entry, Sense
from pipeline.enrich.geo.link import Toponym
from pipeline.enrich.geo.places import entry_class, holds, prominence
from pipeline.enrich.geo.toponyms import weights

Floats = NDArray[np.float64]

ROUNDS = 4
MOST_SENSES = 24
"""Senses kept for one question: the most prominent, and any that its container holds."""
BLOCK_SENSES = 500
"""Senses that are each other's context. A longer list of places is resolved in blocks of
so many: time and memory stay proportional to its length."""
NEAR_KM = 80.0
SAME_KM = 40.0
"""A city and its province are one answer to the question where a place is."""
CONTEXT = ("country share", "division share", "near")


@dataclass(frozen=True, slots=True)
class Resolved:
    """The place chosen for a toponym, and how sure that is."""

    toponym: Toponym
    sense: Sense
    probability: float
    """That it lies where the text means it, given that it is a toponym. Not calibrated."""
    rivals: int
    """How many other places bear that name."""
    because: str | None
    """The feature that most sets it apart from the next best place of that name."""

    @property
    def entry(self) -> Entry:
        return self.sense.entry


@dataclass(frozen=True, slots=True)
class Question:
    """Toponyms that mean the same place, and the places that they may mean."""

    toponyms: list[Toponym]
    senses: list[Sense]
    features: list[dict[str, float]]
    """Per sense, what follows from the toponyms alone."""
    others: int
    """Senses left out."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The probabilities of a question's senses, and the features that the context gave."""

    question: Question
    probabilities: Floats
    context: Floats
    """One row per sense, one column per name in CONTEXT."""
    same: NDArray[np.bool_]
    """Which pairs of senses lie within SAME_KM."""

    def live(self, i: int) -> dict[str, float]:
        """Returns all features of a sense."""
        context = zip(CONTEXT, self.context[i].tolist(), strict=True)
        return {**self.question.features[i], **dict(context)}


def resolve(toponyms: Sequence[Toponym], home: Entry | None = None) -> list[Resolved]:
    """Choose one place for each toponym that the gazetteer knows.

    Toponyms keep their order. Unknown ones, and demonyms that only say what the text is
    about, are left out.

    Args:
        home: the region that the feed is about, for local news.
    """
    table = weights("resolution")
    chosen: dict[int, Resolved] = {}
    for answer in answers(toponyms, home, table):
        question = answer.question
        mass = answer.same @ answer.probabilities
        best = max(
            range(len(question.senses)),
            key=lambda i: (round(float(mass[i]), 6), float(answer.probabilities[i])),
        )
        because = _because(answer, best, table)
        rivals = int((~answer.same[best]).sum()) + question.others
        for toponym in question.toponyms:
            chosen[id(toponym)] = Resolved(
                toponym, question.senses[best], float(mass[best]), rivals, because
            )
    return [chosen[id(t)] for t in toponyms if id(t) in chosen and t.candidate.accepted]


def _because(answer: Answer, best: int, table: Mapping[str, float]) -> str | None:
    """Returns the feature with the greatest advantage over the best sense that lies elsewhere."""
    elsewhere = [i for i in range(len(answer.question.senses)) if not answer.same[best, i]]
    if not elsewhere:
        return None
    rival = max(elsewhere, key=lambda i: float(answer.probabilities[i]))
    mine, theirs = answer.live(best), answer.live(rival)
    advantage = {
        name: table.get(name, 0.0) * (mine.get(name, 0.0) - theirs.get(name, 0.0))
        for name in sorted(mine.keys() | theirs.keys())
    }
    name = max(advantage, key=lambda n: advantage[n])
    return "in container" if name == "outside container" else name


def answers(
    toponyms: Sequence[Toponym], home: Entry | None, table: Mapping[str, float]
) -> list[Answer]:
    """Returns the answers to all questions that a story's toponyms pose."""
    found: list[Answer] = []
    block: list[Question] = []
    size = 0
    for group in _groups(toponyms):
        question = _question(group, home)
        if size + len(question.senses) > BLOCK_SENSES and block:
            found += _answer_block(block, table)
            block, size = [], 0
        block.append(question)
        size += len(question.senses)
    if block:
        found += _answer_block(block, table)
    return found


def _groups(toponyms: Sequence[Toponym]) -> list[list[Toponym]]:
    """Returns toponyms grouped by the place they mean, those that say most of it first.

    "Paris" is the Paris of "Paris, Texas" where the story has that one alone.
    """
    names: dict[str, dict[tuple[int, ...], list[Toponym]]] = defaultdict(dict)
    for toponym in toponyms:
        if toponym.candidate.senses:
            container = tuple(sorted(s.entry.row for s in toponym.container))
            same = names[fold(toponym.candidate.text)]
            same.setdefault(container, []).append(toponym)
    for same in names.values():
        if len(same) == 2 and () in same:
            bare = same.pop(())
            next(iter(same.values())).extend(bare)
    return [group for same in names.values() for group in same.values()]


def _question(group: list[Toponym], home: Entry | None) -> Question:
    said = group[0]
    hint = next((t.type_hint for t in group if t.type_hint), None)
    ranked = sorted(
        said.candidate.senses,
        key=lambda s: (
            not any(holds(c.entry, s.entry) for c in said.container),
            -prominence(s.entry),
            s.entry.row,
        ),
    )
    senses = ranked[:MOST_SENSES]
    features = [_features(said, hint, s, home) for s in senses]
    return Question(group, senses, features, len(ranked) - len(senses))


def _features(
    said: Toponym, hint: str | None, sense: Sense, home: Entry | None
) -> dict[str, float]:
    """Returns the features of a sense that follow from the toponym alone."""
    entry = sense.entry
    features = {
        "prominence": prominence(entry),
        f"is {sense.kind}": 1.0,
        entry_class(entry): 1.0,
    }
    if said.container:
        inside = any(holds(c.entry, entry) for c in said.container)
        features["in container" if inside else "outside container"] = 1.0
    if hint is not None:
        features["type agrees" if entry.feature.startswith(hint) else "type differs"] = 1.0
    if home is not None and home.country == entry.country and not entry.feature.startswith("PCL"):
        features["home country"] = 1.0
        if home.row in (entry.row, entry.admin1, entry.admin2):
            features["home"] = 1.0
    return features


class _Senses:
    """The senses of a block of questions as arrays, one row per sense."""

    def __init__(self, questions: list[Question], table: Mapping[str, float]) -> None:
        entries = [s.entry for q in questions for s in q.senses]
        sizes = [len(q.senses) for q in questions]
        self.owner = np.repeat(np.arange(len(questions)), sizes)
        self.first = np.cumsum([0, *sizes[:-1]])
        self.weight = np.array([min(3.0, 1 + math.log(len(q.toponyms))) for q in questions])
        self.base = np.array(
            [
                sum(table.get(name, 0.0) * value for name, value in features.items())
                for q in questions
                for features in q.features
            ]
        )
        codes: dict[str | None, int] = {None: 0}
        self.country = np.array([codes.setdefault(e.country, len(codes)) for e in entries])
        rows: dict[int | None, int] = {None: 0}
        divisions = [e.row if e.feature == "ADM1" else e.admin1 for e in entries]
        self.division = np.array([rows.setdefault(d, len(rows)) for d in divisions])
        local = np.array([e.feature.startswith(("PPL", "ADM2", "ADM3")) for e in entries])
        self.km = _distances(entries)
        self.kernel = np.exp(-self.km / NEAR_KM)
        self.kernel *= local[:, None] & local[None, :]
        self.kernel *= self.owner[:, None] != self.owner[None, :]

    def softmax(self, scores: Floats) -> Floats:
        """Returns the probabilities of the senses, which sum to 1 within each question."""
        high = np.maximum.reduceat(scores, self.first)
        e = np.exp(scores - high[self.owner])
        return np.asarray(e / np.add.reduceat(e, self.first)[self.owner])

    def context(self, p: Floats) -> Floats:
        """Returns the features of each sense that follow from the answers to other questions."""
        amount = p * self.weight[self.owner]
        rest = np.maximum(self.weight.sum() - self.weight, 1e-9)[self.owner]
        return np.stack(
            [
                self._share(self.country, amount) / rest,
                self._share(self.division, amount) / rest,
                np.log1p(self.kernel @ p),
            ],
            axis=1,
        )

    def _share(self, region: NDArray[np.int_], amount: Floats) -> Floats:
        """Returns the probability that other questions' answers give each sense's region."""
        total = np.bincount(region, amount)
        pair = self.owner * (int(region.max()) + 1) + region
        own = np.bincount(pair, amount)
        share = np.maximum(total[region] - own[pair], 0.0)
        return np.where(region == 0, 0.0, share)


def _distances(entries: Sequence[Entry]) -> Floats:
    """Returns the distances of all pairs in kilometres.

    They are measured as chords of the sphere, which are exact enough for short distances.
    """
    lat = np.radians([e.latitude for e in entries])
    lon = np.radians([e.longitude for e in entries])
    points = np.stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)], axis=1)
    return np.asarray(6371.0 * np.sqrt(np.maximum(0.0, 2 - 2 * points @ points.T)))


def _answer_block(questions: list[Question], table: Mapping[str, float]) -> list[Answer]:
    senses = _Senses(questions, table)
    factors = np.array([table.get(name, 0.0) for name in CONTEXT])
    p = senses.softmax(senses.base)
    context = np.zeros((len(p), len(CONTEXT)))
    for _ in range(ROUNDS if len(questions) > 1 else 0):
        context = senses.context(p)
        p = senses.softmax(senses.base + context @ factors)
    found = []
    for question, start in zip(questions, senses.first.tolist(), strict=True):
        rows = slice(start, start + len(question.senses))
        found.append(Answer(question, p[rows], context[rows], senses.km[rows, rows] < SAME_KM))
    return found
