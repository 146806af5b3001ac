"""The race of the sources on page and API, and by the command."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from starlette.testclient import TestClient

from pipeline.wire.enriched import Enriched
from pipeline.wire.story import Status
from pipeline.wire.versions import blank
from tests.integration.web.newsroom import Newsroom, newsroom
from tests.records import enriched
from tests.servers import Engine

NOW = datetime.now(UTC)
LATER = {"status": Status.EMBARGOED, "embargoed_until": datetime(2100, 1, 1, tzinfo=UTC)}


def story(name: str, minutes: float, **more: Any) -> Enriched:
    """A story of so many minutes ago."""
    source = name.partition(":")[0].upper()
    at = NOW - timedelta(minutes=minutes)
    return enriched(name, f"Headline of {name}", published_at=at, source=source, **more)


@pytest.fixture(scope="module")
def room(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Newsroom]:
    """One event of three sources, one of which is hidden, one event of dpa, and a kill."""
    with newsroom(engine, tmp_path_factory.mktemp("race")) as made:
        made.index(story("ap:1", 60), story("afp:1", 50), story("dpa:9", 30))
        made.index(story("xyz:1", 90, **LATER), story("ap:old", 60 * 24 * 30))
        kill = story("ap:dead", 20, status=Status.WITHDRAWN)
        made.index(Enriched(story=blank(kill.story), provenance=kill.provenance))
        made.place({"ap:1": "ap:1", "afp:1": "ap:1", "dpa:9": "dpa:9"})
        yield made


def test_the_api_tells_the_race(client: TestClient) -> None:
    """Of visible stories of the period; an embargoed story is in no count."""
    found = client.get("/api/race").json()
    told = {one["source"]: (one["first"], one["alone"], one["late"]) for one in found["sources"]}
    assert told == {"AP": (1, 0, 0), "AFP": (0, 0, 1), "DPA": (1, 1, 0)}
    assert found["sources"][0]["source"] in ("AP", "DPA")
    ap = next(one for one in found["sources"] if one["source"] == "AP")
    assert (ap["stories"], ap["kills_per_1000"]) == (1, 500)
    assert found["complete"] is True


def test_a_period_is_chosen(client: TestClient) -> None:
    """Stories outside of it do not count; one that ends before it begins is named."""
    since = (NOW - timedelta(days=60)).isoformat()
    until = (NOW - timedelta(days=1)).isoformat()
    found = client.get("/api/race", params={"since": since, "until": until}).json()
    assert [(one["source"], one["alone"]) for one in found["sources"]] == [("AP", 1)]
    answer = client.get("/api/race", params={"since": until, "until": since})
    assert answer.status_code == 422
    assert "since" in answer.json()["detail"]


def test_the_page_tells_the_loss(client: TestClient) -> None:
    """One page answers what would be missing without a source, and shows nothing hidden."""
    page = client.get("/race?days=1&without=dpa").text
    assert "1 event would be missing" in page
    assert "Headline of dpa:9" in page
    assert "XYZ" not in page
    assert "ap:dead" not in page


def test_the_command_tells_the_same(room: Newsroom) -> None:
    """`newswire race --without dpa --json` answers as the API does."""
    loss = json.loads(room.run("race", "--without", "dpa", "--json"))["loss"]
    assert [one["id"] for one in loss["only_here"]] == ["dpa:9"]
    assert "Without dpa: 1 events missing" in room.run("race", "--without", "dpa")
