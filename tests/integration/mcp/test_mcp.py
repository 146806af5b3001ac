"""The MCP server, through the SDK's own client."""

import asyncio
import socket
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from mcp import Client, StdioServerParameters
from pydantic import SecretStr
from starlette.testclient import TestClient

from config.feeds import load_feeds
from pipeline.mcp.server import http_app, server
from pipeline.search.reader import open_reader
from pipeline.search.visible import machine
from pipeline.wire.enriched import Enriched
from pipeline.wire.story import Status
from pipeline.wire.versions import blank
from tests.integration.web.newsroom import Newsroom, newsroom
from tests.records import enriched
from tests.servers import Engine

TOKEN = "mcp-token-for-tests-4Zk9pQw2Xr"
LATER = {"status": Status.EMBARGOED, "embargoed_until": datetime(2100, 1, 1, tzinfo=UTC)}
SECRET = "ravine"
"""A word of every text that machines must not get."""
HIDDEN = ("ap:unknown", "ap:killed", "ap:blanked", "ap:held", "ap:endless", "pr:licensed")


@pytest.fixture(scope="module")
def room(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Newsroom]:
    """Stories that may be shown and stories that may not, and the feeds that they came by."""
    with newsroom(engine, tmp_path_factory.mktemp("mcp")) as made:
        text = f"The bus fell into a {SECRET}."
        made.index(enriched("ap:storm", "Storm hits Suva", "Three boats sank.", version=1))
        made.index(
            enriched("ap:storm", "Storm hits Suva", "Two boats sank.", places=["Suva"], version=2)
        )
        for name, more in (
            ("ap:killed", {"status": Status.WITHDRAWN}),  # it kept its text
            ("ap:held", LATER),
            ("ap:endless", {"status": Status.EMBARGOED}),
            ("pr:licensed", {"feed": "private"}),
        ):
            made.index(enriched(name, "Bus crash", text, places=["Suva"], **more))
        made.index(enriched("ap:blanked", "Bus crash", text, version=1))
        kill = enriched("ap:blanked", "Bus crash", text, version=2, status=Status.WITHDRAWN)
        made.index(Enriched(story=blank(kill.story), provenance=kill.provenance))
        made.place(dict.fromkeys(("ap:storm", "ap:held", "pr:licensed"), "pr:licensed"))
        made.place({"ap:killed": "pr:licensed"}, "alias")
        yield made


