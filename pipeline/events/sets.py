"""Disjoint sets of small numbers, kept small: most stories stand alone."""

from __future__ import annotations

from array import array
from collections.abc import Sequence

NONE = -1
"""In place of a slot: no set."""


class Sets:
    """Sets of slots. A set is known by its least slot; of one that stands alone nothing is kept."""

    def __init__(self) -> None:
        """Starts without sets."""
        self._least = array("i")
        self._members: dict[int, array[int]] = {}

    def known_by(self, slot: int) -> int:
        """Returns the least slot of the set that a slot is in; NONE where it is in none."""
        return self._least[slot] if slot < len(self._least) else NONE

    def of(self, slot: int) -> Sequence[int]:
        """Returns the set that a slot is in; an empty one where it is in none."""
        least = self.known_by(slot)
        return () if least == NONE else self._members.get(least, (least,))

    def put(self, slots: Sequence[int]) -> None:
        """Makes slots that are in no set one."""
        least, most = min(slots), max(slots)
        if most >= len(self._least):
            self._least.extend([NONE] * (most + 1 - len(self._least)))
        for slot in slots:
            self._least[slot] = least
        if len(slots) > 1:
            self._members[least] = array("i", slots)

    def drop(self, slot: int) -> None:
        """Dissolves the set that a slot is in, if there is one."""
        least = self.known_by(slot)
        for member in self.of(slot):
            self._least[member] = NONE
        self._members.pop(least, None)

    def remove(self, slot: int) -> None:
        """Takes a slot out of its set."""
        rest = [member for member in self.of(slot) if member != slot]
        self.drop(slot)
        if rest:
            self.put(rest)
