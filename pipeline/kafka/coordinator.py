"""Consumers that follow a group's offsets when another broker takes them over.

Two faults of aiokafka 0.14 are mended:

- A broker that has the group no more answers a request for committed offsets with an error and
  without partitions. aiokafka looks for errors at the partitions alone: it takes the answer for
  a group that has committed nothing, and asks that broker for ever. A worker waited without end.
- Heartbeats wait for a broker that hangs as long as any request does, past the session: then
  the broker that took over has put the member out, and the group assigns everything anew.
"""

from __future__ import annotations

import asyncio
from typing import Any

from aiokafka import AIOKafkaConsumer
from aiokafka.client import ConnectionGroup
from aiokafka.conn import CloseReason
from aiokafka.errors import RequestTimedOutError, for_code
from aiokafka.protocol.commit import OffsetCommitRequest, OffsetFetchRequest
from aiokafka.protocol.coordination import FindCoordinatorRequest
from aiokafka.protocol.group import HeartbeatRequest

BRIEF = (HeartbeatRequest, FindCoordinatorRequest, OffsetCommitRequest, OffsetFetchRequest)
"""Requests that a broker answers at once; to join a group may take as long as others need."""
BRIEF_SECONDS = 4.0
"""How long that may take. The broker that takes over begins the members' sessions anew, and must
hear of each before its session ends."""


def heeding(consumer: AIOKafkaConsumer, group: str) -> AIOKafkaConsumer:
    """Return the same consumer, not yet started, which looks for the group's broker anew."""
    client = consumer._client
    send = client.send

    async def send_heeding(node: Any, request: Any, **options: Any) -> Any:
        try:
            async with asyncio.timeout(BRIEF_SECONDS if isinstance(request, BRIEF) else None):
                response = await send(node, request, **options)
        except TimeoutError:
            connection = client._conns.get((node, options.get("group", ConnectionGroup.DEFAULT)))
            if connection is not None:
                connection.close(reason=CloseReason.CONNECTION_TIMEOUT)
            raise RequestTimedOutError from None
        if isinstance(request, OffsetFetchRequest):
            code = getattr(response, "error_code", None)  # versions 0 and 1 have none
            if code:
                raise for_code(code)(group)
        return response

    client.send = send_heeding
    return consumer
