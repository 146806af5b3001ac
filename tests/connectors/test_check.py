"""Every feed tried once, without a trace."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from threading import Event

import pytest
from typer.testing import CliRunner

from config.settings import Connectors, Settings
from connectors import check, run
from connectors.check import Row
from connectors.cursor import FILE, Cursor
from connectors.sources import SOURCES, Polled
from newswire.__main__ import app
from pipeline.wire.errors import ConfigError
from tests.connectors.feeds import Broker, Listed

FEEDS = """
[feeds.folder]
source = "directory"
format = "text"
path = "{folder}/in"
settle_seconds = {settle}
after = "delete"
max_bytes = 1000

[feeds.away]
source = "directory"
path = "{folder}/nowhere"
format = "text"

[feeds.wrong]
source = "directory"
format = "text"
colour = "blue"
path = "."

[feeds.pushed]
source = "webhook"
format = "text"
port = 8099

[feeds.off]
source = "directory"
format = "text"
path = "{folder}/in"
enabled = false
"""
STORY = "Harbour opens\n\nThe harbour of {place} opened today.\n"


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Feeds of every condition; one story is delivered and one is not yet."""
    monkeypatch.setenv("NEWSWIRE_FEED__PUSHED__TOKEN", "0123456789abcdef0123456789abcdef")
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "new.txt").write_text(STORY.format(place="Oran"))
    file = tmp_path / "feeds.toml"
    file.write_text(FEEDS.format(folder=tmp_path, settle=0.1))
    return Settings(data_dir=tmp_path / "var", connectors=Connectors(feeds_file=file))


def rows(settings: Settings, *names: str) -> dict[str, Row]:
    return {row.feed: row for row in check.check(settings, names)}


def test_every_feed_has_a_row(settings: Settings) -> None:
    """Reachable, away, wrongly configured, pushed to us and turned off: each is told."""
    found = rows(settings)
    assert list(found) == ["folder", "away", "wrong", "pushed", "off"]
    folder = found["folder"]
    assert (folder.reachable, folder.stories, folder.formats) == (True, 1, ("text",))
    assert folder.newest == "Harbour opens"
    assert found["away"].reachable is False
    assert "nowhere" in str(found["away"].failure)
    assert "feeds.wrong.colour" in str(found["wrong"].failure)
    assert (found["wrong"].reachable, found["wrong"].misconfigured) == (None, True)
    assert found["pushed"].reachable is None
    assert not found["off"].enabled
    assert found["off"].stories == 1


def test_nothing_is_published_moved_or_deleted(settings: Settings, tmp_path: Path) -> None:
    """A check leaves no cursor, and the files where they are, also the delivered ones."""
    rows(settings)
    assert not (settings.data_dir / FILE).exists()
    cursor = Cursor(settings.data_dir / FILE, "folder")
    cursor.close()
    rows(settings)
    assert run.open_cursor(settings.data_dir, "folder").count("") == 0
    assert [path.name for path in (tmp_path / "in").iterdir()] == ["new.txt"]


def test_what_is_known_is_not_new(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a run, a check tells of the last story and of nothing new."""
    monkeypatch.setattr(run, "Publisher", lambda *_: Broker())
    run.run_feeds(settings, Event(), ["folder"], once=True)
    folder = rows(settings, "folder")["folder"]
    assert (folder.stories, folder.deliveries, folder.newest) == (0, 0, "Harbour opens")
    (tmp_path / "in" / "copy.txt").write_text(STORY.format(place="Oran"))
    folder = rows(settings, "folder")["folder"]
    assert (folder.stories, folder.known) == (0, 1)


def test_bad_deliveries_are_told(settings: Settings, tmp_path: Path) -> None:
    """What would be dead-lettered is told with its reason."""
    (tmp_path / "in" / "huge.txt").write_text("x" * 1001)
    (tmp_path / "in" / "empty.txt").write_text("")
    bad = rows(settings, "folder")["folder"].bad
    assert len(bad) == 2
    assert any("huge.txt" in reason and "max_bytes" in reason for reason in bad)


class Hanging(Listed):
    """Never answers."""

    let_go = Event()

    def poll(self, cursor: Cursor) -> Iterator[Polled]:
        self.let_go.wait(30)
        yield from ()


def test_feed_that_hangs(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """A feed that never answers costs the others nothing and is told."""
    kinds = {**SOURCES, "directory": Hanging}
    monkeypatch.setattr("connectors.sources.SOURCES", kinds)
    monkeypatch.setattr(check, "ANSWER_SECONDS", 0.2)
    file = settings.connectors.feeds_file
    file.write_text('[feeds.hanging]\nsource = "directory"\nformat = "text"\n')
    monkeypatch.delenv("NEWSWIRE_FEED__PUSHED__TOKEN")
    hanging = rows(settings)["hanging"]
    Hanging.let_go.set()
    assert hanging.reachable is False
    assert "no answer within" in str(hanging.failure)


def test_unknown_feed(settings: Settings) -> None:
    """A feed that is not declared is an error."""
    with pytest.raises(ConfigError, match="no such feed"):
        rows(settings, "other")


def test_command(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """`newswire feeds check` prints a table or JSON and fails when a feed is away."""
    monkeypatch.setenv("NEWSWIRE_CONNECTORS__FEEDS_FILE", str(settings.connectors.feeds_file))
    monkeypatch.setenv("NEWSWIRE_DATA_DIR", str(settings.data_dir))
    shown = CliRunner().invoke(app, ["feeds", "check"])
    assert shown.exit_code == 1
    for word in ("folder", "yes", "1 new", "away", "no", "pushed", "off (off)"):
        assert word in shown.output
    shown = CliRunner().invoke(app, ["feeds", "check", "folder", "--json"])
    assert shown.exit_code == 0
    assert json.loads(shown.output)["stories"] == 1


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (
            "setle_seconds = 0",
            "feeds.folder.setle_seconds in {file}: unknown key; did you mean settle",
        ),
        ("enabeld = true", "feeds.folder.enabeld in {file}: unknown key; did you mean enabled?"),
        ("colour = 1", "feeds.folder.colour in {file}: unknown key"),
        ('url = "s3://b/p"', "feeds.folder in {file}: a directory has either a path or a url"),
    ],
)
def test_configuration_errors(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: str, said: str
) -> None:
    """An error in a table names the key that may be meant; nothing was tried, and it fails."""
    file = tmp_path / "feeds.toml"
    file.write_text(f'[feeds.folder]\nsource = "directory"\npath = "."\n{line}\n')
    monkeypatch.setenv("NEWSWIRE_CONNECTORS__FEEDS_FILE", str(file))
    monkeypatch.setenv("NEWSWIRE_DATA_DIR", str(tmp_path / "var"))
    shown = CliRunner().invoke(app, ["feeds", "check"])
    assert shown.exit_code == 1
    assert said.format(file=file) in shown.output
    assert "not tried" in shown.output
    assert "Value error" not in shown.output
