"""Batches that overlap, begun and ended in the order of what is in them."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.stream.batches import SECONDS, in_batches

Running = tuple[list[int], asyncio.Event, asyncio.Event]


async def settled() -> None:
    """All that can go on has gone on."""
    for _ in range(50):
        await asyncio.sleep(0)


class Source:
    """An endless stream of events, given one by one."""

    def __init__(self) -> None:
        self._come: asyncio.Queue[int] = asyncio.Queue()
        self._next = 0

    def give(self, count: int) -> None:
        """So many more have come."""
        for _ in range(count):
            self._come.put_nowait(self._next)
            self._next += 1

    async def __aiter__(self) -> AsyncIterator[int]:
        while True:
            yield await self._come.get()


@given(
    st.lists(st.one_of(st.tuples(st.just("come"), st.integers(1, 9)),
                       st.tuples(st.just("end"), st.integers(0, 2)))),
    st.integers(1, 3),
)  # fmt: skip
def test_ends_in_order(acts: list[tuple[str, int]], in_flight: int) -> None:
    """Whichever step is done first, the ends have the order of the events, none left out."""

    async def live() -> None:
        source, running, ended = Source(), list[tuple[list[int], asyncio.Event]](), list[int]()

        async def run(batch: list[int], before: asyncio.Event) -> None:
            done = asyncio.Event()
            running.append((batch, done))
            assert len(running) <= in_flight
            assert len(batch) <= 4
            await done.wait()
            await before.wait()
            running.remove((batch, done))
            ended.extend(batch)

        task = asyncio.create_task(in_batches(source, run, 4, in_flight))
        for act, number in acts:
            if act == "come":
                source.give(number)
            elif number < len(running):
                running[number][1].set()
            await settled()
            begun = sorted(n for batch, _ in running for n in batch)
            assert ended + begun == list(range(len(ended) + len(begun)))
        while running:
            running[-1][1].set()
            running[0][1].set()
            await settled()
        assert ended == list(range(source._next))
        task.cancel()
        await asyncio.wait({task})

    asyncio.run(live())


def test_as_many_as_are_done_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """A quick step is given many at a time, a slow one few."""
    now = 0.0
    monkeypatch.setattr("time.monotonic", lambda: now)

    async def sizes(seconds_each: float) -> list[int]:
        source, seen = Source(), list[int]()

        async def run(batch: list[int], before: asyncio.Event) -> None:
            nonlocal now
            seen.append(len(batch))
            now += seconds_each * len(batch)

        source.give(1000)
        task = asyncio.create_task(in_batches(source, run, 100, 1))
        while sum(seen) < 1000:
            await settled()
        task.cancel()
        await asyncio.wait({task})
        return seen

    assert asyncio.run(sizes(SECONDS / 5))[1:-1] == [5] * 199
    assert asyncio.run(sizes(SECONDS / 1000))[2:-1] == [100] * 8
    assert set(asyncio.run(sizes(2 * SECONDS))) == {1}
