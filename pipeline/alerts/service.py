"""The life of the alerts process: read the enriched topic, match, deliver, until SIGTERM."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from config.settings import Settings
from pipeline.alerts.breaking import watch
from pipeline.alerts.channel import Channel, Form, Gone, stays_here
from pipeline.alerts.channels import CHANNELS
from pipeline.alerts.delivering import deliver
from pipeline.alerts.kept import kept_searches
from pipeline.alerts.matching import Matching
from pipeline.alerts.metrics import AlertMetrics
from pipeline.alerts.outbox import FILE, Delivery, Outbox
from pipeline.alerts.saved import Saved, saved_searches
from pipeline.desk.users import Users
from pipeline.index.client import connect
from pipeline.index.kept import Desk
from pipeline.index.writer import Writer
from pipeline.kafka.messages import Record
from pipeline.kafka.offsets import OffsetReader
from pipeline.kafka.options import aiokafka_options
from pipeline.kafka.pacing import paced
from pipeline.kafka.tracing import open_tracer
from pipeline.process.databases import explained, set_aside
from pipeline.process.entry import on_stop
from pipeline.process.health import HealthServer
from pipeline.process.ports import require_free
from pipeline.process.status import StatusFile
from pipeline.process.waiting import AWAY_SECONDS, Waiting, delays
from pipeline.search.reader import Reader
from pipeline.wire.errors import IndexUnavailable, NewswireError, SetupError
from pipeline.wire.topics import Topics, read_headers

log = logging.getLogger(__name__)

BATCH = 200
POLL_MS = 500
STATUS_SECONDS = 1.0
KEPT_SECONDS = 3.0
"""How often the alerts that editors keep are read."""
FORGET_SECONDS = 3600.0
DAY_SECONDS = 86_400.0
STALLED_SECONDS = 120.0
"""Longer than any one request to broker or index may take."""


@dataclass(slots=True)
class Turns:
    """Whether the process gets on: each look at the topic or the index is a turn.

    What is away is waited for, with turns: it makes the process not ready, and a new start
    would not help. Without turns something hangs.
    """

    last: float = field(default_factory=time.monotonic)
    waiting: str | None = "it has not begun to read the topic yet"

    def turn(self, waiting: str | None = None) -> None:
        """Count one more turn, and store what it waits for, if anything."""
        self.last, self.waiting = time.monotonic(), waiting

    def stalled(self) -> str | None:
        """Return why the process should be restarted, or None."""
        still = time.monotonic() - self.last
        return f"no turn for {still:.0f} s" if still > STALLED_SECONDS else None


async def run(settings: Settings) -> None:
    """Alert until SIGTERM or SIGINT.

    Raises:
        ConfigError: an alert can't be used, or the port is taken.
        NewswireError: a topic or the index is missing.
    """
    require_free("alerts.port", settings.alerts.host, settings.alerts.port)
    searches = saved_searches(settings)
    stop = asyncio.Event()
    on_stop(stop.set)
    working = asyncio.create_task(_work(settings, searches))
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if working.done():
        try:
            working.result()
        except sqlite3.Error as error:
            raise SetupError(explained(error, settings.data_dir / FILE)) from error
    working.cancel()
    await asyncio.gather(working, return_exceptions=True)


async def _work(settings: Settings, searches: list[Saved]) -> None:
    topics = Topics(settings.topics.prefix)
    outbox, anew = _open_outbox(settings.data_dir / FILE)
    client = connect(settings.elasticsearch)
    reader = Reader(client, settings.elasticsearch)
    desk, users = Desk(client, settings.elasticsearch), Users(settings.data_dir)
    waiting = Waiting(settings.retry)
    offsets = OffsetReader(settings.kafka, topics.enriched, waiting)
    writer = Writer(client, settings.elasticsearch, waiting)
    turns, tracer = Turns(), open_tracer(settings.tracing, "alerts")

    matching = Matching(
        outbox,
        searches,
        topics.enriched,
        partial(_newest, writer, turns),
        reader.refresh,
        partial(_matches, reader),
        offsets.committed,
        settings.alerts.keep_days * DAY_SECONDS,
        tracer,
    )
    status = StatusFile(settings.data_dir, "alerts")
    metrics = AlertMetrics(matching)
    health = HealthServer(
        "alerts",
        settings.alerts.host,
        settings.alerts.port,
        metrics.registry,
        alive=turns.stalled,
        ready=lambda: turns.waiting,
    )
    channels = {channel.key: channel(settings) for channel in CHANNELS}
    tasks: list[asyncio.Task[None]] = []
    health.start()

    async def report() -> None:
        forget = 0.0
        while True:
            metrics.counts = outbox.counts_by_kind()
            counts = {state.value: n for state, n in outbox.counts().items()}
            waiting_for = {"its topic or index": turns.waiting} if turns.waiting else {}
            status.write({"counts": counts, "waiting": waiting_for, "health_port": health.port})
            if time.monotonic() >= forget:
                outbox.forget(time.time() - settings.alerts.keep_days * DAY_SECONDS)
                forget = time.monotonic() + FORGET_SECONDS
            await asyncio.sleep(STATUS_SECONDS)

    try:
        tasks.append(asyncio.create_task(report()))
        await offsets.start()
        await offsets.require((topics.enriched, topics.alerts))
        tasks += map(
            asyncio.create_task,
            (
                _follow(settings, topics.enriched, outbox, matching, turns, anew),
                watch(lambda: matching.saved, outbox, reader, settings.elasticsearch.analyzers),
            ),
        )
        kept = partial(kept_searches, desk, users, settings)
        start = partial(_deliver, settings, outbox, channels, reader)
        tasks.append(asyncio.create_task(_keep_up(searches, kept, matching, outbox, start)))
        log.info("alerts started", extra={"alerts": len(searches)})
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            # None of them ends by itself.
            fault = None if task.cancelled() else task.exception()
            raise fault or NewswireError("the alerts process can't go on")
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        health.stop()
        for channel in channels.values():
            await channel.close()
        await offsets.stop()
        await reader.close()
        outbox.close()
        await asyncio.to_thread(tracer.close)
        status.remove()


def _open_outbox(path: Path) -> tuple[Outbox, bool]:
    """Return the outbox, and whether a damaged one was moved aside for it."""
    aside = set_aside(path)
    if aside:
        log.warning(
            "the file of alerts was damaged: stories of the last alerts.keep_days are sent again, "
            "under the ids that they had",
            extra={"moved_to": str(aside)},
        )
    return Outbox(path), aside is not None


async def _newest(writer: Writer, turns: Turns, ids: Sequence[str]) -> Mapping[str, int]:
    """Return the index versions of stories, and count the turn."""
    held = await writer.newest(ids)
    turns.turn()
    return held


async def _matches(reader: Reader, ids: Sequence[str], of: Sequence[Saved]) -> list[frozenset[str]]:
    """Return those of some stories that each search finds now, for its viewer."""
    found: dict[str, frozenset[str]] = {}
    for viewer in dict.fromkeys(each.viewer for each in of):
        own = [each for each in of if each.viewer == viewer]
        seen = await reader.seen_by(viewer).matches(ids, [each.request for each in own])
        found |= dict(zip([each.alert.name for each in own], seen, strict=True))
    return [found[each.alert.name] for each in of]


def _deliver(
    settings: Settings,
    outbox: Outbox,
    channels: Mapping[str, Channel],
    reader: Reader,
    search: Saved,
) -> list[asyncio.Task[None]]:
    """Start to deliver to each receiver of an alert."""
    return [
        asyncio.create_task(
            deliver(
                outbox,
                search,
                each,
                partial(channels[each].send, search.alert)
                if not settings.alerts.local_only or stays_here(search.alert, each)
                else _held_back,
                reader.held,
                settings.retry,
                settings.alerts.give_up_hours,
                _form(settings, search, channels[each]),
            )
        )
        for each in search.destinations
    ]


async def _held_back(delivery: Delivery, body: bytes) -> None:
    raise Gone("alerts.local_only: it would have left this machine")


def _form(settings: Settings, search: Saved, channel: Channel) -> Form:
    """Return what an alert's deliveries say of a story."""
    return Form(
        search.brief or channel.brief,
        frozenset(settings.alerts.text_feeds),
        (settings.web.public_url or "").rstrip("/") or None,
    )


