"""Scores: how likely each candidate is a name of each kind, by weights that were fitted.

The weights stand in data/local.toml (what a candidate's own place says) and data/agreement.toml
(what the rest of the story says); `python -m tests.evaluation.train names` writes both. Scores are
log probabilities of five kinds; a person, a body, a place, another name, or no name at all.
"""

from __future__ import annotations

import tomllib
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from functools import cache, lru_cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

KINDS = ("NONE", "PERSON", "ORG", "PLACE", "MISC")
"""MISC is every other label: peoples, events, works, laws and products."""
LEAST_GAIN = -0.25
"""A candidate is a name if its best kind's log probability exceeds that of NONE by more."""

LEAST_HOPE = -4.0
"""A candidate whose best kind is less likely than NONE by more is dropped by its own place."""

Scores = NDArray[np.float64]


class Weights:
    """A table of weights: for each feature one weight for each kind."""

    def __init__(self, rows: Mapping[str, Sequence[float]]) -> None:
        self.index = {feature: i for i, feature in enumerate(rows)}
        # The last row is for candidates without a feature that has weights.
        self.table = np.zeros((len(self.index) + 1, len(KINDS)))
        for feature, row in rows.items():
            self.table[self.index[feature]] = row
        self.rows = lru_cache(maxsize=1 << 16)(self._rows)

    def _rows(self, features: Sequence[str]) -> Sequence[int]:
        """Returns the rows of those features that have weights."""
        return tuple(self.index[f] for f in features if f in self.index)


@cache
def weights(name: str) -> Weights:
    """Returns a table of weights that is shipped."""
    raw = files("pipeline.enrich.names").joinpath(f"data/{name}.toml").read_text(encoding="utf-8")
    return Weights(tomllib.loads(raw)["weights"])


def local_scores(rows: Iterable[Iterable[tuple[str, ...]]], table: Weights | None = None) -> Scores:
    """Returns the log probabilities of candidates by the parts of their features, one row each."""
    table = weights("local") if table is None else table
    none, known = len(table.index), table.rows
    starts: list[int] = []
    columns: list[int] = []
    for parts in rows:
        starts.append(len(columns))
        for part in parts:
            columns += known(part)
        columns.append(none)
    if not starts:
        return np.zeros((0, len(KINDS)))
    return log_probabilities(np.add.reduceat(table.table[columns], starts))


def agreed_scores(rows: Iterable[Mapping[str, float]], table: Weights | None = None) -> Scores:
    """Returns the log probabilities of candidates by features that have values."""
    table = weights("agreement") if table is None else table
    none, index = len(table.index), table.index
    starts: list[int] = []
    columns: list[int] = []
    values: list[float] = []
    for features in rows:
        starts.append(len(columns))
        for feature, value in features.items():
            if feature in index:
                columns.append(index[feature])
                values.append(value)
        columns.append(none)
        values.append(0.0)
    if not starts:
        return np.zeros((0, len(KINDS)))
    weighted = table.table[columns] * np.array(values)[:, None]
    return log_probabilities(np.add.reduceat(weighted, starts))


def certain(kind: str) -> NDArray[np.float64]:
    """Returns the log probabilities of a candidate that is a name of a kind without any doubt."""
    return np.array([0.0 if k == kind else -20.0 for k in KINDS])


def hopeful(scores: Scores) -> list[int]:
    """Returns the numbers of the candidates that the rest of the story may still make names."""
    if not len(scores):
        return []
    return np.flatnonzero(scores[:, 1:].max(axis=1) - scores[:, 0] >= LEAST_HOPE).tolist()


def log_probabilities(z: NDArray[np.float64]) -> Scores:
    """Returns each row less the logarithm of the sum of its exponentials."""
    z = z - z.max(axis=1, keepdims=True)
    normalised: Scores = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
    return normalised


def chosen(spans: Sequence[tuple[int, int]], scores: Scores) -> list[tuple[int, str]]:
    """Returns the best set of names that do not overlap: the number and kind of each, in order.

    The set is the one with the largest sum of gains over NONE; of equal ones the first found.
    """
    best = scores[:, 1:].argmax(axis=1) + 1 if len(spans) else np.zeros(0, dtype=int)
    gains = [float(scores[i, k] - scores[i, 0]) - LEAST_GAIN for i, k in enumerate(best)]
    order = sorted(
        (i for i, gain in enumerate(gains) if gain > 0), key=lambda i: (spans[i][1], spans[i][0])
    )
    ends = [spans[i][1] for i in order]
    total = [0.0]
    taken: list[tuple[bool, int]] = []
    for n, i in enumerate(order):
        before = bisect_right(ends, spans[i][0], 0, n)
        with_it = total[before] + gains[i]
        take = with_it > total[n]
        total.append(with_it if take else total[n])
        taken.append((take, before))
    result: list[tuple[int, str]] = []
    n = len(order)
    while n:
        take, before = taken[n - 1]
        if take:
            result.append((order[n - 1], KINDS[best[order[n - 1]]]))
            n = before
        else:
            n -= 1
    return result[::-1]
