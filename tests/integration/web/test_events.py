"""An event's page, its API, and the listing by events: all of it, and nothing hidden."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from starlette.testclient import TestClient

from pipeline.search import event_reader
from pipeline.search.event_reader import Move
from pipeline.search.reader import open_reader
from pipeline.search.visible import Viewer
from pipeline.web.live import Event, Listener, Live
from pipeline.wire.enriched import Enriched, Quote
from pipeline.wire.story import Signal, Status
from pipeline.wire.versions import blank
from tests.integration.web.newsroom import Newsroom, newsroom, served
from tests.records import enriched
from tests.servers import Engine

BEGAN = datetime(2026, 3, 1, 6, tzinfo=UTC)
FIRE = "Fire destroyed the Kessandra mill in Lower Tarn, owner Piet Hallow said."
LATER = {"status": Status.EMBARGOED, "embargoed_until": datetime(2100, 1, 1, tzinfo=UTC)}


def report(id: str, minute: int, body: str = "", **fields: Any) -> Enriched:
    """A report of the fire, so many minutes after the first."""
    at = BEGAN + timedelta(minutes=minute)
    given = {"first_created": at, "published_at": at, "version": 1} | fields
    headline = given.pop("headline", f"Kessandra mill burns in Lower Tarn, {id}")
    return enriched(id, headline, f"{FIRE} {body}", persons=["Piet Hallow"], **given)


def killed(record: Enriched) -> Enriched:
    """The kill of a story, as the worker writes it."""
    kill = record.story.__class__(
        **{name: getattr(record.story, name) for name in record.story.__struct_fields__}
        | {"status": Status.WITHDRAWN, "signal": Signal.KILL, "ednote": "Do not use."}
    )
    return Enriched(story=blank(kill), provenance=record.provenance)


@pytest.fixture(scope="module")
def room(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Newsroom]:
    """Seven reports of a fire, of which one is killed and one embargoed, and another story."""
    with newsroom(engine, tmp_path_factory.mktemp("events")) as made:
        quoted = '"We shall build the mill again," Hallow said.'
        body = f"{FIRE} At least 12 people were killed. {quoted}"
        start = body.index('"We') + 1
        quote = Quote(start=start, end=start + 30, speaker="person:piet hallow")
        second = report("ap:2", 20, f"At least 12 people were killed. {quoted}", places=["Lyon"])
        first = report("ap:1", 0, "SECRETWORD in the killed story.")
        made.index(
            first,
            Enriched(
                story=second.story,
                entities=second.entities,
                places=second.places,
                quotes=(quote,),
                provenance=second.provenance,
            ),
            report("afp:1", 65, "The fire killed 15 people.", source="AFP", places=["Lyon"]),
            report("dpa:1", 90, language="de", source="dpa"),
            report("ap:held", 5, "SECRETWORD under embargo.", **LATER),
            report("ap:flash", 200, headline="FIRE", signal=Signal.FLASH),
            enriched("ap:other", "Chipmaker Ondulex names Sarita Voss", "She is from Bremerton."),
        )
        made.index(
            report(
                "ap:2",
                20,
                "The toll rose to 31 dead.",
                version=2,
                published_at=BEGAN + timedelta(minutes=180),
                signal=Signal.CORRECTION,
                headline="Kessandra mill fire kills 31",
                places=["Lyon"],
            )
        )
        made.group()
        made.index(killed(first))
        yield made


@pytest.fixture(scope="module")
def client(room: Newsroom) -> Iterator[TestClient]:
    """A client of the application."""
    with served(room) as made:
        yield made


def test_a_killed_story_names_nothing_even_before_it_is_regrouped(client: TestClient) -> None:
    """The page takes its name from what may be shown, however far the worker is."""
    found = client.get("/api/events/ap:2").json()
    assert found["id"] == "ap:2"
    assert found["stories"] == 4
    assert "SECRETWORD" not in client.get("/event/ap:2").text


def test_an_event_is_told_by_all_its_stories(room: Newsroom, client: TestClient) -> None:
    """Who had it when, what was counted and said, where, and what was taken back."""
    room.group()
    found = client.get("/api/events/afp:1").json()
    assert found["id"] == "ap:2"
    assert found["headline"] == "Kessandra mill fire kills 31"
    assert [(s["source"], s["stories"], s["behind_seconds"]) for s in found["sources"]] == [
        ("AP", 2, 0),
        ("AFP", 1, 45 * 60),
        ("dpa", 1, 70 * 60),
    ]
    assert found["languages"] == {"en": 3, "de": 1}
    (toll,) = [series for series in found["figures"] if series["counts"] == "dead"]
    assert [(p["source"], p["value"]) for p in toll["points"]] == [
        ("AP", "12"),
        ("AFP", "15"),
        ("AP", "31"),
    ]
    assert toll["disagree"]
    assert [place["name"] for place in found["places"]] == ["Lyon"]
    assert found["persons"] == [["Piet Hallow", 4]]
    assert [(q["speaker"], q["text"]) for q in found["quotes"]] == [
        ("Piet Hallow", "We shall build the mill again,")
    ]
    assert [one["story"] for one in found["corrections"]] == ["ap:2"]
    assert [(kill["id"], kill["ednote"]) for kill in found["kills"]] == [("ap:1", "Do not use.")]
    shown = [(one["story"], one["version"]) for one in found["timeline"]]
    assert set(shown) == {("ap:2", 1), ("ap:2", 2), ("afp:1", 1), ("dpa:1", 1), ("ap:flash", 1)}
    page = client.get("/event/ap:2").text
    for said in ("Kessandra mill fire kills 31", "45 min", "agencies disagree", "Do not use."):
        assert said in page
    assert "SECRETWORD" not in page
    assert "ap:held" not in page


def test_of_a_large_event_the_newest_stories_are_told(
    room: Newsroom, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those that were published last, whatever their ids are, and the one that was asked for."""
    room.group()
    monkeypatch.setattr(event_reader, "MAX_STORIES", 2)
    found = client.get("/api/events/dpa:1").json()
    assert {one["story"] for one in found["timeline"]} == {"dpa:1", "ap:flash"}
    found = client.get("/api/events/ap:2").json()
    assert {one["story"] for one in found["timeline"]} == {"ap:2", "dpa:1", "ap:flash"}
    monkeypatch.setattr(event_reader, "MAX_STORIES", 2_000)
    monkeypatch.setattr(event_reader, "MAX_TOLD", 2)
    told = client.get("/api/events/afp:1").json()["timeline"]
    assert [(one["story"], one["version"]) for one in told if one["story"] == "ap:2"] == [
        ("ap:2", 2)  # its first version is not told, since two stories are newer
    ]


