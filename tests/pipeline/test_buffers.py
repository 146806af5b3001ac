"""One agent's full buffer and the other agents' records."""

from typing import Any

from faust.types import TP

from config.settings import load
from pipeline.stream.app import BUFFER_RECORDS, POLL_RECORDS, build


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
