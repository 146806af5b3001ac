"""The committed offset passes what compaction took away."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import pytest
from faust.types import TP

from config.settings import load
from pipeline.stream.app import BUFFER_RECORDS, POLL_RECORDS, build

PARTITION = TP("test.enriched", 0)


async def committed(polls: Sequence[Sequence[int]]) -> list[int]:
    """What would be committed after each poll of records with these offsets, all acknowledged."""
    app = build(load(environ={}))
    consumer: Any = app.consumer
    consumer.flow_active = True
    consumer.scheduler = SimpleNamespace(
        iterate=lambda records: [(tp, record) for tp in records for record in records[tp]]
    )
    consumer._to_message = lambda _, record: record
    consumer.highwater = lambda _: 0

    told = []
    for offsets in polls:

        async def poll(_: float, offsets: Sequence[int] = offsets) -> Any:
            return {PARTITION: [SimpleNamespace(offset=n) for n in offsets]}, None

        consumer._wait_next_records = poll
        async for tp, message in consumer.getmany(1.0):
            # As Faust's own reader does; it can't be run without its thread.
            read = consumer._read_offset[tp]
            if read and message.offset - read > 1:
                await consumer._add_gap(tp, read + 1, message.offset)
            consumer._read_offset[tp] = message.offset
            consumer._acked[tp].append(message.offset)
        new = consumer._new_offset(PARTITION)
        if new is not None:
            consumer._committed_offset[PARTITION] = new
        told.append(consumer._committed_offset[PARTITION])
    return told


@pytest.mark.parametrize(
    ("polls", "expected"),
    [
        ([[0], [1]], [1, 2]),
        ([[0], [2]], [1, 3]),
        ([[0], [7], [8]], [1, 8, 9]),
        ([[0, 7], [8]], [8, 9]),
        ([[0], [7, 20]], [1, 21]),
        ([[5], [9, 30], [31]], [6, 31, 32]),
    ],
)
def test_committed_behind_a_gap(polls: list[list[int]], expected: list[int]) -> None:
    """Each poll's end is committed, whatever is missing before it; offset 0 is no exception."""
    assert asyncio.run(committed(polls)) == expected


def test_a_topic_pauses_as_a_whole() -> None:
    """When an agent has enough, all partitions of its topic wait, and no others; then all go on."""
    consumer: Any = build(load(environ={})).consumer
    stories = {TP("stories", n) for n in range(4)}
    enriched = {TP("enriched", n) for n in range(4)}
    consumer._set_active_tps(stories | enriched)
    consumer.on_buffer_full(TP("stories", 1))
    assert consumer._get_active_partitions() == enriched
    consumer.on_buffer_full(TP("stories", 2))
    consumer.on_buffer_drop(TP("stories", 1))
    assert consumer._get_active_partitions() == stories | enriched
    assert BUFFER_RECORDS - BUFFER_RECORDS * 4 // 5 > POLL_RECORDS
