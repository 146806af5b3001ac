"""The state of every feed, and feeds that are added by their address."""

from __future__ import annotations

import json
from pathlib import Path
from threading import Event

import pytest
from typer.testing import CliRunner

from config.feeds import load_feeds
from config.settings import Connectors, Settings
from connectors import run
from connectors.discovery import discover, name_for
from connectors.overview import overview
from newswire.__main__ import app
from pipeline.process.status import StatusFile
from pipeline.wire.errors import ConfigError, SourceUnavailable
from tests.connectors.feeds import Broker
from tests.connectors.sources import servers

FEEDS = """[feeds.first]
source = "directory"
format = "text"
path = "{folder}/in"
settle_seconds = 0

[feeds.away]
source = "directory"
path = "{folder}/nowhere"

[feeds.old]
source = "directory"
path = "{folder}/in"
enabled = false
"""
RSS = """<rss version="2.0"><channel><title>Harbour</title>{items}</channel></rss>"""
ITEM = """<item><guid>{n}</guid><title>Ferry {n} sails</title>
<link>https://wire.example/{n}</link><description>It sailed.</description></item>"""
FEED = RSS.format(items="".join(ITEM.format(n=n) for n in range(5)))
ATOM = """<feed xmlns="http://www.w3.org/2005/Atom"><title>Harbour</title><id>urn:x:f</id>
<entry><id>urn:x:1</id><title>Ferry sails</title><updated>2026-03-02T09:00:00Z</updated>
<summary>It sailed.</summary></entry></feed>"""
JSON_FEED = json.dumps(
    {
        "version": "https://jsonfeed.org/version/1.1",
        "title": "Harbour",
        "items": [{"id": "1", "title": "Ferry sails", "content_text": "It sailed."}],
    }
)
PAGE = """<!doctype html><html><head><title>Harbour</title>
<link rel="alternate" type="application/rss+xml" href="/empty.xml">
<link rel="alternate" type="application/rss+xml" href="news/feed.xml"></head>
<body><p>Welcome to the harbour.</p></body></html>"""


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Feeds that run, are away, and are turned off."""
    (tmp_path / "in").mkdir()
    file = tmp_path / "feeds.toml"
    file.write_text(FEEDS.format(folder=tmp_path))
    monkeypatch.setenv("NEWSWIRE_CONNECTORS__FEEDS_FILE", str(file))
    monkeypatch.setenv("NEWSWIRE_DATA_DIR", str(tmp_path / "var"))
    return Settings(data_dir=tmp_path / "var", connectors=Connectors(feeds_file=file))


def test_states(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each feed has a state, its rate and its last story, whether or not it runs."""
    monkeypatch.setattr(run, "Publisher", lambda *_: Broker())
    (tmp_path / "in" / "one.txt").write_text("Harbour opens\n\nThe harbour opened today.\n")
    run.run_feeds(settings, Event(), ["first"], once=True)
    running = {"feeds": {"away": {"health": "dead", "failure": "no such folder", "failures": 9}}}
    StatusFile(settings.data_dir, "connectors").write(running)
    first, away, old = overview(settings)
    assert (first.state, first.last_hour, first.last_day) == ("stopped", 1, 1)
    assert first.last_story == "Harbour opens"
    assert (away.state, away.failure, away.counts["failures"]) == ("dead", "no such folder", 9)
    assert (old.state, old.last_story_at) == ("off", None)


def test_states_before_the_first_run(settings: Settings) -> None:
    """Without a cursor file nothing is created."""
    assert [state.state for state in overview(settings)] == ["stopped", "stopped", "off"]
    assert not settings.data_dir.exists()


def test_list_command(settings: Settings) -> None:
    """`newswire feeds list` prints a table or JSON."""
    shown = CliRunner().invoke(app, ["feeds", "list"])
    assert shown.exit_code == 0
    assert "first" in shown.output
    shown = CliRunner().invoke(app, ["feeds", "list", "--json"])
    assert [json.loads(line)["feed"] for line in shown.output.splitlines()] == [
        "first",
        "away",
        "old",
    ]


