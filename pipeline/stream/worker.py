"""The worker's life: load, connect, run the agents, drain, stop.

It ends by itself, with exit code 1 and a reason, when it can't go on; whoever supervises
it starts it again, and the group's offsets bring it back to where it was.
"""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import asdict
from datetime import timedelta
from functools import partial
from typing import Any

from aiokafka.errors import KafkaError

from config.settings import Settings
from pipeline.enrich import enricher, unenriched
from pipeline.enrich.pool import Load, NlpPool
from pipeline.index.client import connect
from pipeline.index.history import History
from pipeline.index.writer import Writer
from pipeline.kafka.errors import ours
from pipeline.kafka.offsets import OffsetReader
from pipeline.process.deadline import end_within
from pipeline.process.entry import on_stop
from pipeline.process.health import HealthServer
from pipeline.process.status import StatusFile
from pipeline.process.waiting import Waiting
from pipeline.stream.app import Gate, add_agents, build, sender
from pipeline.stream.counts import Counts
from pipeline.stream.deadletters import Letters
from pipeline.stream.enriching import Enriching
from pipeline.stream.indexing import Indexing
from pipeline.stream.metrics import WorkerMetrics
from pipeline.stream.newest import Newest
from pipeline.stream.progress import Progress
from pipeline.wire.errors import BrokerUnavailable, NewswireError
from pipeline.wire.topics import Lane, Topics

log = logging.getLogger(__name__)

STATUS_SECONDS = 1.0
PROGRESS_SECONDS = 5.0


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


async def run(settings: Settings, load_enricher: Load | None = None) -> None:
    """Work until SIGTERM or SIGINT; then finish what is in flight, commit, and return.

    Args:
        settings: of all parts.
        load_enricher: makes the enricher in each NLP process; by default the configured
            model and gazetteer.

    Raises:
        NewswireError: it can't start or can't go on; offsets are held.
    """
    loop = asyncio.get_running_loop()
    stop: asyncio.Future[BaseException | None] = loop.create_future()

    def end(error: BaseException | None = None) -> None:
        if not stop.done():
            end_within(settings.worker.stop_seconds, pool.pids)
            stop.set_result(error)

    on_stop(end)

    topics = Topics(settings.topics.prefix)
    counts = Counts()
    enrichment = settings.enrichment
    pool = NlpPool(
        load_enricher or _loader(settings),
        enrichment.processes,
        enrichment.batch_chars,
        enrichment.timeout_seconds,
        enrichment.tries,
    )
    waiting = Waiting(settings.retry)
    offsets = OffsetReader(settings.kafka, topics.enriched, waiting)
    client = connect(settings.elasticsearch)
    status = StatusFile(settings.data_dir, "worker")
    writer = Writer(client, settings.elasticsearch, waiting)
    letters = Letters(
        client,
        settings.elasticsearch,
        timedelta(hours=settings.topics.deadletter_retention_hours),
        waiting,
    )
    newest = Newest(writer.newest, offsets.end, offsets.committed)
    app = build(settings)
    gate = Gate(end)
    send = sender(app, settings.kafka, topics, waiting)
    max_bytes = settings.kafka.max_request_bytes - 64 * 1024
    add_agents(
        app,
        topics,
        gate,
        newest,
        {
            lane: Enriching(
                topics, pool, newest, send, counts, enrichment.revision, max_bytes, lane
            )
            for lane in Lane
        },
        Indexing(
            topics,
            writer,
            newest,
            send,
            counts,
            tuple(settings.elasticsearch.analyzers),
            History(client, settings.elasticsearch, waiting),
        ),
        letters,
    )

    progress = Progress(settings.worker.stall_seconds, waiting=waiting)
    delay = LoopDelay()
    metrics = WorkerMetrics(counts, pool, progress, lambda: delay.seconds)
    started = False
    health = HealthServer(
        "worker",
        settings.worker.host,
        settings.worker.port,
        metrics.registry,
        alive=progress.stuck,
        ready=lambda: None if started else "starting",
    )
    health.start()

    async def report() -> None:
        while True:
            status.write(
                {
                    "counts": {**asdict(counts), "nlp_restarts": pool.restarts},
                    "lag": progress.lag,
                    "stalled_seconds": round(progress.stalled_seconds, 1),
                    "waiting": waiting.reasons,
                    "health_port": health.port,
                }
            )
            if app.should_stop or app.crashed:
                end(NewswireError("the Faust app crashed"))
            await delay.sleep(STATUS_SECONDS)

    async def watch() -> None:
        while True:
            try:
                ends, committed = await offsets.positions(app.consumer.assignment())
                progress.seen(ends, committed, pool.answered)
            except BrokerUnavailable as error:
                log.warning("kafka: waiting", extra={"reason": str(error)})
            if why := progress.stuck():
                end(NewswireError(f"the worker is stuck: {why}"))
            await asyncio.sleep(PROGRESS_SECONDS)

    async def begin() -> None:
        await offsets.start()
        await offsets.require(topics.all())
        await writer.require()
        await letters.require()
        await pool.start()
        try:
            await app.start()
        except KafkaError as error:
            raise await ours(settings.kafka, error) from error

    tasks: list[asyncio.Task[None]] = []
    starting = asyncio.create_task(begin())
    try:
        # A dependency may be away for long: SIGTERM must end the wait for it.
        either: list[asyncio.Future[Any]] = [starting, stop]
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        if not starting.done():
            log.info("asked to stop while starting")
            starting.cancel()
            await asyncio.gather(starting, return_exceptions=True)
            if app.started:  # its threads would keep the process
                await app.stop()
            return
        await starting
        tasks = [asyncio.create_task(report()), asyncio.create_task(watch())]
        started = True
        log.info("worker started", extra={"nlp_processes": pool.processes})
        error = await stop
        if error is None:
            log.info("draining")
            if not await gate.drain(settings.worker.drain_seconds):
                log.warning("a batch did not end in time: it will be taken again")
            await app.consumer.commit()
        await app.stop()
        if error is not None:
            raise error if isinstance(error, NewswireError) else NewswireError(repr(error))
    finally:
        for task in (starting, *tasks):
            task.cancel()
        health.stop()
        pool.close()
        await offsets.stop()
        await client.close()
        status.remove()