@pytest.fixture(scope="module")
def feeds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of two feeds, one of which machines may not use."""
    file = tmp_path_factory.mktemp("feeds") / "feeds.toml"
    file.write_text(
        '[feeds.public]\nsource = "directory"\npath = "/tmp/in"\n'
        '[feeds.private]\nsource = "directory"\npath = "/tmp/in2"\nmachine_use = false\n'
    )
    return file


Ask = Callable[..., Any]


@pytest.fixture
def ask(room: Newsroom, feeds: Path) -> Ask:
    """Calls a tool, and returns what it says."""

    def call(tool: str, **arguments: Any) -> Any:
        async def asked() -> Any:
            reader = open_reader(room.settings.elasticsearch)
            try:
                viewer = machine(load_feeds(feeds, {}).values())
                async with Client(server(reader.seen_by(viewer))) as client:
                    return said(await client.call_tool(tool, arguments))
            finally:
                await reader.close()

        return asyncio.run(asked())

    return call


def said(result: Any) -> Any:
    """What a tool answers: its data, or the sentence of its error."""
    if result.is_error:
        _, _, sentence = result.content[0].text.partition(": ")  # "Error executing tool story: …"
        return sentence
    return result.structured_content


def test_stories_are_found(ask: Ask) -> None:
    """A search finds what readers see, and nothing else, whatever it asks for."""
    found = ask("search", query="suva")
    assert [story["id"] for story in found["stories"]] == ["ap:storm"]
    assert found["stories"][0]["headline"] == "Storm hits Suva"
    everything = ask("search", size=100)
    assert [story["id"] for story in everything["stories"]] == ["ap:storm"]
    assert everything["total"] == 1
    assert ask("search", query=SECRET) == {"total": 0, "stories": [], "cursor": None}


def test_a_story_and_its_versions(ask: Ask) -> None:
    """The newest version with its text, an earlier one by its key, and the list of them."""
    assert ask("story", id="ap:storm")["body"] == "Two boats sank."
    newer, older = ask("versions", id="ap:storm")["versions"]
    assert (newer["version"], older["version"]) == (2, 1)
    assert ask("story", id="ap:storm", version=older["key"])["body"] == "Three boats sank."


def test_an_event_holds_what_may_be_shown(ask: Ask) -> None:
    """Its stories without the hidden ones, which are in no number and lend it no name."""
    found = ask("event", id="ap:storm")
    assert (found["id"], found["stories"], found["headline"]) == ("ap:storm", 1, "Storm hits Suva")
    assert SECRET not in str(found)
    assert "pr:licensed" not in str(found)
    assert ask("event", id="ap:nobody") == "There is no such story, or it may not be shown."


@pytest.mark.parametrize("window", ["hour", "six_hours", "day"])
def test_trends_are_listed(ask: Ask, window: str) -> None:
    """Over each window, as the API lists them."""
    assert ask("trending", window=window)["window"] == window


@pytest.mark.parametrize("name", HIDDEN)
def test_what_is_hidden_gets_one_answer(ask: Ask, name: str) -> None:
    """Unknown, killed, embargoed and excluded ids can't be told apart, and no text gets out."""
    answer = "There is no such story, or it may not be shown."
    assert ask("story", id=name) == answer
    assert ask("versions", id=name) == answer
    assert ask("standing", ids=[name]) == {"stories": [{"id": name, "stands": False}]}


def test_which_stories_still_stand(ask: Ask) -> None:
    """Each id once, in order; one that stands comes with its newest version."""
    first, second = ask("standing", ids=["ap:blanked", "ap:storm", "ap:blanked"])["stories"]
    assert first == {"id": "ap:blanked", "stands": False}
    assert (second["id"], second["stands"], second["version"]) == ("ap:storm", True, 2)


def test_places_near_a_point(ask: Ask) -> None:
    """Places that visible stories name, with their distance; a hidden story counts nowhere."""
    found = ask("places_near", latitude=-18.0, longitude=178.4, radius_km=100)
    ((place),) = found["places"]
    assert (place["name"], place["stories"]) == ("Suva", 1)
    assert 10 < place["km"] < 20
    assert [story["id"] for story in found["stories"]] == ["ap:storm"]
    assert ask("places_near", latitude=48.8, longitude=2.3)["places"] == []


@pytest.mark.parametrize(
    ("tool", "arguments", "named"),
    [
        ("search", {"size": 101}, "size"),
        ("search", {"since": "yesterday-ish"}, "since"),
        ("search", {"cursor": "x"}, "cursor"),
        ("search", {"query": "x" * 1001}, "query"),
        ("standing", {"ids": []}, "ids"),
        ("standing", {"ids": ["a"] * 101}, "ids"),
        ("places_near", {"latitude": 91, "longitude": 0}, "latitude"),
    ],
)
def test_a_wrong_argument_is_named(
    ask: Ask, tool: str, arguments: dict[str, Any], named: str
) -> None:
    """The answer is a sentence with the argument's name, as the API's is."""
    assert named in ask(tool, **arguments)


def test_an_index_that_is_away_is_said_without_its_address(room: Newsroom) -> None:
    """The sentence names neither address nor account."""

    async def asked() -> Any:
        elastic = room.settings.elasticsearch.model_copy(update={"url": ("http://127.0.0.1:9",)})
        reader = open_reader(elastic)
        try:
            async with Client(server(reader)) as client:
                return said(await client.call_tool("search", {}))
        finally:
            await reader.close()

    assert asyncio.run(asked()) == "The index does not answer. Try again in a few seconds."


