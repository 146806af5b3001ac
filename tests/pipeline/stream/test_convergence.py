"""Versions, kills, duplicates, crashes, zombies, replays: the same documents in the end.

The worker's own steps run here, over a broker and an index in memory; see `tests.fakes`.
"""

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from pipeline.index.document import Document, document
from pipeline.stream import newest as newest_module
from pipeline.stream.indexing import STAMPS
from pipeline.wire import codec
from pipeline.wire.ids import take_id
from pipeline.wire.story import Status, Story
from pipeline.wire.topics import Lane
from pipeline.wire.versions import rank
from tests.fakes.index import Index
from tests.fakes.kafka import Broker
from tests.fakes.worker import TOPICS, Worker, record_of

START = datetime(2024, 5, 1, tzinfo=UTC)
IDS = ("ap:1", "ap:2")
Op = Callable[[Worker], Any]


@pytest.fixture(autouse=True, scope="module")
def _no_waiting() -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(newest_module, "BARRIER_POLL_SECONDS", 0)
        yield


def numbered(name: str, version: int, status: Status = Status.USABLE) -> Story:
    """A version of a feed that numbers its versions."""
    return Story(id=name, version=version, status=status, headline="h", body=f"V{version} of it")


def timed(name: str, minute: int, status: Status = Status.USABLE) -> Story:
    """A version of a feed that only says when."""
    at = START + timedelta(minutes=minute)
    return Story(id=name, version_created=at, status=status, headline="h", body=f"T{minute} of it")


@st.composite
def histories(draw: st.DrawFn) -> list[Story]:
    """All that is ever said of two stories: up to five versions each, with or without a kill."""
    said = []
    for name in IDS:
        make = draw(st.sampled_from([numbered, timed]))
        versions = draw(st.lists(st.integers(1, 9), min_size=1, max_size=5, unique=True))
        said += [make(name, version) for version in versions]
        if kill := draw(st.sampled_from([None, numbered, timed])):
            said.append(kill(name, draw(st.integers(1, 9)), Status.WITHDRAWN))
    return said


@st.composite
def mixed(draw: st.DrawFn) -> list[Story]:
    """All that is said of a story some of whose versions lack a number, in the order of sending."""
    kinds = draw(st.lists(st.sampled_from(["number", "none", "kill"]), min_size=2, max_size=5))
    said: list[Story] = []
    killed: set[int] = set()
    for minute, kind in enumerate(kinds):
        name = IDS[0]
        number = None if kind == "none" else minute if kind == "number" else -1
        story = replace(timed(name, minute), version=number)
        if kind == "kill":  # of the version that was numbered last
            last = max((s.version for s in said if s.version is not None), default=None)
            if last is None or last in killed:
                continue
            killed.add(last)
            story = replace(story, version=last, status=Status.WITHDRAWN)
        said.append(story)
    return said


def overlaps() -> st.SearchStrategy[tuple[str, Any]]:
    """Two batches of a lane at once, of which the second ends first; or the worker does."""
    # The calls are: look up, look up, send the second batch, send the first.
    crash = st.one_of(st.none(), st.tuples(st.sampled_from([2, 3]), st.sampled_from([0, 0.5, 1])))
    lane = st.sampled_from([Lane.LIVE, Lane.LIVE, Lane.URGENT])
    return st.tuples(st.just("overlap"), st.tuples(st.integers(1, 3), lane, crash))


def operations(
    said: Sequence[Story], zombies: bool = True
) -> st.SearchStrategy[list[tuple[str, Any]]]:
    """What may happen, in any order and as often as you like."""
    some = st.integers(1, 6)
    happenings = [
        st.tuples(st.sampled_from(["deliver", "backfill"]), st.sampled_from(said)),
        st.tuples(st.just("enrich"), st.tuples(some, st.sampled_from(Lane))),
        st.tuples(st.just("overtake"), st.sampled_from(Lane)),
        overlaps(),
        st.tuples(st.just("index"), some),
        st.tuples(st.just("crash"), st.tuples(st.integers(0, 4), st.sampled_from([0, 0.5, 1]))),
        st.tuples(st.just("compact"), st.none()),
        st.tuples(st.just("replay"), st.none()),
    ]
    if zombies:
        happenings.append(st.tuples(st.just("zombie"), st.sampled_from(said)))
    return st.lists(st.one_of(happenings), max_size=25)


async def play(worker: Worker, operations: Sequence[tuple[str, Any]]) -> None:
    """Let it all happen. A zombie writes only what was once delivered to it."""
    for name, value in operations:
        match name:
            case "deliver":
                worker.deliver(value)
            case "backfill":
                worker.deliver(value, backfill=True)
            case "enrich":
                await worker.enrich(*value)
            case "overtake":
                worker.overtake(value)
            case "overlap":
                count, lane, crash = value
                if crash:
                    worker.crash_at(*crash)
                worker.overtake(lane)
                await worker.enrich(count, lane)
            case "index":
                await worker.index_some(value)
            case "crash":
                worker.crash_at(*value)
            case "zombie" if worker.was_delivered(value):
                worker.zombie_writes(value)
            case "compact":
                # The topic's min.compaction.lag.ms keeps what the index may not have yet.
                worker.broker.log(TOPICS.enriched).compact(before=worker.indexed_to)
            case "replay":
                worker.broker.committed.clear()
                worker.restart()


def comparable(fields: Document) -> Document:
    """A document without what says when, whence and by which code it came."""
    left_out = STAMPS | {"provenance", "follows"}
    return {key: value for key, value in fields.items() if key not in left_out}


def documents(index: Index) -> dict[str, Document]:
    """What the index says, by id."""
    return {name: comparable(fields) for name, (_, fields) in index.held.items()}


