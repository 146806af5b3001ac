"""Events after duplicates, crashes, replays, kills and stopped workers: those of what is left."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.events.fingerprints import fingerprint, released
from pipeline.events.groups import Groups
from pipeline.kafka.messages import Message
from pipeline.stream import events, newest
from pipeline.wire.errors import SetupError
from pipeline.wire.story import Clock, Status, Story
from tests.fakes.index import Index
from tests.fakes.kafka import Broker
from tests.fakes.worker import TOPICS, Worker

BEGAN = datetime(2026, 3, 1, tzinfo=UTC)
REPORTS = (
    "Fire destroys the Kessandra mill in Lower Tarn, owner Piet Hallow says",
    "Lower Tarn: Kessandra mill burns, Piet Hallow vows to rebuild",
    "Owner Piet Hallow reopens Kessandra mill in Lower Tarn",
    "Chipmaker Ondulex names Sarita Voss chief executive in Bremerton",
    "Sarita Voss of Bremerton is to run Ondulex, the chipmaker",
)


@pytest.fixture(autouse=True, scope="module")
def _no_waiting() -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(newest, "BARRIER_POLL_SECONDS", 0)
        yield


def story(name: str, version: int, day: float = 0, **fields: Any) -> Story:
    """A version of a story; version n is the n-th report."""
    at = BEGAN + timedelta(days=day)
    texts = {"body": REPORTS[version - 1]} | fields
    return Story(id=name, version=version, clock=Clock.VERSION, version_created=at, **texts)


def killed(name: str, version: int, day: float = 0) -> Story:
    """A kill of a version."""
    return story(name, version, day, status=Status.WITHDRAWN)


def placed(worker: Worker) -> dict[str, str | None]:
    """The event of each story, as the index of events has it."""
    return {name: fields.get("event") for name, (_, fields) in worker.events.held.items()}


def expected(worker: Worker) -> dict[str, str]:
    """The events of a fresh clustering of what the index of stories has."""
    groups = Groups()
    for name, (version, document) in worker.index.held.items():
        groups.take(name, fingerprint(document, version, datetime.now(UTC)))
    return {n: place.event for n, place in groups.settle().places.items() if place.event}


async def drain(worker: Worker) -> None:
    """Work until nothing is left to do."""
    await worker.drain()
    while await worker.group_some(50) or await worker.index_some(50):
        pass


def run(*stories: Story) -> Worker:
    """A worker that has taken these stories, one after the other."""

    async def live() -> Worker:
        worker = Worker(Broker(), Index())
        for each in stories:
            worker.deliver(each)
            await drain(worker)
        return worker

    return asyncio.run(live())


def test_reports_of_one_thing_are_one_event_and_a_kill_takes_its_name() -> None:
    """The event is called by its first story; of a killed one it keeps the way to the event."""
    reports = story("x:b", 1), story("x:a", 2, 0.5), story("x:c", 3, 1), story("x:d", 4, 1)
    assert placed(run(*reports)) == {"x:a": "x:b", "x:b": "x:b", "x:c": "x:b", "x:d": "x:d"}
    worker = run(*reports, killed("x:b", 1))
    assert placed(worker) == {"x:a": "x:a", "x:b": None, "x:c": "x:a", "x:d": "x:d"}
    assert worker.events.held["x:b"][1]["alias"] == "x:a"
    assert not any(REPORTS[0][:12] in str(fields) for _, fields in worker.events.held.values())


def test_the_topic_of_changes_says_what_the_index_says() -> None:
    """The last record of each story on the compacted topic names its event."""
    worker = run(story("x:b", 1), story("x:a", 2, 0.5), killed("x:b", 1))
    changes = [events.decode_change(raw) for raw in worker.broker.values(TOPICS.events)]
    assert {change.story: change.event for change in changes} == placed(worker)


def test_a_story_under_embargo_joins_when_the_embargo_ends() -> None:
    """Until then it is in no event and names none; the end is a record of the topic."""

    async def live() -> None:
        worker = Worker(Broker(), Index())
        until = datetime.now(UTC) + timedelta(hours=1)
        held = story("x:b", 1, embargoed_until=until)
        for each in (held, story("x:a", 2, 0.5)):
            worker.deliver(each)
        await drain(worker)
        assert placed(worker) == {"x:a": "x:a", "x:b": None}
        groups = worker.grouping._groups
        assert groups is not None
        assert not groups.ended(datetime.now(UTC))
        ((name, record),) = groups.ended(until).items()
        freed = released(record)
        message = events.fingerprint_message(TOPICS, name, freed)
        worker.broker.log(TOPICS.fingerprints).append(message)
        await drain(worker)
        assert placed(worker) == {"x:a": "x:b", "x:b": "x:b"}
        assert not groups.ended(until)

    asyncio.run(live())


def test_what_ends_the_look_for_ended_embargoes_ends_the_step(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The worker would go on, and no embargo end for events until somebody starts it again."""
    monkeypatch.setattr(events, "LIFT_SECONDS", 0.01)

    async def refused(_: Any) -> Any:
        raise SetupError("not authorised")

    async def live() -> None:
        worker = Worker(Broker(), Index())
        worker.deliver(story("x:a", 2))
        await drain(worker)
        worker.grouping.send = refused
        lifting = worker.grouping._lifting
        assert lifting is not None
        await asyncio.wait([lifting], timeout=5)
        with pytest.raises(SetupError):
            await worker.grouping([])

    asyncio.run(live())


