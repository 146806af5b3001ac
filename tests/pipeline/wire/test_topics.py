"""Names, lanes, keys and headers."""

from typing import Any

import pytest
from aiokafka.partitioner import DefaultPartitioner
from hypothesis import given
from hypothesis import strategies as st
from kafka.partitioner.default import murmur2

from pipeline.wire.story import Signal, Status, Story
from pipeline.wire.topics import Lane, Topics, headers, key, lane, read_headers


def test_every_topic_has_the_prefix() -> None:
    """Two installations on one broker keep apart by prefix alone."""
    assert all(topic.startswith("ap.") for topic in Topics("ap").all())
    assert len(set(Topics("ap").all())) == 9


@pytest.mark.parametrize(
    ("story", "backfill", "expected"),
    [
        (Story(id="a"), False, Lane.LIVE),
        (Story(id="a"), True, Lane.BACKFILL),
        (Story(id="a", urgency=1), False, Lane.URGENT),
        (Story(id="a", urgency=1), True, Lane.BACKFILL),
        (Story(id="a", signal=Signal.FLASH), False, Lane.URGENT),
        (Story(id="a", signal=Signal.CORRECTION), False, Lane.LIVE),
        (Story(id="a", status=Status.WITHDRAWN), True, Lane.URGENT),
    ],
)
def test_lanes(story: Story, backfill: bool, expected: Lane) -> None:
    """Flashes and kills overtake live stories, and those overtake the past."""
    assert lane(story, backfill) is expected


@given(pairs=st.dictionaries(st.text(), st.none() | st.text() | st.integers()))
def test_headers_round_trip(pairs: dict[str, Any]) -> None:
    """Headers come back as text, without those that had no value."""
    told = {name: str(value) for name, value in pairs.items() if value is not None}
    assert read_headers(headers(**pairs)) == told


def test_headers_of_others_can_be_read() -> None:
    """Bytes that are no text, and headers without a value, don't stop a reader."""
    assert read_headers([("a", b"\xff"), ("b", None)]) == {"a": "\ufffd", "b": ""}
    assert read_headers(None) == {}


@given(story_id=st.text(min_size=1))
def test_both_clients_choose_the_same_partition(story_id: str) -> None:
    """Connectors and worker send the versions of a story to the same partition number."""
    partitions = list(range(7))
    of_the_worker = DefaultPartitioner()(key(story_id), partitions, partitions)
    assert (murmur2(key(story_id)) & 0x7FFFFFFF) % 7 == of_the_worker
