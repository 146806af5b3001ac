"""Messages to Kafka, each acknowledged by all in-sync replicas before the call returns."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from kafka import KafkaProducer
from kafka.errors import MessageSizeTooLargeError, RecordListTooLargeError

from config.settings import Kafka
from pipeline.kafka.errors import broker_errors
from pipeline.kafka.messages import Message
from pipeline.kafka.options import client_options
from pipeline.kafka.reading import open_reader
from pipeline.wire.errors import NewswireError, RecordsTooLarge

ACK_SECONDS = 60.0
"""How long the broker may take to acknowledge before the batch is tried again."""


class Publisher:
    """A producer that is replaced after a failure, because an idempotent one may be fenced."""

    def __init__(self, settings: Kafka) -> None:
        self._settings = settings
        self._producer: Any = None

    @property
    def max_bytes(self) -> int:
        """The largest value that is sent, with room for key and headers."""
        return self._settings.max_request_bytes - 64 * 1024

    def publish(self, records: Sequence[Message]) -> Mapping[tuple[str, int], int]:
        """Send in order and wait for every acknowledgement.

        Returns:
            The highest acknowledged offset by topic and partition.

        Raises:
            BrokerUnavailable: at least one record was not acknowledged; which of the
                others were is not known, so the whole batch is to be sent again.
            SetupError: Kafka refuses the credentials, or writing to the topic.
            RecordsTooLarge: some can't be published; the same of the others.
        """
        try:
            with broker_errors(self._settings, "WRITE"):
                offsets, refused = self._publish(records)
        except NewswireError:
            self.close()
            raise
        if refused:
            self.close()
            raise RecordsTooLarge(frozenset(refused))
        return offsets

    def _publish(
        self, records: Sequence[Message]
    ) -> tuple[Mapping[tuple[str, int], int], Collection[int]]:
        """What `publish` returns, and which records are too large."""
        offsets: dict[tuple[str, int], int] = {}
        refused = set()
        producer = self._open()
        futures = [
            producer.send(r.topic, key=r.key, value=r.value, headers=r.headers) for r in records
        ]
        producer.flush(timeout=ACK_SECONDS)
        for number, future in enumerate(futures):
            # flush counts a failed record as done: only its future tells.
            try:
                sent = future.get(timeout=ACK_SECONDS)
            except (MessageSizeTooLargeError, RecordListTooLargeError):
                refused.add(number)
                continue
            at = (sent.topic, sent.partition)
            offsets[at] = max(offsets.get(at, -1), sent.offset)
        return offsets, refused

    def end_offsets(self, partitions: Iterable[tuple[str, int]]) -> Mapping[tuple[str, int], int]:
        """The offset that the next record of each partition will get; 0 for a missing one.

        Raises:
            BrokerUnavailable: the broker does not answer.
        """
        wanted = list(partitions)
        with open_reader(self._settings) as topics:
            spans = topics.spans({topic for topic, _ in wanted})
        return {at: spans[at].stop if at in spans else 0 for at in wanted}

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
                request_timeout_ms=15_000,
                delivery_timeout_ms=int(ACK_SECONDS * 1000) - 10_000,
            )
        return self._producer
