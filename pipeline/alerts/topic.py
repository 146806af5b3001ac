"""Alerts to a Kafka topic."""

from __future__ import annotations

import asyncio
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from config.alerts import Alert
from config.settings import Settings
from pipeline.alerts.channel import Channel, NotTaken, message_id
from pipeline.alerts.outbox import Delivery
from pipeline.kafka.options import aiokafka_options
from pipeline.wire.topics import Topics, headers, key


class Topic(Channel):
    """The topic `<prefix>.alerts`, through an idempotent producer made when first needed.

    After a failure the next delivery gets a new producer.
    """

    key = "topic"

    def __init__(self, settings: Settings) -> None:
        self._kafka = settings.kafka
        self._topic = Topics(settings.topics.prefix).alerts
        self._producer: Any = None
        self._lock = asyncio.Lock()

    @classmethod
    def check(cls, alert: Alert, value: Any) -> None:
        """Check that the key is true."""
        if value is not True:
            raise ValueError("must be true or false")

    async def send(self, alert: Alert, delivery: Delivery, body: bytes) -> None:
        """Write a record, and return once all in-sync replicas have it."""
        named = headers(id=message_id(delivery), alert=delivery.alert, kind=delivery.kind)
        async with self._lock:
            try:
                producer = await self._open()
                await producer.send_and_wait(
                    self._topic, body, key=key(delivery.story), headers=named
                )
            except KafkaError as error:
                await self.close()
                raise NotTaken(repr(error)) from error

    async def _open(self) -> Any:
        if self._producer is None:
            kafka = self._kafka
            producer = AIOKafkaProducer(
                **aiokafka_options(kafka),
                acks="all",
                enable_idempotence=True,
                compression_type=None if kafka.compression == "none" else kafka.compression,
                max_request_size=kafka.max_request_bytes,
            )
            try:
                await producer.start()
            except BaseException:
                await producer.stop()
                raise
            self._producer = producer
        return self._producer

    async def close(self) -> None:
        """Close the producer."""
        producer, self._producer = self._producer, None
        if producer is not None:
            await producer.stop()
