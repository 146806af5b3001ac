"""A topic of another Kafka cluster: each record's value is a delivery."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaError
from pydantic import Field, SecretStr

from config import settings
from connectors.cursor import Cursor
from connectors.sources.base import MAX_BYTES, Delivery, Options, Polled, Progress, Refused, Source
from pipeline.kafka.options import client_options
from pipeline.wire.errors import SourceUnavailable

POLL_SECONDS = 1.0
"""How long a poll waits for records; the feed may take as long to stop."""

MAX_RECORDS = 500


class KafkaOptions(Options):
    """The keys of a feed with `source = "kafka"`; the names for access are Kafka's own."""

    brokers: settings.Words
    topic: str = Field(min_length=1)
    start: Literal["earliest", "latest"] = "earliest"
    """Where a feed begins that has never run."""
    timeout_seconds: float = Field(default=10.0, gt=0)
    """How long to wait for the cluster to answer."""
    max_bytes: int = Field(default=MAX_BYTES, ge=1)
    security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] | None = None
    sasl_username: str | None = None
    sasl_password: SecretStr | None = None
    ssl_cafile: Path | None = None
    ssl_certfile: Path | None = None
    ssl_keyfile: Path | None = None

    def cluster(self) -> settings.Kafka:
        """Return the settings for access to the cluster."""
        own = {"topic", "start", "timeout_seconds", "max_bytes"}
        return settings.Kafka(**{k: v for k, v in dict(self).items() if k not in own})


class Kafka(Source):
    """Delivers every record of a topic, in the order of each partition, at least once.

    The cursor has the next offset of each partition, as `offset:<partition>`; nothing is
    stored in the other cluster.
    """

    name = "kafka"
    options = KafkaOptions

    interval_seconds = 0.0

    def __init__(self, options: KafkaOptions) -> None:
        self._options = options
        self._consumer: Any = None
        self._behind = False

    def poll(self, cursor: Cursor) -> Iterator[Polled]:
        """Yield the records from the cursor's offsets on; see `Source.poll`."""
        try:
            begun, found = self._fetch(cursor)
        except (KafkaError, OSError) as error:
            self.close()
            brokers = ", ".join(self._options.brokers)
            raise SourceUnavailable(f"{self._options.topic} at {brokers}: {error!r}") from error
        if begun:
            yield Progress(begun)
        for record in found:
            name = f"{record.topic}/{record.partition}/{record.offset}"
            state = {f"offset:{record.partition}": str(record.offset + 1)}
            if record.value is None:
                yield Progress(state)
            elif len(record.value) > self._options.max_bytes:
                reason = f"{len(record.value):,} bytes, more than max_bytes allows"
                yield Refused(name, reason, state)
            else:
                raw = _unframed(record.value)
                yield Delivery(raw=raw, name=name, state=state, recurs=False)

    def settled(self) -> bool:
        """Return True when the last poll has reached the end of every partition."""
        return not self._behind

    def close(self) -> None:
        """Close the connection."""
        consumer, self._consumer = self._consumer, None
        if consumer is not None:
            consumer.close()

    def _fetch(self, cursor: Cursor) -> tuple[dict[str, str], list[Any]]:
        """Return the offsets to begin at where the cursor has none, and the records."""
        consumer = self._open()
        partitions = self._partitions()
        if consumer.assignment() != set(partitions):
            consumer.assign(partitions)
        begun: dict[str, str] = {}
        for at in partitions:
            known = cursor.get(f"offset:{at.partition}")
            if known is None and self._options.start == "latest":
                known = begun[f"offset:{at.partition}"] = str(consumer.end_offsets([at])[at])
            if known is None:
                consumer.seek_to_beginning(at)
            elif consumer.position(at) != int(known):
                # A batch that was not acknowledged is delivered again.
                consumer.seek(at, int(known))
        polled = consumer.poll(timeout_ms=int(POLL_SECONDS * 1000), max_records=MAX_RECORDS)
        found = [record for records in polled.values() for record in records]
        ends = {} if found else consumer.end_offsets(partitions)
        self._behind = bool(found) or any(consumer.position(at) < end for at, end in ends.items())
        return begun, found

    def _partitions(self) -> list[TopicPartition]:
        topic = self._options.topic
        numbers = self._consumer.partitions_for_topic(topic)
        if not numbers:
            raise SourceUnavailable(f"{topic} at {', '.join(self._options.brokers)}: no such topic")
        return [TopicPartition(topic, number) for number in sorted(numbers)]

    def _open(self) -> Any:
        if self._consumer is None:
            patience = {"bootstrap_timeout_ms": int(self._options.timeout_seconds * 1000)}
            self._consumer = KafkaConsumer(
                **client_options(self._options.cluster()) | patience,
                client_id="newswire-source",
                enable_auto_commit=False,
                # For an offset that retention has deleted, or one of a topic that was deleted and
                # created again.
                auto_offset_reset="earliest",
                max_partition_fetch_bytes=self._options.max_bytes,
            )
        return self._consumer


def _unframed(value: bytes) -> bytes:
    """Return JSON or XML without the number of its schema that a schema registry's writer prefixes.

    That is a zero byte and four bytes of number.
    """
    is_framed = value[:1] == b"\x00" and value[5:6] in (b"{", b"[", b"<")
    return value[5:] if is_framed else value