@pytest.mark.parametrize(
    ("body", "format_name"), [(FEED, "rss"), (ATOM, "rss"), (JSON_FEED, "jsonfeed")]
)
def test_a_feed_is_found(web: servers.Web, body: str, format_name: str) -> None:
    """A feed is recognised by its content."""
    web.put("/x", body)
    found = discover(f"{web.url}/x")
    assert (found.url, found.format) == (f"{web.url}/x", format_name)
    assert found.stories


def test_a_page_that_links_to_its_feed(web: servers.Web) -> None:
    """The first link of a page that leads to a feed with stories is taken."""
    web.put("/", PAGE)
    web.put("/empty.xml", RSS.format(items=""))
    web.put("/news/feed.xml", FEED)
    assert discover(f"{web.url}/").url == f"{web.url}/news/feed.xml"


def test_the_comments_of_a_page_are_its_last_feed(web: servers.Web) -> None:
    """An article's page often links to its comments before the site's stories."""
    link = '<link rel="alternate" type="application/rss+xml" {}>'
    comments = link.format('title="Comments on: Ferry" href="/ferry/feed"')
    web.put("/", f"<html><head>{comments}{link.format('href=/feed')}</head></html>")
    web.put("/ferry/feed", FEED)
    web.put("/feed", FEED)
    assert discover(f"{web.url}/").url == f"{web.url}/feed"


@pytest.mark.parametrize("body", ["", "words", PAGE, "<html></html>", "{}", "\x00\x01"])
def test_no_feed(web: servers.Web, body: str) -> None:
    """An address without a feed is one sentence."""
    web.put("/", body)
    with pytest.raises(ConfigError, match="is not a feed of stories"):
        discover(f"{web.url}/")


def test_nobody_there(web: servers.Web) -> None:
    """An address that does not answer, and what is no address, are errors of their own."""
    with pytest.raises(SourceUnavailable, match="404"):
        discover(f"{web.url}/nowhere")
    with pytest.raises(ConfigError, match="not a web address"):
        discover("/etc/passwd")


def test_names() -> None:
    """A feed is named after its host, and no name is taken twice."""
    assert name_for("https://www.wire.example/rss", []) == "wire-example"
    assert name_for("https://wire.example/rss", ["wire-example"]) == "wire-example-2"


def test_add_command(settings: Settings, web: servers.Web, monkeypatch: pytest.MonkeyPatch) -> None:
    """`newswire feeds add` shows three stories and appends a table that works."""
    monkeypatch.setattr("connectors.feed.pages.HOST_SECONDS", 0.0)
    paragraph = "The ferry between the two towns sails every hour from Monday, said the office. "
    web.put("/0", f"<article><h1>Ferry 0 sails</h1><p>{paragraph * 5}</p></article>")
    web.put("/x?a=%22b", FEED.replace("https://wire.example", web.url))
    file = settings.connectors.feeds_file
    before = file.read_text()
    url = f"{web.url}/x?a=%22b"
    shown = CliRunner().invoke(app, ["feeds", "add", url, "--dry-run"])
    assert shown.exit_code == 0, shown.output
    assert file.read_text() == before
    shown = CliRunner().invoke(app, ["feeds", "add", url, "--name", "harbour", "--full-text"])
    assert shown.exit_code == 0, shown.output
    assert [f"Ferry {n} sails" in shown.output for n in range(5)] == [True] * 3 + [False] * 2
    assert f"from     {web.url}/0" in shown.output
    assert file.read_text().startswith(before)
    feed = load_feeds(file, {})["harbour"]
    assert (feed.source, feed.format, feed.options["url"], feed.full_text) == (
        "rss",
        "rss",
        url,
        True,
    )
    again = CliRunner().invoke(app, ["feeds", "add", url])
    assert again.exit_code == 2
    assert "feeds.harbour" in again.output
    assert "has this address already" in again.output


@pytest.mark.parametrize("name", ["first", "Not A Name", "../x"])
def test_add_with_a_wrong_name(settings: Settings, web: servers.Web, name: str) -> None:
    """A name that is taken or unusable writes nothing."""
    web.put("/x", FEED)
    file = settings.connectors.feeds_file
    before = file.read_text()
    shown = CliRunner().invoke(app, ["feeds", "add", f"{web.url}/x", "--name", name])
    assert shown.exit_code == 2
    assert str(file) in shown.output
    assert file.read_text() == before
    assert list(file.parent.glob("*.part")) == []