async def _keep_up(
    declared: list[Saved],
    kept: Callable[[], Awaitable[list[Saved]]],
    matching: Matching,
    outbox: Outbox,
    start: Callable[[Saved], list[asyncio.Task[None]]],
) -> None:
    """Run the declared alerts, and those that editors keep: what they change counts at once.

    Without an answer of the index the alerts stay as they were.
    """
    running: dict[str, tuple[Saved, list[asyncio.Task[None]]]] = {}
    editors: list[Saved] | None = None
    try:
        while True:
            try:
                before, editors = editors, await kept()
                if editors != before:
                    log.info("alerts of the page have changed", extra={"alerts": len(editors)})
            except NewswireError as error:
                log.warning("alerts: the page's alerts can't be read", extra={"reason": str(error)})
            wanted = {saved.alert.name: saved for saved in [*declared, *(editors or ())]}
            for name, (saved, tasks) in list(running.items()):
                if wanted.get(name) != saved:
                    await _end(tasks)
                    del running[name]
            if editors is not None:
                outbox.abandon([(name, to) for name, s in wanted.items() for to in s.destinations])
            for name in wanted.keys() - running.keys():
                running[name] = wanted[name], start(wanted[name])
            matching.saved = list(wanted.values())
            for task in [task for _, tasks in running.values() for task in tasks if task.done()]:
                task.result()  # none of them ends by itself
            await asyncio.sleep(KEPT_SECONDS)
    finally:
        for _, tasks in running.values():
            await _end(tasks)


