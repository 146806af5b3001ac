"""Enrichment in processes of its own, off the worker's event loop.

Each process loads model and gazetteer once. A batch that crashes or hangs its process is
tried again story by story in a fresh one, so that one bad story takes no other with it;
the bad one is given up after a bounded number of tries.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import multiprocessing
import os
import pickle
import signal
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from typing import Protocol

from pipeline import codec
from pipeline.enriched import Enriched
from pipeline.errors import EnrichmentError
from pipeline.story import Story

log = logging.getLogger(__name__)

START_SECONDS = 180.0
"""How long a process may take to load its model."""

BLAS_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


class Enrich(Protocol):
    """What a process runs: loaded once, then called with batches."""

    def enrich(self, stories: Sequence[Story]) -> list[Enriched]:
        """One enriched record for each story, in order."""
        ...


Load = Callable[[], Enrich]
"""Makes the enricher inside the process; must be picklable (a module's function, a partial)."""


class BatchFailed(Exception):
    """The enricher raised, for one of a batch's stories or for all."""


class ProcessDied(BatchFailed):
    """The process ended or hung in the midst of a batch."""


class NlpPool:
    """A fixed number of NLP processes, which take what is most urgent first.

    Args:
        load: makes the enricher, inside each process.
        processes: how many; 0 is one for each core but one.
        batch_chars: text that a process gets at a time.
        timeout_seconds: for one story; a batch has the sum.
        tries: how often a story may crash or hang a process.
    """

    def __init__(
        self,
        load: Load,
        processes: int = 0,
        batch_chars: int = 16_000,
        timeout_seconds: float = 60.0,
        tries: int = 2,
    ) -> None:
        self.processes = processes or max(1, (os.cpu_count() or 2) - 1)
        self.restarts = 0
        self._batch_chars = batch_chars
        self._timeout_seconds = timeout_seconds
        self._tries = tries
        self._slots = [_Process(load) for _ in range(self.processes)]
        self._jobs: asyncio.PriorityQueue[_Job] = asyncio.PriorityQueue()
        self._order = itertools.count()
        self._runners: list[asyncio.Task[None]] = []
        self._threads = ThreadPoolExecutor(self.processes, thread_name_prefix="nlp")

    async def start(self) -> None:
        """Start every process and wait until its model is loaded.

        Raises:
            EnrichmentError: a model or gazetteer can't be loaded; the reason names it.
        """
        loop = asyncio.get_running_loop()
        starts = [loop.run_in_executor(self._threads, slot.start) for slot in self._slots]
        await asyncio.gather(*starts)
        self._runners = [asyncio.create_task(self._run(slot)) for slot in self._slots]

    async def enrich(
        self, stories: Sequence[Story], priority: int = 0
    ) -> list[Enriched | EnrichmentError]:
        """An enriched record for each story, in order, or why there is none.

        Args:
            stories: any number; split among the processes.
            priority: the lower goes first, whoever came first.
        """
        batches = _batches(stories, self._batch_chars)
        parts = await asyncio.gather(*(self._enrich(batch, priority) for batch in batches))
        return [result for part in parts for result in part]

    @property
    def waiting(self) -> int:
        """Batches that wait for a process."""
        return self._jobs.qsize()

    def pids(self) -> list[int]:
        """The process ids of the running processes."""
        return [slot.pid for slot in self._slots if slot.pid]

    def close(self) -> None:
        """End every process now."""
        for runner in self._runners:
            runner.cancel()
        for slot in self._slots:
            slot.kill()
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _enrich(
        self, stories: Sequence[Story], priority: int
    ) -> list[Enriched | EnrichmentError]:
        try:
            return list(await self._call(stories, priority))
        except BatchFailed as error:
            if len(stories) == 1:
                return [await self._retry(stories[0], priority, str(error))]
        # One of several is to blame: each by itself, and the one that fails shows itself.
        return [await self._retry(story, priority, None) for story in stories]

    async def _retry(
        self, story: Story, priority: int, failure: str | None
    ) -> Enriched | EnrichmentError:
        tries = self._tries - (failure is not None)
        for _ in range(tries):
            try:
                return (await self._call([story], priority))[0]
            except BatchFailed as error:
                failure = str(error)
        return EnrichmentError(f"{failure}, {self._tries} times: given up")

    async def _call(self, stories: Sequence[Story], priority: int) -> list[Enriched]:
        result: asyncio.Future[list[Enriched]] = asyncio.get_running_loop().create_future()
        self._jobs.put_nowait(_Job(priority, next(self._order), stories, result))
        return await result

    async def _run(self, slot: _Process) -> None:
        """Give one process job after job."""
        loop = asyncio.get_running_loop()
        while True:
            job = await self._jobs.get()
            if job.result.cancelled():
                continue
            timeout = self._timeout_seconds * len(job.stories)
            call = loop.run_in_executor(self._threads, slot.call, job.stories, timeout)
            try:
                done = await call
            except Exception as error:
                if isinstance(error, ProcessDied):
                    self.restarts += 1
                    log.warning("an NLP process was replaced", extra={"reason": str(error)})
                if not job.result.cancelled():
                    job.result.set_exception(error)
            else:
                if not job.result.cancelled():
                    job.result.set_result(done)


@dataclass(order=True, slots=True)
class _Job:
    priority: int
    order: int
    stories: Sequence[Story] = field(compare=False)
    result: asyncio.Future[list[Enriched]] = field(compare=False)


def _batches(stories: Sequence[Story], chars: int) -> list[list[Story]]:
    """Stories in batches of about so much text, at least one story each."""
    batches: list[list[Story]] = []
    size = 0
    for story in stories:
        length = len(story.body) + len(story.headline or "")
        if not batches or size + length > chars:
            batches.append([])
            size = 0
        batches[-1].append(story)
        size += length
    return batches


class _Process:
    """One process and the pipe to it. Called from one thread at a time."""

    def __init__(self, load: Load) -> None:
        self._load = load
        self._process: multiprocessing.process.BaseProcess | None = None
        self._pipe: Connection | None = None

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    def start(self) -> None:
        for name in BLAS_THREADS:  # one core a process: more threads only fight
            os.environ.setdefault(name, "1")
        # spawn: a fork of a process with threads and an event loop may deadlock.
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(target=_serve, args=(theirs, self._load), daemon=True)
        process.start()
        theirs.close()
        self._process, self._pipe = process, ours
        if not ours.poll(START_SECONDS):
            self.kill()
            raise EnrichmentError(f"the model did not load within {START_SECONDS:.0f} s")
        try:
            failure = ours.recv()
        except EOFError:
            self.kill()
            raise EnrichmentError("the NLP process ended while it loaded its model") from None
        if failure is not None:
            self.kill()
            raise EnrichmentError(failure)

    def call(self, stories: Sequence[Story], timeout: float) -> list[Enriched]:
        if self._process is None or not self._process.is_alive():
            self.kill()
            self.start()
        pipe = self._pipe
        assert pipe is not None
        started = time.monotonic()
        try:
            pipe.send([codec.encode(story) for story in stories])
            if not pipe.poll(timeout):
                self.kill()
                raise ProcessDied(f"no answer within {time.monotonic() - started:.0f} s")
            answer = pipe.recv()
        except (EOFError, OSError) as error:
            code = self._exit_code()
            self.kill()
            raise ProcessDied(f"the NLP process ended (exit code {code})") from error
        if isinstance(answer, str):
            raise BatchFailed(answer)
        return [codec.decode_enriched(raw) for raw in answer]

    def kill(self) -> None:
        process, self._process = self._process, None
        pipe, self._pipe = self._pipe, None
        if pipe is not None:
            pipe.close()
        if process is not None:
            process.kill()
            process.join(5)
            process.close()

    def _exit_code(self) -> int | None:
        if self._process is None:
            return None
        self._process.join(1)
        return self._process.exitcode


def _serve(pipe: Connection, load: Load) -> None:
    """The process's life: load, say so, then answer batches until the pipe closes."""
    # The terminal's Ctrl-C goes to the whole group; the worker decides when this one ends.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    try:
        enricher = load()
    except Exception as error:
        pipe.send(f"{type(error).__name__}: {error}")
        return
    pipe.send(None)
    while True:
        try:
            batch = pipe.recv()
        except (EOFError, OSError, pickle.UnpicklingError):
            return
        try:
            stories = [codec.decode_story(raw) for raw in batch]
            answer: list[bytes] | str = [codec.encode(done) for done in enricher.enrich(stories)]
        except Exception as error:
            answer = f"{type(error).__name__}: {error}"
        pipe.send(answer)
