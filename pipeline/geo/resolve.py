"""One gazetteer place for each toponym of a story.

Toponyms that read alike are one question ("one sense per story") unless the text itself
says which one is meant: "Springfield, Ill.". Each question has candidates, each candidate
features: how prominent it is, which kind of name it is called by, whether it lies in the
countries and divisions that the rest of the story is about and close to its other places.
What the rest of the story is about depends on the answers, so the answers start from
prominence alone and are worked out again a few times, all at once (mean field). The weights
are in data/resolution.toml.
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from pipeline.geo.gazetteer import Entry, Sense
from pipeline.geo.names import fold
from pipeline.geo.toponyms import Candidate, holds, prominence, weights, word_lists

ROUNDS = 4
MOST_SENSES = 24
"""Candidates kept for one question: the most prominent, and any that its container holds."""
MOST_QUESTIONS = 120
"""Questions that are each other's context; a longer list's others are context for none."""
NEAR_KM = 80.0


@dataclass(frozen=True, slots=True)
class Toponym:
    """A toponym of one field of a story, ready to be resolved."""

    candidate: Candidate
    field: str
    container: tuple[Sense, ...] = ()
    """What the text says that the place lies in: "Ill." of "Springfield, Ill."."""
    type_hint: str | None = None
    """What the text says that it is: "PPL", "ADM1", "ADM2", "STM"."""


@dataclass(frozen=True, slots=True)
class Resolved:
    """The place chosen for a toponym, and how sure that is."""

    toponym: Toponym
    entry: Entry
    kind: str
    probability: float
    features: tuple[tuple[str, float], ...]
    namesakes: int
    """How many other places bear that name."""


@dataclass(slots=True)
class Question:
    """Toponyms that mean the same place, and the places that they may mean."""

    toponyms: list[Toponym]
    senses: list[Sense]
    fixed: list[dict[str, float]]
    """Features that do not depend on the other answers, per sense."""
    answer: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))
    live: list[dict[str, float]] = field(default_factory=list)


def resolve(toponyms: Sequence[Toponym], home: Entry | None = None) -> list[Resolved]:
    """Choose one place for each toponym that the gazetteer knows.

    Toponyms keep their order; unknown ones are left out.

    Args:
        home: the region that the feed is about, for local news.
    """
    questions = answered(toponyms, home)
    chosen = {}
    for question in questions:
        best = int(np.argmax(question.answer))
        for toponym in question.toponyms:
            chosen[id(toponym)] = Resolved(
                toponym, question.senses[best].entry, question.senses[best].kind,
                float(question.answer[best]),
                tuple(sorted(question.live[best].items())), len(question.senses) - 1,
            )  # fmt: skip
    return [chosen[id(t)] for t in toponyms if id(t) in chosen]


def answered(
    toponyms: Sequence[Toponym], home: Entry | None = None, table: Mapping[str, float] | None = None
) -> list[Question]:
    """The questions that a story's toponyms pose, each with its answer as probabilities."""
    table = weights("resolution") if table is None else table
    questions = [_question(group, home) for group in _groups(toponyms)]
    for question in questions:
        question.live = question.fixed
        question.answer = _answer(question, table)
    for _ in range(ROUNDS):
        context = _Context(questions[:MOST_QUESTIONS])
        for number, question in enumerate(questions):
            question.live = [
                {**fixed, **context.features(number, sense)}
                for fixed, sense in zip(question.fixed, question.senses, strict=True)
            ]
        for question in questions:
            question.answer = _answer(question, table)
    return questions


def _groups(toponyms: Sequence[Toponym]) -> list[list[Toponym]]:
    """Toponyms that mean the same place, those that say most of it first.

    "Paris" is the Paris of "Paris, Texas" where the story has that one alone.
    """
    groups: dict[str, dict[tuple[int, ...], list[Toponym]]] = defaultdict(dict)
    for toponym in toponyms:
        if toponym.candidate.senses:
            container = tuple(sorted(s.entry.row for s in toponym.container))
            same = groups[fold(toponym.candidate.text)]
            same.setdefault(container, []).append(toponym)
    for same in groups.values():
        if len(same) == 2 and () in same:
            bare = same.pop(())
            next(iter(same.values())).extend(bare)
    return [group for same in groups.values() for group in same.values()]


def _question(group: list[Toponym], home: Entry | None) -> Question:
    toponym = group[0]
    ranked = sorted(
        toponym.candidate.senses,
        key=lambda s: (
            any(holds(c, s) for c in toponym.container), prominence(s), -s.entry.row
        ),
        reverse=True,
    )  # fmt: skip
    senses = ranked[:MOST_SENSES]
    return Question(group, senses, [_fixed(toponym, s, home) for s in senses])


def _fixed(toponym: Toponym, sense: Sense, home: Entry | None) -> dict[str, float]:
    """The features of a sense that follow from the toponym alone."""
    entry = sense.entry
    features = {"prominence": prominence(sense), f"is {sense.kind}": 1.0}
    features[_class(entry)] = 1.0
    if toponym.container:
        inside = any(holds(c, sense) for c in toponym.container)
        features["in container" if inside else "outside container"] = 1.0
    if toponym.type_hint is not None:
        agrees = entry.feature.startswith(toponym.type_hint)
        features["type agrees" if agrees else "type differs"] = 1.0
    if home is not None and (home.row in (entry.admin1, entry.admin2) or home.row == entry.row):
        features["home"] = 1.0
    return features


def _class(entry: Entry) -> str:
    if entry.feature.startswith("PCL"):
        return "country"
    if entry.feature == "ADM1":
        return "first division"
    if entry.feature.startswith("ADM"):
        return "division"
    if entry.feature == "PPLC":
        return "capital"
    if entry.feature.startswith("PPL"):
        return "city"
    return "region" if entry.feature in ("RGN", "CONT") else "natural"


