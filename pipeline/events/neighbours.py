"""Finds the vectors that are alike: an inverted index, exact, in memory.

Only a vector's rarer terms are in the index: what is alike has enough of them in common. One order
of terms holds for all vectors, commonest first: words before names, then by rarity. So the common
terms of two vectors that only one is found by are all among those that the other leaves out.

A vector is known by its slot, a small number that is used again once the vector has gone.
"""

from __future__ import annotations

from array import array

import numpy as np
from numpy.typing import NDArray

from pipeline.events.terms import NAME, TERMS, UNIT, Terms

Slots = NDArray[np.int64]
Products = NDArray[np.int64]

_SKIPPED = 0.6
"""How much of the least cosine the terms may be worth that a vector is not found by."""
_STEP = 9
"""Weights are rounded up to so many in the index, so that one fits into eight bits."""
_BUCKETS = 1 << 16


class Neighbours:
    """Vectors, and for each rarer term the vectors that have it."""

    def __init__(self, least: float) -> None:
        """Starts empty.

        Args:
            least: The least cosine of vectors that are alike.
        """
        self._least = least * UNIT**2
        self._skipped = _SKIPPED * least * UNIT
        self._enough = int((1 - _SKIPPED) * self._least) // _STEP
        self._keys = np.zeros((1024, TERMS), np.uint32)
        self._weights = np.zeros((1024, TERMS), np.uint16)
        self._rarity = np.zeros((1024, TERMS), np.uint8)
        self._lengths = np.zeros(1024, np.uint8)
        self._sums = np.zeros(1024, np.int32)
        self._at_most = np.zeros(_BUCKETS, np.uint16)
        self._free: list[int] = []
        self._used = 0
        # Of each key the vectors that are found by it, as slot << 8 | weight in steps; a single one
        # stands alone.
        self._postings: dict[int, int | array[int]] = {}

    @property
    def capacity(self) -> int:
        """Returns the number of slots, used or not."""
        return len(self._keys)

    def add(self, terms: Terms) -> int:
        """Adds a vector and returns its slot."""
        if self._free:
            slot = self._free.pop()
        else:
            slot = self._used
            self._used += 1
            if slot == self.capacity:
                self._grow()
        count = len(terms)
        self._keys[slot, :count] = terms.keys
        self._weights[slot, :count] = terms.weights
        self._weights[slot, count:] = 0
        self._rarity[slot, :count] = terms.rarity
        self._lengths[slot] = count
        for key, posting in self._found_by(slot, terms):
            known = self._postings.get(key)
            if known is None:
                self._postings[key] = posting
            elif isinstance(known, int):
                self._postings[key] = array("I", (known, posting))
            else:
                known.append(posting)
        return slot

    def discard(self, slot: int) -> None:
        """Removes a vector; its slot is free."""
        for key, posting in self._found_by(slot, self.terms(slot)):
            known = self._postings[key]
            if isinstance(known, int) or len(known) == 1:
                del self._postings[key]
            else:
                _remove(known, posting)
        self._lengths[slot] = 0
        self._free.append(slot)

    def terms(self, slot: int) -> Terms:
        """Returns the vector of a slot."""
        count = int(self._lengths[slot])
        return Terms(
            self._keys[slot, :count], self._weights[slot, :count], self._rarity[slot, :count]
        )

    def near(self, slot: int) -> tuple[Slots, Products]:
        """Returns the slots of the vectors that are alike, ascending, and the products with each.

        Whatever has enough in common by the terms that it is found by is compared in full.
        """
        terms = self.terms(slot)
        rarer = self._rarer(terms)
        keys, weights = terms.keys[rarer].tolist(), terms.weights[rarer]
        postings = [self._postings[key] for key in keys]
        # A single one is the vector's own.
        others = [posting for posting in postings if not isinstance(posting, int)]
        packed = np.frombuffer(b"".join(others), np.uint32)
        slots = (packed >> 8).astype(np.int64)
        of_terms = np.repeat(weights, [0 if isinstance(p, int) else len(p) for p in postings])
        np.add.at(self._sums, slots, (packed & 0xFF).astype(np.int32) * of_terms)
        found = np.unique(slots[self._sums[slots] >= self._enough])
        self._sums[slots] = 0
        return self.among(slot, found[found != slot])

    def among(self, slot: int, others: Slots) -> tuple[Slots, Products]:
        """Returns which of some other vectors are alike, and the products with each."""
        terms = self.terms(slot)
        others = others[self._limits(terms, others) >= self._least]
        products = self._products(terms, others)
        alike = products >= self._least
        return others[alike], products[alike]

    def _rarer(self, terms: Terms) -> Slots:
        """Returns the places of the terms by which a vector is found.

        The order depends on the terms alone, so that a vector finds what it is found by.
        """
        order = np.lexsort((terms.keys, terms.rarity, terms.keys & NAME))
        squares = np.cumsum(np.square(terms.weights[order].astype(np.float64)))
        return order[squares >= self._skipped**2]

    def _found_by(self, slot: int, terms: Terms) -> list[tuple[int, int]]:
        rarer = self._rarer(terms)
        packed = slot << 8 | -(-terms.weights[rarer].astype(np.int64) // _STEP)
        return list(zip(terms.keys[rarer].tolist(), packed.tolist(), strict=True))

    def _limits(self, terms: Terms, slots: Slots) -> Products:
        """Returns what the products of a vector with others are at most: all but equal to them."""
        buckets = terms.keys >> 2 & _BUCKETS - 1
        np.maximum.at(self._at_most, buckets, terms.weights)
        weights = self._at_most[self._keys[slots] >> 2 & _BUCKETS - 1]
        self._at_most[buckets] = 0
        return _sums(weights, self._weights[slots])

    def _products(self, terms: Terms, slots: Slots) -> Products:
        """Returns the products of a vector with others."""
        keys = self._keys[slots]
        places = np.minimum(np.searchsorted(terms.keys, keys), len(terms) - 1)
        weights = np.where(terms.keys[places] == keys, terms.weights[places], 0)
        return _sums(weights, self._weights[slots])

    def _grow(self) -> None:
        for name in ("_keys", "_weights", "_rarity", "_lengths", "_sums"):
            old = getattr(self, name)
            new = np.zeros((len(old) * 2, *old.shape[1:]), old.dtype)
            new[: len(old)] = old
            setattr(self, name, new)


def _sums(weights: NDArray[np.uint16], others: NDArray[np.uint16]) -> Products:
    products: Products = np.einsum("ij,ij->i", weights, others, dtype=np.int64)
    return products


def _remove(postings: array[int], posting: int) -> None:
    """Removes a posting; the last one takes its place."""
    place = int(np.flatnonzero(np.frombuffer(postings, np.uint32) == posting)[0])
    last = postings.pop()
    if last != posting:
        postings[place] = last
