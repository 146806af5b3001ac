"""A shard that no node holds: what it held is away, and not gone."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from elasticsearch import AsyncElasticsearch

from config.settings import Elasticsearch, Settings
from pipeline.index.client import connect, connect_sync, translated
from pipeline.index.events import MAPPING, events_index
from pipeline.index.history import MAPPING as VERSIONS
from pipeline.index.history import history_index
from pipeline.index.setup import aliases, first_index, setup_index
from pipeline.search.attention import AttentionRequest
from pipeline.search.event_reader import EventReader
from pipeline.search.reader import Reader
from pipeline.search.request import SearchRequest
from pipeline.search.trending import Window
from pipeline.search.visible import ANYBODY
from pipeline.wire.errors import IndexUnavailable
from tests.servers import Engine

# The embedded engine loses no shard alone.
pytestmark = pytest.mark.parametrize(
    "engine_kind", [pytest.param("real", marks=pytest.mark.real)], indirect=True, scope="session"
)

NOW = datetime(2026, 12, 1, tzinfo=UTC)

Ask = Callable[[AsyncElasticsearch, Elasticsearch], Awaitable[object]]


@pytest.fixture
def settings(engine: Engine, prefix: str) -> Iterator[Elasticsearch]:
    """Stories, events and history in two shards each, of which the one node may hold one."""
    made = Settings(
        elasticsearch={"url": engine.elasticsearch_url, "index": prefix, "shards": 2}  # type: ignore[arg-type]
    ).elasticsearch
    setup_index(made)
    name = first_index(prefix)
    beside = {events_index(prefix): MAPPING, history_index(prefix): VERSIONS}
    with connect_sync(made) as client:
        client.indices.delete(index=name)
        limit = {"index.routing.allocation.total_shards_per_node": 1}
        client.indices.create(index=name, settings=limit, timeout="1s")
        client.indices.update_aliases(actions=aliases(prefix, name))
        limit |= {"index.number_of_shards": 2}
        for each, mapping in beside.items():
            client.indices.create(index=each, settings=limit, mappings=mapping, timeout="1s")
        yield made
        client.indices.delete(index=[name, *beside])


async def search(client: AsyncElasticsearch, settings: Elasticsearch) -> object:
    """What history, alerts and the desk ask."""
    return await client.search(index=settings.index, query={"match_all": {}})


async def alerts(client: AsyncElasticsearch, settings: Elasticsearch) -> object:
    """Which stories a saved search finds."""
    return await Reader(client, settings).matches(["TW:a"], [SearchRequest()])


async def race(client: AsyncElasticsearch, settings: Elasticsearch) -> object:
    """Who was first, how often."""
    return await Reader(client, settings).reports.race(NOW - timedelta(days=1), NOW, NOW)


async def attention(client: AsyncElasticsearch, settings: Elasticsearch) -> object:
    """How many stories searches find over time."""
    return await Reader(client, settings).attention(AttentionRequest(search=["storm"]))


async def trending(client: AsyncElasticsearch, settings: Elasticsearch) -> object:
    """What grows, and by how many stories."""
    return await Reader(client, settings).reports.trending(Window.DAY, NOW)


async def roles(client: AsyncElasticsearch, settings: Elasticsearch) -> object:
    """What a person is called, in how many stories."""
    return await Reader(client, settings).reports.roles("Ana Silva", NOW)


async def embargoes(client: AsyncElasticsearch, settings: Elasticsearch) -> object:
    """What must not be published yet."""
    return await Reader(client, settings).reports.embargoes(NOW)


async def kills(client: AsyncElasticsearch, settings: Elasticsearch) -> object:
    """What was withdrawn."""
    return await Reader(client, settings).reports.kills(NOW - timedelta(days=1))


async def events(client: AsyncElasticsearch, settings: Elasticsearch) -> object:
    """What else a report says of the events of its stories."""
    return await EventReader(client, settings, ANYBODY, whole=True).members(["TW:a"])


async def changes(client: AsyncElasticsearch, settings: Elasticsearch) -> object:
    """What open pages are told of."""
    return await Reader(client, settings).raw({"query": {"match_all": {}}})


async def moves(client: AsyncElasticsearch, settings: Elasticsearch) -> object:
    """Which open pages of events have grown."""
    return await Reader(client, settings).events.moved(NOW)


async def seen(client: AsyncElasticsearch, settings: Elasticsearch) -> object:
    """Whose kills open pages are told of."""
    return await Reader(client, settings).once_visible(["TW:a"], NOW)


@pytest.mark.parametrize(
    "ask",
    [
        *(search, alerts, changes, moves, seen),
        *(race, attention, trending, roles, embargoes, kills, events),
    ],
)
def test_an_answer_without_a_shard_is_no_answer(settings: Elasticsearch, ask: Ask) -> None:
    """What looks for stories to act on, or counts them, waits for the shard: it might hold them."""

    async def run() -> None:
        async with connect(settings) as client:
            with translated(settings):
                await ask(client, settings)

    with pytest.raises(IndexUnavailable):
        asyncio.run(run())


def test_a_command_waits_for_it_too(settings: Elasticsearch) -> None:
    """The blocking client takes no part for the whole either."""
    with (
        pytest.raises(IndexUnavailable),
        translated(settings),
        connect_sync(settings) as client,
    ):
        client.search(index=settings.index, query={"match_all": {}})
