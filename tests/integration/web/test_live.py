"""What listeners are told, on both engines."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from pipeline.index.client import connect_sync
from pipeline.index.document import document
from pipeline.index.setup import write_alias
from pipeline.search.reader import open_reader
from pipeline.search.request import SearchRequest
from pipeline.search.visible import Role, Viewer
from pipeline.web import live
from pipeline.web.live import Event, Live
from pipeline.wire.errors import IndexUnavailable, TooMany
from pipeline.wire.story import Signal, Status
from pipeline.wire.versions import index_version
from tests.integration.web.newsroom import Newsroom, newsroom
from tests.records import enriched
from tests.servers import Engine


@pytest.fixture(scope="module")
def room(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Newsroom]:
    """A newsroom of this module's own."""
    with newsroom(engine, tmp_path_factory.mktemp("live")) as made:
        yield made


async def until(events: AsyncIterator[Event], kind: str, id: str) -> list[Event]:
    """Return the events up to the one that names a story."""
    heard: list[Event] = []
    async with asyncio.timeout(60):
        async for event in events:
            heard.append(event)
            if id in [getattr(each, "id", each) for each in getattr(event, kind)]:
                return heard
    raise AssertionError(f"let go before {id} came")


def listening(room: Newsroom, work: Any) -> Any:
    """The outcome of work with a Live of the room's."""

    async def whole() -> Any:
        reader = open_reader(room.settings.elasticsearch)
        try:
            return await work(Live(reader))
        finally:
            await reader.close()

    return asyncio.run(whole())


def test_listeners_hear_of_their_own(room: Newsroom) -> None:
    """A listener hears of what its search finds, never of what is hidden, and of what goes."""

    async def work(hub: Live) -> list[Event]:
        events = hub.listen([SearchRequest(q="flood")])
        assert await anext(events) is not None
        early = enriched(
            "ap:early",
            "Flood, secret",
            status=Status.EMBARGOED,
            embargoed_until=datetime(2100, 1, 1, tzinfo=UTC),
        )
        # The listener takes the first look as known: index until it speaks.
        await asyncio.to_thread(_index, room, early, enriched("ap:dry", "Dry"))
        heard: list[Event] = []
        hearing = asyncio.ensure_future(until(events, "stories", "ap:flood"))
        number = 1
        while not hearing.done():
            await asyncio.to_thread(_index, room, enriched("ap:flood", "Flood", version=number))
            await asyncio.wait({hearing}, timeout=2)
            number += 1
        heard += await hearing
        kill = enriched("ap:flood", "Flood", version=number, status=Status.WITHDRAWN)
        await asyncio.to_thread(_index, room, kill)
        heard += await until(events, "gone", "ap:flood")
        await events.aclose()
        return heard

    heard = listening(room, work)
    assert {story for event in heard for story in event.stories} == {"ap:flood"}
    assert {story for event in heard for story in event.gone} == {"ap:flood"}


def test_a_secret_reaches_nobody(room: Newsroom) -> None:
    """An embargoed story that nobody has seen is not announced, and neither is its kill."""
    secret = {"status": Status.EMBARGOED, "embargoed_until": datetime(2100, 1, 1, tzinfo=UTC)}
    _index(room, enriched("ap:held-before", "Held", **secret))
    _index(room, enriched("ap:opened", "Open"))

    async def work(hub: Live) -> list[Event]:
        events = hub.listen([SearchRequest()], shown=["ap:held-before", "ap:held-since"])
        heard = [await anext(events)]
        await hub._looked.wait()
        seen = [enriched("ap:held-since", "Held", **secret), enriched("ap:sign", "Sign")]
        await asyncio.to_thread(_index, room, *seen)
        heard += await until(events, "stories", "ap:sign")
        for name in ("ap:held-before", "ap:held-since"):
            kill = enriched(name, "Held", version=2, status=Status.WITHDRAWN)
            await asyncio.to_thread(_index, room, kill)
        await asyncio.to_thread(_index, room, enriched("ap:opened", "Open", version=2, **secret))
        heard += await until(events, "gone", "ap:opened")
        await events.aclose()
        return heard

    heard = listening(room, work)
    assert [event.gone for event in heard if event.gone] == [("ap:opened",)]
    told = {s for event in heard for s in [*event.stories, *(c.id for c in event.changed)]}
    assert not told & {"ap:held-before", "ap:held-since"}


def test_a_kill_of_what_nobody_saw_reaches_nobody(room: Newsroom) -> None:
    """One that was killed before a look could find it hidden is gone for pages that list it."""
    address = room.settings.elasticsearch

    def killed(name: str) -> None:
        kill = enriched(name, "Held", version=2, status=Status.WITHDRAWN)
        fields = {"indexed_at": datetime.now(UTC).isoformat(), "unseen": True}
        with connect_sync(address) as client:
            client.index(
                index=write_alias(address.index),
                id=name,
                document={**document(kill), **fields},
                refresh=True,
            )

    async def work(hub: Live) -> tuple[list[Event], list[Event]]:
        lists, other = hub.listen([], shown=["ap:quick"]), hub.listen([SearchRequest()])
        for events in (lists, other):
            await anext(events)
        await hub._looked.wait()
        await asyncio.to_thread(killed, "ap:quick")
        heard = await until(lists, "gone", "ap:quick")
        await asyncio.to_thread(_index, room, enriched("ap:after", "After"))
        also = await until(other, "stories", "ap:after")
        await lists.aclose()
        await other.aclose()
        return heard, also

    heard, also = listening(room, work)
    assert [event.gone for event in heard if event.gone] == [("ap:quick",)]
    assert [event.gone for event in also if event.gone] == []


