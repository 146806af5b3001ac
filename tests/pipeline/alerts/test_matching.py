"""Which records set off alerts, with an index and a worker played by the test."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from config.alerts import Alert
from pipeline.alerts.matching import Matching
from pipeline.alerts.outbox import Kind, Outbox, State
from pipeline.alerts.saved import Saved
from pipeline.kafka.messages import Record
from pipeline.search.request import SearchRequest
from pipeline.wire import codec
from pipeline.wire.enriched import Enriched
from pipeline.wire.errors import IndexUnavailable
from pipeline.wire.story import Status
from pipeline.wire.versions import index_version
from tests.records import enriched

HOUR = timedelta(hours=1)
DAY_SECONDS = 86_400.0


@dataclass
class World:
    """An index that finds all that it shows, and a worker's offsets."""

    versions: dict[str, int] = field(default_factory=dict)
    committed: int = 0
    away: bool = False
    lifted: bool = False
    outbox: Outbox = field(default_factory=lambda: Outbox(":memory:"))

    def index(self, record: Enriched) -> None:
        """It holds a record."""
        version = index_version(record.story, record.provenance.revision)
        self.versions[record.story.id] = version

    def take(self, *records: Enriched) -> None:
        """One batch is matched."""
        matching = Matching(
            self.outbox,
            [Saved(Alert("all"), SearchRequest(), ("topic",), lifted=self.lifted)],
            "t",
            self._newest,
            self._refresh,
            self._matches,
            self._committed,
            DAY_SECONDS,
        )
        batch = [Record("t", 0, n, codec.encode(record)) for n, record in enumerate(records)]
        asyncio.run(matching(batch, {0: len(records)} if records else {}))

    def told(self) -> list[tuple[str, Kind]]:
        """What is in the outbox, in order."""
        rows = self.outbox._db.execute("SELECT story, kind FROM deliveries ORDER BY number")
        return [(story, Kind(kind)) for story, kind in rows]

    async def _newest(self, ids: Sequence[str]) -> Mapping[str, int]:
        return {id: self.versions[id] for id in ids if id in self.versions}

    async def _refresh(self) -> None:
        if self.away:
            raise IndexUnavailable("away")

    async def _matches(self, ids: Sequence[str], searches: Iterable[Saved]) -> list[frozenset[str]]:
        return [frozenset(ids) for _ in searches]

    async def _committed(self, partition: int) -> int:
        return self.committed


def story(id: str = "ap:1", version: int = 1, revision: int = 1, **fields: Any) -> Enriched:
    """A record, received just now."""
    record = enriched(id, version=version, **({"received_at": datetime.now(UTC)} | fields))
    provenance = msgspec.structs.replace(record.provenance, revision=revision)
    return msgspec.structs.replace(record, provenance=provenance)


def test_a_version_is_told_once() -> None:
    """Neither a repeat nor better enrichment of a version is news, a new version is."""
    world = World()
    for record in (story(), story(), story(revision=2), story(version=2)):
        world.index(record)
        world.take(record)
    assert world.told() == [("ap:1", Kind.STORY)] * 2


def test_what_a_newer_version_overtook_is_not_told() -> None:
    """A record that the index holds in a newer version sets off nothing."""
    world = World()
    world.index(story(version=2))
    world.take(story(version=1))
    assert world.told() == []


def test_what_the_index_refused_holds_up_nothing() -> None:
    """A story that the worker is done with, and the index does not hold, is passed over."""
    world = World(committed=2)
    world.index(story("ap:2"))
    world.take(story("ap:1"), story("ap:2"))
    assert world.told() == [("ap:2", Kind.STORY)]


def test_an_index_that_is_away_moves_nothing() -> None:
    """Until the index answers the topic counts as not read."""
    world = World(away=True)
    world.index(story())
    with pytest.raises(IndexUnavailable):
        world.take(story())
    assert world.outbox.offsets("t") == {}
    world.away = False
    world.take(story())
    assert world.outbox.offsets("t") == {0: 1}
    assert world.told() == [("ap:1", Kind.STORY)]


