"""Finds the vectors that are alike: an inverted index, exact, in memory.

A vector is known by its slot, a small number that is used again once the vector has gone.
"""

from __future__ import annotations

from array import array

import numpy as np
from numpy.typing import NDArray

from pipeline.events.terms import TERMS, UNIT, Terms

Slots = NDArray[np.int64]
Products = NDArray[np.int64]

_SKIPPED = 0.5
"""How much of the least cosine the terms may be worth that are not looked up."""


class Neighbours:
    """Vectors, and for each term the vectors that have it."""

    def __init__(self, least: float) -> None:
        """Starts empty.

        Args:
            least: The least cosine of vectors that are alike.
        """
        self._least = least
        self._keys = np.zeros((1024, TERMS), np.uint32)
        self._weights = np.zeros((1024, TERMS), np.uint16)
        self._rarity = np.zeros((1024, TERMS), np.uint8)
        self._lengths = np.zeros(1024, np.uint8)
        self._sums = np.zeros(1024, np.int32)
        self._free: list[int] = []
        self._used = 0
        # Of each key the vectors that have it, as slot << 16 | weight; a single one stands alone.
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
        self._rarity[slot, :count] = terms.rarity
        self._lengths[slot] = count
        for key, weight in zip(terms.keys.tolist(), terms.weights.tolist(), strict=True):
            posting = slot << 16 | weight
            known = self._postings.get(key)
            if known is None:
                self._postings[key] = posting
            elif isinstance(known, int):
                self._postings[key] = array("Q", (known, posting))
            else:
                known.append(posting)
        return slot

    def discard(self, slot: int) -> None:
        """Removes a vector; its slot is free."""
        terms = self.terms(slot)
        for key, weight in zip(terms.keys.tolist(), terms.weights.tolist(), strict=True):
            known = self._postings[key]
            if isinstance(known, int) or len(known) == 1:
                del self._postings[key]
            else:
                known.remove(slot << 16 | weight)
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

        The terms that most vectors have are not looked up, as far as they weigh little: what is
        alike has enough in common without them. Its products are then worked out in full.
        """
        terms = self.terms(slot)
        weights = terms.weights.astype(np.int64)
        postings = [self._postings[key] for key in terms.keys.tolist()]
        sizes = [1 if isinstance(posting, int) else len(posting) for posting in postings]
        least = self._least * UNIT**2
        limit = (_SKIPPED * self._least * UNIT) ** 2
        skipped = 0.0
        looked_up: list[int] = []
        for n in sorted(range(len(postings)), key=lambda n: -sizes[n]):
            square = float(weights[n]) ** 2
            if skipped + square < limit:
                skipped += square
            else:
                looked_up.append(n)
        enough = least - skipped**0.5 * UNIT
        candidates = [np.zeros(0, np.int64)]
        for n in looked_up:
            posting = postings[n]
            if isinstance(posting, int):
                packed = np.array([posting], np.int64)
            else:
                packed = np.frombuffer(posting, np.int64)
            slots = packed >> 16
            sums = self._sums[slots]
            sums += ((packed & 0xFFFF) * weights[n]).astype(np.int32)
            self._sums[slots] = sums
            # Sums only grow: whatever has enough in the end has it after one of the terms.
            candidates.append(slots[sums >= enough])
            del packed  # an array can't grow while numpy looks at it
        self._sums[: self._used] = 0
        found = np.unique(np.concatenate(candidates))
        found = found[found != slot]
        products = self._products(terms, found)
        alike = products >= least
        return found[alike], products[alike]

    def _products(self, terms: Terms, slots: Slots) -> Products:
        """Returns the products of a vector with others."""
        keys = self._keys[slots]
        places = np.minimum(np.searchsorted(terms.keys, keys), len(terms) - 1)
        weights = np.where(terms.keys[places] == keys, terms.weights[places], 0).astype(np.int64)
        used = np.arange(TERMS) < self._lengths[slots][:, None]
        products: Products = np.einsum("ij,ij->i", weights * used, self._weights[slots])
        return products

    def _grow(self) -> None:
        for name in ("_keys", "_weights", "_rarity", "_lengths", "_sums"):
            old = getattr(self, name)
            new = np.zeros((len(old) * 2, *old.shape[1:]), old.dtype)
            new[: len(old)] = old
            setattr(self, name, new)
