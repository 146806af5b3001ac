"""Clusters a few hundred stories: the most alike are joined first, if their names agree.

Two clusters are as alike as the cosine between the sums of their vectors. What single stories say
evens out in the sums, so that large clusters are compared by what their stories have in common. Yet
a long story about two earthquakes draws the reports of both together; so two clusters of several
stories must also agree in the names that most of each share. Two stories that differ in their
names and have their words in common are bulletins of one mould; two that share a figure and a month
do so by chance. Neither pair counts as alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.events.terms import FIGURE, NAME, RARITY, UNIT, Terms

Matrix = NDArray[np.float32]

ALIKE = 0.35
"""The least cosine between two clusters that become one."""
RELATED = 0.10
"""A cosine of two stories below it counts as none: long stories always share a few words."""
AGREED = 0.47
"""The least cosine between the names of two clusters that become one."""
MOULD, UNLIKE, MOULD_WORDS = 0.6, 0.5, 5
"""Two stories are bulletins of one mould, not reports of one event, if the cosine of their words
is at least the first, that of their names is below the second, and they share so many words."""
TELLING, RARE = 0.5, 0.8
"""Two stories must share a name at least as rare as the first, or a word at least as rare as the
second. Names of months are less rare, and figures do not count."""
SEVERAL = 3
"""Clusters are asked to agree when each has so many stories: the names of fewer say too little."""
SHARED = 0.40
"""A name stands for a cluster when so many of its stories have it."""


def cluster(stories: Sequence[Terms]) -> list[list[int]]:
    """Returns the clusters of stories, as positions in ascending order.

    Equal cosines are decided by the order of the stories: give them in an order that does not
    depend on their arrival.
    """
    if len(stories) < 2:
        return [[n] for n in range(len(stories))]
    shared = _shared(stories)
    return _Clustering(_products(shared), shared.rarity[:, shared.keys & NAME > 0]).run()


@dataclass(frozen=True, slots=True)
class _Shared:
    """What stories have in common: the terms of two and more, a row for each story.

    Most terms are of one story alone, and tell nothing but how long its vector is.
    """

    keys: NDArray[np.uint32]
    """Of the columns."""
    weights: Matrix
    rarity: Matrix
    squares: tuple[NDArray[np.int64], NDArray[np.int64]]
    """Of each story, of all its names and of all its words."""
    tells: NDArray[np.bool_]
    """Of each story, whether it has a telling term at all."""


def _shared(stories: Sequence[Terms]) -> _Shared:
    keys = np.concatenate([story.keys for story in stories])
    weights = np.concatenate([story.weights for story in stories]).astype(np.float32)
    rarity = np.concatenate([story.rarity for story in stories]).astype(np.float32) / np.float32(
        RARITY
    )
    rows = np.repeat(np.arange(len(stories)), [len(story) for story in stories])
    is_name = keys & NAME > 0
    names, words = (
        np.bincount(rows[of], np.square(weights[of]), len(stories)).astype(np.int64)
        for of in (is_name, ~is_name)
    )
    tells = np.zeros(len(stories), np.bool_)
    tells[rows[_telling(keys, rarity)]] = True
    distinct, columns, counts = np.unique(keys, return_inverse=True, return_counts=True)
    kept = counts > 1
    place, of_two = (np.cumsum(kept) - 1)[columns], kept[columns]
    rows, place = rows[of_two], place[of_two]
    dense = np.zeros((2, len(stories), int(kept.sum())), np.float32)
    dense[0, rows, place] = weights[of_two]
    dense[1, rows, place] = rarity[of_two]
    return _Shared(distinct[kept], dense[0], dense[1], (names, words), tells)


def _telling(keys: NDArray[np.uint32], rarity: Matrix) -> NDArray[np.bool_]:
    is_figure = keys & (NAME | FIGURE) == NAME | FIGURE
    told: NDArray[np.bool_] = (rarity >= np.where(keys & NAME > 0, TELLING, RARE)) & ~is_figure
    return told


def _products(shared: _Shared) -> NDArray[np.int64]:
    """Returns the products of all pairs, in whole numbers; none for pairs that only look alike."""
    is_name = shared.keys & NAME > 0
    names, words = shared.weights[:, is_name], shared.weights[:, ~is_name]
    by_name, by_word = names @ names.T, words @ words.T
    of_names, of_words = shared.squares
    of_one_mould = (by_word >= MOULD * np.sqrt(np.outer(of_words, of_words))) & (
        by_name < UNLIKE * np.sqrt(np.outer(of_names, of_names))
    )
    if of_one_mould.any():
        have = (words > 0).astype(np.float32)
        of_one_mould &= have @ have.T >= MOULD_WORDS
    told = _telling(shared.keys, shared.rarity).astype(np.float32)
    of_chance = (told @ told.T == 0) & shared.tells[:, None] & shared.tells
    products = (by_name + by_word).astype(np.int64)
    products[(products < RELATED * UNIT**2) | of_one_mould | of_chance] = 0
    np.fill_diagonal(products, of_names + of_words)
    return products


class _Clustering:
    """Clusters while they are joined. A cluster is known by its first story."""

    def __init__(self, products: NDArray[np.int64], names: Matrix) -> None:
        count = len(products)
        self.names = names
        self.lengths = np.sqrt(np.maximum(products.diagonal(), 1))
        self.squares = products.diagonal().copy()
        self.sums = products
        np.fill_diagonal(self.sums, 0)
        self.members = {n: [n] for n in range(count)}
        self.cosines = self.sums / np.outer(self.lengths, self.lengths)
        self.nearest = self.cosines.argmax(1)
        self.best = self.cosines[np.arange(count), self.nearest]
        self.stale = np.zeros(count, np.bool_)
        self.profiles: dict[int, tuple[int, Matrix]] = {}

    def run(self) -> list[list[int]]:
        """Returns the clusters once no two are alike enough."""
        while True:
            one = int(self.best.argmax())
            if self.best[one] < ALIKE:
                return sorted(sorted(members) for members in self.members.values())
            if self.stale[one]:
                self._update(one)
                continue
            other = int(self.nearest[one])
            one, other = min(one, other), max(one, other)
            if self._agree(one, other):
                self._join(one, other)
            else:
                self.cosines[one, other] = self.cosines[other, one] = 0
                self._update(one)
                self._update(other)

    def _join(self, one: int, other: int) -> None:
        self.members[one] += self.members.pop(other)
        self.squares[one] += self.squares[other] + 2 * self.sums[one, other]
        self.lengths[one] = np.sqrt(self.squares[one])
        for axis in (self.sums, self.sums.T):
            axis[one] += axis[other]
            axis[other] = 0
        self.sums[one, one] = 0
        cosines = self.sums[one] / (self.lengths * self.lengths[one])
        self.cosines[one] = self.cosines[:, one] = cosines
        self.cosines[other] = self.cosines[:, other] = 0
        # Where the nearest is gone, what is known of the best is a limit that is checked later.
        self.stale |= (self.nearest == one) | (self.nearest == other)
        better = (cosines > self.best) | (
            ~self.stale & (cosines == self.best) & (one < self.nearest)
        )
        self.nearest[better] = one
        self.best[better] = cosines[better]
        self.stale[better] = False
        self._update(one)
        self._update(other)

    def _update(self, row: int) -> None:
        self.nearest[row] = self.cosines[row].argmax()
        self.best[row] = self.cosines[row, self.nearest[row]]
        self.stale[row] = False

    def _agree(self, one: int, other: int) -> bool:
        if min(len(self.members[one]), len(self.members[other])) < SEVERAL:
            return True
        a, b = self._profile(one), self._profile(other)
        return bool(a @ b >= AGREED * np.sqrt((a @ a) * (b @ b)) > 0)

    def _profile(self, cluster: int) -> Any:
        size = len(self.members[cluster])
        known = self.profiles.get(cluster)
        if known is None or known[0] != size:
            rows = self.names[self.members[cluster]]
            share = (rows > 0).mean(0)
            known = size, np.where(share >= SHARED, share * rows.max(0), 0.0)
            self.profiles[cluster] = known
        return known[1]
