"""The Faust app: agents that decode nothing and decide nothing.

Each takes what has come without acknowledging it, hands it to its step, and acknowledges
once the step has returned, that is once the broker or the index has what the batch led to.
A few batches are on their way at a time, so that one is read and decoded while another
waits for the model, the broker or the index.
An agent that raises would acknowledge; these don't raise. What a step can't wait out
(a missing index, a fault of ours) ends the worker, offsets held.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence
from functools import partial
from typing import Any

import faust
from aiokafka.errors import MessageSizeTooLargeError, RecordListTooLargeError
from faust.auth import SASLCredentials, SSLCredentials

from config.settings import Kafka, Settings
from pipeline.kafka.errors import not_authorised
from pipeline.kafka.messages import Message, Record, Send, too_large
from pipeline.kafka.options import ANSWER_SECONDS, METADATA_SECONDS, tls
from pipeline.kafka.tracing import NO_TRACER, Tracer, traced
from pipeline.process.waiting import Waiting
from pipeline.stream.batches import in_batches
from pipeline.stream.consumer import PacedConsumer
from pipeline.stream.newest import Newest
from pipeline.stream.step import Agent, Step
from pipeline.wire.errors import BrokerUnavailable, SetupError
from pipeline.wire.topics import Topics, read_headers

log = logging.getLogger(__name__)

_TOO_LARGE = (MessageSizeTooLargeError, RecordListTooLargeError)

PRODUCER_BATCH_BYTES = 512 * 1024
"""Of one partition, in one request. Faust's 16 kB hold two stories, and a partition has one
request on its way at a time."""

POLL_RECORDS = 100
BUFFER_RECORDS = 800
"""Of an agent. At four fifths of it its topic is fetched no more: the rest must hold one poll,
or the other agents' records would wait behind it. See `pipeline.stream.consumer.FairConsumer`."""


def build(settings: Settings) -> faust.App:
    """Return the app, without agents: see `add_agents`."""
    kafka = settings.kafka
    app = faust.App(
        kafka.group,
        broker=";".join(f"kafka://{broker}" for broker in kafka.brokers),
        broker_credentials=credentials(kafka),
        datadir=settings.data_dir / "faust",
        web_enabled=False,
        topic_allow_declare=False,
        topic_disable_leader=True,
        key_serializer="raw",
        value_serializer="raw",
        consumer_auto_offset_reset="earliest",
        # A group's leader that has just met a broker without its topics (one that starts again)
        # leaves them out of the assignment until its metadata expires: this is how soon
        # it sees that they are there.
        consumer_metadata_max_age_ms=int(METADATA_SECONDS * 1000),
        producer_metadata_max_age_ms=int(METADATA_SECONDS * 1000),
        consumer_max_fetch_size=kafka.max_request_bytes,
        broker_max_poll_records=POLL_RECORDS,
        # Batches may take long when the index is away; progress is judged by offsets.
        broker_max_poll_interval=24 * 3600.0,
        broker_session_timeout=settings.worker.session_timeout_seconds,
        broker_heartbeat_interval=min(3.0, settings.worker.session_timeout_seconds / 3),
        # A broker that hangs may keep a fetch for so long; Faust allows no less.
        broker_request_timeout=settings.worker.session_timeout_seconds,
        broker_commit_interval=1.0,
        stream_buffer_maxsize=BUFFER_RECORDS,
        # At a rebalance what is in flight goes on and is absorbed if done twice; waiting
        # for it could outlast the rebalance. SIGTERM drains: see `pipeline.stream.worker`.
        stream_wait_empty=False,
        stream_processing_timeout=24 * 3600.0,
        producer_acks=-1,
        producer_linger=0.0,  # a batch is handed over whole: there is nothing to wait for
        producer_compression_type=None if kafka.compression == "none" else kafka.compression,
        producer_max_request_size=kafka.max_request_bytes,
        # A topic's limit is on a batch, and is set to hold one record of that size.
        producer_max_batch_size=min(PRODUCER_BATCH_BYTES, kafka.max_request_bytes),
        producer_request_timeout=ANSWER_SECONDS,
    )
    app.transport.Consumer = PacedConsumer  # type: ignore[misc]  # Faust's own way to set it
    return app