async def _end(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def _follow(
    settings: Settings,
    topic: str,
    outbox: Outbox,
    matching: Matching,
    turns: Turns,
    anew: bool,
) -> None:
    """Take batches of the topic without end, waiting for a broker or an index that is away."""
    waits = delays(settings.retry)
    while True:
        consumer = paced(
            AIOKafkaConsumer(
                **aiokafka_options(settings.kafka),
                enable_auto_commit=False,
                max_partition_fetch_bytes=settings.kafka.max_request_bytes,
            )
        )
        try:
            await consumer.start()
            await _place(consumer, topic, settings.topics.partitions, outbox, anew)
            while True:
                polled = await consumer.getmany(timeout_ms=POLL_MS, max_records=BATCH)
                records = [
                    Record(
                        topic,
                        part.partition,
                        m.offset,
                        m.value,
                        read_headers(m.headers),
                        m.key or b"",
                    )
                    for part, messages in polled.items()
                    for m in messages
                    if m.value is not None
                ]
                # Without records too: embargoes fall due.
                await matching(records, {p.partition: m[-1].offset + 1 for p, m in polled.items()})
                turns.turn()
                waits = delays(settings.retry)
        except (KafkaError, IndexUnavailable) as error:
            log.warning("alerts: waiting", extra={"reason": str(error)})
            turns.turn(waiting=str(error))
            await asyncio.sleep(min(next(waits), AWAY_SECONDS))
        finally:
            # It raises CancelledError where it was stopped before it had begun.
            await asyncio.gather(consumer.stop(), return_exceptions=True)


async def _place(consumer: Any, topic: str, partitions: int, outbox: Outbox, anew: bool) -> None:
    """Continue at the offsets in the outbox; without any, start at the end of the topic.

    Args:
        anew: what was known is lost: start at the beginning, so that nothing is left out.
    """
    parts = [TopicPartition(topic, partition) for partition in range(partitions)]
    consumer.assign(parts)
    known = outbox.offsets(topic)
    begins, ends = await consumer.beginning_offsets(parts), await consumer.end_offsets(parts)
    for part in parts:
        at = known.get(part.partition, begins[part] if anew else ends[part])
        # A topic that was created again begins at 0: what was sent is not sent twice.
        at = begins[part] if at > ends[part] else max(at, begins[part])
        consumer.seek(part, at)
        outbox.move(topic, {part.partition: at})
