"""Which vectors are clustered together: the components of a graph, none of which is too large.

Two vectors are linked when their cosine is at least LINKS[0]. A vector with more than NEIGHBOURS
links takes the next higher level, and a component of more than BLOCK vectors falls apart at the
next higher level: first the threshold rises, then vectors are linked only within classes that
their digests put them in, two classes, four and so on. So each vector is in one block, the largest
component around it that is small enough, and the blocks are a function of the set of vectors: no
order of arrival, no history. After a change only the blocks near it are looked at.
"""

from __future__ import annotations

from array import array

import numpy as np
from numpy.typing import NDArray

from pipeline.events.neighbours import Neighbours, Products, Slots
from pipeline.events.sets import NONE, Sets
from pipeline.events.terms import UNIT, Terms

LINKS = (0.25, 0.30, 0.35, 0.40, 0.45, 0.50)
"""The thresholds of the first levels; all others have the last one."""
HALVINGS = 12
"""Further levels, each with twice as many classes. At the last one a block may be of any size."""
NEIGHBOURS = 400
BLOCK = 600
RAISED = 5_000
"""Up to so many slots at higher levels it is faster to look at each than to search."""

_LAST = len(LINKS) + HALVINGS - 1
_THRESHOLDS = np.array(
    [round(link * UNIT**2) for link in (*LINKS, *[LINKS[-1]] * HALVINGS)], np.int64
)
_CLASSES = np.array([0] * len(LINKS) + [2**64 - 2 ** (63 - n) for n in range(HALVINGS)], np.uint64)
"""Of each level, the bits of two digests that must be equal."""


