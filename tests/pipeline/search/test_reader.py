"""What readers ask of Elasticsearch, and what they do when it takes too long."""

import asyncio
from datetime import UTC, datetime
from typing import Any, cast

import pytest
from elasticsearch import AsyncElasticsearch

from config.settings import Elasticsearch as ElasticsearchSettings
from pipeline.search.reader import Reader
from pipeline.search.request import SearchRequest
from pipeline.wire.errors import IndexUnavailable


class Client:
    """Answers every search with nothing, and keeps what it was asked."""

    def __init__(self, timed_out: bool = False) -> None:
        self.bodies: list[dict[str, Any]] = []
        self._timed_out = timed_out

    def options(self, **_: Any) -> "Client":
        """Return itself."""
        return self

    async def open_point_in_time(self, **_: Any) -> dict[str, str]:
        """Freeze a listing."""
        return {"id": "pit"}

    async def close_point_in_time(self, **_: Any) -> None:
        """Free it."""

    async def search(
        self, body: dict[str, Any], allow_partial_search_results: bool, **_: Any
    ) -> Any:
        """Find nothing."""
        self.bodies.append({**body, "may be partial": allow_partial_search_results})

        class Answer(dict[str, Any]):
            body = property(lambda self: self)

        return Answer(hits={"hits": [], "total": {"value": 0}}, timed_out=self._timed_out)


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
    assert all("timeout" in body and body["may be partial"] for body in asked(export=False))
    assert not any("timeout" in body or body["may be partial"] for body in asked(export=True))


def test_a_report_of_a_part_of_the_stories_is_none() -> None:
    """Where time is up before Elasticsearch has seen all, the report says so, not a number."""
    client = cast(AsyncElasticsearch, Client(timed_out=True))
    reports = Reader(client, ElasticsearchSettings()).reports
    now = datetime.now(UTC)
    with pytest.raises(IndexUnavailable, match="longer than 20s"):
        asyncio.run(reports.race(now, now, now))
