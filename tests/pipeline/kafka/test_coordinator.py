"""A group moves from one broker to another."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.consumer.group_coordinator import GroupCoordinator
from aiokafka.errors import GroupAuthorizationFailedError, RequestTimedOutError
from aiokafka.protocol.group import HeartbeatRequest, JoinGroupRequest

from pipeline.kafka.coordinator import heeding

PART = TopicPartition("wire.enriched", 0)
NOT_COORDINATOR, LOADING, FORBIDDEN = 16, 14, 30


def committed(*errors: int) -> tuple[int, list[int]]:
    """What the second broker has, when the first answers with errors; and who was asked."""
    asked: list[int] = []

    async def run() -> int:
        consumer = heeding(AIOKafkaConsumer(group_id="g", enable_auto_commit=False), "g")
        coordinator = GroupCoordinator(consumer._client, consumer._subscription, group_id="g")

        async def look_up(*_: Any) -> int:
            return len(asked) + 1

        async def ready(*_: Any, **__: Any) -> bool:
            return True

        consumer._client.coordinator_lookup, consumer._client.ready = look_up, ready
        consumer._client.force_metadata_update = ready
        try:
            offsets = await asyncio.wait_for(coordinator.fetch_committed_offsets([PART]), 10)
        finally:
            coordinator._coordination_task.cancel()
            await consumer.stop()
        return int(offsets[PART].offset)

    async def send(client: Any, node: int, request: Any, **_: Any) -> Any:
        asked.append(node)
        if len(asked) <= len(errors):
            return SimpleNamespace(topics=[], error_code=errors[len(asked) - 1])
        return SimpleNamespace(topics=[(PART.topic, [(0, 7, "", 0)])], error_code=0)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("aiokafka.client.AIOKafkaClient.send", send)
        return asyncio.run(run()), asked


@pytest.mark.parametrize("errors", [(NOT_COORDINATOR,), (LOADING, NOT_COORDINATOR)])
def test_who_has_the_offsets_no_more_is_not_believed(errors: tuple[int, ...]) -> None:
    """Another broker is looked for, until one has them."""
    offset, asked = committed(*errors)
    assert offset == 7
    assert asked == list(range(1, len(errors) + 2))


def test_a_group_that_is_not_ours_is_named() -> None:
    """Without the privilege nothing seems committed no more: it is an error."""
    with pytest.raises(GroupAuthorizationFailedError, match="g"):
        committed(FORBIDDEN)


def test_a_broker_that_hangs_is_left_while_the_session_lasts() -> None:
    """A heartbeat without an answer is an error within seconds, a join may wait for others."""

    async def send(client: Any, node: int, request: Any, **_: Any) -> Any:
        await asyncio.sleep(0.3)
        return request

    async def run() -> None:
        client = heeding(AIOKafkaConsumer(), "g")._client
        with pytest.raises(RequestTimedOutError):
            await client.send(1, HeartbeatRequest("g", 1, "m"))
        join = JoinGroupRequest("g", 1, 1, "m", "i", "consumer", [])
        assert await client.send(1, join) is join

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("aiokafka.client.AIOKafkaClient.send", send)
        patch.setattr("pipeline.kafka.coordinator.BRIEF_SECONDS", 0.05)
        asyncio.run(run())
