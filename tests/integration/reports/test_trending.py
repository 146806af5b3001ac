"""Trends on page, API, live stream and by the command."""

import asyncio
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from starlette.testclient import TestClient

from config.alerts import Alert
from pipeline.alerts.breaking import look
from pipeline.alerts.outbox import Outbox
from pipeline.alerts.saved import Saved
from pipeline.search.reader import open_reader
from pipeline.search.request import SearchRequest
from pipeline.search.trending import Window
from pipeline.search.visible import Viewer
from pipeline.wire.enriched import Enriched
from pipeline.wire.story import Status
from tests.integration.web.newsroom import Newsroom, newsroom
from tests.records import enriched
from tests.servers import Engine

NOW = datetime.now(UTC)
WEEK = timedelta(days=7)
LATER = {"status": Status.EMBARGOED, "embargoed_until": datetime(2100, 1, 1, tzinfo=UTC)}

AFP = "afp:Ana-0-0"


def stories(
    name: str, count: int, ago: timedelta = timedelta(), agency: str = "ap", **more: Any
) -> list[Enriched]:
    """So many stories about a person, half an hour before a time ago."""
    at = NOW - ago - timedelta(minutes=30)
    return [
        enriched(
            f"{agency}:{name}-{ago.days}-{n}",
            f"{name} again",
            f"{name} spoke.",
            persons=[name],
            published_at=at,
            source=agency.upper(),
            **more,
        )
        for n in range(count)
    ]


@pytest.fixture(scope="module")
def room(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Newsroom]:
    """Ana grows, and AFP had her first; Bob goes from 1 to 3, Cleo is as usual, two are hidden."""
    with newsroom(engine, tmp_path_factory.mktemp("trending")) as made:
        made.index(*stories("Ana", 8), *stories("Bob", 3), *stories("Cleo", 8))
        made.index(*stories("Dan", 8, **LATER), *stories("Eve", 8, status=Status.WITHDRAWN))
        for n in range(1, 5):
            made.index(*stories("Bob", 1, n * WEEK), *stories("Cleo", 8, n * WEEK))
        made.index(*stories("Ana", 1, timedelta(minutes=5), "afp"))
        made.place(dict.fromkeys([AFP, *(f"ap:Ana-0-{n}" for n in range(8))], AFP))
        yield made


@pytest.mark.parametrize("window", ["hour", "six_hours", "day"])
def test_the_api_lists_what_grows(client: TestClient, window: str) -> None:
    """A name and its event, with the usual number; nothing small, usual or hidden."""
    found = client.get("/api/trending", params={"window": window}).json()
    told = {(one["kind"], one["name"]): one for one in found["trends"]}
    assert told.keys() == {("person", "Ana"), ("event", "Ana again")}
    assert told["person", "Ana"]["stories"] == 9
    assert told["person", "Ana"]["usual"] == 0
    assert told["event", "Ana again"]["story"] == AFP
    assert found["stories"] == 20


def test_who_may_not_see_the_first_story_hears_of_the_event(room: Newsroom) -> None:
    """By the name of the first story that he may see, and with his own sources' stories."""

    async def told() -> list[tuple[str, int]]:
        async with open_reader(room.settings.elasticsearch) as reader:
            reports = reader.seen_by(Viewer(sources=("AP",))).reports
            trends = (await reports.trending(Window.HOUR, datetime.now(UTC))).trends
        return [(one.story, one.stories) for one in trends if one.kind == "event" and one.story]

    assert asyncio.run(told()) == [("ap:Ana-0-0", 8)]


def test_the_page_shows_it(client: TestClient) -> None:
    """With links to the search and to the event."""
    page = client.get("/trending").text
    assert "Ana again" in page
    assert f"/event/{AFP}" in page
    assert "Cleo" not in page
    assert "Dan" not in page
    assert client.get("/trending?window=week").status_code == 422


def test_the_command_tells_the_same(room: Newsroom) -> None:
    """`newswire trending --json` answers as the API does."""
    found = json.loads(room.run("trending", "--json"))
    assert {one["kind"] for one in found["trends"]} == {"person", "event"}


def test_an_alert_tells_what_is_breaking_once(room: Newsroom) -> None:
    """Among what its search finds; a second look adds nothing."""
    outbox = Outbox(":memory:")

    async def looked(**search: Any) -> int:
        reader = open_reader(room.settings.elasticsearch)
        saved = Saved(Alert("a"), SearchRequest(**search), ("topic",), breaking=Window.HOUR)
        try:
            return await look(saved, outbox, reader, ())
        finally:
            await reader.close()

    assert asyncio.run(looked(q="nobody")) == 0
    assert asyncio.run(looked(q="ana")) == 2  # the name and its event, each with a story
    assert asyncio.run(looked(q="ana")) == 0
    delivery = outbox.next("a", "topic", 1e12)
    assert delivery
    assert set(json.loads(str(delivery.about))["keys"]) < {"person:Ana", f"event:{AFP}"}
