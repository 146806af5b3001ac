"""Whatever the index can hold can be listed, shown, exported, counted and alerted."""

import asyncio
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import quote

import msgspec
import pytest
from starlette.testclient import TestClient
from typer.testing import CliRunner

from newswire.__main__ import app
from pipeline.index.writer import Outcome
from pipeline.mcp.tools import Tools
from pipeline.search.exports import EXPORTS
from pipeline.search.reader import open_reader
from pipeline.search.request import SearchRequest
from pipeline.wire.enriched import Enriched, Mention, Place
from pipeline.wire.story import Dateline, Link, Located, Signal, Status
from tests.integration.web.newsroom import ADMIN_TOKEN, Newsroom, newsroom, served
from tests.records import enriched
from tests.servers import Engine

NOW = datetime.now(UTC).replace(microsecond=0)
LONGEST = {"real": "A ferry waits. " * 66_667, "embedded": "A ferry waits. " * 2000}
"""1,000,005 characters: Elasticsearch refuses to highlight more than 1,000,000. The embedded engine
takes 20 seconds for a quarter of that."""
ODD = "\x00\x07\x1b[31m\u202e\u2066\ue000\ue001\ufffe\U0010ffff\u0301 z\u0335\u0336 <b>&amp;]]>"
EARLY, LATE = datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)


def story(name: str, **fields: Any) -> Enriched:
    """A story about a ferry."""
    return enriched(f"ap:{name}", **{"body": "A ferry waits.", "received_at": NOW, **fields})


def everywhere(text: str, name: str) -> Enriched:
    """A story with one text in every field that takes text."""
    return story(
        name,
        headline=text,
        body=f"A ferry waits. {text}",
        provider_id=text,
        status_sent=text,
        signal_sent=text,
        slugline=text,
        byline=text,
        dateline=None,
        summary=text,
        language=text[:1000],
        urgency_sent=text,
        categories=(text,),
        keywords=(text, text),
        genre=text,
        ednote=text,
        copyright=text,
        usage_terms=text,
        located=(Located(name=text, code=text, admin1=text, country=text),),
        links=(Link(href=text, rel=text, title=text),),
        format=text,
        feed=text,
    )


def place(name: str, latitude: float, longitude: float) -> Place:
    """A place at an edge of the map."""
    return Place(
        geonames_id=2**62,
        name=name,
        mentions=(Mention(start=0, end=1),),
        latitude=latitude,
        longitude=longitude,
        confidence=1.0,
    )


def filed(dateline: Dateline) -> Enriched:
    """A story with a dateline."""
    record = story("filed")
    return msgspec.structs.replace(
        record, story=msgspec.structs.replace(record.story, dateline=dateline)
    )


def hidden() -> list[Enriched]:
    """Stories that no reader sees: kills and embargoes, which editors' and admins' pages list."""
    killed: dict[str, Any] = {"status": Status.WITHDRAWN, "body": "", "headline": None}
    held: dict[str, Any] = {"status": Status.EMBARGOED}
    return [
        story("kill-late", published_at=LATE, **killed),
        story("kill-early", received_at=EARLY, slugline=ODD, ednote=ODD, **killed),
        story("kill-bare", received_at=None, source=None, **killed),
        story("embargo-late", embargoed_until=LATE, **held),
        story("embargo-bare", received_at=None, source=None, headline=None, body="", **held),
        story("embargo-odd", received_at=LATE, headline=ODD, status_sent=ODD, **held),
    ]


def extremes(kind: str) -> list[Enriched]:
    """Stories at the limits of each field."""
    many = tuple(f"value {n}" for n in range(2000))
    return [
        story("plain"),
        story("empty", headline=None, body="", source=None, language=None, received_at=None),
        story("blank", headline="", body=" ", slugline="", byline="", summary="", ednote=""),
        story("longest", body=LONGEST[kind], headline="Ferry " * 5000, published_at=NOW),
        everywhere(ODD, "odd"),
        everywhere("ferry" * 2000, "long-word"),
        story("late", published_at=LATE),
        story("late-unreceived", published_at=LATE, received_at=None),
        story("next-to-last-year", published_at=datetime(9998, 12, 31, tzinfo=UTC)),
        story("early", published_at=EARLY, first_created=EARLY),
        story("early-received", published_at=EARLY, received_at=EARLY),
        story("first-only", first_created=LATE),
        story("freed", embargoed_until=EARLY),
        filed(Dateline(text=ODD, place="", filed_on=date(1, 1, 1))),
        story("numbers", version=4 * 10**15, urgency=2**31 - 1, priority=-(2**31)),
        story("negative", version=-1, urgency=-(2**31)),
        story("many", categories=many, keywords=many, links=(Link(href="x"),) * 500),
        story("subjects", subjects=[(ODD, ODD), ("", "")]),
        story("signal", signal=Signal.CORRECTION, zone_assumed=True),
        msgspec.structs.replace(
            story("places"),
            places=(place("|a|b|", 90.0, 180.0), place(ODD, -90.0, -180.0), place("", 0.0, 0.0)),
        ),
        story("i" * 480 + "/?#%\u202e é"),
        story("people", body=f"{ODD} waits", persons=[ODD, "x" * 5000], organisations=["", "|"]),
    ]


