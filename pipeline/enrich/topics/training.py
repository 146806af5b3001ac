"""Trains the model of topics on stories that have some, and says how good it is.

Equal stories give equal models, in whatever order they come: stories are sorted by id, and what is
drawn by lot is drawn from a fixed seed.
"""

from __future__ import annotations

import math
import zlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from pipeline.enrich.topics.codes import TOP
from pipeline.enrich.topics.features import Features
from pipeline.enrich.topics.inferred import (
    LEAST_CONFIDENCE,
    STEP,
    TopicModel,
    digested,
    length_of,
)
from pipeline.wire.errors import SetupError

LEAST = 3
"""Stories of a topic; one with fewer is left out."""
MOST_WORDS = 30_000
FOLDS = 5
MANY = 5_000
"""Stories; of more of them one fifth is held out, not each fifth in turn."""
_BATCH, _EPOCHS, _STEPS, _RATE, _DECAY = 32, 10, 600, 0.5, 1e-4
_LISTED, _LISTS = 240, 20
"""Words of a topic that are taken over from another model, and how many lists they make."""

Matrix = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Example:
    """What is learned from: a story with topics of the first level, or with none of them."""

    id: str
    features: Features
    topics: frozenset[str]
    is_list: bool = False
    """A list of words: learned from, and never held out."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a model that had not seen a story says of it."""

    topics: frozenset[str]
    said: tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class Score:
    """Right answers, answers and topics."""

    right: int = 0
    said: int = 0
    meant: int = 0

    @property
    def precision(self) -> float:
        """Returns the share of answers that are right."""
        return self.right / max(1, self.said)

    @property
    def recall(self) -> float:
        """Returns the share of topics that are answered."""
        return self.right / max(1, self.meant)

    @property
    def f1(self) -> float:
        """Returns the harmonic mean of precision and recall."""
        return 2 * self.right / max(1, self.said + self.meant)


@dataclass(frozen=True, slots=True)
class Quality:
    """How good the answers on held-out stories are."""

    answers: tuple[Answer, ...]

    @property
    def silent(self) -> int:
        """Returns the number of stories that get no topic."""
        return sum(not answer.said for answer in self.answers)

    def of(self, topic: str) -> Score:
        """Returns the score of one topic."""
        said = [topic in dict(answer.said) for answer in self.answers]
        meant = [topic in answer.topics for answer in self.answers]
        right = sum(a and b for a, b in zip(said, meant, strict=True))
        return Score(right, sum(said), sum(meant))

    def topics(self) -> list[str]:
        """Returns the topics that the stories have."""
        return [code for code in TOP if self.of(code).meant]

    @property
    def micro(self) -> Score:
        """Returns the score of all topics together."""
        each = [self.of(topic) for topic in TOP]
        return Score(
            sum(s.right for s in each), sum(s.said for s in each), sum(s.meant for s in each)
        )

    @property
    def macro_f1(self) -> float:
        """Returns the mean F1 of the topics that the stories have."""
        each = [self.of(topic).f1 for topic in self.topics()]
        return sum(each) / max(1, len(each))

    def reliability(self) -> list[tuple[float, int, float, float]]:
        """Returns for each tenth of confidence its start, answers, mean, and the share right."""
        rows = []
        for tenth in range(int(LEAST_CONFIDENCE * 10), 10):
            given = [
                (confidence, topic in answer.topics)
                for answer in self.answers
                for topic, confidence in answer.said
                if min(9, int(confidence * 10)) == tenth
            ]
            if given:
                stated, right = (sum(each) / len(given) for each in zip(*given, strict=True))
                rows.append((tenth / 10, len(given), stated, right))
        return rows


