"""What a version changes, from the version that an index holds."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from pipeline.index.client import connect
from pipeline.index.document import document
from pipeline.index.writer import Write, Writer
from pipeline.stream.changed import with_changes
from pipeline.wire.story import Status
from pipeline.wire.versions import index_version
from tests.integration.web.newsroom import Newsroom, newsroom, served
from tests.records import enriched
from tests.servers import Engine


@pytest.fixture(scope="module")
def room(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Newsroom]:
    """An index of its own."""
    with newsroom(engine, tmp_path_factory.mktemp("changed")) as made:
        yield made


def write(version: int, body: str, **more: Any) -> Write:
    record = enriched("ap:1", "Bus crash", body, version=version, **more)
    fields = document(record) | {"indexed_at": "2026-12-01T00:00:00Z"}
    return Write("ap:1", index_version(record.story, 1), fields)


def taken(room: Newsroom, *writes: Write) -> list[Any]:
    """What each version changes, as the worker writes it, one batch a version."""

    async def work() -> list[Any]:
        client = connect(room.settings.elasticsearch)
        writer = Writer(client, room.settings.elasticsearch)
        found = []
        try:
            for each in writes:
                (made,) = await with_changes(writer, [each])
                await writer.write([made])
                found.append(made.document)
            await client.indices.refresh(index=room.settings.elasticsearch.index + "-0*")
        finally:
            await client.close()
        return found

    return asyncio.run(work())


def test_a_version_is_compared_with_the_one_that_is_held(room: Newsroom) -> None:
    """Figures, names and places, read from the index; searches filter by it; a kill has none."""
    first = write(1, "Police said 12 people died in Lima.", places=["Lima"], persons=["Ana Lopez"])
    second = write(2, "Police said 15 people died in Lima.", places=["Suva"], persons=["Ana Lopes"])
    told = taken(room, first, second, second)
    assert [fields.get("changed") for fields in told] == [
        None,
        ["figures", "names", "places"],
        ["figures", "names", "places"],
    ]
    with served(room) as client:
        assert hits(client, "changed:figures") == ["ap:1"]
        assert hits(client, "changed:quotes") == []
        shown = client.get("/api/search?q=bus").json()["hits"][0]
        assert shown["changed"] == ["figures", "names", "places"]
    (killed,) = taken(room, write(3, "", status=Status.WITHDRAWN))
    assert "changed" not in killed


def hits(client: TestClient, query: str) -> list[str]:
    return [hit["id"] for hit in client.get("/api/search", params={"q": query}).json()["hits"]]
