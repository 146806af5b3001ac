"""Consumers that heed a broker which says that it has the group's offsets no more.

Such a broker answers a request for committed offsets with an error and without partitions.
aiokafka 0.14 looks for errors at the partitions alone: it takes the answer for a group that has
committed nothing, and asks that broker for ever. A worker then waited without end, or began at
the topic's beginning, after another broker had taken the group over.
"""

from __future__ import annotations

from typing import Any

from aiokafka import AIOKafkaConsumer
from aiokafka.errors import for_code
from aiokafka.protocol.commit import OffsetFetchRequest


def heeding(consumer: AIOKafkaConsumer, group: str) -> AIOKafkaConsumer:
    """Return the same consumer, not yet started, which looks for the group's broker anew."""
    send = consumer._client.send

    async def send_heeding(node: Any, request: Any, **options: Any) -> Any:
        response = await send(node, request, **options)
        if isinstance(request, OffsetFetchRequest):
            code = getattr(response, "error_code", None)  # versions 0 and 1 have none
            if code:
                raise for_code(code)(group)
        return response

    consumer._client.send = send_heeding
    return consumer
