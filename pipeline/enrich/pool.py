"""Enrichment in processes of its own, off the worker's event loop.

Each process loads model and gazetteer once and answers story by story. The story that
crashes or hangs its process is therefore known: it is tried again in a fresh one, alone, for
a bounded number of times, and no other story is enriched twice for its sake. Only the model
reads ahead, for all stories of a batch; where that ends the process, they are tried one by one.
"""

from __future__ import annotations

import asyncio
import gc
import itertools
import logging
import multiprocessing
import os
import pickle
import signal
import threading
import zlib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Protocol

from pipeline.enrich.pace import Pace
from pipeline.wire import codec
from pipeline.wire.enriched import Enriched
from pipeline.wire.errors import CodecError, EnrichmentError
from pipeline.wire.story import Story

log = logging.getLogger(__name__)

START_SECONDS = 180.0
"""How long a process may take to load its model."""

BATCH_SECONDS = 0.25
"""What a process is likely to do in so long it is given at once, where that is more than
`batch_chars`: of what it remembers from versions before it does a lot in that time."""

BLAS_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


class Enrich(Protocol):
    """What a process runs: loaded once, then called story by story."""

    @property
    def models(self) -> Sequence[str]:
        """Return the models in force: "de de_core_news_sm 3.8.0"."""
        ...

    def read_ahead(self, stories: Sequence[Story]) -> None:
        """Do what is quicker for several stories at once; changes no record."""
        ...

    def enrich(self, stories: Sequence[Story]) -> list[Enriched]:
        """Return one enriched record for each story, in order."""
        ...


Load = Callable[[], Enrich]
"""Makes the enricher inside the process; must be picklable (a module's function, a partial)."""


@dataclass(frozen=True, slots=True)
class Failed:
    """Why a story has no record: its enrichment raised, or ended or hung the process."""

    reason: str
    died: bool = False
    """The process is gone, and the stories behind this one were not tried."""


