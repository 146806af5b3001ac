"""What listeners are told, on both engines."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from pipeline.search.reader import open_reader
from pipeline.search.request import SearchRequest
from pipeline.web import live
from pipeline.web.live import Event, Live, TooMany
from pipeline.wire.story import Status
from tests.integration.web.newsroom import Newsroom, newsroom
from tests.records import enriched
from tests.servers import Engine


@pytest.fixture(scope="module")
def room(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Newsroom]:
    """A newsroom of this module's own."""
    with newsroom(engine, tmp_path_factory.mktemp("live")) as made:
        yield made


async def until(events: AsyncIterator[Event | None], kind: str, id: str) -> list[Event]:
    """Events up to the one that names a story."""
    heard: list[Event] = []
    async with asyncio.timeout(60):
        async for event in events:
            if event:
                heard.append(event)
                if id in getattr(event, kind):
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
        events = hub.listen(SearchRequest(q="flood"))
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


def test_a_listener_goes_on_where_it_was(room: Newsroom) -> None:
    """Who was cut off hears of what came meanwhile."""
    before = datetime.now(UTC) - timedelta(seconds=1)
    _index(room, enriched("ap:storm", "Storm"))

    async def work(hub: Live) -> None:
        events = hub.listen(SearchRequest(q="storm"), before)
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
        events = hub.listen(SearchRequest(q="hail"), before)
        heard = await until(events, "stories", "ap:hail-0")
        await events.aclose()
        return heard

    heard = listening(room, work)
    assert {story for event in heard for story in event.stories} == burst


def test_listeners_are_bounded(room: Newsroom, monkeypatch: pytest.MonkeyPatch) -> None:
    """One more than may listen is refused, until another has left."""
    monkeypatch.setattr(live, "MAX_LISTENERS", 1)

    async def work(hub: Live) -> None:
        first = hub.listen(SearchRequest())
        await anext(first)
        with pytest.raises(TooMany):
            await anext(hub.listen(SearchRequest()))
        await first.aclose()
        again = hub.listen(SearchRequest())
        assert await anext(again)
        hub.close()
        async with asyncio.timeout(60):
            assert [event async for event in again] == []

    listening(room, work)


def _index(room: Newsroom, *records: Any) -> None:
    room.index(*records)
