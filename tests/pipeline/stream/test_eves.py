"""Kills and new versions that are filed after midnight, and tomorrow's stories."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from pipeline.wire.ids import take_id
from pipeline.wire.story import Clock, Link, Signal, Status, Story
from tests.fakes.index import Index
from tests.fakes.kafka import Broker
from tests.fakes.worker import TOPICS, Worker

MONDAY, TUESDAY = "AP:Weather:2026-03-02", "AP:Weather:2026-03-03"
MIDNIGHT = datetime(2026, 3, 3, tzinfo=UTC)


def version(name: str, minute: int, **fields: Any) -> Story:
    """A version that is filed so many minutes after Monday ends, under a day's id."""
    at = MIDNIGHT + timedelta(minutes=minute)
    given = {"body": f"Weather of {minute}.", "clock": Clock.TRANSMISSION, **fields}
    return Story(id=name, version_created=at, first_created=at, **given)


FIRST = version(MONDAY, -10)
KILL = version(TUESDAY, 20, eve_id=MONDAY, status=Status.WITHDRAWN, signal=Signal.KILL)
WRITETHRU = version(TUESDAY, 20, eve_id=MONDAY, signal=Signal.WRITETHRU)
TOMORROW = version(TUESDAY, 300)


def texts(worker: Worker) -> dict[str, str]:
    """What readers may see, by id."""
    return {
        name: fields["body"]
        for name, (_, fields) in worker.index.held.items()
        if fields["status"] == Status.USABLE
    }


def told(*said: Story, worker: Worker | None = None) -> Worker:
    """A worker that was told these one after the other."""
    worker = worker or Worker(Broker(), Index())
    for story in said:
        worker.deliver(story)
        asyncio.run(worker.drain())
    return worker


@pytest.mark.parametrize(
    "said", [(FIRST, KILL, TOMORROW), (KILL, FIRST, TOMORROW), (KILL, TOMORROW, FIRST)]
)
def test_a_kill_after_midnight_meets_the_story_of_the_day_before(said: tuple[Story, ...]) -> None:
    """The story of 23:50 is gone whether it or its kill comes first; tomorrow's stays."""
    assert texts(told(*said)) == {TUESDAY: TOMORROW.body}


def test_a_kill_of_today_leaves_yesterday_alone() -> None:
    """Where its own day has the story, that one is killed and the other is not."""
    kill = version(TUESDAY, 320, eve_id=MONDAY, status=Status.WITHDRAWN, signal=Signal.KILL)
    assert texts(told(FIRST, TOMORROW, kill)) == {MONDAY: FIRST.body}


def test_what_was_filed_before_a_kill_under_its_own_id_is_killed_too() -> None:
    """A story of 00:05 that arrives behind its kill of 00:20 does not come back."""
    assert texts(told(FIRST, KILL, version(TUESDAY, 5))) == {}


def test_a_writethru_after_midnight_is_a_version_of_the_story_of_the_day_before() -> None:
    """One story, with the newest text, under the id that it has had."""
    worker = told(FIRST, WRITETHRU, TOMORROW)
    assert texts(worker) == {MONDAY: WRITETHRU.body, TUESDAY: TOMORROW.body}


def test_both_may_come_in_one_batch() -> None:
    """What stands before it in the batch counts as known."""
    worker = Worker(Broker(), Index())
    for story in (FIRST, WRITETHRU):
        worker.deliver(story)
    asyncio.run(worker.drain())
    assert texts(worker) == {MONDAY: WRITETHRU.body}


def test_a_version_long_after_is_a_story_of_its_own_day() -> None:
    """The first take of Tuesday's may be lost: Monday's of the day before is not its story."""
    late = version(TUESDAY, 13 * 60, eve_id=MONDAY, signal=Signal.WRITETHRU)
    assert texts(told(FIRST, late)) == {MONDAY: FIRST.body, TUESDAY: late.body}


def test_a_version_after_the_kill_does_not_bring_the_story_back() -> None:
    """It belongs to the story that was killed, by either day's id."""
    again = version(TUESDAY, 40, eve_id=MONDAY, signal=Signal.WRITETHRU)
    assert texts(told(FIRST, KILL, again)) == {}


def test_a_kill_after_a_writethru_after_midnight_meets_both() -> None:
    """The writethru went to Monday's id, and so does its kill."""
    kill = version(TUESDAY, 60, eve_id=MONDAY, status=Status.WITHDRAWN, signal=Signal.KILL)
    assert texts(told(FIRST, WRITETHRU, kill, TOMORROW)) == {TUESDAY: TOMORROW.body}


def test_a_take_after_midnight_goes_with_its_story() -> None:
    """It is a take of Monday's, and is withdrawn with it."""
    link = (Link(href=TUESDAY, rel="first-take"),)
    take = version(take_id(TUESDAY, 1), 5, eve_id=take_id(MONDAY, 1), signal=Signal.ADD, links=link)
    worker = told(FIRST, take)
    assert set(texts(worker)) == {MONDAY, take_id(MONDAY, 1)}
    _, document = worker.index.held[take_id(MONDAY, 1)]
    assert [link["href"] for link in document["links"]] == [MONDAY]
    assert texts(told(KILL, worker=worker)) == {}


@pytest.mark.parametrize("said", [(FIRST, KILL, TOMORROW), (FIRST, WRITETHRU, TOMORROW)])
def test_a_replay_decides_the_same(said: tuple[Story, ...]) -> None:
    """Everything once more, twice: what was filed later is not taken for the killed story."""
    worker = told(*said)
    before = texts(worker)
    for _ in range(2):
        worker.broker.committed.clear()
        worker.restart()
        asyncio.run(worker.drain())
        assert texts(worker) == before


@pytest.mark.parametrize("said", [(FIRST, KILL, TOMORROW), (FIRST, WRITETHRU, TOMORROW)])
@pytest.mark.parametrize("part", [0, 0.5, 1])
@pytest.mark.parametrize("call", range(8))
def test_a_crash_loses_no_decision(said: tuple[Story, ...], call: int, part: float) -> None:
    """Wherever the worker ends while it takes the second: the same stories are left."""
    first, second, third = said
    worker = told(first)
    worker.deliver(second)
    worker.crash_at(call, part)
    asyncio.run(worker.drain())
    assert texts(told(third, worker=worker)) == texts(told(*said))


def test_the_rebuild_keeps_the_decision() -> None:
    """The enriched topic alone gives the same stories."""
    worker = told(FIRST, KILL, TOMORROW)
    log = worker.broker.log(TOPICS.enriched)
    log.compact(before=log.end)
    worker.broker.committed.pop(TOPICS.enriched)
    again = Worker(worker.broker, Index())
    asyncio.run(again.drain())
    assert texts(again) == {TUESDAY: TOMORROW.body}
