"""The worker's life: load, connect, run the agents, drain, stop.

It ends by itself, with exit code 1 and a reason, when it can't go on; whoever supervises
it starts it again, and the group's offsets bring it back to where it was.
"""

from __future__ import annotations

import asyncio
import logging
import signal
from dataclasses import asdict
from functools import partial

from config.settings import Settings
from config.status import StatusFile
from pipeline.app import Gate, add_agents, build, sender
from pipeline.enrich import load
from pipeline.enriching import Enriching
from pipeline.errors import NewswireError
from pipeline.index.client import connect
from pipeline.index.writer import Writer
from pipeline.indexing import Indexing
from pipeline.kafka import OffsetReader
from pipeline.newest import Newest
from pipeline.nlp import Load, NlpPool
from pipeline.records import Counts
from pipeline.topics import Topics

log = logging.getLogger(__name__)

DRAIN_SECONDS = 60.0
STATUS_SECONDS = 1.0


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
            stop.set_result(error)

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, end)

    topics = Topics(settings.topics.prefix)
    counts = Counts()
    enrichment = settings.enrichment
    pool = NlpPool(
        load_enricher or partial(load, settings),
        enrichment.processes,
        enrichment.batch_stories,
        enrichment.timeout_seconds,
        enrichment.tries,
    )
    offsets = OffsetReader(settings.kafka, topics.enriched)
    client = connect(settings.elasticsearch)
    status = StatusFile(settings.data_dir, "worker")
    writer = Writer(client, settings.elasticsearch)
    newest = Newest(writer.newest, offsets.end, offsets.committed)
    app = build(settings)
    gate = Gate(end)
    send = sender(app)
    max_bytes = settings.kafka.max_request_bytes - 64 * 1024
    add_agents(
        app,
        topics,
        gate,
        newest,
        Enriching(topics, pool, newest, send, counts, enrichment.revision, max_bytes),
        Indexing(topics, writer, newest, send, counts, tuple(settings.elasticsearch.analyzers)),
    )

    async def report() -> None:
        while True:
            status.write({**asdict(counts), "nlp_restarts": pool.restarts})
            if app.should_stop or app.crashed:
                end(RuntimeError("the Faust app crashed"))
            await asyncio.sleep(STATUS_SECONDS)

    reporting: asyncio.Task[None] | None = None
    try:
        await offsets.start()
        await offsets.require(topics.all())
        await pool.start()
        await app.start()
        reporting = asyncio.create_task(report())
        log.info("worker started", extra={"nlp_processes": pool.processes})
        error = await stop
        if error is None:
            log.info("draining")
            if not await gate.drain(DRAIN_SECONDS):
                log.warning("a batch did not end in time: it will be taken again")
            await app.consumer.commit()
        await app.stop()
        if error is not None:
            raise error if isinstance(error, NewswireError) else NewswireError(repr(error))
    finally:
        if reporting:
            reporting.cancel()
        pool.close()
        await offsets.stop()
        await client.close()
        status.remove()