def test_each_viewer_hears_of_what_he_may_see(room: Newsroom) -> None:
    """An editor hears of an embargo and of its kill, and nobody of another's sources."""
    secret = {"status": Status.EMBARGOED, "embargoed_until": datetime(2100, 1, 1, tzinfo=UTC)}
    viewers = [Viewer(), Viewer(Role.EDITOR), Viewer(Role.EDITOR, ("ap",)), Viewer(sources=("X",))]

    async def work(hub: Live) -> list[set[str]]:
        every = [hub.listen([SearchRequest(q="gull")], viewer=viewer) for viewer in viewers]
        for events in every:
            await anext(events)
        await hub._looked.wait()
        await asyncio.to_thread(
            _index,
            room,
            enriched("ap:gull", "Gull", **secret),
            enriched("afp:gull", "Gull", source="AFP"),
        )
        editors = await until(every[1], "stories", "afp:gull")
        for name, source in (("ap:gull", "AP"), ("afp:gull", "AFP")):
            kill = enriched(name, "Gull", source=source, version=2, status=Status.WITHDRAWN)
            await asyncio.to_thread(_index, room, kill)
        editors += await until(every[1], "gone", "afp:gull")
        hub.close()
        heard = [set(), told(editors), set(), set()]
        for number, events in enumerate(every):
            async for event in events:
                heard[number] |= told([event])
        return heard

    def told(events: list[Event]) -> set[str]:
        return {story for e in events for story in [*e.stories, *(f"-{id}" for id in e.gone)]}

    reader, editor, limited, nobody = listening(room, work)
    assert reader == {"afp:gull", "-afp:gull"}
    assert editor == {"ap:gull", "afp:gull", "-ap:gull", "-afp:gull"}
    assert limited == {"ap:gull", "-ap:gull"}
    assert nobody == set()


def test_a_shown_story_that_changes_is_announced(room: Newsroom) -> None:
    """A page hears of a new version of what it shows, whether its search finds that or not."""
    _index(room, enriched("ap:shown", "Ferry"))

    async def work(hub: Live) -> list[Event]:
        events = hub.listen((), shown=["ap:shown"])
        heard = [await anext(events)]
        await hub._looked.wait()
        await asyncio.to_thread(_index, room, enriched("ap:other", "Other"))
        correction = enriched("ap:shown", "Boat", version=2, signal=Signal.CORRECTION)
        await asyncio.to_thread(_index, room, correction)
        heard += await until(events, "changed", "ap:shown")
        await events.aclose()
        return heard

    heard = listening(room, work)
    (change,) = heard[-1].changed
    assert (change.version, change.signal) == (2, "correction")
    assert change.key == str(index_version(enriched("ap:shown", "", version=2).story, 1))
    assert not any(event.stories for event in heard)


def test_listeners_hear_that_the_index_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    """A page that shows "live" while nothing can arrive would be wrong."""
    monkeypatch.setattr(live, "LOOK_SECONDS", 0.01)

    class Reader:
        away = False

        async def raw(self, body: Any) -> Any:
            if self.away:
                raise IndexUnavailable("hangs")
            return {"hits": {"hits": []}}

        async def once_visible(self, *_: Any) -> set[str]:
            return set()

        def seen_by(self, _: Any) -> "Reader":
            return self

    async def work() -> list[bool | None]:
        reader: Any = Reader()
        events = Live(reader).listen([SearchRequest()])
        heard = [(await anext(events)).away]
        for away in (True, False):
            reader.away = away
            heard.append((await anext(events)).away)
        await events.aclose()
        return heard

    async def bounded() -> list[bool | None]:
        async with asyncio.timeout(60):
            return await work()

    assert asyncio.run(bounded()) == [None, True, False]


def test_a_listener_goes_on_where_it_was(room: Newsroom) -> None:
    """Who was cut off hears of what came meanwhile."""
    before = datetime.now(UTC) - timedelta(seconds=1)
    _index(room, enriched("ap:storm", "Storm"))

    async def work(hub: Live) -> None:
        events = hub.listen([SearchRequest(q="storm")], before)
        await until(events, "stories", "ap:storm")
        await events.aclose()

    listening(room, work)


def test_a_burst_is_told_whole(room: Newsroom, monkeypatch: pytest.MonkeyPatch) -> None:
    """More stories than one search gives are asked for page by page."""
    monkeypatch.setattr(live, "PAGE", 2)
    before = datetime.now(UTC) - timedelta(seconds=1)
    burst = {f"ap:hail-{n}" for n in range(7)}
    _index(room, *(enriched(name, "Hail") for name in burst))

    async def work(hub: Live) -> list[Event]:
        events = hub.listen([SearchRequest(q="hail")], before)
        heard = await until(events, "stories", "ap:hail-0")
        await events.aclose()
        return heard

    heard = listening(room, work)
    assert {story for event in heard for story in event.stories} == burst


def test_listeners_are_bounded(room: Newsroom, monkeypatch: pytest.MonkeyPatch) -> None:
    """One more than may listen is refused, until another has left."""
    monkeypatch.setattr(live, "MAX_LISTENERS", 1)

    async def work(hub: Live) -> None:
        first = hub.listen([SearchRequest()])
        await anext(first)
        with pytest.raises(TooMany):
            await anext(hub.listen([SearchRequest()]))
        await first.aclose()
        again = hub.listen([SearchRequest()])
        assert await anext(again)
        hub.close()
        async with asyncio.timeout(60):
            assert [event async for event in again] == []

    listening(room, work)


def _index(room: Newsroom, *records: Any) -> None:
    room.index(*records)
