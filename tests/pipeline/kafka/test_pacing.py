"""How often a consumer asks a broker that has nothing for it."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka.protocol.fetch import FetchRequest
from aiokafka.protocol.metadata import MetadataRequest

from pipeline.kafka.pacing import PAUSE_SECONDS, paced

EMPTY = [("t", [(0, 0, 7, 7, None, b""), (1, 0, 7, 7, None, None)])]
FULL = [("t", [(0, 0, 7, 7, None, b""), (1, 0, 7, 7, None, b"records")])]


@pytest.mark.parametrize(
    ("asked", "topics", "pauses"),
    [(FetchRequest, EMPTY, True), (FetchRequest, FULL, False), (MetadataRequest, EMPTY, False)],
)
def test_a_fetch_that_brings_nothing_is_waited_out(
    monkeypatch: pytest.MonkeyPatch, asked: Any, topics: Any, pauses: bool
) -> None:
    """Only an empty answer to a fetch is followed by a pause; every answer comes through."""
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    async def send(node: int, request: object) -> Any:
        return SimpleNamespace(topics=topics, node=node)

    monkeypatch.setattr(asyncio, "sleep", sleep)
    consumer: Any = SimpleNamespace(_client=SimpleNamespace(send=send))
    answer = asyncio.run(paced(consumer)._client.send(3, asked.__new__(asked)))
    assert (answer.node, answer.topics) == (3, topics)
    assert [0 < seconds <= PAUSE_SECONDS for seconds in slept] == [True] * pauses
