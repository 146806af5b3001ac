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
    weights, kinds, rarity = _matrices(stories)
    return _Clustering(_products(weights, kinds, rarity), rarity[:, kinds & NAME > 0]).run()


def _matrices(stories: Sequence[Terms]) -> tuple[Matrix, NDArray[np.uint32], Matrix]:
    """Returns a row for each story: its weights and the rarity of its names; each column's key."""
    keys = np.concatenate([story.keys for story in stories])
    rows = np.repeat(np.arange(len(stories)), [len(story) for story in stories])
    distinct, columns = np.unique(keys, return_inverse=True)
    weights = np.zeros((len(stories), len(distinct)), np.float32)
    weights[rows, columns] = np.concatenate([story.weights for story in stories])
    rarity = np.zeros_like(weights)
    rarity[rows, columns] = np.concatenate([story.rarity for story in stories])
    return weights, distinct, rarity / np.float32(RARITY)


def _products(weights: Matrix, keys: NDArray[np.uint32], rarity: Matrix) -> NDArray[np.int64]:
    """Returns the products of all pairs, in whole numbers; none for pairs that only look alike."""
    is_name, is_figure = keys & NAME > 0, keys & (NAME | FIGURE) == NAME | FIGURE
    names, words = weights[:, is_name], weights[:, ~is_name]
    by_name, by_word = names @ names.T, words @ words.T
    shared = (words > 0).astype(np.float32)
    of_one_mould = (
        (by_word >= MOULD * _lengths(by_word))
        & (by_name < UNLIKE * _lengths(by_name))
        & (shared @ shared.T >= MOULD_WORDS)
    )
    told = ((rarity >= np.where(is_name, TELLING, RARE)) & ~is_figure).astype(np.float32)
    in_common = told @ told.T
    have = in_common.diagonal() > 0
    of_chance = (in_common == 0) & have[:, None] & have
    products = (by_name + by_word).astype(np.int64)
    products[(products < RELATED * UNIT**2) | of_one_mould | of_chance] = 0
    return products


def _lengths(products: Matrix) -> Matrix:
    """Returns the products of the lengths of all pairs."""
    lengths = np.sqrt(products.diagonal().astype(np.float64))
    return np.outer(lengths, lengths)


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