@pytest.fixture(scope="module")
def room(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Newsroom]:
    """A newsroom with all of them."""
    with newsroom(engine, tmp_path_factory.mktemp("extremes")) as made:
        made.held = []  # type: ignore[attr-defined]
        for record in extremes(engine.kind):
            assert made.index(record) == [Outcome.INDEXED], record.story.id
            made.held.append(record.story.id)  # type: ignore[attr-defined]
        for record in hidden():
            assert made.index(record) == [Outcome.INDEXED], record.story.id
        made.group()
        yield made


@pytest.fixture(scope="module")
def client(room: Newsroom) -> Iterator[TestClient]:
    """A client of the application; a fault of ours is raised, not answered."""
    with served(room) as made:
        yield made


@pytest.fixture(scope="module")
def held(room: Newsroom) -> list[str]:
    """Those that readers may see."""
    found: list[str] = room.held  # type: ignore[attr-defined]
    return found


LISTS = [
    "",
    "q=ferry",
    "q=ferry&collapse=true",
    "q=ferry&sort=oldest",
    "sort=oldest",
    "q=headline:ferry",
    "since=0002-01-01&until=9998-12-31",
    "since=9998-01-01",
    "bbox=-180,-90,180,90",
    "near=90,180",
]


@pytest.mark.parametrize("query", LISTS)
def test_every_list_can_be_shown(client: TestClient, query: str) -> None:
    """Page, API and feeds answer, and the pages of a listing can be turned to the end."""
    for path in ("/", "/api/search", "/feed.rss", "/feed.json"):
        answer = client.get(f"{path}?{query}")
        assert answer.status_code == 200, (path, answer.text[:300])
        assert "</html>" in answer.text or path != "/"
        assert "does not answer" not in answer.text
    cursor: str | None = ""
    pages = 0
    while cursor is not None:
        more = f"&cursor={quote(cursor)}" if cursor else ""
        page = client.get(f"/api/search?size=3&{query}{more}")
        assert page.status_code == 200, page.text[:300]
        cursor = page.json()["cursor"]
        pages += 1
    assert pages < 20


def test_a_list_holds_every_story_once(client: TestClient, held: list[str]) -> None:
    """None is lost, none comes twice."""
    page = client.get("/api/search?size=100").json()
    assert sorted(hit["id"] for hit in page["hits"]) == sorted(held)
    assert page["total"] == len(held)


def test_every_story_can_be_shown(client: TestClient, held: list[str]) -> None:
    """Its page, its versions, what is like it, and the API's answers."""
    for story_id in held:
        name = quote(story_id, safe="")
        paths = [f"/{path}/{name}" for path in ("story", "api/stories", "api/versions")]
        for path in [*paths, f"/api/alike/{name}"]:
            answer = client.get(path)
            assert answer.status_code == 200, (path[:80], answer.text[:300])
        (version,) = client.get(f"/api/versions/{name}").json()
        key = version["key"]
        for path in (
            f"/api/versions/{name}?key={key}",
            f"/api/differences/{name}?older={key}&newer={key}",
            f"/story/{name}?version={key}&older={key}&newer={key}",
        ):
            assert client.get(path).status_code == 200, path[:80]


@pytest.mark.parametrize("form", EXPORTS)
def test_every_story_can_be_exported(client: TestClient, form: str, held: list[str]) -> None:
    """Each form has all of them."""
    answer = client.get(f"/api/export/{form}")
    assert answer.status_code == 200
    if form == "geojson":
        return
    for story_id in held:
        said = json.dumps(story_id, ensure_ascii=False)[1:-1]
        assert said in answer.text, story_id[:50]


SPANS = [
    "since=0001-01-01T00:00:00Z&until=9999-12-31T00:00:00Z",
    "until=0001-01-01T00:00:00Z",
    "since=0001-01-01T00:00:00%2B14:00",
    "until=9999-12-31T23:59:59-14:00",
]
ASKED = {
    "/desk/column": ["q=ferry"],
    "/attention": ["search=ferry", "search=ferry&by=place", "search=ferry&by=source&share=on"],
    "/trending": ["window=hour", "window=day"],
    "/race": ["days=366", "without=AP"],
    "/api/race": SPANS,
    "/api/roles": ["person=Ana%20Berg", "person=%00", "person=*%22%5C"],
    "/api/events": ["q=ferry", *SPANS],
    "/api/attention": [f"search=ferry&{span}" for span in SPANS],
    "/api/attention.csv": [f"search=ferry&{span}" for span in SPANS],
}