def test_an_embargo_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """A story under an embargo is told when it has passed, without a record coming."""
    world = World()
    until = datetime.now(UTC) + HOUR
    held = story(status=Status.EMBARGOED, embargoed_until=until)
    world.index(held)
    world.take(held)
    assert world.told() == []
    monkeypatch.setattr("time.time", lambda: (until + HOUR).timestamp())
    world.take()
    world.take()
    assert world.told() == [("ap:1", Kind.STORY)]


def test_an_alert_on_lifts_tells_of_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    """A story is told when its embargo ends; one that never had any is not."""
    world = World(lifted=True)
    until = datetime.now(UTC) + HOUR
    held = story(status=Status.EMBARGOED, embargoed_until=until)
    free = story("ap:2")
    for record in (held, free):
        world.index(record)
    world.take(held, free)
    assert world.told() == []
    monkeypatch.setattr("time.time", lambda: (until + HOUR).timestamp())
    world.take()
    assert world.told() == [("ap:1", Kind.STORY)]


def test_a_kill_ends_an_embargo(monkeypatch: pytest.MonkeyPatch) -> None:
    """A story that is killed before its embargo passes is never told of."""
    world = World()
    until = datetime.now(UTC) + HOUR
    for record in (
        story(status=Status.EMBARGOED, embargoed_until=until),
        story(version=2, status=Status.WITHDRAWN),
    ):
        world.index(record)
        world.take(record)
    monkeypatch.setattr("time.time", lambda: (until + HOUR).timestamp())
    world.take()
    assert world.told() == []


def test_old_news_is_no_news() -> None:
    """What was received before the time that is remembered sets off nothing."""
    world = World()
    old = story(received_at=datetime.now(UTC) - 48 * HOUR)
    world.index(old)
    world.take(old)
    assert world.told() == []


def told_once(world: World, record: Enriched) -> None:
    """A record is matched, and what it led to is being sent."""
    world.index(record)
    world.take(record)
    for destination in ("topic",):
        while found := world.outbox.next("all", destination, 10**12):
            world.outbox.trying(found.number)
            world.outbox.settle(found.number, State.SENT)


@pytest.mark.parametrize("in_order", [True, False])
def test_a_kill_of_an_earlier_version_is_told_in_either_order(in_order: bool) -> None:
    """Who was told of it is told to remove it, and keeps the newer version."""
    world = World()
    kill = story(version=1, status=Status.WITHDRAWN)
    told_once(world, story(version=1))
    if in_order:
        told_once(world, kill)
    told_once(world, story(version=2))
    if not in_order:
        world.take(kill)
    assert sorted(world.told()) == [
        ("ap:1", Kind.STORY),
        ("ap:1", Kind.STORY),
        ("ap:1", Kind.WITHDRAWN),
    ]


def test_a_late_kill_and_the_newer_version_in_one_batch() -> None:
    """The kill is not lost behind the version that it does not concern."""
    world = World()
    told_once(world, story(version=1))
    second = story(version=2)
    world.index(second)
    world.take(second, story(version=1, status=Status.WITHDRAWN))
    assert sorted(world.told()) == [
        ("ap:1", Kind.STORY),
        ("ap:1", Kind.STORY),
        ("ap:1", Kind.WITHDRAWN),
    ]
    assert world.outbox.counts()[State.PENDING] == 2


@pytest.mark.parametrize("until", [HOUR, None], ids=["until a time", "until it is released"])
def test_an_embargo_on_a_story_that_was_told_withdraws_it(until: timedelta | None) -> None:
    """Who has it must not publish it, as after a withdrawal."""
    world = World()
    told_once(world, story(version=1))
    end = datetime.now(UTC) + until if until else None
    held = story(version=2, status=Status.EMBARGOED, embargoed_until=end)
    world.index(held)
    world.take(held)
    assert world.told()[:2] == [("ap:1", Kind.STORY), ("ap:1", Kind.WITHDRAWN)]