class Links:
    """The graph, and the blocks as they were when last asked for."""

    def __init__(self) -> None:
        """Starts empty."""
        self._near = Neighbours(LINKS[0])
        self._counts = np.zeros((self._near.capacity, _LAST + 1), np.int32)
        self._levels = np.zeros(self._near.capacity, np.int16)
        self._hashes = np.zeros(self._near.capacity, np.uint64)
        # Of each slot what it is linked with, as product << 32 | slot.
        self._edges: dict[int, array[int]] = {}
        self._touched: set[int] = set()
        self._blocks = Sets()

    @property
    def count(self) -> int:
        """Returns the number of links."""
        return sum(map(len, self._edges.values())) // 2

    def terms(self, slot: int) -> Terms:
        """Returns the vector of a slot."""
        return self._near.terms(slot)

    def digest(self, slot: int) -> int:
        """Returns the digest that a vector came with."""
        return int(self._hashes[slot])

    def add(self, terms: Terms, digest: int) -> int:
        """Adds a vector and returns its slot.

        Args:
            terms: The vector; no two are equal.
            digest: 64 bits that depend on the vector alone.
        """
        slot = self._near.add(terms)
        if len(self._levels) < self._near.capacity:
            self._grow()
        slots, products = self._near.near(slot)
        self._hashes[slot] = digest
        alike = self._alike(slot, slots, products)
        self._counts[slot] = alike.sum(0)
        self._counts[slots] += alike
        self._levels[slot] = _level(self._counts[slot : slot + 1])[0]
        for risen in self._changed(slots):
            self._unlink(risen)
        linked = self._linked(slot, slots, products)
        self._keep(slot, slots[linked], products[linked])
        for other, product in zip(slots[linked].tolist(), products[linked].tolist(), strict=True):
            self._link(other, product, slot)
        self._touched.add(slot)
        return slot

    def discard(self, slot: int) -> None:
        """Removes a vector."""
        slots, products = self._alike_to(slot)
        self._counts[slots] -= self._alike(slot, slots, products)
        for other, product in zip(*self._edges_of(slot), strict=True):
            self._cut(other, product, slot)
        self._edges.pop(slot, None)
        self._levels[slot] = 0
        self._blocks.drop(slot)
        self._near.discard(slot)
        self._touched.discard(slot)
        for fallen in self._changed(slots):
            self._relink(fallen)

    def settle(self) -> list[list[int]]:
        """Returns the blocks that are not what they were when last asked for."""
        pending, self._touched = self._touched, set()
        large: list[set[int]] = [set() for _ in _THRESHOLDS]
        done: set[int] = set()
        changed: list[list[int]] = []
        dropped: set[int] = set()
        while pending:
            slot = pending.pop()
            if slot in done:
                continue
            members = self._block(slot, large)
            done |= members
            before = {self._blocks.known_by(member) for member in members} - {NONE}
            if len(before) == 1 and members == set(self._blocks.of(min(members))):
                continue
            for block in before - dropped:
                pending.update(set(self._blocks.of(block)) - members)
                dropped.add(block)
            changed.append(sorted(members))
        for block in dropped:
            self._blocks.drop(block)
        for block_members in changed:
            self._blocks.put(block_members)
        return changed

    def _block(self, slot: int, large: list[set[int]]) -> set[int]:
        """Returns the largest component around a slot that is small enough.

        Args:
            slot: Where to start.
            large: At each level, slots of components that are known to be too large.
        """
        for level in range(_LAST):
            if slot not in large[level]:
                seen = self._component(slot, level, large[level])
                if seen is not None:
                    return seen
        return self._component(slot, _LAST, None) or {slot}

    def _component(self, slot: int, level: int, large: set[int] | None) -> set[int] | None:
        """Returns the component around a slot; None where it is too large, which is added."""
        seen, rest = {slot}, [slot]
        while rest:
            found = self._beyond(rest.pop(), level) - seen
            seen |= found
            if large is not None and (len(seen) > BLOCK or not found.isdisjoint(large)):
                large |= seen
                return None
            rest += found
        return seen

    def _beyond(self, slot: int, level: int) -> set[int]:
        slots, products = self._edges_of(slot)
        slots = slots[products >= _THRESHOLDS[level]]
        if _CLASSES[level]:
            differing = (self._hashes[slots] ^ self._hashes[slot]) & _CLASSES[level]
            slots = slots[differing == 0]
        return set(slots.tolist())

    def _changed(self, slots: Slots) -> list[int]:
        """Sets the levels of slots and returns those whose level was another."""
        levels = _level(self._counts[slots])
        changed = levels != self._levels[slots]
        self._levels[slots] = levels
        found: list[int] = slots[changed].tolist()
        return found

    def _alike(self, slot: int, slots: Slots, products: Products) -> NDArray[np.bool_]:
        """Returns for each neighbour of a slot, and each level, whether they are alike at it."""
        differing = (self._hashes[slots] ^ self._hashes[slot])[:, None] & _CLASSES
        alike: NDArray[np.bool_] = (products[:, None] >= _THRESHOLDS) & (differing == 0)
        return alike

    def _alike_to(self, slot: int) -> tuple[Slots, Products]:
        """Returns what `Neighbours.near` does, from the links where these are known to be all.

        Of a slot at the first level only those to slots that are at a higher one may be missing.
        """
        raised = np.flatnonzero(self._levels)
        if self._levels[slot] or len(raised) > RAISED:
            return self._near.near(slot)
        slots, products = self._edges_of(slot)
        others, more = self._near.among(slot, raised[~np.isin(raised, slots)])
        return np.concatenate([slots, others]), np.concatenate([products, more])

    def _linked(self, slot: int, slots: Slots, products: Products) -> NDArray[np.bool_]:
        """Returns which of its neighbours a slot is linked with."""
        levels = np.maximum(self._levels[slots], self._levels[slot])
        differing = (self._hashes[slots] ^ self._hashes[slot]) & _CLASSES[levels]
        linked: NDArray[np.bool_] = (products >= _THRESHOLDS[levels]) & (differing == 0)
        return linked

    def _unlink(self, slot: int) -> None:
        """Drops the links that a slot's level no longer allows."""
        slots, products = self._edges_of(slot)
        linked = self._linked(slot, slots, products)
        for other, product in zip(slots[~linked].tolist(), products[~linked].tolist(), strict=True):
            self._cut(other, product, slot)
        self._keep(slot, slots[linked], products[linked])
        self._touched.add(slot)

    def _relink(self, slot: int) -> None:
        """Adds the links that a slot's level allows now."""
        slots, products = self._near.near(slot)
        missing = self._linked(slot, slots, products) & ~np.isin(slots, self._edges_of(slot)[0])
        for other, product in zip(slots[missing].tolist(), products[missing].tolist(), strict=True):
            self._link(slot, product, other)
            self._link(other, product, slot)
        self._touched.add(slot)

    def _edges_of(self, slot: int) -> tuple[Slots, Products]:
        packed = np.array(self._edges.get(slot, ()), np.int64)
        return packed & 0xFFFFFFFF, packed >> 32

    def _keep(self, slot: int, slots: Slots, products: Products) -> None:
        self._edges.pop(slot, None)
        if len(slots):
            self._edges[slot] = array("Q", (products << 32 | slots).tobytes())

    def _link(self, slot: int, product: int, other: int) -> None:
        self._edges.setdefault(slot, array("Q")).append(product << 32 | other)
        self._touched.add(slot)

    def _cut(self, slot: int, product: int, other: int) -> None:
        self._edges[slot].remove(product << 32 | other)
        if not self._edges[slot]:
            del self._edges[slot]
        self._touched.add(slot)

    def _grow(self) -> None:
        for name in ("_counts", "_levels", "_hashes"):
            old = getattr(self, name)
            new = np.zeros((self._near.capacity, *old.shape[1:]), old.dtype)
            new[: len(old)] = old
            setattr(self, name, new)


def _level(counts: NDArray[np.int32]) -> NDArray[np.int64]:
    """Returns the first level at which a slot has few enough neighbours, or else the last."""
    few = counts <= NEIGHBOURS
    few[:, _LAST] = True
    level: NDArray[np.int64] = few.argmax(1)
    return level
