"""The events of a set of stories, kept up to date while stories come, change and go.

A story is a row, a distinct vector a slot; both are small numbers in arrays, so that a million
stories fit into memory. Equal vectors count once.
"""

from __future__ import annotations

import hashlib
import sys
from array import array
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from pipeline.events.clusters import cluster
from pipeline.events.links import Links
from pipeline.events.race import OUT, Standing, standings
from pipeline.events.sets import Sets
from pipeline.events.terms import Terms

LEAST_TERMS = 3
"""A story with fewer terms stands alone: "Weather" and "Weather" need not be the same."""

_ALONE, _GONE = -1, -2
"""In place of a row's slot: it has too few terms, it has been removed."""
_NAMELESS = -1
_UNDATED = 2**63 - 1
_EPOCH, _TICK = datetime.fromtimestamp(0, UTC), timedelta(microseconds=1)


class Events:
    """Stories and the event of each, which depends on the set of stories alone."""

    def __init__(self) -> None:
        """Starts without stories."""
        self._links = Links()
        self._slots: dict[int, int] = {}
        """By the digests of the vectors."""
        self._events = Sets()
        self._rows: dict[str, int] = {}
        # Of each row its id, slot, time of publication in microseconds, the row that names it, and
        # its source.
        self._ids: list[str] = []
        self._slot = array("i")
        self._published = array("q")
        self._namer = array("i")
        self._source: list[str | None] = []
        self._standings: dict[int, Standing] = {}
        """Of the rows that run in the race for their event."""
        self._free: list[int] = []
        # Of each slot the row that has its vector; all rows where several have it.
        self._row = array("i")
        self._equal: dict[int, list[int]] = {}
        # What changed since the events were last settled.
        self._renamed: set[int] = set()
        self._touched: set[int] = set()
        self._gone = 0

    def __len__(self) -> int:
        return len(self._rows) - self._gone

    @property
    def links(self) -> int:
        """Returns the number of pairs of texts that are alike enough to be compared further."""
        return self._links.count

    def __contains__(self, story: str) -> bool:
        row = self._rows.get(story)
        return row is not None and self._slot[row] != _GONE

    def put(
        self,
        story: str,
        terms: Terms,
        published_at: datetime | None = None,
        source: str | None = None,
    ) -> None:
        """Adds a story, or replaces what is known of it.

        Args:
            story: Its id.
            terms: Its vector.
            published_at: An aware time. It decides which story names an event, and which source
                had it first; and nothing else.
            source: Whom it came from.
        """
        row = self._row_of(story)
        self._touched.add(row)
        self._published[row] = (
            _UNDATED if published_at is None else (published_at - _EPOCH) // _TICK
        )
        self._source[row] = sys.intern(source) if source else None
        digest = _digest(terms)
        slot = self._slots.get(digest, _ALONE)
        if self._slot[row] == slot != _ALONE:
            self._renamed.add(slot)
            return
        self._take_out(row)
        if len(terms) < LEAST_TERMS:
            self._slot[row] = _ALONE
            return
        slot = self._slots.get(digest, _ALONE)
        if slot == _ALONE:
            slot = self._links.add(terms, digest)
            self._slots[digest] = slot
            if slot == len(self._row):
                self._row.append(row)
            self._row[slot] = row
        else:
            self._equal.setdefault(slot, [self._row[slot]]).append(row)
        self._slot[row] = slot
        self._renamed.add(slot)

    def discard(self, story: str) -> None:
        """Removes a story, as when it is killed; does nothing where it is not there."""
        if story in self:
            row = self._rows[story]
            self._touched.add(row)
            self._take_out(row)
            self._slot[row] = _GONE
            self._gone += 1

    def settle(self) -> dict[str, str | None]:
        """Clusters what changed, and returns the stories whose event or standing changed.

        With each its event; None stands for the event of a story that has been removed.
        """
        blocks = self._links.settle()
        for block in blocks:
            for slot in block:
                self._events.drop(slot)
        for block in blocks:
            block.sort(key=self._links.digest)
            for members in cluster([self._links.terms(slot) for slot in block]):
                self._events.put([block[n] for n in members])
                self._renamed.add(block[members[0]])
        changes: dict[str, str | None] = {}
        gone = []
        for row in self._touched:
            if self._slot[row] == _ALONE:
                self._name([row], changes)
            elif self._slot[row] == _GONE:
                gone.append(row)
                if self._namer[row] != _NAMELESS:
                    changes[self._ids[row]] = None
                self._standings.pop(row, None)
        named: set[int] = set()
        for slot in self._renamed:
            if slot not in named:
                event = self._events.of(slot)
                named.update(event)
                self._name(self._by_age(event), changes)
        for row in gone:  # only now, when no other row is named by it any more
            del self._rows[self._ids[row]]
            self._ids[row] = ""
        self._free += gone
        self._gone = 0
        self._renamed.clear()
        self._touched.clear()
        return changes

    def event(self, story: str) -> str:
        """Returns the event of a story: the id of its earliest story.

        Raises:
            KeyError: The story is not there, or the events were not settled since it came.
        """
        namer = self._namer[self._rows[story]]
        if namer == _NAMELESS:
            raise KeyError(story)
        return self._ids[namer]

    def members(self, story: str) -> list[str]:
        """Returns the stories of a story's event, the earliest first.

        Raises:
            KeyError: The story is not there.
        """
        if story not in self:
            raise KeyError(story)
        slot = self._slot[self._rows[story]]
        rows = [self._rows[story]] if slot == _ALONE else self._by_age(self._events.of(slot))
        return [self._ids[row] for row in rows]

    def standing(self, story: str) -> Standing:
        """Returns how a story stands in the race for its event.

        Raises:
            KeyError: The story is not there.
        """
        return self._standings.get(self._rows[story], OUT)

    def source(self, story: str) -> str | None:
        """Returns the source that a story came with.

        Raises:
            KeyError: The story is not there.
        """
        return self._source[self._rows[story]]

    def published_at(self, story: str) -> datetime | None:
        """Returns the time of publication that a story came with; None where it has none."""
        row = self._rows.get(story)
        if row is None or self._slot[row] < 0 or self._published[row] == _UNDATED:
            return None
        return _EPOCH + self._published[row] * _TICK

    def _row_of(self, story: str) -> int:
        row = self._rows.get(story)
        if row is not None:
            if self._slot[row] == _GONE:
                self._slot[row] = _ALONE
                self._gone -= 1
            return row
        if self._free:
            row = self._free.pop()
            self._ids[row], self._slot[row], self._namer[row] = story, _ALONE, _NAMELESS
        else:
            row = len(self._ids)
            self._ids.append(story)
            self._slot.append(_ALONE)
            self._published.append(_UNDATED)
            self._namer.append(_NAMELESS)
            self._source.append(None)
        self._rows[story] = row
        return row

    def _take_out(self, row: int) -> None:
        """Takes a row from its vector, which goes with the last row that has it."""
        slot = self._slot[row]
        if slot < 0:
            return
        rows = self._equal.get(slot)
        if rows is None:
            del self._slots[self._links.digest(slot)]
            self._links.discard(slot)
            self._events.remove(slot)  # which its other texts share until they are clustered again
            self._renamed.discard(slot)
            return
        rows.remove(row)
        self._row[slot] = rows[0]
        if len(rows) == 1:
            del self._equal[slot]
        self._renamed.add(slot)

    def _by_age(self, event: Iterable[int]) -> list[int]:
        rows = [row for slot in event for row in self._equal.get(slot, (self._row[slot],))]
        return sorted(rows, key=lambda row: (self._published[row], self._ids[row]))

    def _name(self, rows: list[int], changes: dict[str, str | None]) -> None:
        """Names the event of rows, the earliest first, and says how each stands in its race."""
        ran = standings(
            (self._source[row], None if (at := self._published[row]) == _UNDATED else at / 1e6)
            for row in rows
        )
        for row, standing in zip(rows, ran, strict=True):
            if self._namer[row] == rows[0] and self._standings.get(row, OUT) == standing:
                continue
            self._namer[row] = rows[0]
            if standing == OUT:
                self._standings.pop(row, None)
            else:
                self._standings[row] = standing
            changes[self._ids[row]] = self._ids[rows[0]]


def _digest(terms: Terms) -> int:
    parts = terms.keys.tobytes() + terms.weights.tobytes()
    return int.from_bytes(hashlib.blake2b(parts, digest_size=8).digest(), "big")
