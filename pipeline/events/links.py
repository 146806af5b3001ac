"""Which vectors are clustered together: the components of a graph, none of which is too large.

Two vectors are linked when their cosine is at least LINKS[0]. A vector with more than NEIGHBOURS
links takes the next higher threshold; and a component of more than BLOCK vectors falls apart at the
next higher threshold. So each vector is in one block, the largest component around it that is small
enough, and the blocks are a function of the set of vectors: no order of arrival, no history.
After a change only the blocks near it are looked at.
"""

from __future__ import annotations

from array import array

import numpy as np
from numpy.typing import NDArray

from pipeline.events.neighbours import Neighbours, Products, Slots
from pipeline.events.terms import UNIT, Terms

LINKS = (0.25, 0.35, 0.45, 0.55, 0.65, 0.75, 0.85, 0.92, 0.97)
"""The thresholds. At the last one blocks may be of any size: such texts are the same."""
NEIGHBOURS = 200
BLOCK = 300

_THRESHOLDS = np.array([round(link * UNIT**2) for link in LINKS], np.int64)
_LAST = len(LINKS) - 1
_MIX = np.uint64(0x9E3779B97F4A7C15)


class Links:
    """The graph, and the blocks as they were when last asked for."""

    def __init__(self) -> None:
        """Starts empty."""
        self._near = Neighbours(LINKS[0])
        self._counts = np.zeros((self._near.capacity, len(LINKS)), np.int32)
        self._levels = np.zeros(self._near.capacity, np.int16)
        self._hashes = np.zeros(self._near.capacity, np.uint64)
        # Of each slot what it is linked with, as product << 32 | slot.
        self._edges: dict[int, array[int]] = {}
        self._touched: set[int] = set()
        self._block_of: dict[int, int] = {}
        self._blocks: dict[int, list[int]] = {}
        self._next = 0

    @property
    def count(self) -> int:
        """How many links there are."""
        return sum(map(len, self._edges.values())) // 2

    def terms(self, slot: int) -> Terms:
        """Returns the vector of a slot."""
        return self._near.terms(slot)

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
        alike = products[:, None] >= _THRESHOLDS
        self._counts[slot] = alike.sum(0)
        self._counts[slots] += alike
        self._levels[slot] = _level(self._counts[slot : slot + 1])[0]
        for risen in self._changed(slots):
            self._unlink(risen)
        linked = self._linked(slot, slots, products)
        self._edges[slot] = _packed(slots[linked], products[linked])
        for other, product in zip(slots[linked].tolist(), products[linked].tolist(), strict=True):
            self._edges[other].append(product << 32 | slot)
            self._touched.add(other)
        self._touched.add(slot)
        return slot

    def discard(self, slot: int) -> None:
        """Removes a vector."""
        slots, products = self._near.near(slot)
        self._counts[slots] -= products[:, None] >= _THRESHOLDS
        for packed in self._edges.pop(slot):
            other = packed & 0xFFFFFFFF
            self._edges[other].remove((packed & ~0xFFFFFFFF) | slot)
            self._touched.add(other)
        if slot in self._block_of:
            for member in self._blocks.pop(self._block_of[slot]):
                del self._block_of[member]
        self._near.discard(slot)
        self._touched.discard(slot)
        for fallen in self._changed(slots):
            self._relink(fallen)

    def settle(self) -> list[list[int]]:
        """Returns the blocks that are not what they were when last asked for."""
        pending, self._touched = self._touched, set()
        large: list[set[int]] = [set() for _ in LINKS]
        done: set[int] = set()
        changed: list[list[int]] = []
        dropped: set[int] = set()
        while pending:
            slot = pending.pop()
            if slot in done:
                continue
            members = self._block(slot, large)
            done |= members
            before = {self._block_of[member] for member in members if member in self._block_of}
            if len(before) == 1 and members == set(self._blocks[min(before)]):
                continue
            for block in before - dropped:
                pending.update(set(self._blocks[block]) - members)
                dropped.add(block)
            changed.append(sorted(members))
        for block in dropped:
            del self._blocks[block]
        for block_members in changed:
            self._blocks[self._next] = list(block_members)
            self._block_of.update(dict.fromkeys(block_members, self._next))
            self._next += 1
        return changed

    def _block(self, slot: int, large: list[set[int]]) -> set[int]:
        """Returns the largest component around a slot that is small enough.

        Args:
            slot: Where to start.
            large: At each threshold, slots of components that are known to be too large.
        """
        for level, threshold in enumerate(_THRESHOLDS.tolist()):
            if slot in large[level]:
                continue
            seen, rest = {slot}, [slot]
            while rest:
                found = self._beyond(rest.pop(), threshold) - seen
                seen |= found
                if level < _LAST and (len(seen) > BLOCK or not found.isdisjoint(large[level])):
                    large[level] |= seen
                    break
                rest += found
            else:
                return seen
        raise AssertionError("at the last threshold a component may be of any size")

    def _beyond(self, slot: int, threshold: int) -> set[int]:
        packed = np.array(self._edges[slot], np.int64)
        return set((packed[packed >> 32 >= threshold] & 0xFFFFFFFF).tolist())

    def _changed(self, slots: Slots) -> list[int]:
        """Sets the levels of slots and returns those whose level was another."""
        levels = _level(self._counts[slots])
        changed = levels != self._levels[slots]
        self._levels[slots] = levels
        found: list[int] = slots[changed].tolist()
        return found

    def _linked(self, slot: int, slots: Slots, products: Products) -> NDArray[np.bool_]:
        """Returns which of its neighbours a slot is linked with."""
        levels = np.maximum(self._levels[slots], self._levels[slot])
        mixed = ((self._hashes[slots] ^ self._hashes[slot]) * _MIX) >> np.uint64(32)
        thin = (np.int64(1) << np.maximum(levels - _LAST, 0).astype(np.int64)) - 1
        linked: NDArray[np.bool_] = (products >= _THRESHOLDS[np.minimum(levels, _LAST)]) & (
            (mixed.astype(np.int64) & thin) == 0
        )
        return linked

    def _unlink(self, slot: int) -> None:
        """Drops the links that a slot's level no longer allows."""
        packed = np.array(self._edges[slot], np.int64)
        slots, products = packed & 0xFFFFFFFF, packed >> 32
        linked = self._linked(slot, slots, products)
        for other, product in zip(slots[~linked].tolist(), products[~linked].tolist(), strict=True):
            self._edges[other].remove(product << 32 | slot)
            self._touched.add(other)
        self._edges[slot] = _packed(slots[linked], products[linked])
        self._touched.add(slot)

    def _relink(self, slot: int) -> None:
        """Adds the links that a slot's level allows now."""
        slots, products = self._near.near(slot)
        linked = self._linked(slot, slots, products)
        known = {packed & 0xFFFFFFFF for packed in self._edges[slot]}
        for other, product in zip(slots[linked].tolist(), products[linked].tolist(), strict=True):
            if other not in known:
                self._edges[slot].append(product << 32 | other)
                self._edges[other].append(product << 32 | slot)
                self._touched.add(other)
        self._touched.add(slot)

    def _grow(self) -> None:
        for name in ("_counts", "_levels", "_hashes"):
            old = getattr(self, name)
            new = np.zeros((self._near.capacity, *old.shape[1:]), old.dtype)
            new[: len(old)] = old
            setattr(self, name, new)


def _level(counts: NDArray[np.int32]) -> NDArray[np.int64]:
    """Returns the first threshold at which a slot has few enough neighbours.

    Beyond the last threshold each further level keeps half of the links.
    """
    few = counts <= NEIGHBOURS
    halvings = np.ceil(np.log2(np.maximum(counts[:, -1], NEIGHBOURS) / NEIGHBOURS))
    level: NDArray[np.int64] = np.where(
        few.any(1), few.argmax(1), _LAST + halvings.astype(np.int64)
    )
    return level


def _packed(slots: Slots, products: Products) -> array[int]:
    packed = array("Q")
    packed.frombytes((products << 32 | slots).tobytes())
    return packed