def test_the_command_tells_an_event(room: Newsroom, client: TestClient) -> None:
    """What the page tells, as text and as JSON; a hidden story is said to be in none."""
    room.group()
    told = room.run("event", "afp:1")
    for said in ("Kessandra mill fire kills 31", "AFP", "agencies disagree", "Piet Hallow", "ap:1"):
        assert said in told
    assert "SECRETWORD" not in told
    assert "ap:held" not in told
    assert json.loads(room.run("event", "dpa:1", "--json")) == client.get("/api/events/ap:2").json()
    done = subprocess.run(
        [sys.executable, "-m", "newswire", "event", "ap:held"],
        env=room.environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "no event has a story 'ap:held'" in done.stderr


def test_every_name_of_an_event_leads_to_it(room: Newsroom, client: TestClient) -> None:
    """A story's id and the id that a killed story gave it redirect; others lead nowhere."""
    room.group()
    for name in ("ap:1", "afp:1"):
        answer = client.get(f"/event/{name}", follow_redirects=False)
        assert (answer.status_code, answer.headers["location"]) == (302, "/event/ap:2")
    for name in ("ap:held", "ap:unknown"):
        assert client.get(f"/event/{name}").status_code == 404
        assert client.get(f"/api/events/{name}").status_code == 404
    assert client.get("/api/events/ap:other").json()["stories"] == 1


def test_a_listing_by_events_has_each_event_once(room: Newsroom, client: TestClient) -> None:
    """Whatever the page's size, and with the event behind its first hit."""
    room.group()
    for size in (1, 2, 5):
        asked = {"q": "Kessandra OR Ondulex", "sort": "newest", "collapse": "events", "size": size}
        hits, cursor = [], None
        while True:
            page = client.get("/api/search", params=asked | ({"cursor": cursor} if cursor else {}))
            hits += page.json()["hits"]
            cursor = page.json()["cursor"]
            if cursor is None:
                break
        assert [(hit["event"]["id"], hit["event"]["stories"]) for hit in hits] == [
            ("ap:2", 4),
            ("ap:other", 1),
        ]
    listed = client.get("/api/events", params={"q": "Kessandra"}).json()["events"]
    assert [(event["id"], event["stories"]) for event in listed] == [("ap:2", 4)]
    shown = client.get("/?q=Kessandra&collapse=events").text
    assert shown.count("4 stories of one event") == 1
    assert "Its event" in client.get("/story/dpa:1").text


def test_a_viewer_sees_the_event_of_his_sources(room: Newsroom) -> None:
    """Stories of other agencies are neither counted nor named, nor do they name the event."""

    async def read() -> Any:
        async with open_reader(room.settings.elasticsearch) as reader:
            return await reader.seen_by(Viewer(sources=("dpa", "AFP"))).events.event("dpa:1")

    room.group()
    found = asyncio.run(read())
    assert (found.id, found.stories) == ("afp:1", 2)
    assert found.kills == ()
    assert {version.source for version in found.timeline} == {"dpa", "AFP"}


def test_an_open_page_hears_that_its_event_grows(room: Newsroom) -> None:
    """A new report of the event, and the kill of one, reach the listener; others do not."""

    async def heard(hub: Live) -> list[Event]:
        events = hub.listen([], shown=["ap:2"], event="ap:2")
        await anext(events)
        await asyncio.sleep(0)
        grown: list[Event] = []
        hearing = asyncio.ensure_future(_until_grown(events, grown))
        for minute in range(30):
            if hearing.done():
                break
            await asyncio.to_thread(_grow, room, report(f"dpa:{minute + 2}", 300 + minute))
            await asyncio.wait([hearing], timeout=2)
        await hearing
        return grown

    async def whole() -> list[Event]:
        reader = open_reader(room.settings.elasticsearch)
        try:
            return await heard(Live(reader))
        finally:
            await reader.close()

    assert asyncio.run(whole())[-1].grown


def test_nobody_hears_of_a_growth_that_he_may_not_see(room: Newsroom) -> None:
    """A report of a source that a licence keeps from a person moves nothing on his page."""

    async def heard() -> list[bool]:
        reader = open_reader(room.settings.elasticsearch)
        hub, move = Live(reader), Move(story="dpa:1", event="ap:2", changed_at="2026-12-01")
        viewers = (Viewer(), Viewer(sources=("DPA",)), Viewer(sources=("AP",)))
        try:
            return [
                await hub._is_grown(Listener((), viewer, event="ap:2"), {move})
                for viewer in viewers
            ]
        finally:
            await reader.close()

    assert asyncio.run(heard()) == [True, True, False]


async def _until_grown(events: Any, heard: list[Event]) -> None:
    async with asyncio.timeout(60):
        async for event in events:
            heard.append(event)
            if event.grown:
                return


def _grow(room: Newsroom, record: Enriched) -> None:
    room.index(record)
    room.group()
