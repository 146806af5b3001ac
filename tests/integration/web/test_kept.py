"""What people keep on the desk: their own, whole, and seen by nobody else."""

from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from pipeline.desk.users import Users
from pipeline.index.kept import MOST, desk_index
from pipeline.search.visible import Role
from pipeline.wire.story import Status
from tests.integration.web.newsroom import ADMIN_TOKEN, Newsroom, newsroom, served
from tests.records import enriched
from tests.servers import Engine


@pytest.fixture(scope="module")
def room(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Newsroom]:
    """Some stories."""
    with newsroom(engine, tmp_path_factory.mktemp("kept")) as made:
        made.index(
            enriched("ap:1", "Ferry sails", urgency=1),
            enriched("afp:1", "Ferry sinks", source="AFP"),
        )
        yield made


@pytest.fixture(scope="module")
def client(room: Newsroom) -> Iterator[TestClient]:
    """The application."""
    with served(room) as made:
        yield made


@pytest.fixture
def people(room: Newsroom) -> Iterator[dict[str, Any]]:
    """Credentials of two editors, a reader and an administrator, all new."""
    users = Users(room.settings.data_dir)
    roles = {"ana": Role.EDITOR, "ben": Role.EDITOR, "carla": Role.READER}
    made = {name: ("x", users.add(name, role, None)) for name, role in roles.items()}
    yield {**made, "admin": ("x", ADMIN_TOKEN)}
    for name in roles:
        users.remove(name)


def send(client: TestClient, path: str, who: Any, **fields: str) -> int:
    """Send a form; return the status."""
    return client.post(path, data=fields, auth=who, follow_redirects=False).status_code


def exported(client: TestClient, who: Any) -> list[dict[str, Any]]:
    """All that is kept for somebody."""
    answer = client.get("/desk/export", auth=who)
    assert "attachment" in answer.headers["content-disposition"]
    return list(answer.json())


def test_what_is_kept_is_the_persons_own(
    room: Newsroom, client: TestClient, people: dict[str, Any]
) -> None:
    """Saved, shown and exported for one person, deleted alone, and nobody else sees any of it."""
    ana = people["ana"]
    assert send(client, "/desk/searches", ana, title="Mermaids", query="q=ferry&source=AP") == 303
    assert send(client, "/desk/columns", ana, action="add", q="ferry", title="Boats") == 303
    assert send(client, "/desk/pins", ana, id="ap:1") == 303
    assert send(client, "/desk/notes", ana, id="ap:1", text="Ring the harbour.") == 303
    for name in ("ben", "carla", "admin"):
        who = people[name]
        assert exported(client, who) == []
        for path in ("/desk", "/desk/marks", "/", "/story/ap:1", "/operations"):
            said = client.get(path, auth=who).text
            assert not [w for w in ("Mermaids", "Boats", "Ring the harbour") if w in said], path
    kinds = {thing["kind"] for thing in exported(client, ana)}
    assert kinds == {"search", "columns", "pin", "note"}
    page = client.get("/desk", auth=ana).text
    for said in ("Mermaids", "Boats", "Ring the harbour.", "q=ferry&amp;source=AP", "data-pinned"):
        assert said in page, said
    assert client.get("/desk/marks", auth=ana).json() == {"pin": ["ap:1"], "note": ["ap:1"]}
    assert send(client, "/desk/pins", people["ben"], id="ap:1") == 303
    assert send(client, "/desk/delete", ana) == 303
    assert exported(client, ana) == []
    assert len(exported(client, people["ben"])) == 1
    assert send(client, "/desk/delete", people["ben"]) == 303
    assert room.count(desk_index(room.settings.elasticsearch.index), {"match_all": {}}) == 0


