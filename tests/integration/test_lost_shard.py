"""A shard that no node holds: what it held is away, and not gone."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator

import pytest
from elasticsearch import AsyncElasticsearch

from config.settings import Elasticsearch, Settings
from pipeline.index.client import connect, connect_sync, translated
from pipeline.index.setup import aliases, first_index, setup_index
from pipeline.search.reader import Reader
from pipeline.search.request import SearchRequest
from pipeline.wire.errors import IndexUnavailable
from tests.servers import Engine

# The embedded engine loses no shard alone.
pytestmark = pytest.mark.parametrize(
    "engine_kind", [pytest.param("real", marks=pytest.mark.real)], indirect=True, scope="session"
)

Ask = Callable[[AsyncElasticsearch, Elasticsearch], Awaitable[object]]


@pytest.fixture
def settings(engine: Engine, prefix: str) -> Iterator[Elasticsearch]:
    """An index of two shards, of which its one node may hold one."""
    made = Settings(
        elasticsearch={"url": engine.elasticsearch_url, "index": prefix, "shards": 2}  # type: ignore[arg-type]
    ).elasticsearch
    setup_index(made)
    name = first_index(prefix)
    with connect_sync(made) as client:
        client.indices.delete(index=name)
        limit = {"index.routing.allocation.total_shards_per_node": 1}
        client.indices.create(index=name, settings=limit, timeout="1s")
        client.indices.update_aliases(actions=aliases(prefix, name))
        yield made
        client.indices.delete(index=name)


async def search(client: AsyncElasticsearch, settings: Elasticsearch) -> object:
    """What history, alerts and the desk ask."""
    return await client.search(index=settings.index, query={"match_all": {}})


async def alerts(client: AsyncElasticsearch, settings: Elasticsearch) -> object:
    """Which stories a saved search finds."""
    return await Reader(client, settings).matches(["TW:a"], [SearchRequest()])


@pytest.mark.parametrize("ask", [search, alerts])
def test_an_answer_without_a_shard_is_no_answer(settings: Elasticsearch, ask: Ask) -> None:
    """What looks for stories to act on waits for the shard: it might hold them."""

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