def expected(said: Sequence[Story]) -> dict[str, Document]:
    """The newest version of each story, killed or enriched."""
    last: dict[str, Story] = {}
    for story in said:
        if story.id not in last or rank(story) > rank(last[story.id]):
            last[story.id] = story
    return {name: comparable(document(record_of(story))) for name, story in last.items()}


async def rebuild(broker: Broker) -> dict[str, Document]:
    """What an empty index holds after it was filled from the enriched topic alone."""
    broker.committed.clear()
    for topic in TOPICS.lanes:
        broker.committed[topic] = broker.log(topic).end
    worker = Worker(broker, Index())
    await worker.drain()
    return documents(worker.index)


async def run(said: Sequence[Story], *acts: Sequence[tuple[str, Any]]) -> Worker:
    """A worker that has lived through all acts and has then done what was left to do."""
    worker = Worker(Broker(), Index())
    for act in acts:
        await play(worker, act)
    worker.restart()
    await worker.drain()
    return worker


@given(data=st.data(), said=histories())
@settings(max_examples=200, deadline=None)
def test_any_order_ends_in_the_same_documents(data: st.DataObject, said: list[Story]) -> None:
    """Shuffled, repeated, crashed, overtaken by zombies: index and topic end at the newest."""
    before, after = data.draw(operations(said)), data.draw(operations(said))
    everything = [("deliver", story) for story in data.draw(st.permutations(said))]

    async def live() -> None:
        worker = await run(said, before, everything, after)
        assert documents(worker.index) == expected(said)
        assert await rebuild(worker.broker) == expected(said)
        enriched = worker.broker.log(TOPICS.enriched)
        enriched.compact(before=enriched.end)
        assert await rebuild(worker.broker) == expected(said)

    asyncio.run(live())


@given(data=st.data(), said=mixed())
@settings(max_examples=200, deadline=None)
def test_versions_with_and_without_numbers(data: st.DataObject, said: list[Story]) -> None:
    """Whatever the order of arrival, the version that was sent last is left, and is rebuilt."""
    if not said:
        return
    acts = data.draw(operations(said, zombies=False))
    delivered = [("deliver", story) for story in data.draw(st.permutations(said))]
    right = expected(said[-1:])

    async def live() -> None:
        worker = await run(said, acts, delivered)
        assert documents(worker.index) == right
        assert in_order(worker.broker)
        enriched = worker.broker.log(TOPICS.enriched)
        enriched.compact(before=enriched.end)
        assert await rebuild(worker.broker) == right

    asyncio.run(live())


@given(data=st.data(), said=histories())
@settings(max_examples=200, deadline=None)
def test_batches_that_overlap(data: st.DataObject, said: list[Story]) -> None:
    """Of two batches on their way at once the second may end first: nothing lost, nothing old."""
    delivered = [("deliver", story) for story in data.draw(st.permutations(said))]
    acts = data.draw(st.lists(overlaps(), min_size=1, max_size=4))

    async def live() -> None:
        worker = await run(said, delivered, acts)
        assert documents(worker.index) == expected(said)
        assert in_order(worker.broker)

    asyncio.run(live())


def in_order(broker: Broker) -> bool:
    """Whether the enriched topic never gets an older or equal version after a newer.

    But for a kill of an earlier version that comes late, and the newest version behind it.
    """
    newest: dict[str, int] = {}
    late: set[str] = set()
    for raw in broker.values(TOPICS.enriched):
        record = codec.decode_enriched(raw)
        story, at = record.story, record.rank
        if at > newest.get(story.id, -1):
            newest[story.id] = at
        elif at < newest[story.id] and story.status is Status.WITHDRAWN:
            late.add(story.id)
        elif at == newest[story.id] and story.id in late:
            late.discard(story.id)
        else:
            return False
    return True


@given(data=st.data(), said=histories())
@settings(max_examples=200, deadline=None)
def test_no_older_version_is_written(data: st.DataObject, said: list[Story]) -> None:
    """Without zombies the enriched topic is in order: see `in_order`."""
    acts = data.draw(operations(said, zombies=False)), data.draw(operations(said, zombies=False))

    async def live() -> None:
        worker = await run(said, *acts)
        assert in_order(worker.broker)

    asyncio.run(live())


@st.composite
def grown(draw: st.DrawFn) -> list[Story]:
    """A story with two takes, in up to three versions each, that is killed or not."""
    said = []
    for name in ("ap:1", take_id("ap:1", 1), take_id("ap:1", 2)):
        minutes = draw(st.lists(st.integers(1, 9), min_size=1, max_size=3, unique=True))
        said += [timed(name, minute) for minute in minutes]
    kills = draw(st.lists(st.integers(1, 9), max_size=2, unique=True))
    return said + [timed("ap:1", minute, Status.WITHDRAWN) for minute in kills]


@given(data=st.data(), said=grown())
@settings(max_examples=200, deadline=None)
def test_a_kill_withdraws_the_takes_of_its_story(data: st.DataObject, said: list[Story]) -> None:
    """Whatever comes first, is repeated or crashes: after a kill no take of the story is left."""
    before, after = data.draw(operations(said)), data.draw(operations(said))
    everything = [("deliver", story) for story in data.draw(st.permutations(said))]
    left = {name: fields["body"] for name, fields in expected(said).items()}
    if not left["ap:1"]:
        left = dict.fromkeys(left, "")

    async def live() -> None:
        worker = await run(said, before, everything, after)
        assert {name: doc["body"] for name, doc in documents(worker.index).items()} == left
        held = documents(worker.index)
        enriched = worker.broker.log(TOPICS.enriched)
        enriched.compact(before=enriched.end)
        assert await rebuild(worker.broker) == held

    asyncio.run(live())