class Gate:
    """Lets steps run, acknowledges in the order of offsets, and closes when the worker drains."""

    def __init__(self, fail: Callable[[BaseException], None], tracer: Tracer = NO_TRACER) -> None:
        self._tracer = tracer
        self._open = True
        self._running = 0
        self._idle = asyncio.Event()
        self._idle.set()
        self._fail = fail

    async def run(
        self, name: str, step: Step, events: Sequence[Any], before: asyncio.Event
    ) -> None:
        """Run a step on a batch and acknowledge it, or never acknowledge it after an error.

        Args:
            name: of the step, in traces.
            before: set when the batches before this one are acknowledged: see `GapConsumer`.
        """
        if not self._open:
            await asyncio.Event().wait()
        self._running += 1
        self._idle.clear()
        try:
            records = [_record(event) for event in events if _is_for(step, event)]
            with traced(self._tracer, name, records):
                await step(records)
            await before.wait()
        except Exception as error:
            log.exception("the worker ends")
            self._open = False
            self._fail(error)
            await asyncio.Event().wait()
        else:
            for event in events:
                event.ack()
        finally:
            self._running -= 1
            if not self._running:
                self._idle.set()

    async def drain(self, seconds: float) -> bool:
        """Take no new batch; wait for those that run. Whether all ended in time."""
        self._open = False
        try:
            await asyncio.wait_for(self._idle.wait(), seconds)
        except TimeoutError:
            return False
        return True


def _is_for(step: Step, event: Any) -> bool:
    return event.message.value is not None or step.takes_tombstones


def add_agents(
    app: faust.App, topics: Topics, gate: Gate, newest: Newest, steps: Iterable[tuple[Agent, Step]]
) -> None:
    """Bind the steps to their topics, and what they remember to the assignment."""
    steps = list(steps)
    for agent, step in steps:
        app.agent(_topic(app, agent.topic(topics)), name=agent.name)(_taker(gate, agent, step))

    # Faust calls both with keywords only, other than its types say.
    @app.on_partitions_assigned.connect  # type: ignore[arg-type]
    async def assigned(app: Any, partitions: Any, **_: Any) -> None:
        newest.assigned({tp.partition for tp in partitions if tp.topic in topics.lanes})
        for agent, step in steps:
            topic = agent.topic(topics)
            step.assigned({tp.partition for tp in partitions if tp.topic == topic})

    @app.on_partitions_revoked.connect  # type: ignore[arg-type]
    async def revoked(app: Any, partitions: Any, **_: Any) -> None:
        newest.revoked({tp.partition for tp in partitions if tp.topic in topics.lanes})


def _taker(gate: Gate, agent: Agent, step: Step) -> Callable[[Any], Awaitable[None]]:
    async def take(stream: Any) -> None:
        run = partial(gate.run, agent.name.partition("-")[0], step)
        await in_batches(stream.noack().events(), run, agent.batch, agent.in_flight)

    return take


def sender(app: faust.App, kafka: Kafka, topics: Topics, waiting: Waiting) -> Send:
    """Sends messages through the app's producer; see `pipeline.kafka.messages.Send`."""

    async def send(messages: list[Message]) -> list[tuple[int, int] | None]:
        try:
            return [*await together(messages)]
        except _TOO_LARGE:
            # A topic's limit is on what one request has of a partition: each alone.
            return [await alone(message) for message in messages]

    async def alone(message: Message) -> tuple[int, int] | None:
        try:
            (at,) = await together([message])
        except _TOO_LARGE:
            await alone(too_large(topics, message))
            return None
        return at

    async def together(messages: list[Message]) -> list[tuple[int, int]]:
        return await waiting.until("kafka", lambda: attempt(messages))

    async def attempt(messages: list[Message]) -> list[tuple[int, int]]:
        futures: list[Any] = []
        try:
            for m in messages:
                futures.append(
                    await app.producer.send(m.topic, m.key, m.sent_value, None, None, m.headers)
                )
            # A publish that fails is only logged by Faust: its future raises the error.
            sent = [await future for future in futures]
        except Exception as error:
            # All of it again, in order: a lone older version must not come last.
            for future in futures:
                future.cancel()
            if isinstance(error, _TOO_LARGE):
                raise
            if sentence := not_authorised(kafka, error, "WRITE"):
                raise SetupError(sentence) from error
            raise BrokerUnavailable(repr(error)) from error
        return [(data.partition, data.offset) for data in sent]

    return send


def _topic(app: faust.App, name: str) -> Any:
    return app.topic(
        name, key_type=bytes, value_type=bytes, key_serializer="raw", value_serializer="raw"
    )


def _record(event: Any) -> Record:
    message = event.message
    return Record(
        topic=message.topic,
        partition=message.partition,
        offset=message.offset,
        value=message.value or b"",
        headers=read_headers(dict(message.headers or {}).items()),
        key=message.key or b"",
    )


def credentials(kafka: Kafka) -> SASLCredentials | SSLCredentials | None:
    """Return the value of Faust's `broker_credentials`."""
    context = tls(kafka)
    if kafka.sasl_mechanism:
        return SASLCredentials(
            username=kafka.sasl_username,
            password=kafka.sasl_password.get_secret_value() if kafka.sasl_password else None,
            mechanism=kafka.sasl_mechanism,
            ssl_context=context,
        )
    return SSLCredentials(context) if context else None
