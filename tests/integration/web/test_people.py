"""Whom a story is shown to: roles and sources hold on every route."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from starlette.testclient import TestClient

from pipeline.desk.users import Users
from pipeline.search.visible import Role
from pipeline.wire.enriched import Enriched
from pipeline.wire.story import Signal, Status
from pipeline.wire.versions import blank
from tests.integration.web.newsroom import Newsroom, newsroom, served
from tests.records import enriched
from tests.servers import Engine

LATER = {"status": Status.EMBARGOED, "embargoed_until": datetime(2100, 1, 1, tzinfo=UTC)}
AP, AFP, EARLY, HELD = "Kestrel", "Osprey", "Pelican", "Bittern"
"""One word for each kind of story, in its headline, text, slugline and names."""


def about(id: str, word: str, **fields: Any) -> Enriched:
    """A story that its word is all over."""
    return enriched(
        id,
        f"{word} seen at harbour",
        f"The harbour master {word} Smith said that the {word} landed on the harbour wall at dawn.",
        persons=[f"{word} Smith"],
        slugline=f"{word}-harbour",
        **fields,
    )


@pytest.fixture(scope="module")
def room(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Newsroom]:
    """Stories of two agencies, embargoed ones, a held one, a killed one and a correction."""
    with newsroom(engine, tmp_path_factory.mktemp("people"), token=None) as made:
        made.index(
            about("ap:1", AP, version=1),
            about("ap:1", AP, version=2),
            about("afp:1", AFP, source="AFP", version=1),
            about("afp:2", AFP, source="AFP", version=2, signal=Signal.CORRECTION),
            about("none:1", AFP, source=None),
            about("ap:early", EARLY, **LATER),
            about("afp:early", f"{AFP} {EARLY}", source="AFP", **LATER),
            about("ap:held", HELD, status=Status.EMBARGOED),
        )
        made.index(about("afp:1", AFP, source="AFP", version=2))
        kill = about("afp:killed", AFP, source="AFP", status=Status.WITHDRAWN)
        made.index(Enriched(story=blank(kill.story), provenance=kill.provenance))
        yield made


@pytest.fixture(scope="module")
def tokens(room: Newsroom) -> dict[str, str]:
    """A token of each kind of person."""
    users = Users(room.settings.data_dir)
    return {
        name: users.add(name, role, sources)
        for name, role, sources in (
            ("reader", Role.READER, None),
            ("editor", Role.EDITOR, None),
            ("ap-reader", Role.READER, ["ap"]),
            ("ap-editor", Role.EDITOR, ["AP"]),
            ("nothing", Role.ADMIN, ["Nowhere"]),
        )
    }


@pytest.fixture(scope="module")
def client(room: Newsroom) -> Iterator[TestClient]:
    """The application."""
    with served(room) as made:
        yield made


def routes(room: Newsroom) -> list[str]:
    """Every address that can be read, of the API and of the pages, about each story and word."""
    made = [
        f"{path}?{query}"
        for path in ("/", "/feed.rss", "/feed.json", "/api/search", "/desk", "/desk/column")
        for query in ("q=harbour", "sort=newest", "collapse=true", "facets=true", f"q={AFP}")
    ]
    paths = [
        path.replace("{story_id:path}", "{story_id}")
        for path, methods in room.app.openapi()["paths"].items()
        if "get" in methods and not path.endswith("/live")
    ]
    ids = ("ap:1", "afp:1", "afp:2", "none:1", "ap:early", "afp:early", "ap:held", "afp:killed")
    for path in [*paths, "/story/{story_id}", "/notices", "/api/suggest?q={word}"]:
        filled = {path}
        for name, values in (
            ("{story_id}", ids),
            ("{form}", ("jsonl", "csv", "ninjs", "geojson")),
            ("{word}", (AFP[:3], EARLY[:3], HELD[:3], "AFP")),
        ):
            filled = {each.replace(name, value) for each in filled for value in values}
        made += sorted(filled)
    return made


@pytest.mark.parametrize(
    ("who", "never", "sometimes"),
    [
        ("reader", {EARLY, HELD}, {AP, AFP}),
        ("editor", {HELD}, {AP, AFP, EARLY}),
        ("ap-reader", {AFP, EARLY, HELD}, {AP}),
        ("ap-editor", {AFP, HELD}, {AP, EARLY}),
        ("nothing", {AP, AFP, EARLY, HELD}, set()),
    ],
)
def test_no_route_shows_what_a_person_may_not_see(
    room: Newsroom,
    client: TestClient,
    tokens: dict[str, str],
    who: str,
    never: set[str],
    sometimes: set[str],
) -> None:
    """Neither a text, a count, a suggestion nor a name of a hidden story is on any route."""
    seen = set()
    for path in routes(room):
        answer = client.get(path, auth=("x", tokens[who]))
        assert answer.status_code in (200, 401, 403, 404, 410, 422), path
        text = answer.text.replace(f'value="{AFP}"', "").replace(f"q={AFP}", "")
        for word in never:
            said = text.count(word)
            asked = f"{word}" in path
            assert not said or (asked and answer.status_code == 200 and not _stories(answer)), (
                path,
                word,
            )
        seen |= {word for word in sometimes if word in text}
    assert seen == sometimes


def _stories(answer: Any) -> bool:
    """Whether an answer lists any story, rather than repeating what was asked for."""
    return "data-story" in answer.text or '"id":' in answer.text or "<item>" in answer.text


def test_a_limited_person_counts_his_own_sources_alone(
    client: TestClient, tokens: dict[str, str]
) -> None:
    """Totals, facets and kills know no other source, in whatever case the licence names it."""
    for who, count in (("ap-reader", 1), ("ap-editor", 2), ("nothing", 0), ("editor", 6)):
        page = client.get("/api/search?q=harbour", auth=("x", tokens[who])).json()
        assert page["total"] == count, who
        listed = {value["value"] for value in page["facets"].get("source", ())}
        assert listed <= ({"AP"} if who != "editor" else {"AP", "AFP"}), who
    assert "afp:killed" not in client.get("/notices", auth=("x", tokens["ap-reader"])).text
    assert "afp:killed" in client.get("/notices", auth=("x", tokens["reader"])).text
    assert client.get("/story/afp:killed", auth=("x", tokens["ap-reader"])).status_code == 404
    assert client.get("/story/afp:killed", auth=("x", tokens["reader"])).status_code == 410


def test_a_cursor_is_no_way_around_the_sources(client: TestClient, tokens: dict[str, str]) -> None:
    """The next page of another person's listing is filtered for whoever asks for it."""
    first = client.get("/api/search?q=harbour&size=1", auth=("x", tokens["editor"])).json()
    asked = {"q": "harbour", "size": 1, "cursor": first["cursor"]}
    for _ in range(6):
        answer = client.get("/api/search", params=asked, auth=("x", tokens["ap-reader"]))
        if answer.status_code != 200:
            break
        assert {hit["id"] for hit in answer.json()["hits"]} <= {"ap:1"}
        asked["cursor"] = answer.json()["cursor"]
        if asked["cursor"] is None:
            break
