"""Reads topics up to where they end now, as a member of no group."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from kafka import KafkaConsumer, TopicPartition

from config.settings import Kafka
from pipeline.kafka.errors import broker_errors
from pipeline.kafka.messages import Record
from pipeline.kafka.options import client_options
from pipeline.wire.errors import BrokerUnavailable
from pipeline.wire.topics import read_headers

POLL_MS = 1_000
SILENT_SECONDS = 30.0
"""How long a broker may send nothing of what it holds."""
BATCH = 500

Spans = Mapping[tuple[str, int], range]
"""Offsets by topic and partition: the first one to the one behind the last."""


class TopicReader:
    """What topics hold, see `open_reader`."""

    def __init__(self, consumer: KafkaConsumer, at: str) -> None:
        self._consumer = consumer
        self._at = at

    def spans(
        self, topics: Collection[str], since: datetime | None = None
    ) -> dict[tuple[str, int], range]:
        """Return what each partition of some topics holds now; nothing of a missing topic.

        Args:
            since: leave out what the broker received earlier.
        """
        parts = [
            TopicPartition(topic, partition)
            for topic in topics
            for partition in sorted(self._consumer.partitions_for_topic(topic) or ())
        ]
        if not parts:
            return {}
        ends = self._consumer.end_offsets(parts)
        begins = self._consumer.beginning_offsets(parts)
        if since:
            at = dict.fromkeys(parts, int(since.timestamp() * 1000))
            for part, found in self._consumer.offsets_for_times(at).items():
                begins[part] = found.offset if found else ends[part]
        return {(part.topic, part.partition): range(begins[part], ends[part]) for part in parts}

    def read(self, spans: Spans) -> Iterator[list[Record]]:
        """Yield what the spans hold, in batches of one partition, in the order of its offsets.

        A record without a value (a tombstone) has an empty one here.

        Raises:
            BrokerUnavailable: the broker sends nothing any more.
        """
        left = {TopicPartition(*at): span for at, span in spans.items() if span}
        self._consumer.assign(list(left))
        for part, span in left.items():
            self._consumer.seek(part, span.start)
        heard = time.monotonic()
        while left:
            polled: dict[TopicPartition, list[Any]] = self._consumer.poll(
                timeout_ms=POLL_MS, max_records=BATCH
            )
            for part, messages in polled.items():
                if records := [_record(m) for m in messages if m.offset in left.get(part, ())]:
                    yield records
            # What is compacted away sends no record, and moves the position.
            there = {part: self._consumer.position(part) for part in left}
            moved = polled or any(there[part] > span.start for part, span in left.items())
            if moved:
                heard = time.monotonic()
            elif time.monotonic() - heard > SILENT_SECONDS:
                raise BrokerUnavailable(
                    f"Kafka at {self._at} has sent nothing for {SILENT_SECONDS:.0f} s"
                )
            left = {
                part: range(there[part], span.stop)
                for part, span in left.items()
                if there[part] < span.stop
            }


@contextmanager
def open_reader(kafka: Kafka) -> Iterator[TopicReader]:
    """Open a reader of topics.

    Raises:
        BrokerUnavailable: Kafka does not answer.
        SetupError: Kafka refuses the user.
    """
    with broker_errors(kafka):
        consumer = KafkaConsumer(
            **client_options(kafka), enable_auto_commit=False, auto_offset_reset="earliest"
        )
        try:
            yield TopicReader(consumer, ", ".join(kafka.brokers))
        finally:
            consumer.close()


def read_topic(kafka: Kafka, topic: str, since: datetime | None = None) -> Iterator[Record]:
    """Yield every record of a topic, from a time on, to where the topic ends now."""
    with open_reader(kafka) as topics:
        for records in topics.read(topics.spans([topic], since)):
            yield from records


def _record(message: Any) -> Record:
    return Record(
        message.topic,
        message.partition,
        message.offset,
        message.value or b"",
        read_headers(message.headers),
        message.key or b"",
        message.timestamp,
    )
