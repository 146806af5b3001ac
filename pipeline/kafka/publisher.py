"""Messages to Kafka, each acknowledged by all in-sync replicas before the call returns."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from kafka import KafkaAdminClient, KafkaProducer
from kafka.errors import MessageSizeTooLargeError, RecordListTooLargeError

from config.settings import Kafka
from pipeline.kafka.errors import broker_errors
from pipeline.kafka.messages import Message
from pipeline.kafka.options import ANSWER_SECONDS, client_options
from pipeline.kafka.reading import open_reader
from pipeline.kafka.tracing import HEADER, NO_TRACER, Span, Tracer
from pipeline.wire.errors import NewswireError, RecordsTooLarge
from pipeline.wire.topics import read_headers

NO_ID = UUID(int=0)
"""The topic id of a broker that has none."""

ACK_SECONDS = 60.0
"""How long the broker may take to acknowledge before the batch is tried again."""


class Publisher:
    """A producer that is replaced after a failure, because an idempotent one may be fenced."""

    def __init__(self, settings: Kafka, tracer: Tracer = NO_TRACER) -> None:
        self._settings = settings
        self._tracer = tracer
        self._producer: Any = None

    @property
    def max_bytes(self) -> int:
        """Return the largest value that is sent, with room for key and headers."""
        return self._settings.max_request_bytes - 64 * 1024

    def publish(self, records: Sequence[Message]) -> Mapping[tuple[str, int], range]:
        """Send in order and wait for every acknowledgement.

        Returns:
            The acknowledged offsets, from the lowest to the highest, by topic and partition.

        Raises:
            BrokerUnavailable: at least one record was not acknowledged; which of the
                others were is not known, so the whole batch is to be sent again.
            SetupError: Kafka refuses the credentials, or writing to the topic.
            RecordsTooLarge: some can't be published; the same of the others.
        """
        spans, records = self._traced(records)
        try:
            with broker_errors(self._settings, "WRITE"):
                offsets, refused = self._publish(records)
        except NewswireError as error:
            self.close()
            for span in spans:
                span.end(error)
            raise
        for span in spans:
            span.end()
        if refused:
            self.close()
            raise RecordsTooLarge(frozenset(refused))
        return offsets

    def _traced(self, records: Sequence[Message]) -> tuple[list[Span], Sequence[Message]]:
        """Return a span for each story that is published, and the messages that carry them."""
        if not self._tracer.on:
            return [], records
        spans, carrying = [], []
        for record in records:
            given = read_headers(record.headers)
            if received := given.get("received_at"):
                at = datetime.fromisoformat(received)
                feed = given.get("feed", "")
                receipt = self._tracer.begin("received", given, at, newswire_feed=feed)
                span = self._tracer.begin(
                    "story",
                    read_headers(receipt.headers),
                    newswire_story=record.key.decode("utf-8", "replace"),
                    messaging_destination_name=record.topic,
                )
                receipt.end()
                spans.append(span)
                own = [each for each in record.headers if each[0] != HEADER]
                record = replace(record, headers=own + span.headers)
            carrying.append(record)
        return spans, carrying

    def _publish(
        self, records: Sequence[Message]
    ) -> tuple[Mapping[tuple[str, int], range], Collection[int]]:
        """Return what `publish` returns, and which records are too large."""
        offsets: dict[tuple[str, int], range] = {}
        refused = set()
        producer = self._open()
        futures = [
            producer.send(r.topic, key=r.key, value=r.sent_value, headers=r.headers)
            for r in records
        ]
        producer.flush(timeout=ACK_SECONDS)
        for number, future in enumerate(futures):
            # flush counts a failed record as done: only its future tells.
            try:
                sent = future.get(timeout=ACK_SECONDS)
            except (MessageSizeTooLargeError, RecordListTooLargeError):
                refused.add(number)
                continue
            if sent.offset < 0:  # acknowledged as a repeat, whose offset the broker has forgotten
                continue
            at = (sent.topic, sent.partition)
            known = offsets.get(at, range(sent.offset, sent.offset))
            offsets[at] = range(min(known.start, sent.offset), max(known.stop, sent.offset + 1))
        return offsets, refused

    def end_offsets(self, partitions: Iterable[tuple[str, int]]) -> Mapping[tuple[str, int], int]:
        """Return the offset that each partition's next record will get; 0 for a missing partition.

        Raises:
            BrokerUnavailable: the broker does not answer.
        """
        wanted = list(partitions)
        with open_reader(self._settings) as topics:
            spans = topics.spans({topic for topic, _ in wanted})
        return {at: spans[at].stop if at in spans else 0 for at in wanted}

    def topic_ids(self, topics: Collection[str]) -> Mapping[str, str]:
        """Return the id of each topic that exists: a topic that is created again has another.

        Raises:
            BrokerUnavailable: the broker does not answer.
        """
        with broker_errors(self._settings):
            admin = KafkaAdminClient(**client_options(self._settings), request_timeout_ms=15_000)
            try:
                described = admin.describe_topics(sorted(topics)) if topics else []
            finally:
                admin.close()
        return {
            topic["name"]: str(topic["topic_id"])
            for topic in described
            if not topic["error_code"] and topic.get("topic_id") not in (None, NO_ID)
        }

    def close(self) -> None:
        """Drop the producer and what it has not sent."""
        producer, self._producer = self._producer, None
        if producer is not None:
            producer.close(timeout=1)

    def _open(self) -> Any:
        if self._producer is None:
            compression = self._settings.compression
            self._producer = KafkaProducer(
                **client_options(self._settings),
                client_id="newswire-connectors",
                acks="all",
                # Left at its default, a conflicting setting turns idempotence off with a
                # warning; set, it raises.
                enable_idempotence=True,
                compression_type=None if compression == "none" else compression,
                linger_ms=self._settings.linger_ms,
                batch_size=256 * 1024,
                max_request_size=self._settings.max_request_bytes,
                max_block_ms=20_000,
                request_timeout_ms=int(ANSWER_SECONDS * 1000),
                delivery_timeout_ms=int(ACK_SECONDS * 1000) - 10_000,
            )
        return self._producer