class NlpPool:
    """A fixed number of NLP processes, which take what is most urgent first.

    Versions of a story go to the same process where that costs no waiting: see `_Jobs`.

    Args:
        load: makes the enricher, inside each process.
        processes: how many; 0 is one for each core but one.
        batch_chars: text that a process gets at a time, or more where it is quick.
        timeout_seconds: for one story.
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
        self.answered = 0
        """Stories that were enriched or given up, or tried in vain."""
        self._batch_chars = batch_chars
        self._pace = Pace(self.processes, BATCH_SECONDS / batch_chars)
        self._timeout_seconds = timeout_seconds
        self._tries = tries
        self._slots = [_Process(load) for _ in range(self.processes)]
        self._jobs = _Jobs()
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
        self._runners = [asyncio.create_task(self._run(n)) for n in range(self.processes)]

    async def enrich(
        self, stories: Sequence[Story], priority: int = 0
    ) -> list[Enriched | EnrichmentError]:
        """Return an enriched record for each story, in order, or why there is none.

        Args:
            stories: any number; split among the processes.
            priority: the lower goes first, whoever came first.
        """
        batches = self._batches(stories)
        parts = await asyncio.gather(
            *(self._enrich([stories[n] for n in batch], priority) for batch in batches)
        )
        found = dict(zip(itertools.chain(*batches), itertools.chain(*parts), strict=True))
        return [found[n] for n in range(len(stories))]

    def _batches(self, stories: Sequence[Story]) -> list[list[int]]:
        """Return the indices of stories of one home, in batches of what fits."""
        homes: dict[int, list[int]] = {}
        for n, story in enumerate(stories):
            homes.setdefault(_home(story, self.processes), []).append(n)
        batches: list[list[int]] = []
        for home, left in homes.items():
            while left:
                fit = self._fitting([stories[n] for n in left], home)
                batches.append(left[:fit])
                left = left[fit:]
        return sorted(batches)

    def _fitting(self, stories: Sequence[Story], process: int) -> int:
        """Return how many stories a process is given at once: one at least.

        A story that is urgent waits for what the process was given before.
        """
        chars, seconds = 0, 0.0
        for n, story in enumerate(stories):
            text = self._pace.text(story, process)
            chars += sum(text.values())
            seconds += self._pace.seconds(text)
            if n and chars > self._batch_chars and seconds > BATCH_SECONDS:
                return n
        return len(stories)

    @property
    def waiting(self) -> int:
        """Return the number of batches that wait for a process."""
        return len(self._jobs.waiting)

    @property
    def models(self) -> list[tuple[str, ...]]:
        """Return the lists of models that the processes use: one, unless they differ."""
        return sorted({slot.models for slot in self._slots if slot.pid})

    def pids(self) -> list[int]:
        """Return the process ids of the running processes."""
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
        results: list[Enriched | EnrichmentError] = []
        tries, alone = 0, False
        while len(results) < len(stories):
            batch = stories[len(results) :][: 1 if alone else None]
            for n, answer in enumerate(await self._call(batch, priority)):
                died = isinstance(answer, Failed) and answer.died
                if died and n == 0 and len(batch) > 1:
                    alone = True  # it may be the doing of one that was read with it
                    break
                tries += 1
                if isinstance(answer, Enriched):
                    results.append(answer)
                elif died and tries < self._tries:
                    alone = True
                    break  # the last answer of a process that is gone: the story once more
                else:
                    times = f", {tries} times" if died else ""
                    results.append(EnrichmentError(f"{answer.reason}{times}: given up"))
                tries, alone = 0, False
        return results

    async def _call(self, stories: Sequence[Story], priority: int) -> list[Enriched | Failed]:
        result: asyncio.Future[list[Enriched | Failed]] = asyncio.get_running_loop().create_future()
        home = _home(stories[0], self.processes)
        self._jobs.put(_Job(priority, home, next(self._order), stories, result))
        return await result

    async def _run(self, number: int) -> None:
        """Give one process job after job."""
        loop = asyncio.get_running_loop()
        slot = self._slots[number]
        while True:
            job = await self._jobs.get(number)
            if job.result.cancelled():
                continue
            # Another process than its home remembers less of it: what is left comes again.
            stories = job.stories[: self._fitting(job.stories, number)]
            pid, began = slot.pid, loop.time()
            call = loop.run_in_executor(self._threads, slot.call, stories, self._timeout_seconds)
            try:
                answers = await call
            except Exception as error:
                if not job.result.cancelled():
                    job.result.set_exception(error)
                continue
            self.answered += len(answers)
            last = answers[-1]
            if isinstance(last, Failed) and last.died:
                self.restarts += 1
                log.warning("an NLP process was replaced", extra={"reason": last.reason})
            if slot.pid != pid:  # a new one has read nothing, and took its time to load
                self._pace.forget(number)
            else:
                self._pace.took(stories, number, loop.time() - began)
            if not job.result.cancelled():
                job.result.set_result(answers)


@dataclass(frozen=True, slots=True, eq=False)
class _Job:
    priority: int
    home: int
    """The process that has met earlier versions of its stories."""
    order: int
    stories: Sequence[Story]
    result: asyncio.Future[list[Enriched | Failed]]


class _Jobs:
    """What waits for a process: the most urgent first, and of those its own before others'.

    A process remembers the paragraphs that it has read, so that the versions of a story
    belong to one; but none is idle while there is work.
    """

    def __init__(self) -> None:
        self.waiting: list[_Job] = []
        self._count = asyncio.Semaphore(0)

    def put(self, job: _Job) -> None:
        self.waiting.append(job)
        self._count.release()

    async def get(self, process: int) -> _Job:
        await self._count.acquire()
        job = min(self.waiting, key=lambda j: (j.priority, j.home != process, j.order))
        self.waiting.remove(job)
        return job


def _home(story: Story, processes: int) -> int:
    return zlib.crc32(story.id.encode()) % processes


class _Process:
    """One process and the pipe to it. Called from one thread at a time."""

    def __init__(self, load: Load) -> None:
        self._load = load
        self._process: multiprocessing.process.BaseProcess | None = None
        self._pipe: Connection | None = None
        self.models: tuple[str, ...] = ()

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
            loaded = ours.recv()
        except EOFError:
            self.kill()
            raise EnrichmentError("the NLP process ended while it loaded its model") from None
        if isinstance(loaded, str):
            self.kill()
            raise EnrichmentError(loaded)
        self.models = loaded

    def call(self, stories: Sequence[Story], timeout: float) -> list[Enriched | Failed]:
        """Return an answer for each story, up to the one that ends the process."""
        if self._process is None or not self._process.is_alive():
            self.kill()
            self.start()
        pipe = self._pipe
        assert pipe is not None
        answers: list[Enriched | Failed] = []
        try:
            pipe.send([codec.encode(story) for story in stories])
            for _ in stories:
                if not pipe.poll(timeout):
                    self.kill()
                    return [*answers, Failed(f"no answer within {timeout:g} s", died=True)]
                answers.append(_read(pipe.recv()))
        except (EOFError, OSError):
            code = self._exit_code()
            self.kill()
            answers.append(Failed(f"the NLP process ended (exit code {code})", died=True))
        return answers

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
    """Run in the process: load, report it, then answer batches until the pipe closes."""
    # The terminal's Ctrl-C goes to the whole group; the worker decides when this one ends.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    threading.Thread(target=_follow_parent, daemon=True).start()
    try:
        enricher = load()
    except Exception as error:
        pipe.send(f"{type(error).__name__}: {error}")
        return
    # What is loaded stays: the collector need not look at it again.
    gc.collect()
    gc.freeze()
    pipe.send(tuple(enricher.models))
    while True:
        try:
            batch = pipe.recv()
        except (EOFError, OSError, pickle.UnpicklingError):
            return
        stories = [codec.decode_story(raw) for raw in batch]
        with suppress(Exception):  # whose fault it is shows below
            enricher.read_ahead(stories)
        for story in stories:
            try:
                (done,) = enricher.enrich([story])
                answer: bytes | str = codec.encode(done)
            except Exception as error:
                answer = f"{type(error).__name__}: {error}"
            pipe.send(answer)


def _follow_parent() -> None:
    """End with the worker, however it ends, and even in the midst of a story."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)


def _read(answer: bytes | str) -> Enriched | Failed:
    """Return what a process sent for one story: a record, or why there is none."""
    if isinstance(answer, str):
        return Failed(answer)
    try:
        return codec.decode_enriched(answer)
    except CodecError as error:
        return Failed(str(error))
