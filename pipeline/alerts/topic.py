"""Alerts to a Kafka topic."""

from __future__ import annotations

import asyncio
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from config.settings import Settings
from pipeline.alerts.channel import NotTaken, message_id
from pipeline.alerts.delivering import Tell
from pipeline.alerts.outbox import Delivery
from pipeline.kafka.options import aiokafka_options
from pipeline.wire.topics import headers, key


class _Producer:
    """An idempotent producer, made when first needed and anew after a failure."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._producer: Any = None
        self._lock = asyncio.Lock()

    def teller(self, topic: str) -> Tell:
        """What hands a delivery to the topic."""

        async def tell(delivery: Delivery, body: bytes) -> None:
            named = headers(id=message_id(delivery), alert=delivery.alert, kind=delivery.kind)
            async with self._lock:
                try:
                    producer = await self._open()
                    await producer.send_and_wait(
                        topic, body, key=key(delivery.story), headers=named
                    )
                except KafkaError as error:
                    await self.close()
                    raise NotTaken(repr(error)) from error

        return tell

    async def _open(self) -> Any:
        if self._producer is None:
            kafka = self._settings.kafka
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
        """Let go of the broker."""
        producer, self._producer = self._producer, None
        if producer is not None:
            await producer.stop()
