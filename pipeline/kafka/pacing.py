"""Consumers that do not ask again at once where there was nothing.

A broker holds a fetch until there is a record, or half a second has passed. The embedded
engine answers at once, so that a consumer which relies on the broker asks it some thousand
times a second: idle, the worker took two thirds of a core, and so did the alerts.
"""

from __future__ import annotations

import asyncio
import time
from typing import Any

from aiokafka import AIOKafkaConsumer
from aiokafka.protocol.fetch import FetchRequest

PAUSE_SECONDS = 0.02
"""From one fetch to the next after one without records. A real broker has held it longer."""


def paced(consumer: AIOKafkaConsumer) -> AIOKafkaConsumer:
    """Return the same consumer, not yet started, with its fetches paced."""
    send = consumer._client.send

    async def send_paced(node: Any, request: Any, **options: Any) -> Any:
        began = time.monotonic()
        response = await send(node, request, **options)
        if isinstance(request, FetchRequest) and not _records(response):
            await asyncio.sleep(max(0.0, began + PAUSE_SECONDS - time.monotonic()))
        return response

    consumer._client.send = send_paced
    return consumer


def _records(response: Any) -> bool:
    """Return True if a fetch brought records: they are the last field of each partition."""
    return any(fields[-1] for _, partitions in response.topics for fields in partitions)
