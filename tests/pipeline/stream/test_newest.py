"""What the worker knows of versions that are enriched and not yet indexed."""

import asyncio
from collections.abc import Iterable
from typing import Any

import pytest

from pipeline.stream import newest as module
from pipeline.stream.newest import Newest
from pipeline.wire.versions import Held


class World:
    """An index and a partition's offsets, to be set."""

    def __init__(self) -> None:
        self.index: dict[str, int] = {}
        self.end = 0
        self.committed = [0]
        """What the group has committed, look by look; the last one stays."""
        self.newest = Newest(self._indexed, self._end, self._committed, self._dated)
        self.newest.assigned([0])

    def look_up(self, name: str) -> dict[str, int]:
        """The newest version known of a story."""
        found = asyncio.run(self.newest.look_up([(0, name)]))
        return {name: held.version for name, held in found.items()}

    async def _indexed(self, ids: Iterable[str]) -> dict[str, int]:
        return {name: self.index[name] for name in ids if name in self.index}

    async def _dated(self, ids: Iterable[str]) -> dict[str, Held]:
        return {}

    async def _end(self, partition: int) -> int:
        return self.end

    async def _committed(self, partition: int) -> int:
        return self.committed.pop(0) if len(self.committed) > 1 else self.committed[0]


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    """Nothing is known yet."""
    monkeypatch.setattr(module, "BARRIER_POLL_SECONDS", 0)
    return World()


def test_the_newer_of_index_and_flight(world: World) -> None:
    """What was written and is not indexed yet counts, and so does a newer one in the index."""
    world.index = {"a": 5}
    assert world.look_up("a") == {"a": 5}
    world.newest.wrote(0, "a", Held(7), offset=0)
    assert world.look_up("a") == {"a": 7}
    world.index = {"a": 9}
    assert world.look_up("a") == {"a": 9}
    assert world.look_up("b") == {}


def test_an_older_version_that_is_written_late_hides_no_newer(world: World) -> None:
    """Of two versions in flight the newer counts, in whatever order they were written."""
    world.newest.wrote(0, "a", Held(7), offset=0)
    world.newest.wrote(0, "a", Held(5), offset=1)
    assert world.look_up("a") == {"a": 7}
    assert world.newest.written("a") == Held(7)


def test_what_is_indexed_is_forgotten(world: World) -> None:
    """Memory holds what is in flight alone."""
    world.newest.wrote(0, "a", Held(7), offset=3)
    world.newest.wrote(0, "b", Held(7), offset=4)
    world.newest.has_indexed(0, 3)
    assert world.look_up("a") == {}
    assert world.look_up("b") == {"b": 7}


def test_a_batch_is_told_what_was_written_since_it_looked(world: World) -> None:
    """While a batch is open, a version written and indexed meanwhile is still known."""
    with world.newest.batch():
        world.newest.wrote(0, "a", Held(7), offset=0)
        world.newest.has_indexed(0, 0)
        assert world.newest.written("a") == Held(7)
        assert world.newest.written("b") is None
    assert world.newest.written("a") is None


def test_a_new_partition_waits_for_its_former_owner(world: World) -> None:
    """The first look waits until all that was on the topic at the assignment is indexed."""
    world.end = 10
    world.committed = [4, 9, 10, 0]
    world.index = {"a": 5}
    assert world.look_up("a") == {"a": 5}
    assert world.committed == [0]
    assert world.look_up("a") == {"a": 5}  # no second wait, whatever is committed


def test_a_partition_given_again_waits_again(world: World) -> None:
    """After a rebalance nothing that was known before is trusted."""
    world.newest.wrote(0, "a", Held(7), offset=0)
    world.newest.assigned([0])
    world.end = 1
    world.committed = [0, 1]
    world.index = {"a": 7}
    assert world.look_up("a") == {"a": 7}


def test_a_partition_taken_away_ends_the_wait(world: World) -> None:
    """A look in a partition that was revoked meanwhile does not wait for ever."""
    world.end = 10

    async def run() -> Any:
        looking = asyncio.create_task(world.newest.look_up([(0, "a")]))
        await asyncio.sleep(0.01)
        world.newest.revoked([0])
        return await asyncio.wait_for(looking, 5)

    assert asyncio.run(run()) == {}


def test_no_batch_waits_for_what_another_has_written_meanwhile(world: World) -> None:
    """The end that counts is that of the first look-up after an assignment, for all of them."""

    asked: list[asyncio.Event] = []

    async def end(partition: int) -> int:
        asked.append(asyncio.Event())
        await asked[-1].wait()
        return world.end

    async def settled() -> None:
        for _ in range(20):
            await asyncio.sleep(0)

    async def both() -> None:
        newest = Newest(world._indexed, end, world._committed, world._dated)
        newest.assigned([0])
        first = asyncio.create_task(newest.look_up([(0, "a")]))
        second = asyncio.create_task(newest.look_up([(0, "b")]))
        await settled()
        asked[0].set()
        await first
        newest.wrote(0, "a", Held(1), offset=0)
        world.end = 1
        asked[1].set()
        await settled()
        assert second.done()

    asyncio.run(both())