def train(examples: Iterable[Example], name: str = "trained") -> tuple[TopicModel, Quality]:
    """Returns a model, and the quality of its like on stories that were held out.

    Raises:
        SetupError: fewer than two topics have enough stories, or the stories are too few.
    """
    learned = sorted(examples, key=lambda example: example.id)
    counts = Counter(t for example in learned for t in example.topics)
    topics = tuple(code for code in TOP if counts[code] >= LEAST)
    if len(topics) < 2:
        raise SetupError(
            f"two topics must have {LEAST} stories with codes each: {len(topics)} of the "
            f"{len(counts)} that the stories have does"
        )
    if (texts := sum(not example.is_list for example in learned)) < 2 * LEAST:
        raise SetupError(f"{texts} stories with codes are too few: {2 * LEAST} at least")
    held = _held_out(learned, topics)
    slope, offset = _calibrated(held, topics)
    answers = [
        answer
        for model, stories in held
        for answer in quality(replace(model, slope=slope, offset=offset), stories).answers
    ]
    return _fit(learned, topics, slope, offset, name), Quality(tuple(answers))


def lists_of(model: TopicModel) -> list[Example]:
    """Returns the words that say most of each topic to a model, as lists to learn from."""
    found = []
    for column, topic in enumerate(model.topics, 1):
        telling = [word for word, weights in model.words.items() if weights[column] > 0]
        best = sorted(telling, key=lambda word: (-model.words[word][column], word))[:_LISTED]
        for start in range(min(_LISTS, len(best))):
            words = dict.fromkeys(best[start::_LISTS], 1.0)
            found.append(Example(f"{topic} {start:03}", words, frozenset({topic}), is_list=True))
    return [each for each in found for _ in range(2)]  # a word counts that is there twice


def quality(model: TopicModel, examples: Iterable[Example]) -> Quality:
    """Returns how good a model is on stories that it has not learned from."""
    return Quality(
        tuple(
            Answer(example.topics, tuple(model.answers(example.features))) for example in examples
        )
    )


Held = tuple[TopicModel, list[Example]]


def _held_out(examples: Sequence[Example], topics: Sequence[str]) -> list[Held]:
    """Returns models, each with the stories that it was trained without."""
    found = []
    for fold in range(1 if len(examples) > MANY else FOLDS):
        held = [e for e in examples if not e.is_list and _lot(e.id) % FOLDS == fold]
        rest = [e for e in examples if e.is_list or _lot(e.id) % FOLDS != fold]
        found.append((_fit(rest, topics, 1.0, 0.0, "held out"), held))
    return found


def _lot(id: str) -> int:
    return zlib.crc32(id.encode())


def _calibrated(held: Sequence[Held], topics: Sequence[str]) -> tuple[float, float]:
    """Returns slope and offset by which scores are as often right as they say (Platt)."""
    pairs = [
        (score, topic in example.topics)
        for model, stories in held
        for example in stories
        for topic, score in zip(topics, model.scores(example.features).tolist(), strict=True)
        if math.isfinite(score)
    ]
    scores = np.array([score for score, _ in pairs])
    right = np.array([is_right for _, is_right in pairs], np.float64)
    # As Platt has it: with few stories no answer is certain.
    yes, no = right.sum(), len(right) - right.sum()
    goal = np.where(right > 0, (yes + 1) / (yes + 2), 1 / (no + 2))
    design = np.stack([scores, np.ones_like(scores)], axis=1)
    found = np.array([1.0, 0.0])
    for _ in range(30):  # Newton's method
        likely = 1 / (1 + np.exp(-np.clip(design @ found, -50, 50)))
        slope = design.T @ (likely - goal) + 1e-3 * found
        curve = (design * (likely * (1 - likely))[:, None]).T @ design + 1e-3 * np.eye(2)
        found = found - np.linalg.solve(curve, slope)
    return round(float(max(found[0], 0.0)), 4), round(float(found[1]), 4)


