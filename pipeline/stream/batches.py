"""Batches of what has come: a few on their way at a time, each ended in its turn.

The busier a step, the larger its batches, up to what it does in `SECONDS`: a story must not
wait for the hundred that came with it, and a quick step should not be asked for each alone.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterable, Awaitable, Callable
from typing import TypeVar

Event = TypeVar("Event")
Run = Callable[[list[Event], asyncio.Event], Awaitable[None]]
"""Does one batch; is given what it must wait for before it ends: the end of the one before."""

SECONDS = 1.0
"""From taking a batch to its end, the time of those that are on their way beside it included."""


async def in_batches(
    events: AsyncIterable[Event], run: Run[Event], most: int, in_flight: int
) -> None:
    """Read events without end and run them in batches, which begin and end in their order.

    Args:
        most: events of a batch.
        in_flight: batches that run at a time.
    """
    come: asyncio.Queue[Event] = asyncio.Queue(most)
    free = asyncio.Semaphore(in_flight)
    size = 1

    async def read() -> None:
        async for event in events:
            await come.put(event)

    async def take(batch: list[Event], before: asyncio.Event, done: asyncio.Event) -> None:
        nonlocal size
        began = time.monotonic()
        await run(batch, before)
        done.set()
        took = max(time.monotonic() - began, 0.001)
        size = max(1, min(most, round(len(batch) * SECONDS / took)))
        free.release()

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(read())
        before = asyncio.Event()
        before.set()
        while True:
            await free.acquire()
            batch = [await come.get()]
            while len(batch) < size and not come.empty():
                batch.append(come.get_nowait())
            done = asyncio.Event()
            tasks.create_task(take(batch, before, done))
            before = done
