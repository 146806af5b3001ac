"""What the reader asks of Elasticsearch."""

import asyncio
from typing import Any, cast

from elasticsearch import AsyncElasticsearch

from config.settings import Elasticsearch as ElasticsearchSettings
from pipeline.search.reader import Reader
from pipeline.search.request import SearchRequest


class Client:
    """Answers every search with nothing, and keeps what it was asked."""

    def __init__(self) -> None:
        self.bodies: list[dict[str, Any]] = []

    def options(self, **_: Any) -> "Client":
        """Return itself."""
        return self

    async def open_point_in_time(self, **_: Any) -> dict[str, str]:
        """Freeze a listing."""
        return {"id": "pit"}

    async def close_point_in_time(self, **_: Any) -> None:
        """Free it."""

    async def search(self, body: dict[str, Any], **_: Any) -> Any:
        """Find nothing."""
        self.bodies.append(body)

        class Answer(dict[str, Any]):
            body = property(lambda self: self)

        return Answer(hits={"hits": [], "total": {"value": 0}})


def asked(export: bool) -> list[dict[str, Any]]:
    """The bodies of an export, or of a page of results."""
    client = Client()
    reader = Reader(cast(AsyncElasticsearch, client), ElasticsearchSettings(), answer_seconds=4.5)

    async def ask() -> None:
        if export:
            assert [page async for page in reader.scan(SearchRequest(q="storm"))] == [[]]
        else:
            await reader.top(SearchRequest(q="storm"))

    asyncio.run(ask())
    return client.bodies


def test_an_export_is_not_cut_off_by_a_time_limit() -> None:
    """Elasticsearch returns what it has when time is up: good for a page, a hole in an export."""
    assert all("timeout" in body for body in asked(export=False))
    assert not any("timeout" in body for body in asked(export=True))