def _fit(
    examples: Sequence[Example], topics: Sequence[str], slope: float, offset: float, name: str
) -> TopicModel:
    """Returns the model that learned from all examples: AdaGrad on small batches."""
    texts = [example for example in examples if not example.is_list]
    in_texts = Counter(word for example in texts for word in example.features)
    everywhere = Counter(word for example in examples for word in example.features)
    often = [word for word, count in everywhere.items() if count > 1]
    words = sorted(often, key=lambda word: (-everywhere[word], word))[:MOST_WORDS]
    rows = {word: row for row, word in enumerate(words)}
    unknown = math.log(len(texts) + 1)
    rarity = np.array([math.log((len(texts) + 1) / (in_texts[w] + 1)) for w in words])
    taught = [_vector(example.features, rows, rarity, unknown) for example in examples]
    goals = np.array([[float(t in example.topics) for t in topics] for example in examples])
    weights, bias = _descended(taught, goals, len(words))
    steps = np.rint(np.column_stack([rarity, weights]) / STEP).astype(int).tolist()
    return digested(
        TopicModel(
            name=name, stories=len(texts), topics=tuple(topics),
            bias=tuple(round(b, 3) for b in bias.tolist()), slope=slope, offset=offset,
            unknown=round(unknown / STEP),
            words={word: tuple(row) for word, row in zip(words, steps, strict=True)},
        )
    )  # fmt: skip


Vector = tuple[NDArray[np.int64], NDArray[np.float64]]


def _vector(found: Features, rows: dict[str, int], rarity: Matrix, unknown: float) -> Vector:
    """Returns the known words of an example and their values, by the length of all words."""
    at = np.array([rows[word] for word in found if word in rows], np.int64)
    values = np.array([count for word, count in found.items() if word in rows]) * rarity[at]
    rest = sum(count * count for word, count in found.items() if word not in rows)
    return at, values / length_of(values, rest, unknown)


def _descended(taught: Sequence[Vector], goals: Matrix, words: int) -> tuple[Matrix, Matrix]:
    """Returns weights of words and the bias, for each topic."""
    random = np.random.default_rng(0)
    weights, seen = np.zeros((words, goals.shape[1])), np.full((words, goals.shape[1]), 1e-3)
    share = np.clip(goals.mean(axis=0), 1e-3, 1 - 1e-3)
    bias, bias_seen = np.log(share / (1 - share)), np.full(goals.shape[1], 1e-1)
    # Of few stories each is seen more often.
    for _ in range(max(_EPOCHS, _STEPS * _BATCH // len(taught))):
        order = random.permutation(len(taught))
        for start in range(0, len(order), _BATCH):
            batch = order[start : start + _BATCH]
            used, column = np.unique(
                np.concatenate([taught[n][0] for n in batch]), return_inverse=True
            )
            sparse = np.zeros((len(batch), len(used)))
            line = np.repeat(np.arange(len(batch)), [len(taught[n][0]) for n in batch])
            sparse[line, column] = np.concatenate([taught[n][1] for n in batch])
            score = np.clip(sparse @ weights[used] + bias, -50, 50)
            error = (1 / (1 + np.exp(-score)) - goals[batch]) / len(batch)
            slope = sparse.T @ error + _DECAY * weights[used]
            seen[used] += slope**2
            weights[used] -= _RATE * slope / np.sqrt(seen[used])
            over = error.sum(axis=0)
            bias_seen += over**2
            bias -= _RATE * 0.1 * over / np.sqrt(bias_seen)
    return weights, bias


def tables(found: Quality) -> list[str]:
    """Returns the lines of two Markdown tables: quality by topic, and reliability."""
    micro = found.micro
    return [
        "| topic | stories | precision | recall | F1 |",
        "| --- | --- | --- | --- | --- |",
        *(
            f"| {TOP[topic]} | {score.meant} | {score.precision:.3f} | {score.recall:.3f} | "
            f"{score.f1:.3f} |"
            for topic in found.topics()
            for score in [found.of(topic)]
        ),
        f"| all, micro | {micro.meant} | {micro.precision:.3f} | {micro.recall:.3f} | "
        f"{micro.f1:.3f} |",
        f"| all, macro | | | | {found.macro_f1:.3f} |",
        "",
        "| confidence | answers | mean confidence | right |",
        "| --- | --- | --- | --- |",
        *(
            f"| {start:.1f} to {start + 0.1:.1f} | {count} | {stated:.3f} | {right:.3f} |"
            for start, count, stated, right in found.reliability()
        ),
    ]