def test_a_kill_of_a_story_that_left_the_window_renames_its_event() -> None:
    """What has frozen is compared no more, yet a killed story names nothing."""
    worker = run(story("x:b", 1), story("x:a", 2, 1), story("x:e", 5, 90), killed("x:b", 1))
    assert placed(worker) == {"x:a": "x:a", "x:b": None, "x:e": "x:e"}
    assert worker.events.held["x:b"][1]["alias"] == "x:a"


def test_a_story_that_is_killed_and_released_while_no_worker_groups_is_in_its_event() -> None:
    """The kill of a story that the window never had does not outlast the release behind it."""

    async def live() -> None:
        worker = Worker(Broker(), Index())
        for each in (story("x:a", 1), killed("x:c", 1), story("x:c", 2)):
            worker.deliver(each)
            await worker.drain()
        await drain(worker)
        assert placed(worker) == {"x:a": "x:a", "x:c": "x:a"}

    asyncio.run(live())


def test_an_older_fingerprint_is_overwritten_on_the_topic() -> None:
    """Compaction keeps the last record, which must be the newest version."""

    async def live() -> None:
        worker = Worker(Broker(), Index())
        log = worker.broker.log(TOPICS.fingerprints)
        for version in (1, 2):
            worker.deliver(story("x:a", version))
            await drain(worker)
        first, second = (raw for raw in worker.broker.values(TOPICS.fingerprints))
        log.append(Message(TOPICS.fingerprints, b"x:a", first, [("version", b"1")]))
        await drain(worker)
        assert worker.broker.values(TOPICS.fingerprints)[-1] == second

    asyncio.run(live())


happenings = st.one_of(
    st.tuples(st.just("group"), st.integers(1, 4)),
    st.tuples(st.just("index"), st.integers(1, 4)),
    st.tuples(st.just("stop"), st.integers(1, 4)),
    st.tuples(st.just("wake"), st.none()),
    st.tuples(st.just("crash"), st.tuples(st.integers(0, 3), st.sampled_from([0, 0.5, 1]))),
    st.tuples(st.just("restart"), st.none()),
    st.tuples(st.just("compact"), st.none()),
    st.tuples(st.just("replay"), st.none()),
)
deliveries = st.builds(
    lambda make, name, version, day: ("deliver", make(f"x:{name}", version, day)),
    st.sampled_from([story, story, story, killed]),
    st.sampled_from("abcd"),
    st.integers(1, 5),
    st.sampled_from([0, 1, 2]),
)


@given(st.lists(st.one_of(deliveries, deliveries, happenings), min_size=4, max_size=30))
@settings(max_examples=150, deadline=None)
def test_after_any_storm_the_events_are_those_of_what_is_left(
    acts: Sequence[tuple[str, Any]],
) -> None:
    """Duplicates, reordering, kills, crashes, replays and stopped workers change nothing."""

    async def live() -> None:
        worker = Worker(Broker(), Index())
        for name, value in acts:
            match name:
                case "deliver":
                    worker.deliver(value)
                    await worker.enrich(5)
                case "group":
                    await worker.group_some(value)
                case "index":
                    await worker.index_some(value)
                case "stop":
                    await worker.stop_grouping(value)
                case "wake":
                    await worker.wake_grouping()
                case "crash":
                    worker.crash_at(*value)
                case "restart":
                    worker.restart()
                case "compact":
                    worker.broker.log(TOPICS.fingerprints).compact(
                        worker.broker.committed[TOPICS.fingerprints]
                    )
                case "replay":
                    worker.broker.committed.clear()
                    worker.restart()
        worker.restart()
        await drain(worker)
        await worker.wake_grouping()
        await drain(worker)
        found = {story: event for story, event in placed(worker).items() if event}
        assert found == expected(worker)

    asyncio.run(live())
