"""From the enriched topic to the index."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from pipeline.index.writer import Write, Written
from pipeline.kafka.messages import Message
from pipeline.stream.indexing import delays
from pipeline.wire import codec
from pipeline.wire.deadletter import read
from pipeline.wire.ids import take_id
from pipeline.wire.story import Status, Story
from pipeline.wire.topics import key
from pipeline.wire.versions import index_version
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
    assert version == index_version(Story(id="ap:1", version=3), 1)


def test_a_late_older_version_is_overwritten_on_the_topic(worker: Worker) -> None:
    """When the index refuses a zombie's record, the newest is written after it, once."""
    worker.deliver(Story(id="ap:1", version=2, body="Second."))
    asyncio.run(worker.drain())
    worker.zombie_writes(Story(id="ap:1", version=1, body="First."))
    asyncio.run(worker.drain())
    records = map(codec.decode_enriched, worker.broker.values(TOPICS.enriched))
    assert [record.story.version for record in records] == [2, 1, 2]
    assert worker.counts["restored"] == 1


@pytest.mark.parametrize("elsewhere", [{"record": {"partition": 7, "offset": 900}}, {}])
def test_a_late_older_version_on_another_topic(
    worker: Worker, elsewhere: dict[str, dict[str, int]]
) -> None:
    """Where the index has the newest from another partition, it is written behind the older too."""
    worker.deliver(Story(id="ap:1", version=2, body="Second."))
    asyncio.run(worker.drain())
    version, fields = worker.index.held["ap:1"]
    del fields["record"]
    worker.index.held["ap:1"] = (version, fields | elsewhere)
    worker.zombie_writes(Story(id="ap:1", version=1, body="First."))
    asyncio.run(worker.drain())
    records = map(codec.decode_enriched, worker.broker.values(TOPICS.enriched))
    assert [record.story.version for record in records] == [2, 1, 2]


class Slow(Index):
    """Takes long for the first request, and keeps what is behind in a request before the rest."""

    def __init__(self) -> None:
        super().__init__()
        self._asked = 0

    async def write(self, writes: Sequence[Write]) -> list[Written]:
        """See `Writer.write`."""
        self._asked += 1
        for _ in range(50 if self._asked == 1 else 0):
            await asyncio.sleep(0)
        return (await super().write(writes[::-1]))[::-1]


@pytest.mark.parametrize("batches", [[2], [1, 1]])
def test_a_newer_version_that_the_index_took_later(batches: list[int]) -> None:
    """Of one request or of two at once, the older that was taken first does not stay the last."""

    async def live() -> Worker:
        worker = Worker(Broker(), Slow())
        worker.zombie_writes(Story(id="ap:1", version=2, body="Second."))
        worker.zombie_writes(Story(id="ap:1", version=1, body="First."))
        await asyncio.gather(*(worker.index_some(count) for count in batches))
        await worker.drain()
        return worker

    worker = asyncio.run(live())
    records = map(codec.decode_enriched, worker.broker.values(TOPICS.enriched))
    assert [record.story.version for record in records] == [2, 1, 2]
    assert worker.index.held["ap:1"][1]["version"] == 2


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


def test_a_refused_document_is_set_aside_and_tried_until_it_is_taken(worker: Worker) -> None:
    """It makes no dead letter, keeps no other waiting, is seen, and ends in index and topic."""
    worker.index.refuses = {"ap:1"}
    for name in ("ap:1", "ap:2"):
        worker.deliver(Story(id=name, version=1, body="Text."))
    asyncio.run(worker.drain())
    assert list(worker.index.held) == ["ap:2"]
    assert worker.broker.values(TOPICS.deadletter) == []
    for _ in range(3):
        asyncio.run(worker.try_refused(10))
        assert worker.waiting.set_aside == {"ap:1": "HTTP 400: strict_dynamic_mapping_exception"}
    worker.index.refuses = set()
    asyncio.run(worker.try_refused(10))
    asyncio.run(worker.drain())
    assert worker.waiting.set_aside == {}
    version, document = worker.index.held["ap:1"]
    assert (version, document["body"]) == (index_version(Story(id="ap:1", version=1), 1), "Text.")
    assert document["record"] == {"partition": 0, "offset": 0}
    assert not asyncio.run(worker.try_refused(10))


def test_a_set_aside_version_is_again_the_last_on_the_topic(worker: Worker) -> None:
    """An older version that was written behind it would be what compaction keeps."""
    worker.index.refuses = {"ap:1"}
    worker.deliver(Story(id="ap:1", version=2, body="Second."))
    asyncio.run(worker.drain())
    worker.index.refuses = set()
    worker.deliver(Story(id="ap:1", version=1, body="First."))
    asyncio.run(worker.drain())
    asyncio.run(worker.try_refused(10))
    asyncio.run(worker.drain())
    assert worker.index.held["ap:1"][1]["body"] == "Second."
    last = codec.decode_enriched(worker.broker.values(TOPICS.enriched)[-1])
    assert last.story.version == 2


def test_a_set_aside_version_that_was_overtaken_is_dropped(worker: Worker) -> None:
    """An index refuses a document before it looks at its version: it would be tried for ever."""
    worker.index.refuses = {"ap:1"}
    worker.deliver(Story(id="ap:1", version=1, body="First."))
    asyncio.run(worker.drain())
    worker.index.refuses = set()
    worker.deliver(Story(id="ap:1", version=2, body="Second."))
    asyncio.run(worker.drain())
    worker.index.refuses = {"ap:1"}
    asyncio.run(worker.try_refused(10))
    assert not asyncio.run(worker.try_refused(10))
    assert worker.index.held["ap:1"][1]["body"] == "Second."


@pytest.mark.parametrize("how", ["rejects", "refuses"])
def test_a_kill_that_is_not_taken_is_indexed_bare(worker: Worker, how: str) -> None:
    """Whatever of it the index refuses, the story is withdrawn."""
    worker.deliver(Story(id="ap:1", version=1, body="Text."))
    asyncio.run(worker.drain())
    setattr(worker.index, how, {"ap:1"})
    worker.index.only_bare = True
    worker.deliver(
        Story(id="ap:1", version=1, status=Status.WITHDRAWN, ednote="Kill it.", body="Text.")
    )
    asyncio.run(worker.drain())
    document = worker.index.held["ap:1"][1]
    assert document["status"] == "withdrawn"
    assert "body" not in document or document["body"] == ""
    assert worker.broker.values(TOPICS.deadletter) == []
    assert worker.broker.values(TOPICS.refused) == []


def test_a_take_of_a_withdrawn_story_is_never_shown(worker: Worker) -> None:
    """What comes behind the kill is withdrawn before the index gets it."""
    written: list[tuple[str, str]] = []
    write = worker.index.write

    async def watched(writes: Sequence[Write]) -> list[Written]:
        written.extend((each.id, each.document["status"]) for each in writes)
        return await write(writes)

    worker.index.write = watched  # type: ignore[method-assign]
    worker.deliver(Story(id="ap:1", status=Status.WITHDRAWN))
    asyncio.run(worker.drain())
    worker.deliver(Story(id=take_id("ap:1", 1), body="More."))
    asyncio.run(worker.drain())
    assert written == [("ap:1", "withdrawn"), (take_id("ap:1", 1), "withdrawn")]