def _answer(question: Question, table: Mapping[str, float]) -> NDArray[np.float64]:
    scores = np.array(
        [sum(table.get(f, 0.0) * v for f, v in live.items()) for live in question.live]
    )
    scores = np.exp(scores - scores.max())
    return np.asarray(scores / scores.sum())


class _Context:
    """What the answers so far say the story is about."""

    def __init__(self, questions: list[Question]) -> None:
        self.by_question: list[tuple[dict[str, float], dict[int, float], float]] = []
        self.countries: dict[str, float] = defaultdict(float)
        self.divisions: dict[int, float] = defaultdict(float)
        self.total = 0.0
        points, chances, owners = [], [], []
        for number, question in enumerate(questions):
            weight = min(3.0, 1 + math.log(len(question.toponyms)))
            countries: dict[str, float] = defaultdict(float)
            divisions: dict[int, float] = defaultdict(float)
            for sense, chance in zip(question.senses, question.answer, strict=True):
                entry = sense.entry
                if entry.country:
                    countries[entry.country] += weight * chance
                division = entry.row if entry.feature == "ADM1" else entry.admin1
                if division is not None:
                    divisions[division] += weight * chance
                if entry.feature.startswith(("PPL", "ADM2", "ADM3")) and chance > 0.02:
                    points.append((entry.latitude, entry.longitude))
                    chances.append(chance)
                    owners.append(number)
            for country, value in countries.items():
                self.countries[country] += value
            for row, value in divisions.items():
                self.divisions[row] += value
            self.total += weight
            self.by_question.append((countries, divisions, weight))
        radians = np.radians(np.array(points or [(0.0, 0.0)]))
        self.latitudes, self.longitudes = radians[:, 0], radians[:, 1]
        self.chances = np.array(chances or [0.0])
        self.owners = np.array(owners or [-1])

    def features(self, number: int, sense: Sense) -> dict[str, float]:
        """The features of a sense that follow from the answers to the other questions."""
        entry = sense.entry
        own: tuple[dict[str, float], dict[int, float], float] = ({}, {}, 0.0)
        if number < len(self.by_question):
            own = self.by_question[number]
        total = max(self.total - own[2], 1e-9)
        features = {}
        if entry.country:
            share = (
                self.countries.get(entry.country, 0.0) - own[0].get(entry.country, 0.0)
            ) / total
            features["country share"] = max(0.0, share)
        division = entry.row if entry.feature == "ADM1" else entry.admin1
        if division is not None:
            share = (self.divisions.get(division, 0.0) - own[1].get(division, 0.0)) / total
            features["division share"] = max(0.0, share)
        if entry.feature.startswith(("PPL", "ADM2", "ADM3")):
            features["near"] = self._near(number, entry)
        return features

    def _near(self, number: int, entry: Entry) -> float:
        """How many of the story's other places lie close by, up to about two."""
        lat, lon = math.radians(entry.latitude), math.radians(entry.longitude)
        h = (
            np.sin((self.latitudes - lat) / 2) ** 2
            + math.cos(lat) * np.cos(self.latitudes) * np.sin((self.longitudes - lon) / 2) ** 2
        )
        km = 12742.0 * np.arcsin(np.minimum(1.0, np.sqrt(h)))
        weight = self.chances * np.exp(-km / NEAR_KM) * (self.owners != number)
        return float(np.log1p(weight.sum()))


def link(candidates: Sequence[Candidate], text: str, field: str = "body") -> list[Toponym]:
    """The toponyms of one text with what the text says about where and what they are."""
    linked = []
    for i, candidate in enumerate(candidates):
        container: tuple[Sense, ...] = ()
        following = candidates[i + 1] if i + 1 < len(candidates) else None
        if following is not None and not candidate.demonym:
            gap = text[candidate.end : following.start]
            if gap in (", ", ",", " (", ",\n") and not following.demonym:
                container = _containing(following.senses, candidate.senses)
        previous = candidates[i - 1] if i else None
        if not container and previous is not None and previous.demonym:
            words = text[previous.end : candidate.start].split()
            if (
                1 <= len(words) <= 4
                and words[-1] == "of"
                and words[-2:-1]
                and (words[-2].lower() in word_lists()["place_types"])
            ) or (len(words) <= 2 and words and words[-1].lower() in ("city", "capital", "town")):
                container = _containing(previous.senses, candidate.senses)
        linked.append(Toponym(candidate, field, container, _type_hint(candidate, text)))
    return linked


def _containing(outer: Sequence[Sense], inner: Sequence[Sense]) -> tuple[Sense, ...]:
    return tuple(o for o in outer if any(holds(o, s) for s in inner))


_TYPES = {
    "city": "PPL", "town": "PPL", "village": "PPL", "capital": "PPL", "province": "ADM1",
    "state": "ADM1", "county": "ADM2", "district": "ADM", "region": "ADM1", "river": "STM",
    "lake": "LK", "island": "ISL", "republic": "PCL",
}  # fmt: skip


def _type_hint(candidate: Candidate, text: str) -> str | None:
    """The type that a word beside the toponym gives it: "the city of", "province"."""
    before = text[max(0, candidate.start - 24) : candidate.start].lower().split()
    if len(before) >= 2 and before[-1] == "of" and before[-2] in _TYPES:
        return _TYPES[before[-2]]
    after = re.match(r" (\w+)", text[candidate.end : candidate.end + 14])
    if after is not None:
        return _TYPES.get(after[1].lower())
    return None
