"""The worker's life: load, connect, run the agents, drain, stop.

It ends by itself, with exit code 1 and a reason, when it can't go on; whoever supervises
it starts it again, and the group's offsets bring it back to where it was.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

import faust
from aiokafka.errors import KafkaError
from elasticsearch import AsyncElasticsearch

from config.settings import Settings
from pipeline.enrich import enricher, unenriched
from pipeline.enrich.pool import Load, NlpPool
from pipeline.index.client import connect
from pipeline.index.deadletters import find_unresolved_kills
from pipeline.index.held import count_held
from pipeline.index.writer import Writer
from pipeline.kafka.errors import ours
from pipeline.kafka.offsets import OffsetReader
from pipeline.kafka.tracing import Tracer, open_tracer
from pipeline.process.deadline import end_within
from pipeline.process.entry import on_stop
from pipeline.process.health import HealthServer
from pipeline.process.ports import require_free
from pipeline.process.status import StatusFile
from pipeline.process.waiting import Waiting
from pipeline.stream.agents import AGENTS, no_counts
from pipeline.stream.app import Gate, add_agents, build, sender
from pipeline.stream.delays import Delays
from pipeline.stream.metrics import WorkerMetrics
from pipeline.stream.newest import Newest
from pipeline.stream.progress import Progress
from pipeline.stream.step import Agent, Counts, Parts, Step
from pipeline.wire.errors import BrokerUnavailable, NewswireError
from pipeline.wire.topics import Topics

log = logging.getLogger(__name__)

STATUS_SECONDS = 1.0
PROGRESS_SECONDS = 5.0
SHOWN = 100
"""Of the stories that are set aside, so many stand in the status file."""


class LoopDelay:
    """How late the event loop wakes a sleeper: blocked by something that should not."""

    seconds: float = 0.0

    async def sleep(self, seconds: float) -> None:
        """Sleep, and note by how much it was longer."""
        began = time.monotonic()
        await asyncio.sleep(seconds)
        self.seconds = max(0.0, time.monotonic() - began - seconds)


def _loader(settings: Settings) -> Load:
    load = unenriched.load if settings.enrichment.model == "none" else enricher.load
    return partial(load, settings)


@dataclass
class Worker:
    """A worker that is built and connected to nothing yet."""

    settings: Settings
    topics: Topics
    waiting: Waiting
    counts: Counts
    pool: NlpPool
    offsets: OffsetReader
    client: AsyncElasticsearch
    app: faust.App
    gate: Gate
    steps: Sequence[tuple[Agent, Step]]
    progress: Progress
    delay: LoopDelay
    delays: Delays
    health: HealthServer
    tracer: Tracer
    stop: asyncio.Future[BaseException | None]
    """Done when the worker is to end, with the error that ends it, if one does."""
    started: bool = False
    kills: int = 0
    """Among the dead letters, neither replayed nor dismissed."""
    held: int = 0
    """Stories that wait for a person to release them."""

    def end(self, error: BaseException | None = None) -> None:
        """Stop the worker within `worker.stop_seconds`, whatever hangs."""
        if not self.stop.done():
            end_within(self.settings.worker.stop_seconds, self.pool.pids)
            self.stop.set_result(error)


async def run(settings: Settings, load_enricher: Load | None = None) -> None:
    """Work until SIGTERM or SIGINT; then finish what is in flight, commit, and return.

    Args:
        settings: of all parts.
        load_enricher: makes the enricher in each NLP process; by default the configured
            model and gazetteer.

    Raises:
        NewswireError: it can't start or can't go on; offsets are held.
    """
    worker = build_worker(settings, load_enricher)
    on_stop(worker.end)
    status = StatusFile(settings.data_dir, "worker")
    worker.health.start()
    tasks: list[asyncio.Task[None]] = []
    try:
        if await _start(worker):
            tasks += [
                asyncio.create_task(_report(worker, status)),
                asyncio.create_task(_watch(worker)),
            ]
            worker.started = True
            log.info("worker started", extra={"nlp_processes": worker.pool.processes})
            await _stop(worker, await worker.stop)
    finally:
        for task in tasks:
            task.cancel()
        worker.health.stop()
        worker.pool.close()
        await worker.delays.stop()
        await worker.offsets.stop()
        await worker.client.close()
        await asyncio.to_thread(worker.tracer.close)
        status.remove()


def build_worker(settings: Settings, load_enricher: Load | None = None) -> Worker:
    """Build a worker's parts; must be called in its event loop.

    Raises:
        ConfigError: a port is taken.
    """
    require_free("worker.port", settings.worker.host, settings.worker.port)
    topics = Topics(settings.topics.prefix)
    enrichment = settings.enrichment
    waiting, counts, delay = Waiting(settings.retry), no_counts(), LoopDelay()
    pool = NlpPool(
        load_enricher or _loader(settings),
        enrichment.processes,
        enrichment.batch_chars,
        enrichment.timeout_seconds,
        enrichment.tries,
    )
    offsets = OffsetReader(settings.kafka, topics.enriched, waiting)
    client = connect(settings.elasticsearch)
    writer = Writer(client, settings.elasticsearch, waiting)
    newest = Newest(writer.newest, offsets.end, offsets.committed, writer.dated)
    app = build(settings)
    send = sender(app, settings.kafka, topics, waiting)
    tracer = open_tracer(settings.tracing, "worker")
    delays = Delays(writer.found, tracer)
    parts = Parts(settings, topics, waiting, counts, client, writer, newest, pool, send, delays)
    steps = [(agent, agent.make(parts)) for agent in AGENTS]
    progress = Progress(settings.worker.stall_seconds, waiting=waiting)
    metrics = WorkerMetrics(
        counts, pool, progress, lambda: delay.seconds, lambda: worker.kills, lambda: worker.held
    )
    delays.register(metrics.registry)
    worker: Worker
    gate = Gate(lambda error: worker.end(error), tracer)
    health = HealthServer(
        "worker",
        settings.worker.host,
        settings.worker.port,
        metrics.registry,
        alive=progress.stuck,
        ready=lambda: None if worker.started else "starting",
    )
    add_agents(app, topics, gate, newest, steps)
    worker = Worker(
        settings,
        topics,
        waiting,
        counts,
        pool,
        offsets,
        client,
        app,
        gate,
        steps,
        progress,
        delay,
        delays,
        health,
        tracer,
        asyncio.get_running_loop().create_future(),
    )
    return worker


async def _start(worker: Worker) -> bool:
    """Connect and start the agents; return False where the worker was asked to end meanwhile."""
    starting = asyncio.create_task(_connect(worker))
    # A dependency may be away for long: SIGTERM must end the wait for it.
    either: list[asyncio.Future[Any]] = [starting, worker.stop]
    await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
    if starting.done():
        await starting
        return True
    log.info("asked to stop while starting")
    starting.cancel()
    await asyncio.gather(starting, return_exceptions=True)
    if worker.app.started:  # its threads would keep the process
        await worker.app.stop()
    return False


async def _connect(worker: Worker) -> None:
    await worker.offsets.start()
    await worker.offsets.require(worker.topics.all())
    for _, step in worker.steps:
        await step.require()
    await worker.pool.start()
    try:
        await worker.app.start()
    except KafkaError as error:
        raise await ours(worker.settings.kafka, error) from error


async def _report(worker: Worker, status: StatusFile) -> None:
    """Write the status file each second, and end a worker whose Faust app has crashed."""
    while True:
        status.write(
            {
                "counts": {**worker.counts, "nlp_restarts": worker.pool.restarts},
                "models": worker.pool.models,
                "lag": worker.progress.lag,
                "stalled_seconds": round(worker.progress.stalled_seconds, 1),
                "waiting": worker.waiting.reasons,
                "set_aside": dict(list(worker.waiting.set_aside.items())[:SHOWN]),
                "health_port": worker.health.port,
            }
        )
        if worker.app.should_stop or worker.app.crashed:
            worker.end(NewswireError("the Faust app crashed"))
        await worker.delay.sleep(STATUS_SECONDS)


async def _watch(worker: Worker) -> None:
    """Compare committed offsets with ends, and end a worker that makes no progress."""
    while True:
        try:
            ends, committed = await worker.offsets.positions(worker.app.consumer.assignment())
            worker.progress.seen(ends, committed, worker.pool.answered)
        except BrokerUnavailable as error:
            log.warning("kafka: waiting", extra={"reason": str(error)})
        if why := worker.progress.stuck():
            worker.end(NewswireError(f"the worker is stuck: {why}"))
        with suppress(NewswireError):  # an index that is away is waited for elsewhere
            kills = await find_unresolved_kills(worker.client, worker.settings.elasticsearch)
            worker.kills = len(kills)
            worker.held = await count_held(worker.client, worker.settings.elasticsearch)
        await asyncio.sleep(PROGRESS_SECONDS)


async def _stop(worker: Worker, error: BaseException | None) -> None:
    """Finish what is in flight and commit it, unless an error ends the worker: that is raised."""
    if error is None:
        log.info("draining")
        if not await worker.gate.drain(worker.settings.worker.drain_seconds):
            log.warning("a batch did not end in time: it will be taken again")
        await worker.app.consumer.commit()
    await worker.app.stop()
    if error is not None:
        raise error if isinstance(error, NewswireError) else NewswireError(repr(error))
