"""Stories whose days are over: refused when they come, purged by tombstones, and gone for good."""

import asyncio
import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.stream import newest as newest_module
from pipeline.stream.tombstones import purges, tombstone
from pipeline.wire import codec
from pipeline.wire.retention import Retention
from pipeline.wire.story import Status, Story
from pipeline.wire.topics import Lane
from tests.fakes.index import Index
from tests.fakes.kafka import Broker
from tests.fakes.worker import TOPICS, Worker

DAYS = 30
LIMIT = Retention({"wire": DAYS})
NOW = datetime.now(UTC)
AGES = (1, 31)


@pytest.fixture(autouse=True, scope="module")
def _no_waiting() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(newest_module, "BARRIER_POLL_SECONDS", 0)
        yield


def licensed() -> Worker:
    """A worker whose feed may keep stories for DAYS."""
    worker = Worker(Broker(), Index())
    limit(worker)
    return worker


def limit(worker: Worker) -> None:
    """Give a worker, which may have started again, its feeds file."""
    for step in worker.enriching.values():
        step.retention = LIMIT
    worker.indexing.retention = LIMIT


def story(name: str, version: int, age: int, status: Status = Status.USABLE) -> Story:
    """A version that was published so many days ago, and received now."""
    return Story(
        id=name,
        version=version,
        status=status,
        version_created=NOW - timedelta(days=age),
        received_at=NOW,
        body=f"V{version} of it",
        feed="wire",
    )


def retain(worker: Worker) -> None:
    """What `newswire retain` writes: a tombstone for each document that is over."""
    since = LIMIT.since("wire", NOW)
    assert since
    for name, (version, fields) in worker.index.held.items():
        at = datetime.fromisoformat(fields["published_at"])
        if at < since and fields["status"] != Status.WITHDRAWN:
            worker.broker.log(TOPICS.enriched).append(tombstone(TOPICS, name, version))


def replay(worker: Worker) -> None:
    """Every story of the lanes comes again."""
    for lane in Lane:
        worker.broker.committed[TOPICS.lane(lane)] = 0


