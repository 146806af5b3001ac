"""The newest version of each story that has been enriched, kept without a store of its own.

The compacted topic keeps the last record of a story, not the newest version, so an older
version must be recognised before it is enriched, and never be written there. What is known:

- the index holds, by id, the version of all that was indexed (a read by id sees a write
  at once), and outlives the worker;
- what this worker wrote to the enriched topic and the index has not yet, it remembers:
  bounded by what is in flight;
- what a worker before it wrote there and the index has not yet: after an assignment the
  first look-up in a partition waits until the group has indexed that partition up to
  where it ended at the assignment.

Together that is every version ever written, after any crash. A table of Faust's would say
the same from a changelog, but costs memory for every story ever seen, a recovery at each
rebalance, and depends on code that its issue tracker knows for blocked commits.

A stopped worker that wakes up after its partitions were given away may still write an older
version once. The index refuses it (external versions), and whoever indexes that partition
sees the refusal and writes the newest version to the topic again: see `pipeline.stream.indexing`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from pipeline.wire.versions import Held

Offsets = Callable[[int], Awaitable[int]]
"""Of a partition of the enriched topic: its end, or the group's committed offset."""

BARRIER_POLL_SECONDS = 0.3


@dataclass(slots=True)
class _Written:
    held: Held
    offset: int
    at: int
    """The number of the batch that was the last to begin when it was written."""
    indexed: bool = False


@dataclass(slots=True)
class _Partition:
    barrier: int | None = None
    """End of the enriched partition at assignment; None until it is asked for."""
    passed: bool = False
    in_flight: dict[str, _Written] = field(default_factory=dict)
    """By story id, what this worker has written there and the index may not have yet."""


class Newest:
    """What is known of the partitions that this worker has.

    Args:
        indexed: the index's version of each of some ids.
        dated: what the index holds of some ids, with the times.
        end: the end offset of a partition of the enriched topic.
        committed: how far the group has indexed a partition.
    """

    def __init__(
        self,
        indexed: Callable[[Iterable[str]], Awaitable[Mapping[str, int]]],
        end: Offsets,
        committed: Offsets,
        dated: Callable[[Iterable[str]], Awaitable[Mapping[str, Held]]],
    ) -> None:
        self._indexed = indexed
        self._dated = dated
        self._end = end
        self._committed = committed
        self._partitions: dict[int, _Partition] = {}
        self._batch = 0
        self._open: set[int] = set()
        self.writing = asyncio.Lock()
        """Held from the last check of a version until the broker has acknowledged it: of two
        versions of a story in two lanes, the older must not be written second."""

    def assigned(self, partitions: Iterable[int]) -> None:
        """Add partitions that this worker was assigned, or was assigned again."""
        for partition in partitions:
            self._partitions[partition] = _Partition()

    def revoked(self, partitions: Iterable[int]) -> None:
        """Remove partitions that are another worker's from now on."""
        for partition in partitions:
            self._partitions.pop(partition, None)

    @contextmanager
    def batch(self) -> Iterator[None]:
        """Remember what is written from a batch's look-up to its own writing."""
        self._batch += 1
        number = self._batch
        self._open.add(number)
        try:
            yield
        finally:
            self._open.discard(number)
            self._forget()

    def written(self, story_id: str) -> Held | None:
        """Return the newest version that this worker has meanwhile written."""
        states = self._partitions.values()
        written = (state.in_flight[story_id] for state in states if story_id in state.in_flight)
        return max((w.held for w in written), key=lambda held: held.version, default=None)

    async def look_up(
        self, stories: Iterable[tuple[int, str]], related: Iterable[str] = ()
    ) -> dict[str, Held]:
        """Return the newest version of each story that has one; the time only of those in flight.

        Args:
            stories: partition and id of each.
            related: ids of other stories, of which another worker may know more.
        """
        wanted = list(stories)
        for partition in {partition for partition, _ in wanted}:
            await self._pass_barrier(partition)
        names = list(dict.fromkeys((*(name for _, name in wanted), *related)))
        newest = {name: Held(version) for name, version in (await self._indexed(names)).items()}
        for name in names:
            written = self.written(name)
            if written and (name not in newest or written.version >= newest[name].version):
                newest[name] = written
        return newest

    async def look_up_times(self, ids: Iterable[str]) -> Mapping[str, Held]:
        """Return what the index holds of some stories, with the times."""
        return await self._dated(ids)

    def wrote(self, partition: int, story_id: str, held: Held, offset: int) -> None:
        """Record that a version is in the enriched topic now."""
        if state := self._partitions.get(partition):
            before = state.in_flight.get(story_id)
            if before is None or before.held.version < held.version:  # a late kill is older
                state.in_flight[story_id] = _Written(held, offset, self._batch)

    def has_indexed(self, partition: int, offset: int) -> None:
        """Record that the index has a partition of the enriched topic up to this offset."""
        if state := self._partitions.get(partition):
            for written in state.in_flight.values():
                written.indexed |= written.offset <= offset
            self._forget()

    def _forget(self) -> None:
        """Drop what the index has, unless a batch looked it up before it was there."""
        oldest = min(self._open, default=self._batch + 1)
        for state in self._partitions.values():
            done = [n for n, w in state.in_flight.items() if w.indexed and w.at < oldest]
            for name in done:
                del state.in_flight[name]

    async def _pass_barrier(self, partition: int) -> None:
        state = self._partitions.get(partition)
        if state is None or state.passed:
            return
        if state.barrier is None:
            end = await self._end(partition)
            if state.barrier is None:  # what a batch that asked before has written is no barrier
                state.barrier = end
        while await self._committed(partition) < state.barrier:
            await asyncio.sleep(BARRIER_POLL_SECONDS)
            if self._partitions.get(partition) is not state:
                return
        state.passed = True
