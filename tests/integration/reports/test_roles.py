"""Roles over time, on the API and by the command."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec.structs import replace
from starlette.testclient import TestClient

from pipeline.wire.enriched import Enriched
from pipeline.wire.story import Status
from tests.integration.web.newsroom import Newsroom, newsroom
from tests.records import enriched
from tests.servers import Engine

LATER = {"status": Status.EMBARGOED, "embargoed_until": datetime(2100, 1, 1, tzinfo=UTC)}


def story(id: str, title: str | None, year: int, name: str = "Ana Berg", **more: Any) -> Enriched:
    """A story of a year that prints a title before a name."""
    at = datetime(year, 3, 1, tzinfo=UTC)
    record = enriched(
        f"ap:{id}", body=f"{name} and Carl Dahl spoke.", persons=[name, "Carl Dahl"],
        published_at=at, **more,
    )  # fmt: skip
    berg, dahl = record.entities
    return replace(record, entities=(replace(berg, title=title), replace(dahl, title="Judge")))


@pytest.fixture(scope="module")
def room(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Newsroom]:
    """Ana Berg is a senator, then minister; what else she is stands in hidden stories."""
    with newsroom(engine, tmp_path_factory.mktemp("roles")) as made:
        made.index(
            story("1", "Sen.", 2019), story("2", "Minister", 2022), story("3", "minister", 2024),
            story("4", "Minister", 2025), story("5", None, 2025),
            story("6", "President", 2025, **LATER),
            story("7", "convict", 2025, status=Status.WITHDRAWN),
            story("8", "Queen", 2025, name="Ana Bergman"),
        )  # fmt: skip
        yield made


def test_titles_have_periods(client: TestClient) -> None:
    """Those of the person alone, from visible stories alone, whatever their capitals."""
    found = client.get("/api/roles", params={"person": "ana berg"}).json()
    assert found.get("stories") == 5, found
    told = [(r["title"], r["stories"], r["since"][:4], r["until"][:4]) for r in found["roles"]]
    assert told == [("Minister", 3, "2022", "2025"), ("Sen.", 1, "2019", "2019")]


def test_nobody_has_no_roles(client: TestClient) -> None:
    """An unknown name is an empty list, no name at all an error."""
    assert client.get("/api/roles", params={"person": "Nobody"}).json()["roles"] == []
    assert client.get("/api/roles").status_code == 422


def test_the_command_tells_the_same(room: Newsroom) -> None:
    """`newswire roles NAME --json` answers as the API does."""
    found = json.loads(room.run("roles", "Ana Berg", "--json"))
    assert [role["title"] for role in found["roles"]] == ["Minister", "Sen."]