def test_columns_move_and_change(client: TestClient, people: dict[str, Any]) -> None:
    """A column is added, moved, made full and removed; the order is kept."""
    ana = people["ana"]

    def titles() -> list[str]:
        return [each["title"] for each in exported(client, ana)[0]["data"]["columns"]]

    send(client, "/desk/columns", ana, action="add", query="?q=ferry&sort=oldest", title="Boats")
    assert titles()[-1] == "Boats"
    send(client, "/desk/columns", ana, action="left", number="3")
    assert titles()[2] == "Boats"
    send(client, "/desk/columns", ana, action="full", number="2")
    assert not exported(client, ana)[0]["data"]["columns"][2]["compact"]
    send(client, "/desk/columns", ana, action="remove", number="0")
    assert titles()[1] == "Boats"
    for wrong in ({"action": "remove", "number": "9"}, {"action": "burn", "number": "0"}):
        assert send(client, "/desk/columns", ana, **wrong) == 400
    assert send(client, "/desk/columns", ana, action="add", query="urgency=x") == 400
    statuses = {send(client, "/desk/columns", ana, action="add", q=str(n)) for n in range(12)}
    assert statuses == {303, 400}
    send(client, "/desk/delete", ana)


def test_readers_write_no_notes(client: TestClient, people: dict[str, Any]) -> None:
    """Notes are for editors; a reader keeps searches and pins."""
    assert send(client, "/desk/notes", people["carla"], id="ap:1", text="x") == 403
    assert send(client, "/desk/pins", people["carla"], id="ap:1") == 303
    send(client, "/desk/delete", people["carla"])


def test_a_pin_of_a_killed_story_shows_nothing(
    room: Newsroom, client: TestClient, people: dict[str, Any]
) -> None:
    """The pin stays, without the story; what can't be seen can't be pinned."""
    room.index(enriched("ap:2", "Plan of Nauru", version=1))
    send(client, "/desk/pins", people["ana"], id="ap:2")
    assert "Nauru" in client.get("/desk", auth=people["ana"]).text
    room.index(enriched("ap:2", "Plan of Nauru", version=2, status=Status.WITHDRAWN))
    assert "Nauru" not in client.get("/desk", auth=people["ana"]).text
    for name in ("ap:2", "ap:none", ""):
        assert send(client, "/desk/pins", people["ana"], id=name) == 404
        assert send(client, "/desk/notes", people["ana"], id=name, text="x") == 404
    send(client, "/desk/delete", people["ana"])


def test_forms_of_other_sites_change_nothing(client: TestClient, people: dict[str, Any]) -> None:
    """A browser sends its credentials along, so the origin decides; nor does a form lead away."""
    for path in ("searches", "columns", "pins", "notes", "delete"):
        answer = client.post(
            f"/desk/{path}",
            data={"id": "ap:1", "q": "x"},
            auth=people["ana"],
            headers={"Origin": "https://evil.example"},
        )
        assert answer.status_code == 403, path
    for back in ("//evil.example/", "https://evil.example", "/\\evil.example", "/a\nb"):
        answer = client.post(
            "/desk/searches",
            data={"title": "x", "q": "x", "back": back},
            auth=people["ana"],
            follow_redirects=False,
        )
        assert answer.headers["location"] == "/desk"
    send(client, "/desk/delete", people["ana"])


def test_what_one_person_keeps_is_bounded(
    client: TestClient, people: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One more than may be kept is refused; what is there can be changed."""
    assert MOST >= 1000
    monkeypatch.setattr("pipeline.index.kept.MOST", 2)
    ana = people["ana"]
    kept = [send(client, "/desk/searches", ana, title=str(n), q="x") for n in (1, 2, 3, 2)]
    assert kept == [303, 303, 409, 303]
    send(client, "/desk/delete", ana)


def test_preferences_are_the_browsers(client: TestClient) -> None:
    """A cookie keeps them; what can't be read in it is the default."""
    auth = ("x", ADMIN_TOKEN)
    fields = {"list": "compact", "zone": "Europe/Berlin", "sound": "2", "keys": "no", "x": "y"}
    client.post("/preferences", data=fields, auth=auth)
    page = client.get("/preferences", auth=auth).text
    assert 'value="Europe/Berlin"' in page
    assert '<option value="compact" selected>' in page
    client.post("/preferences", data={"list": "full", "zone": "Moon/Base"}, auth=auth)
    page = client.get("/preferences", auth=auth).text
    assert 'value="Europe/Berlin"' not in page
    assert '<option value="full" selected>' in page
    client.cookies.clear()
