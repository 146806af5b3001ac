"""When a batch is acknowledged: after its step, in order, and never after a failure."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from pipeline.kafka.messages import Record
from pipeline.stream.app import Gate
from pipeline.stream.step import Step


class Event:
    """One record of a stream, which notes its acknowledgement."""

    def __init__(self, offset: int, acknowledged: list[int]) -> None:
        self.message = SimpleNamespace(
            key=b"", topic="wire.stories", partition=0, offset=offset, value=b"{}", headers={}
        )
        self._acknowledged = acknowledged

    def ack(self) -> None:
        self._acknowledged.append(self.message.offset)


def done() -> asyncio.Event:
    """Return an event that is set: nothing stands before the batch."""
    event = asyncio.Event()
    event.set()
    return event


async def settle() -> None:
    """Let every task run until it waits."""
    for _ in range(10):
        await asyncio.sleep(0)


def test_nothing_is_acknowledged_while_the_step_runs() -> None:
    """A batch is acknowledged when its step has returned, and not before."""

    async def scenario() -> None:
        acknowledged: list[int] = []
        release = asyncio.Event()
        seen: list[int] = []

        async def step(records: Sequence[Record]) -> None:
            seen.extend(record.offset for record in records)
            await release.wait()

        gate = Gate(lambda error: None)
        events = [Event(offset, acknowledged) for offset in (4, 5)]
        running = asyncio.create_task(gate.run("step", step, events, done()))
        await settle()
        assert (seen, acknowledged) == ([4, 5], [])
        release.set()
        await running
        assert acknowledged == [4, 5]

    asyncio.run(scenario())


@pytest.mark.parametrize(("takes", "seen"), [(True, [b"{}", b""]), (False, [b"{}"])])
def test_a_tombstone_goes_to_the_step_that_takes_them(takes: bool, seen: list[bytes]) -> None:
    """To any other step it is no record; it is acknowledged all the same."""

    class Seeing(Step):
        takes_tombstones = takes

        def __init__(self) -> None:
            self.seen: list[bytes] = []

        async def __call__(self, records: Sequence[Record]) -> None:
            self.seen += [record.value for record in records]

    acknowledged: list[int] = []
    events = [Event(offset, acknowledged) for offset in (4, 5)]
    events[1].message.value = None
    step = Seeing()
    asyncio.run(Gate(lambda error: None).run("step", step, events, done()))
    assert (step.seen, acknowledged) == (seen, [4, 5])


def test_a_batch_waits_for_the_batches_before_it() -> None:
    """A later batch that ends first is acknowledged after the earlier one."""

    async def scenario() -> None:
        acknowledged: list[int] = []
        before = asyncio.Event()

        async def step(records: Sequence[Record]) -> None:
            pass

        gate = Gate(lambda error: None)
        later = asyncio.create_task(gate.run("step", step, [Event(7, acknowledged)], before))
        await settle()
        assert acknowledged == []
        await gate.run("step", step, [Event(6, acknowledged)], done())
        before.set()
        await later
        assert acknowledged == [6, 7]

    asyncio.run(scenario())


def test_a_failed_step_is_never_acknowledged() -> None:
    """A step that raises ends the worker; neither its batch nor a later one is acknowledged."""

    async def scenario() -> None:
        acknowledged: list[int] = []
        failures: list[BaseException] = []
        ran: list[Any] = []

        async def fails(records: Sequence[Record]) -> None:
            raise RuntimeError("a fault")

        async def works(records: Sequence[Record]) -> None:
            ran.append(records)

        gate = Gate(failures.append)
        first = asyncio.create_task(gate.run("step", fails, [Event(1, acknowledged)], done()))
        await settle()
        second = asyncio.create_task(gate.run("step", works, [Event(2, acknowledged)], done()))
        await settle()
        assert [str(error) for error in failures] == ["a fault"]
        assert (acknowledged, ran) == ([], [])
        assert not first.done()
        assert not second.done()
        first.cancel()
        second.cancel()
        await asyncio.gather(first, second, return_exceptions=True)

    asyncio.run(scenario())


def test_draining_waits_for_running_batches_and_takes_no_new_one() -> None:
    """A drain ends when the running batches have ended, or says that they have not."""

    async def scenario() -> None:
        acknowledged: list[int] = []
        release = asyncio.Event()

        async def step(records: Sequence[Record]) -> None:
            await release.wait()

        gate = Gate(lambda error: None)
        running = asyncio.create_task(gate.run("step", step, [Event(1, acknowledged)], done()))
        await settle()
        assert not await gate.drain(0.01)
        late = asyncio.create_task(gate.run("step", step, [Event(2, acknowledged)], done()))
        release.set()
        assert await gate.drain(5)
        await running
        await settle()
        assert acknowledged == [1]
        late.cancel()
        await asyncio.gather(late, return_exceptions=True)

    asyncio.run(scenario())
