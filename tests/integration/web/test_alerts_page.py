"""Alerts from the page: made, tried and removed by editors, without a secret on any later page."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from config.settings import Settings
from pipeline.alerts.kept import _saved
from pipeline.desk.alerts import ADMIN, WHEN
from pipeline.desk.users import Users
from pipeline.index.kept import Kept, Kind
from pipeline.search.visible import Role
from pipeline.wire.story import Status
from tests.integration.web.newsroom import Newsroom, newsroom, served
from tests.records import enriched
from tests.servers import engine

YESTERDAY = datetime.now(UTC).replace(hour=12) - timedelta(days=1)
PUBLIC = "https://9.9.9.9/hook"
"""A public address: nothing is sent to it here."""


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Newsroom]:
    """Stories of yesterday and of today, of two sources, one embargoed."""
    folder = tmp_path_factory.mktemp("alerts-page")
    with engine("embedded", folder) as running, newsroom(running, folder) as made:
        late = {"status": Status.EMBARGOED, "embargoed_until": datetime(2100, 1, 1, tzinfo=UTC)}
        made.index(
            enriched("ap:1", "Flood", published_at=YESTERDAY),
            enriched("ap:2", "Flood again", published_at=YESTERDAY),
            enriched("afp:1", "Flood too", source="AFP", published_at=YESTERDAY),
            enriched("ap:3", "Flood secret", published_at=YESTERDAY, **late),
            enriched("ap:4", "Flood today", published_at=datetime.now(UTC)),
        )
        yield made


@pytest.fixture(scope="module")
def client(room: Newsroom) -> Iterator[TestClient]:
    """The application."""
    with served(room) as made:
        yield made


@pytest.fixture(scope="module")
def who(room: Newsroom) -> dict[str, Any]:
    """Credentials of editors and a reader."""
    users = Users(room.settings.data_dir)
    return {
        "ana": ("x", users.add("ana", Role.EDITOR, None)),
        "ap": ("x", users.add("ap", Role.EDITOR, ["AP"])),
        "reader": ("x", users.add("reader", Role.READER, None)),
    }


def form(**fields: str) -> dict[str, str]:
    """The form of an alert to the topic."""
    made = {"action": "add", "title": "Floods", "query": "q=flood", "way": "topic", "minutes": "0"}
    return made | fields


def test_only_editors_make_alerts(client: TestClient, who: dict[str, Any]) -> None:
    """Neither a reader, nor a form of another site."""
    for path in (client.get, client.post):
        assert path("/alerts", auth=who["reader"]).status_code == 403
    evil = {"Origin": "https://evil.example"}
    assert client.post("/alerts", data=form(), auth=who["ana"], headers=evil).status_code == 403
    assert "None." in client.get("/alerts", auth=who["ana"]).text


def test_a_search_is_tried(client: TestClient, who: dict[str, Any]) -> None:
    """It counts the stories of yesterday that its messages could tell of."""
    for name, count in (("ana", "3 stories"), ("ap", "2 stories")):
        page = client.post("/alerts", data=form(action="try"), auth=who[name]).text
        assert f"Yesterday it would have found {count}." in page
    assert "None." in page


def test_an_alert_is_made_and_removed(client: TestClient, who: dict[str, Any]) -> None:
    """A webhook's secret is shown once, its address never; nobody else sees the alert."""
    made = client.post(
        "/alerts", data=form(way="webhook", address=PUBLIC, minutes="60"), auth=who["ana"]
    ).text
    secret = made.partition("<code")[2].partition(">")[2].partition("<")[0]
    assert len(secret) > 20
    for path in ("/alerts", "/desk", "/desk/export"):
        text = client.get(path, auth=who["ana"]).text
        assert secret not in text, path
        assert "9.9.9.9" not in text, path
    assert "every hour" in client.get("/alerts", auth=who["ana"]).text
    assert "Floods" not in client.get("/alerts", auth=who["ap"]).text
    client.post("/alerts", data={"action": "remove", "title": "Floods"}, auth=who["ana"])
    assert "Floods" not in client.get("/alerts", auth=who["ana"]).text


@pytest.mark.parametrize(
    ("of", "lifted", "breaking"), [("lifted", True, None), ("day", False, "day")]
)
def test_an_alert_tells_of_lifts_or_of_what_is_breaking(
    client: TestClient,
    who: dict[str, Any],
    tmp_path: Path,
    of: str,
    lifted: bool,
    breaking: str | None,
) -> None:
    """The form offers what the alerts file does, and the alerts process hears it so."""
    page = client.post("/alerts", data=form(of=of), auth=who["ana"]).text
    assert f"tells of {WHEN[of]} at once" in page
    data = {"search": {"q": "flood"}, "way": "topic", "of": of}
    kept = Kept(kind=Kind.ALERT, name="Floods", at=YESTERDAY, data=data)
    (made,) = _saved(ADMIN, kept, Users(tmp_path), Settings())
    assert (made.lifted, made.breaking) == (lifted, breaking)
    client.post("/alerts", data={"action": "remove", "title": "Floods"}, auth=who["ana"])


@pytest.mark.parametrize(
    "wrong",
    [
        {"title": " "},
        {"query": "urgency=x"},
        {"way": "pigeon"},
        {"minutes": "3"},
        {"of": "rumours"},
        {"of": "hour", "minutes": "60"},
        {"way": "webhook", "address": "https://127.0.0.1/x"},
        {"way": "webhook", "address": "http://9.9.9.9/"},
        {"way": "chat", "address": "slack://a/b/c"},
        {"way": "email", "address": "ana@example.org"},
    ],
)
def test_what_can_not_be_made_is_said(
    client: TestClient, who: dict[str, Any], wrong: dict[str, str]
) -> None:
    """With a sentence, and nothing is kept."""
    page = client.post("/alerts", data=form(**wrong), auth=who["ana"]).text
    assert 'id="fault"' in page
    assert "None." in page