def reads(router: Any) -> Iterator[str]:
    """The paths of an application that are read, without streams."""
    for route in router.routes:
        if included := getattr(route, "original_router", None):
            yield from reads(included)
        elif "GET" in (getattr(route, "methods", None) or ()) and not route.path.endswith("/live"):
            yield route.path


@pytest.mark.parametrize("token", [None, ADMIN_TOKEN])
def test_every_address_answers(
    room: Newsroom, client: TestClient, held: list[str], token: str | None
) -> None:
    """Each page and answer of the application, also those that are added later, for each role."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    ids = [*held, *(record.story.id for record in hidden())]
    paths = sorted(set(reads(room.app)))
    assert {"/desk", "/event/{name:path}", "/embargoes"} < set(paths)
    for path in paths:
        names = ids if ":path}" in path else [""]
        for name in names:
            named = path.replace("{story_id:path}", quote(name, safe=""))
            named = named.replace("{name:path}", quote(name, safe=""))
            named = named.replace("{form}", "json").replace("{name}", "source")
            for query in ("", *ASKED.get(path, ())):
                answer = client.get(f"{named}?{query}", headers=headers)
                assert answer.status_code < 500, (named[:100], query, answer.text[:300])
                assert "does not answer" not in answer.text, (named[:100], query)
                if "<html" in answer.text[:200]:
                    assert "</html>" in answer.text, (named[:100], query)


def test_every_tool_answers(room: Newsroom, held: list[str]) -> None:
    """The tools of language models give what can be written as JSON."""

    async def ask() -> None:
        reader = open_reader(room.settings.elasticsearch)
        tools = Tools(reader)
        try:
            json.dumps(await tools.search(since="0002-01-01", until="9998-12-31", size=100))
            json.dumps(await tools.trending())
            json.dumps(await tools.places_near(90, 180, 20_000), default=str)
            json.dumps(await tools.standing(held))
            for story_id in held:
                json.dumps(await tools.story(story_id))
                json.dumps(await tools.versions(story_id))
                json.dumps(await tools.event(story_id))
        finally:
            await reader.close()

    asyncio.run(ask())


@pytest.mark.parametrize("typed", ["fer", "|", "\u202e", "x" * 200, "value", "\x00"])
def test_suggestions_answer(client: TestClient, typed: str) -> None:
    """What is typed never fails."""
    assert client.get("/api/suggest", params={"q": typed}).status_code == 200


def test_every_story_can_be_alerted(room: Newsroom, held: list[str]) -> None:
    """Saved searches, and what the live stream and alerts look up by id."""

    async def found() -> tuple[frozenset[str], set[str]]:
        reader = open_reader(room.settings.elasticsearch)
        try:
            (among,) = await reader.matches(held, [SearchRequest()])
            return among, set(await reader.stories(held))
        finally:
            await reader.close()

    among, shown = asyncio.run(found())
    assert among == shown == set(held)


def test_the_command_line_shows_them(
    room: Newsroom, held: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """`newswire search` and `newswire show`, as text and as JSON."""
    elastic = room.settings.elasticsearch
    monkeypatch.setenv("NEWSWIRE_ELASTICSEARCH__URL", elastic.url[0])
    monkeypatch.setenv("NEWSWIRE_ELASTICSEARCH__INDEX", elastic.index)
    commands = [["search", "--size", "100"], ["search", "--size", "100", "--json", "ferry"]]
    commands += [["show", story_id, *more] for story_id in held for more in ([], ["--json"])]
    for command in commands:
        result = CliRunner().invoke(app, command)
        assert result.exit_code == 0, (command, result.output[-300:])


def test_a_mistyped_year_is_kept_and_marked(client: TestClient) -> None:
    """Such a story counts as published when it was received: it tops no list of years to come."""
    hits = client.get("/api/search?size=100&sort=newest").json()
    dated = {hit["id"]: hit["dated"] for hit in hits["hits"] if hit["dated"]}
    assert dated.keys() == {"ap:late", "ap:next-to-last-year"}
    assert dated["ap:late"].startswith("9999-12-31T23:59:59")
    published = {hit["id"]: hit["published_at"] for hit in hits["hits"]}
    assert datetime.fromisoformat(published["ap:late"]) == NOW
    kept = client.get("/api/stories/ap:late").json()
    assert kept["version_created"].startswith("9999-12-31")
    assert "dated 31 Dec 9999" in client.get("/story/ap:late").text
    assert "dated 31 Dec 9999" in client.get("/?sort=newest").text


def test_the_timeline_ends_today(client: TestClient) -> None:
    """A date to come, even one that nothing corrects, stretches no timeline."""
    timeline = client.get("/api/search?since=2026-01-01").json()["timeline"]
    assert datetime.fromisoformat(timeline[-1]["end"]) < NOW + timedelta(days=60)