def test_every_tool_is_described_and_only_reads(room: Newsroom) -> None:
    """Each has a sentence, and says that it changes nothing."""

    async def listed() -> Any:
        reader = open_reader(room.settings.elasticsearch)
        try:
            async with Client(server(reader)) as client:
                return (await client.list_tools()).tools
        finally:
            await reader.close()

    tools = asyncio.run(listed())
    assert {tool.name for tool in tools} >= {
        *("search", "story", "versions", "standing", "places_near"),
    }
    assert all(tool.description and tool.annotations.read_only_hint for tool in tools)


def test_over_standard_input_and_output(room: Newsroom, feeds: Path) -> None:
    """The command serves a client that starts it, and writes nothing else to standard output."""

    async def asked() -> Any:
        parameters = StdioServerParameters(
            command=sys.executable, args=["-m", "newswire", "mcp"], env=environ(room, feeds)
        )
        async with Client(parameters) as client:
            return said(await client.call_tool("standing", {"ids": ["ap:storm", "pr:licensed"]}))

    found = asyncio.run(asyncio.wait_for(asked(), 120))
    assert [story["stands"] for story in found["stories"]] == [True, False]


def test_over_http_with_a_token(room: Newsroom) -> None:
    """A client with the token is served; without it, or with another, it is refused."""

    async def asked() -> Any:
        reader = open_reader(room.settings.elasticsearch)
        app = http_app(server(reader), reader, SecretStr(TOKEN))
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            running = uvicorn.Server(uvicorn.Config(app, log_config=None))
            serving = asyncio.create_task(running.serve([listener]))
            address = f"http://127.0.0.1:{listener.getsockname()[1]}/mcp"
            try:
                return await over_http(address), await probed(address.removesuffix("/mcp"))
            finally:
                running.should_exit = True
                await serving
                await reader.close()

    story, answers = asyncio.run(asyncio.wait_for(asked(), 120))
    assert story["body"] == "Two boats sank."
    codes = {path: answer.status_code for path, answer in answers.items()}
    assert codes == {"/healthz": 200, "/readyz": 200, "/metrics": 401, "/metrics with": 200}
    assert 'newswire_mcp_request_seconds_count{status="200"}' in answers["/metrics with"].text


async def probed(base: str) -> dict[str, httpx.Response]:
    """What supervisors and Prometheus are answered, without the token and with it."""
    async with httpx.AsyncClient(base_url=base) as http:
        answers = {path: await http.get(path) for path in ("/healthz", "/readyz", "/metrics")}
        headers = {"Authorization": f"Bearer {TOKEN}"}
        return answers | {"/metrics with": await http.get("/metrics", headers=headers)}


async def over_http(address: str) -> Any:
    """What the story tool answers a client that sends the token."""
    import httpx2
    from mcp.client.streamable_http import streamable_http_client

    headers = {"Authorization": f"Bearer {TOKEN}"}
    async with (
        httpx2.AsyncClient(headers=headers) as http,
        Client(streamable_http_client(address, http_client=http)) as client,
    ):
        return said(await client.call_tool("story", {"id": "ap:storm"}))


@pytest.mark.parametrize("sent", [None, "Bearer wrong", f"Basic {TOKEN}", "Bearer "])
def test_without_the_token_nothing_is_said(room: Newsroom, sent: str | None) -> None:
    """The answer is 401, before anything is read."""
    reader = open_reader(room.settings.elasticsearch)
    app = http_app(server(reader), reader, SecretStr(TOKEN))
    headers = {"Authorization": sent} if sent is not None else {}
    answer = TestClient(app).post("/mcp", json={}, headers=headers)
    assert answer.status_code == 401
    assert "ap:" not in answer.text


def environ(room: Newsroom, feeds: Path) -> dict[str, str]:
    """The environment of a command over the newsroom's index."""
    return room.environ | {"NEWSWIRE_CONNECTORS__FEEDS_FILE": str(feeds)}