def test_a_story_is_refused_by_its_own_date(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Counted, named in the log without its text, not enriched and no dead letter."""
    worker = licensed()
    worker.deliver(story("ap:1", 1, 31))
    worker.deliver(story("ap:2", 1, 29))
    with caplog.at_level(logging.INFO):
        asyncio.run(worker.drain())
    assert worker.index.held.keys() == {"ap:2"}
    assert [each.id for each in worker.pool.enriched] == ["ap:2"]
    assert worker.counts["expired"] == 1
    (told,) = [each for each in caplog.records if "days are over" in each.message]
    assert (told.story_id, told.feed) == ("ap:1", "wire")  # type: ignore[attr-defined]
    assert "V1 of it" not in str(told.__dict__)
    assert worker.broker.values(TOPICS.deadletter) == []


def test_a_kill_is_taken_at_any_age() -> None:
    """It has no text, and keeps every late copy out."""
    worker = licensed()
    worker.deliver(story("ap:1", 2, 400, Status.WITHDRAWN))
    worker.deliver(story("ap:1", 1, 1))
    asyncio.run(worker.drain())
    assert worker.index.held["ap:1"][1]["status"] == Status.WITHDRAWN
    assert not worker.index.held["ap:1"][1]["body"]


@pytest.mark.parametrize(
    ("feed", "created", "received", "enriched", "over"),
    [
        ("wire", 31, 0, None, True),
        ("wire", 29, 0, None, False),
        ("other", 400, 0, None, False),
        (None, 400, 0, None, False),
        ("wire", None, 31, None, True),  # no date of its own: its receipt
        ("wire", -400, 31, None, True),  # a date that is a mistake: its receipt
        ("wire", None, None, None, False),
        ("wire", -400, None, 0, False),
    ],
)
def test_the_date_that_counts(
    feed: str | None, created: int | None, received: int | None, enriched: int | None, over: bool
) -> None:
    """It is the one that the story is published under: see `trusted_time`."""

    def at(age: int | None) -> datetime | None:
        return None if age is None else NOW - timedelta(days=age)

    said = Story(id="ap:1", feed=feed, version_created=at(created), received_at=at(received))
    assert LIMIT.is_over(said, at(enriched), NOW) is over


def test_a_record_that_is_over_is_purged_from_the_topic() -> None:
    """A late one, of a worker that was stopped or of the refused topic, gets its tombstone."""
    worker = licensed()
    worker.zombie_writes(story("ap:1", 1, 31))
    asyncio.run(worker.drain())
    assert worker.index.held == {}
    assert worker.broker.values(TOPICS.enriched)[1:] == [b""]
    assert worker.counts["expired"] == 1


def test_a_tombstone_deletes_up_to_its_version() -> None:
    """A newer version stays, and is written behind the tombstone, for compaction keeps the last."""
    worker = licensed()
    worker.deliver(story("ap:1", 1, 29))
    worker.deliver(story("ap:2", 1, 29))
    asyncio.run(worker.drain())
    seen = {name: version for name, (version, _) in worker.index.held.items()}
    worker.deliver(story("ap:2", 2, 1))
    asyncio.run(worker.drain())
    for name, version in seen.items():
        worker.broker.log(TOPICS.enriched).append(tombstone(TOPICS, name, version))
    asyncio.run(worker.drain())
    assert worker.index.held.keys() == {"ap:2"}
    last = codec.decode_enriched(worker.broker.values(TOPICS.enriched)[-1])
    assert (last.story.id, last.story.version) == ("ap:2", 2)
    assert (worker.counts["purged"], worker.counts["restored"]) == (1, 1)
    assert worker.broker.values(TOPICS.deadletter) == []


def test_a_tombstone_without_a_version_purges_nothing() -> None:
    """One that was not written by newswire, or that a later record follows, is passed over."""
    log = Broker().log(TOPICS.enriched)
    foreign = tombstone(TOPICS, "ap:1", 1)
    foreign.headers.clear()
    for message in (foreign, tombstone(TOPICS, "ap:2", 5), tombstone(TOPICS, "ap:2", 7)):
        log.append(message)
    ((_, purge),) = purges([record for _, record in log.records])
    assert (purge.id, purge.version) == ("ap:2", 7)


VERSIONS = st.builds(
    story,
    st.just("ap:1"),
    st.integers(1, 4),
    st.sampled_from(AGES),
    st.sampled_from([Status.USABLE] * 5 + [Status.WITHDRAWN]),
)
OPS = st.one_of(
    st.tuples(st.just("deliver"), VERSIONS),
    st.tuples(st.just("enrich"), st.integers(1, 4)),
    st.tuples(st.just("index"), st.integers(1, 4)),
    st.tuples(st.sampled_from(["retain", "retain", "replay", "compact"]), st.none()),
    st.tuples(st.just("crash"), st.tuples(st.integers(0, 8), st.sampled_from([0.0, 0.5, 1.0]))),
)


@given(st.lists(OPS, max_size=10), st.lists(OPS, max_size=10))
def test_what_was_purged_does_not_come_back(
    before: list[tuple[str, object]], after: list[tuple[str, object]]
) -> None:
    """Whatever is replayed, crashes or arrives beside a purge: topic and index agree in the end.

    No text is left that is over; a newer version that arrived meanwhile is not lost. The feed has
    no limit before.
    """
    worker = Worker(Broker(), Index())

    async def play() -> None:
        for name, value in before:
            await act(worker, name, value)
        for name, value in after:
            limit(worker)
            await act(worker, name, value)
        worker.crash_at(10**9, 0.0)
        limit(worker)
        await worker.drain()
        retain(worker)
        await worker.drain()
        replay(worker)
        await worker.drain()

    asyncio.run(play())
    for _, fields in worker.index.held.values():
        if fields["status"] != Status.WITHDRAWN:
            assert datetime.fromisoformat(fields["published_at"]) > NOW - timedelta(days=DAYS)
        else:
            assert not fields["body"]
    last = {key.decode(): record for key, record in worker.broker.log(TOPICS.enriched).records}
    on_topic = {
        name: codec.decode_enriched(record.value).index_version
        for name, record in last.items()
        if record.value
    }
    assert on_topic == {name: version for name, (version, _) in worker.index.held.items()}
    assert worker.broker.values(TOPICS.deadletter) == []


async def act(worker: Worker, name: str, value: object) -> None:
    """One thing that happens."""
    match name, value:
        case "deliver", Story() as said:
            worker.deliver(said)
        case "enrich", int(count):
            for lane in Lane:
                await worker.enrich(count, lane)
        case "index", int(count):
            await worker.index_some(count)
        case "retain", _:
            retain(worker)
        case "replay", _:
            replay(worker)
        case "compact", _:
            worker.broker.log(TOPICS.enriched).compact(before=worker.indexed_to)
        case "crash", (int(call), float(part)):
            worker.crash_at(call, part)
