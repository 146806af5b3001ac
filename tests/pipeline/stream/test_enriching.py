"""From the stories topics to the enriched topic: what is sent, dead-lettered, told as stale."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from pipeline.kafka.messages import Message
from pipeline.wire import codec
from pipeline.wire.story import Status, Story
from pipeline.wire.topics import Lane, read_headers
from pipeline.wire.versions import index_version
from tests.fakes.index import Index
from tests.fakes.kafka import Broker
from tests.fakes.worker import MAX_BYTES, REVISION, TOPICS, Worker


@pytest.fixture
def worker() -> Worker:
    """A worker that has just started, with nothing to do."""
    return Worker(Broker(), Index())


def written(worker: Worker) -> list[tuple[str, int | None]]:
    """Id and version of what the enriched topic holds."""
    records = map(codec.decode_enriched, worker.broker.values(TOPICS.enriched))
    return [(record.story.id, record.story.version) for record in records]


def letters(worker: Worker) -> list[tuple[bytes, dict[str, str]]]:
    """Raw bytes and headers of the dead letters."""
    log = worker.broker.log(TOPICS.deadletter)
    return [(record.value, dict(record.headers)) for _, record in log.records]


def do(*acts: Callable[[], Any]) -> None:
    """Await one after the other."""

    async def run() -> None:
        for act in acts:
            await act()

    asyncio.run(run())


def story(version: int, body: str = "Text of it.", **fields: Any) -> Story:
    """A version of one story."""
    return Story(id="ap:1", version=version, body=body, headline="Head", **fields)


def test_a_batch_with_a_bad_record_between_good_ones(worker: Worker) -> None:
    """What can't be decoded is dead-lettered with its bytes; its neighbours are enriched."""
    worker.deliver(Story(id="ap:1", body="One.", feed="wire"))
    headers = [("feed", b"wire"), ("name", b"in/3.xml"), ("received_at", b"2024-05-01T10:00:00Z")]
    worker.broker.log(TOPICS.stories).append(Message(TOPICS.stories, b"k", b"\xff{", headers))
    worker.deliver(Story(id="ap:3", body="Three."))
    do(worker.drain)
    assert [id for id, _ in written(worker)] == ["ap:1", "ap:3"]
    ((raw, told),) = letters(worker)
    assert raw == b"\xff{"
    assert (told["stage"], told["error"], told["topic"]) == ("decode", "CodecError", "test.stories")
    assert (told["partition"], told["offset"], told["feed"]) == ("0", "1", "wire")
    assert (told["name"], told["received_at"]) == ("in/3.xml", "2024-05-01T10:00:00Z")
    assert "not a story" in told["reason"]


def test_a_story_that_can_not_be_enriched(worker: Worker) -> None:
    """A story that crashed its process too often is dead-lettered whole, once, by its id."""
    worker.deliver(Story(id="ap:1", body="crash"))
    worker.deliver(Story(id="ap:2", body="Two."))
    do(worker.drain, worker.drain)
    assert [id for id, _ in written(worker)] == ["ap:2"]
    ((raw, told),) = letters(worker)
    assert codec.decode_story(raw) == Story(id="ap:1", body="crash")
    assert (told["stage"], told["story_id"]) == ("enrich", "ap:1")


def test_a_record_too_long_once_enriched(worker: Worker) -> None:
    """What the broker would refuse for its size is dead-lettered instead of sent forever."""
    worker.deliver(Story(id="ap:1", body="x" * (MAX_BYTES + 1)))
    do(worker.drain)
    assert written(worker) == []
    assert "kafka.max_request_bytes" in letters(worker)[0][1]["reason"]


def test_what_is_stale_is_not_enriched(worker: Worker) -> None:
    """An older or equal version costs no enrichment, whether the newer is indexed or in flight."""
    worker.deliver(story(2))
    do(lambda: worker.enrich(10))
    worker.deliver(story(1))
    worker.deliver(story(2))
    do(lambda: worker.enrich(10))
    do(lambda: worker.index_some(10))
    worker.deliver(story(1))
    do(worker.drain)
    assert [s.version for s in worker.pool.enriched] == [2]
    assert written(worker) == [("ap:1", 2)]
    assert worker.counts["stale"] == 3


def test_versions_of_one_batch(worker: Worker) -> None:
    """Within a batch the older one that stands second is stale, the newer one is sent."""
    for version in (2, 1, 3):
        worker.deliver(story(version))
    do(lambda: worker.enrich(10))
    assert written(worker) == [("ap:1", 2), ("ap:1", 3)]


def test_a_withdrawn_story_is_blanked_and_never_enriched(worker: Worker) -> None:
    """A kill is written with nothing of the text, and its text goes to no model."""
    worker.deliver(story(1, status=Status.WITHDRAWN, ednote="Kill it."))
    do(worker.drain)
    assert worker.pool.enriched == []
    (raw,) = worker.broker.values(TOPICS.enriched)
    assert b"Text of it" not in raw
    assert b"Head" not in raw
    assert codec.decode_enriched(raw).story.ednote == "Kill it."


@pytest.mark.parametrize("indexed_meanwhile", [False, True])
def test_a_kill_overtakes_a_story_that_is_being_enriched(
    worker: Worker, indexed_meanwhile: bool
) -> None:
    """A kill that was written while an older version was enriched is the last that is written."""
    worker.deliver(story(1))
    worker.deliver(story(1, status=Status.WITHDRAWN))

    async def meanwhile() -> None:
        await worker.enrich(1, Lane.URGENT)
        if indexed_meanwhile:
            await worker.index_some(1)

    worker.pool.meanwhile = meanwhile
    do(lambda: worker.enrich(1, Lane.LIVE))
    (raw,) = worker.broker.values(TOPICS.enriched)
    assert codec.decode_enriched(raw).story.status is Status.WITHDRAWN


def test_the_message_says_what_it_is(worker: Worker) -> None:
    """An enriched record has the story's id as key, and its schema and version as headers."""
    worker.deliver(story(7, feed="wire", format="nitf"))
    do(lambda: worker.enrich(1))
    ((key, record),) = worker.broker.log(TOPICS.enriched).records
    assert key == b"ap:1"
    told = read_headers([(name, value.encode()) for name, value in record.headers.items()])
    assert told["version"] == str(index_version(story(7), REVISION))
    assert (told["schema"], told["feed"], told["format"]) == (str(codec.SCHEMA), "wire", "nitf")


@pytest.mark.parametrize("together", [True, False])
def test_a_late_kill_of_an_earlier_version_is_passed_on(worker: Worker, together: bool) -> None:
    """Whoever indexes it can purge what it kills; the newest version is the last on the topic."""
    kill = Story(id="ap:1", version=1, status=Status.WITHDRAWN, body="Text.")
    for version in (1, 2):
        worker.deliver(Story(id="ap:1", version=version, body="Text."))
    if not together:
        asyncio.run(worker.drain())
    worker.deliver(kill)
    worker.deliver(Story(id="ap:1", version=1, body="Text."))
    asyncio.run(worker.drain())
    records = [codec.decode_enriched(v).story for v in worker.broker.values(TOPICS.enriched)]
    assert (1, Status.WITHDRAWN) in [(story.version, story.status) for story in records]
    assert (records[-1].version, records[-1].status) == (2, Status.USABLE)
    assert worker.index.held["ap:1"][1]["version"] == 2
    count = len(records)
    asyncio.run(worker.drain())
    assert len(worker.broker.values(TOPICS.enriched)) == count
