"""Reads a topic to where it ends now."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from kafka import KafkaConsumer, TopicPartition

from config.settings import Kafka
from pipeline.kafka.errors import broker_errors
from pipeline.kafka.options import client_options

POLL_MS = 3_000


def read_topic(kafka: Kafka, topic: str, since: datetime | None) -> Iterator[Any]:
    """Every message of a topic, from a time on, to where the topic ends now."""
    with broker_errors(kafka):
        consumer = KafkaConsumer(
            **client_options(kafka), enable_auto_commit=False, auto_offset_reset="earliest"
        )
        try:
            parts = [TopicPartition(topic, p) for p in consumer.partitions_for_topic(topic) or ()]
            if not parts:
                return
            consumer.assign(parts)
            ends = consumer.end_offsets(parts)
            consumer.seek_to_beginning(*parts)
            if since:
                at = int(since.timestamp() * 1000)
                for part, found in consumer.offsets_for_times(dict.fromkeys(parts, at)).items():
                    consumer.seek(part, found.offset if found else ends[part])
            while any(consumer.position(part) < ends[part] for part in parts):
                for messages in consumer.poll(timeout_ms=POLL_MS).values():
                    yield from (m for m in messages if m.value is not None)
        finally:
            consumer.close()
