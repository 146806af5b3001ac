"""The worker's Kafka clients from the settings: Faust's, and a reader of offsets.

kafka-python is not called inside Faust's event loop; aiokafka, which Faust brings, is.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from config.settings import Kafka
from pipeline.kafka.coordinator import heeding
from pipeline.kafka.errors import ours
from pipeline.kafka.options import aiokafka_options
from pipeline.process.waiting import Waiting
from pipeline.wire.errors import BrokerUnavailable, SetupError

log = logging.getLogger(__name__)


class OffsetReader:
    """Ends and committed offsets, as the worker's group has them.

    It reads only: it is no member of the group and takes part in no rebalance.
    """

    def __init__(self, kafka: Kafka, topic: str, waiting: Waiting | None = None) -> None:
        self._kafka = kafka
        consumer = AIOKafkaConsumer(
            **aiokafka_options(kafka), group_id=kafka.group, enable_auto_commit=False
        )
        self._consumer = heeding(consumer, kafka.group)
        self._topic = topic
        self._waiting = waiting or Waiting()

    async def start(self) -> None:
        """Connect, waiting for a broker that is away.

        Raises:
            SetupError: it refuses the credentials.
        """
        await self._persist(self._consumer.start)

    async def stop(self) -> None:
        """Disconnect."""
        await self._consumer.stop()

    async def require(self, topics: tuple[str, ...]) -> None:
        """Check that topics exist.

        Raises:
            SetupError: one does not.
        """
        there = await self._consumer.topics()
        if missing := [topic for topic in topics if topic not in there]:
            raise SetupError(
                f"topic {', '.join(missing)} is missing: run `newswire setup`"
                + (", or let this user see it" if self._kafka.sasl_username else "")
            )

    async def positions(
        self, partitions: Iterable[tuple[str, int]]
    ) -> tuple[dict[tuple[str, int], int], dict[tuple[str, int], int]]:
        """Ends and committed offsets of some partitions.

        Raises:
            BrokerUnavailable: the broker does not answer now.
        """
        wanted = [TopicPartition(topic, partition) for topic, partition in partitions]
        try:
            ends = await self._consumer.end_offsets(wanted) if wanted else {}
            committed = {tp: await self._consumer.committed(tp) or 0 for tp in wanted}
        except KafkaError as error:
            raise BrokerUnavailable(repr(error)) from error
        return (
            {(tp.topic, tp.partition): end for tp, end in ends.items()},
            {(tp.topic, tp.partition): offset for tp, offset in committed.items()},
        )

    async def end(self, partition: int) -> int:
        """Return the offset that the partition's next record on the topic will get."""
        tp = TopicPartition(self._topic, partition)
        ends = await self._persist(lambda: self._consumer.end_offsets([tp]))
        return int(ends[tp])

    async def committed(self, partition: int) -> int:
        """Return the group's committed offset on the topic, 0 where there is none yet."""
        tp = TopicPartition(self._topic, partition)
        return int(await self._persist(lambda: self._consumer.committed(tp)) or 0)

    async def _persist(self, call: Callable[[], Awaitable[Any]]) -> Any:
        async def attempt() -> Any:
            try:
                return await call()
            except (KafkaError, OSError) as error:
                raise await ours(self._kafka, error) from error

        return await self._waiting.until("kafka", attempt)
