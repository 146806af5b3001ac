"""From the enriched topic to the index."""

import asyncio
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from pipeline import codec
from pipeline.deadletter import read
from pipeline.indexing import delays
from pipeline.records import Message
from pipeline.story import Story
from pipeline.topics import key
from tests.fakes.index import Index
from tests.fakes.kafka import Broker
from tests.fakes.worker import TOPICS, Worker, record_of


@pytest.fixture
def worker() -> Worker:
    """A worker that has just started, with nothing to do."""
    return Worker(Broker(), Index())


def enriched(worker: Worker, value: bytes) -> None:
    """A record on the enriched topic."""
    worker.broker.log(TOPICS.enriched).append(Message(TOPICS.enriched, key("ap:1"), value, []))


def test_a_rejected_document_is_a_dead_letter(worker: Worker) -> None:
    """What the mapping rejects goes to the dead letters with the reason, the rest is indexed."""
    worker.index.rejects = {"ap:1"}
    for name in ("ap:1", "ap:2"):
        enriched(worker, codec.encode(record_of(Story(id=name, body="Text."))))
    asyncio.run(worker.index_some(10))
    assert list(worker.index.held) == ["ap:2"]
    ((_, record),) = worker.broker.log(TOPICS.deadletter).records
    dead = read(record.value, dict(record.headers))
    assert codec.decode_enriched(dead.raw).story.id == "ap:1"
    assert (dead.stage, dead.error, dead.story_id) == ("index", "MappingError", "ap:1")
    assert dead.reason == "document_parsing_exception: failed to parse"


def test_what_is_no_record_is_a_dead_letter(worker: Worker) -> None:
    """Bytes that can't be decoded are dead-lettered as they are, and don't stop the worker."""
    enriched(worker, b"{}")
    enriched(worker, codec.encode(record_of(Story(id="ap:2", body="Text."))))
    asyncio.run(worker.index_some(10))
    assert list(worker.index.held) == ["ap:2"]
    assert worker.broker.values(TOPICS.deadletter) == [b"{}"]


def test_the_document_says_which_record_it_came_from(worker: Worker) -> None:
    """Partition and offset stand in the document, and the version is the story's, not theirs."""
    enriched(worker, b"{}")
    enriched(worker, codec.encode(record_of(Story(id="ap:1", version=3, body="Text."))))
    asyncio.run(worker.index_some(10))
    version, fields = worker.index.held["ap:1"]
    assert fields["record"] == {"partition": 0, "offset": 1}
    assert version == (10**13 + 6) * 1000 + 1


def test_a_late_older_version_is_overwritten_on_the_topic(worker: Worker) -> None:
    """When the index refuses a zombie's record, the newest is written after it, once."""
    worker.deliver(Story(id="ap:1", version=2, body="Second."))
    asyncio.run(worker.drain())
    worker.zombie_writes(Story(id="ap:1", version=1, body="First."))
    asyncio.run(worker.drain())
    records = map(codec.decode_enriched, worker.broker.values(TOPICS.enriched))
    assert [record.story.version for record in records] == [2, 1, 2]
    assert worker.counts.restored == 1


def test_the_delays_of_a_story_are_in_the_document() -> None:
    """From delivery to enrichment and from there to the index, in milliseconds, where known."""
    received = datetime(2025, 3, 1, 12, tzinfo=UTC)
    record = record_of(Story(id="ap:1", received_at=received))
    assert delays(record, received) == {}
    done = msgspec.structs.replace(
        record.provenance, enriched_at=received + timedelta(milliseconds=1500)
    )
    record = msgspec.structs.replace(record, provenance=done)
    assert delays(record, received + timedelta(seconds=2)) == {
        "enrichment_delay_ms": 1500,
        "indexing_delay_ms": 500,
    }
