"""The alerts process's own judgement of its health."""

import asyncio
from pathlib import Path

import pytest
from aiokafka import TopicPartition

from pipeline.alerts.outbox import FILE
from pipeline.alerts.service import STALLED_SECONDS, Turns, _open_outbox, _place


def test_who_waits_is_not_ready_and_not_stalled(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is away makes the process not ready; that it no longer turns makes it unhealthy."""
    now = [1000.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    turns = Turns(last=now[0])
    assert turns.waiting
    turns.turn()
    assert turns.waiting is None
    turns.turn(waiting="no broker answers")
    assert (turns.waiting, turns.stalled()) == ("no broker answers", None)
    now[0] += STALLED_SECONDS + 1
    assert turns.stalled() == "no turn for 121 s"


class _Consumer:
    """A partition that holds the offsets 3 to 9."""

    def __init__(self) -> None:
        self.at: dict[int, int] = {}

    def assign(self, parts: list[TopicPartition]) -> None:
        """See aiokafka."""

    async def beginning_offsets(self, parts: list[TopicPartition]) -> dict[TopicPartition, int]:
        """See aiokafka."""
        return dict.fromkeys(parts, 3)

    async def end_offsets(self, parts: list[TopicPartition]) -> dict[TopicPartition, int]:
        """See aiokafka."""
        return dict.fromkeys(parts, 10)

    def seek(self, part: TopicPartition, offset: int) -> None:
        """See aiokafka."""
        self.at[part.partition] = offset


def test_after_a_damaged_file_the_topic_is_read_from_its_beginning(tmp_path: Path) -> None:
    """The file is moved aside; a first start begins at the end, and a later one goes on."""

    def begin() -> int:
        outbox, anew = _open_outbox(tmp_path / FILE)
        consumer = _Consumer()
        asyncio.run(_place(consumer, "t", 1, outbox, anew))
        outbox.close()
        return consumer.at[0]

    assert begin() == 10
    assert begin() == 10
    (tmp_path / FILE).write_bytes(b"not a database, but words that somebody has written")
    assert begin() == 3
    assert len(list(tmp_path.glob(f"{FILE}.damaged-*"))) == 1
