"""How far a kill has reached, and which embargoes lift when."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from elasticsearch import Elasticsearch
from starlette.testclient import TestClient

from pipeline.alerts.outbox import FILE, Outbox, State
from pipeline.index.document import document
from pipeline.index.setup import read_alias
from pipeline.wire.enriched import Enriched
from pipeline.wire.story import Status
from pipeline.wire.versions import blank
from tests.integration.web.newsroom import ADMIN_TOKEN, Newsroom, newsroom
from tests.records import enriched
from tests.servers import Engine

TEXT = (
    "The harbour of Valparaiso was closed on Monday after Captain Ruiz of the Coast Guard saw "
    "Three Whales near the Western Pier, said Mayor Ana Lopez of the Green Alliance in Santiago."
)
SOON = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=2)
ADMIN = {"Authorization": f"Bearer {ADMIN_TOKEN}"}


@pytest.fixture(scope="module")
def room(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Newsroom]:
    """A kill of a story that an alert has sent, a copy, another report, and embargoes."""
    with newsroom(engine, tmp_path_factory.mktemp("reach")) as made:
        first = enriched("ap:1", "Whales close harbour", TEXT, version=1)
        kill = enriched("ap:1", version=2, status=Status.WITHDRAWN, slugline="WHALES")
        killed = Enriched(story=blank(kill.story), provenance=kill.provenance)
        made.index(
            killed,
            enriched("kna:1", "Whales close a harbour", TEXT, source="KNA"),
            enriched("afp:1", "Port closed", "Ships wait off Valparaiso.", source="AFP"),
            enriched("afp:secret", "Port", TEXT, source="AFP", embargoed_until=SOON),
            enriched("afp:2", "Budget speech", "x", embargoed_until=SOON + timedelta(hours=1)),
            enriched("afp:held", "Held", "x", status=Status.EMBARGOED),
            enriched("afp:dead", "Dead", "x", embargoed_until=SOON, status=Status.WITHDRAWN),
        )
        elastic = made.settings.elasticsearch
        with Elasticsearch(list(elastic.url)) as client:
            # As the worker does when it indexes a kill.
            known = {"withdrawn_fingerprint": document(first)["fingerprint"]}
            client.update(index=read_alias(elastic.index), id="ap:1", doc=known, refresh=True)
        made.place(dict.fromkeys(("afp:1", "kna:1", "afp:secret"), "afp:1"))
        made.place({"ap:1": "afp:1"}, "alias")
        outbox = Outbox(made.settings.data_dir / FILE)
        outbox.add("harbours", ["webhook"], "ap:1", 7, 1_700_000_000.0)
        sent = outbox.next("harbours", "webhook", 1_800_000_000.0)
        assert sent
        outbox.trying(sent.number)
        outbox.settle(sent.number, State.SENT)
        outbox.withdraw("ap:1", 8, 1_700_000_100.0)
        outbox.close()
        yield made


def ids(stories: list[dict[str, Any]]) -> list[str]:
    return [story["id"] for story in stories]


def test_a_kill_tells_how_far_it_has_reached(client: TestClient) -> None:
    """Who was told and when it was acknowledged, and what still stands; nothing hidden."""
    found = client.get("/api/reach/ap:1", headers=ADMIN).json()
    assert found["kill"]["slugline"] == "WHALES"
    assert "kna:1" in ids(found["copies"])
    assert ids(found["others"]) == ["afp:1"]
    (told,) = found["told"]
    assert (told["alert"], told["told"], told["state"]) == ("harbours", "story", "sent")
    assert datetime.fromisoformat(told["acknowledged_at"]) > datetime(2026, 1, 1, tzinfo=UTC)


def test_the_reach_is_for_administrators(client: TestClient) -> None:
    """Without their token neither page nor API says anything; an id of no kill is not found."""
    for path in ("/api/reach/ap:1", "/operations/reach", "/operations/reach/ap:1"):
        answer = client.get(path)
        assert answer.status_code == 401, path
        assert "WHALES" not in answer.text
    for name in ("kna:1", "nobody", "afp:secret"):
        assert client.get(f"/api/reach/{name}", headers=ADMIN).status_code == 404


def test_the_pages_show_it(client: TestClient) -> None:
    """The list of kills leads to each kill's page."""
    assert "/operations/reach/ap" in client.get("/operations/reach", headers=ADMIN).text
    page = client.get("/operations/reach/ap:1", headers=ADMIN).text
    assert "harbours" in page
    assert "Whales close a harbour" in page


def test_the_command_tells_the_same(room: Newsroom) -> None:
    """`newswire reach ID --json` answers for readers of every source, without embargoed copies."""
    said = json.loads(room.run("reach", "ap:1", "--json"))
    assert (ids(said["copies"]), len(said["told"])) == (["kna:1"], 1)
    assert "Copies that still stand: 1" in room.run("reach", "ap:1")


def test_the_calendar_of_embargoes(client: TestClient) -> None:
    """What lifts when, the next first; what is killed, or held without an end, is not in it."""
    found = client.get("/api/embargoes", headers=ADMIN)
    assert ids(found.json()) == ["afp:secret", "afp:2"]
    assert datetime.fromisoformat(found.json()[0]["embargoed_until"]) == SOON
    assert found.headers["cache-control"] == "no-store"
    assert "Budget speech" in client.get("/embargoes", headers=ADMIN).text


def test_the_calendar_is_for_editors(client: TestClient) -> None:
    """Readers get neither page nor API."""
    for path in ("/api/embargoes", "/embargoes"):
        answer = client.get(path)
        assert answer.status_code == 401, path
        assert "Budget" not in answer.text
