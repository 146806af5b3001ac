"""Topics of stories that the wire sent without any: a linear model over words and names.

One logistic regression for each topic, whose scores are turned into the share of stories for which
such a score is right. `newswire topics train` makes a model; a starter comes with newswire.
"""

from __future__ import annotations

import hashlib
import math
import os
from collections.abc import Mapping, Sequence
from functools import cached_property
from importlib.resources import files
from pathlib import Path
from typing import Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from pipeline.enrich.topics.codes import TOP
from pipeline.enrich.topics.features import Features, features
from pipeline.enrich.topics.sent import sent_topics
from pipeline.wire.enriched import Topic
from pipeline.wire.errors import SetupError
from pipeline.wire.story import Status, Story

LEAST_CONFIDENCE = 0.5
"""Below it a story gets no topic: it would be wrong more often than right."""
LEAST_TOLD = 2.0
"""How much the words must raise a topic's odds, in powers of e: that most of the stories learned
from are about sport says nothing of a story from elsewhere."""
MOST = 3
SHORTEST = 10
STEP = 0.01
"""Weights are kept in whole steps of this size."""
Format = Literal[1]

Row = NDArray[np.float64]


class TopicModel(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """The weights of words for each topic, as they stand in the file."""

    format: Format = 1
    name: str
    """Where it is from: "starter", "trained"."""
    digest: str = ""
    """Of all the rest: a damaged file is refused, and records tell which model made them."""
    stories: int
    """The number of stories that it learned from."""
    topics: tuple[str, ...]
    bias: tuple[float, ...]
    slope: float
    offset: float
    """By which a score becomes a confidence: 1 / (1 + exp(-slope * score - offset))."""
    unknown: int
    """The rarity of a word that the model does not know, in steps."""
    words: dict[str, tuple[int, ...]]
    """Of each word its rarity, then its weight for each topic, in steps."""

    @property
    def version(self) -> str:
        """Returns what provenance calls the model."""
        return f"{self.name} {self.digest}"

    @cached_property
    def _rows(self) -> tuple[Mapping[str, int], Row]:
        table = np.array(list(self.words.values()), np.float64) * STEP
        rows = {word: row for row, word in enumerate(self.words)}
        return rows, table.reshape(len(rows), len(self.topics) + 1)

    def scores(self, found: Features) -> Row:
        """Returns one score for each topic."""
        rows, table = self._rows
        known = [(rows[word], count) for word, count in found.items() if word in rows]
        if not known:
            return np.full(len(self.topics), -np.inf)
        weights = table[[row for row, _ in known]]
        values = weights[:, 0] * [count for _, count in known]
        rest = sum(count * count for word, count in found.items() if word not in rows)
        length = length_of(values, rest, self.unknown * STEP)
        scores: Row = values @ weights[:, 1:] / length + self.bias
        return scores

    def answers(self, found: Features) -> list[tuple[str, float]]:
        """Returns the topics that are likelier than not, each with its confidence, best first."""
        scores = self.scores(found)
        odds = np.clip(self.slope * scores + self.offset, -50.0, 50.0)
        likely = 1 / (1 + np.exp(-odds))
        told = self.slope * (scores - self.bias)
        best = np.argsort(-likely, kind="stable")[:MOST]
        return [
            (self.topics[n], float(likely[n]))
            for n in best
            if likely[n] >= LEAST_CONFIDENCE and told[n] >= LEAST_TOLD
        ]

    def infer(self, found: Features) -> tuple[Topic, ...]:
        """Returns the answers as topics."""
        return tuple(
            Topic(
                code=code, name=TOP[code], level=1, relation="inferred",
                confidence=round(confidence, 3),
            )
            for code, confidence in self.answers(found)
        )  # fmt: skip


def length_of(known: Row, unknown_words: float, unknown: float) -> float:
    """Returns the length of a text's vector: that of SHORTEST rare words at least.

    Without it a few common words would count like a text full of rare ones.
    """
    rare: float = unknown * unknown
    return math.sqrt(max(float(known @ known) + unknown_words * rare, SHORTEST * rare))


def topics_of(story: Story, model: TopicModel) -> tuple[Topic, ...]:
    """Returns the topics that the wire sent; if it sent none, those that the model infers."""
    if sent := sent_topics(story):
        return sent
    if story.status is Status.WITHDRAWN:
        return ()
    return model.infer(features(story))


def digested(model: TopicModel) -> TopicModel:
    """Returns the model with the digest of what it holds."""
    return msgspec.structs.replace(model, digest=_digest(model))


def save(model: TopicModel, path: Path) -> None:
    """Writes a model: the file is there as a whole, or as it was before.

    Raises:
        SetupError: it can't be written.
    """
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_bytes(msgspec.json.encode(model))
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise SetupError(f"the topics model {path} can't be written: {error.strerror}") from error


def load(path: Path | None = None) -> TopicModel:
    """Returns the model in a file, or the one that comes with newswire.

    Raises:
        SetupError: the file can't be read, is damaged, or is no model of this version.
    """
    shipped = files(__package__) / "data" / "starter.json"
    try:
        raw = path.read_bytes() if path else shipped.read_bytes()
        model = msgspec.json.decode(raw, type=TopicModel)
    except OSError as error:
        raise SetupError(f"the topics model {path} can't be read: {error.strerror}") from error
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise SetupError(
            f"{path} is no topics model: `newswire topics train` makes one ({error})"
        ) from error
    if model.digest != _digest(model) or not _fits(model.topics, model.words.values(), model.bias):
        raise SetupError(f"the topics model {path} is damaged: `newswire topics train` makes one")
    return model


def _fits(topics: Sequence[str], rows: object, bias: Sequence[float]) -> bool:
    return (
        set(topics) <= TOP.keys()
        and len(bias) == len(topics)
        and all(len(row) == len(topics) + 1 for row in rows)  # type: ignore[attr-defined]
    )


def _digest(model: TopicModel) -> str:
    plain = msgspec.json.encode(msgspec.structs.replace(model, digest=""))
    return hashlib.blake2b(plain, digest_size=4).hexdigest()
