"""Feeds side by side: from their tables to a broker, each at its own pace."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest

from config.settings import Connectors, Settings
from connectors import run
from connectors.cursor import FILE, Cursor
from connectors.feed.health import Counts
from connectors.feed.loop import FeedLoop
from connectors.sources import SOURCES, Polled
from pipeline.process.status import read_status
from pipeline.wire.errors import ConfigError, SetupError
from tests.connectors.feeds import Broker, Listed

FEEDS = """
[feeds.first]
source = "directory"
format = "text"
path = "{folder}/in"
settle_seconds = 0
"""


def settings(folder: Path, feeds: str = FEEDS) -> Settings:
    file = folder / "feeds.toml"
    file.write_text(feeds.format(folder=folder))
    return Settings(data_dir=folder / "var", connectors=Connectors(feeds_file=file))


@pytest.fixture
def broker(monkeypatch: pytest.MonkeyPatch) -> Broker:
    """A broker in memory, for every feed that is run."""
    made = Broker()
    monkeypatch.setattr(run, "Publisher", lambda *_: made)
    return made


def test_once_delivers_a_folder(tmp_path: Path, broker: Broker) -> None:
    """A feed's table is enough to deliver a folder's files, once."""
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "one.txt").write_text("Harbour opens\n\nThe harbour opened today.\n")
    for expected in (1, 0):
        counts = run.run_feeds(settings(tmp_path), Event(), once=True)
        assert counts["first"].stories == expected
    assert len(broker.said()) == 1


def test_two_folders_with_the_same_file(tmp_path: Path, broker: Broker) -> None:
    """Two feeds started at once on copies of a file publish its story once."""
    for name in ("in", "copy"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "one.txt").write_text("Harbour opens\n\nThe harbour opened today.\n")
    both = FEEDS + FEEDS.replace("first", "second").replace("/in", "/copy")
    run.run_feeds(settings(tmp_path, both), Event(), once=True)
    assert len(broker.said()) == 1


@pytest.mark.parametrize(
    ("feeds", "names", "said"),
    [
        (FEEDS, ["other"], ["feeds.other", "feeds.toml", "no such feed", "first"]),
        (FEEDS.replace("text", "telex"), [], ["feeds.first.format", "feeds.toml", "'telex'"]),
        (FEEDS.replace("directory", "pigeon"), [], ["feeds.first.source", "feeds.toml", "pigeon"]),
        (FEEDS + "colour = 1", [], ["feeds.first.colour", "feeds.toml", "unknown key"]),
        (FEEDS + "password = 'x'", [], ["feeds.first.password", "NEWSWIRE_FEED__FIRST__PASSWORD"]),
        (FEEDS + "url = 'gopher://x'", [], ["feeds.first.url", "feeds.toml", "sftp://"]),
        (FEEDS + "url = 'ftp://u:p@x/'", [], ["feeds.first.url", "environment"]),
    ],
)
def test_unusable_feeds(tmp_path: Path, feeds: str, names: list[str], said: list[str]) -> None:
    """What can't be used stops the start, with the feed, the key and the file named."""
    with pytest.raises(ConfigError) as caught:
        run.run_feeds(settings(tmp_path, feeds), Event(), names)
    for part in said:
        assert part in str(caught.value)


class Hanging(Listed):
    """Hangs in its first poll until it is let go."""

    let_go = Event()

    def poll(self, cursor: Cursor) -> Iterator[Polled]:
        self.let_go.wait(30)
        yield from super().poll(cursor)


class Flooding(Listed):
    """Never has nothing more."""

    def poll(self, cursor: Cursor) -> Iterator[Polled]:
        number = int(cursor.get("next") or 0)
        self.items = [b"picture"] * (number + 500)
        yield from super().poll(cursor)


def test_one_feed_slows_no_other(
    tmp_path: Path, broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While one feed hangs and one floods, a third delivers; status tells of all three."""
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "one.txt").write_text("Harbour opens\n\nThe harbour opened today.\n")
    monkeypatch.setattr(
        run,
        "STATUS_SECONDS",
        0.05,
    )
    kinds = dict(SOURCES)
    kinds["hanging"] = Hanging
    kinds["flooding"] = Flooding
    monkeypatch.setattr("connectors.sources.SOURCES", kinds)
    feeds = "".join(
        f'[feeds.{name}]\nsource = "{name}"\nformat = "text"\n' for name in ("hanging", "flooding")
    )
    stop = Event()
    delivered = Event()
    told: dict[str, Any] = {}

    def changed(name: str, counts: Counts) -> None:
        if name == "first" and counts.stories:
            delivered.set()

    ready = settings(tmp_path, feeds + FEEDS)
    running = Thread(target=run.run_feeds, args=(ready, stop, (), False, changed))
    running.start()
    try:
        assert delivered.wait(timeout=20)
        while "first" not in told or not told["first"]["stories"]:
            told = next(iter(read_status(ready.data_dir)), {}).get("feeds", {})
    finally:
        Hanging.let_go.set()
        stop.set()
        running.join(timeout=20)
    assert told["hanging"]["busy_since"]
    assert told["first"]["health"] == "ok"
    assert told["first"]["last_story_at"]
    assert read_status(ready.data_dir) == []


def test_a_damaged_cursor_file_is_rebuilt(
    tmp_path: Path, broker: Broker, caplog: pytest.LogCaptureFixture
) -> None:
    """Feeds start with a damaged cursor file, and deliver again what their sources have."""
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "one.txt").write_text("Harbour opens\n\nThe harbour opened today.\n")
    run.run_feeds(settings(tmp_path), Event(), once=True)
    (tmp_path / "var" / FILE).write_bytes(b"damaged " * 1000)
    counts = run.run_feeds(settings(tmp_path), Event(), once=True)
    assert counts["first"].stories == 1
    assert "the cursor file was damaged" in caplog.text
    assert list((tmp_path / "var").glob("*.damaged-*"))


@pytest.mark.parametrize("taken", ["var", "var/archive", "var/status"])
def test_a_data_folder_that_can_not_be_written(tmp_path: Path, broker: Broker, taken: str) -> None:
    """A file where a folder must be is one sentence that names it."""
    (tmp_path / taken).parent.mkdir(exist_ok=True)
    (tmp_path / taken).write_text("a file")
    (tmp_path / "in").mkdir()
    ready = settings(tmp_path)
    connectors = ready.connectors.model_copy(update={"archive": str(tmp_path / "archive")})
    with pytest.raises(SetupError, match=f"{taken}.*: make sure that the folder can be written"):
        run.run_feeds(ready.model_copy(update={"connectors": connectors}), Event(), once=True)


def test_a_cursor_file_that_is_damaged_while_feeds_run_ends_them_with_a_sentence(
    tmp_path: Path, broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next start moves the file aside; until then no feed goes on with it."""
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "one.txt").write_text("Harbour opens\n\nThe harbour opened today.\n")
    wanted = settings(tmp_path)
    run.run_feeds(wanted, Event(), once=True)

    def begin(cursor: Cursor) -> None:
        raise sqlite3.DatabaseError("database disk image is malformed")

    (wanted.data_dir / FILE).write_bytes(b"not a database, but words that somebody has written")
    with monkeypatch.context() as patch:
        patch.setattr(run, "set_aside", lambda path: None)
        patch.setattr(run, "open_cursor", lambda folder, feed: Cursor(":memory:", feed))
        patch.setattr(FeedLoop, "_check_broker", lambda loop: patch.setattr(Cursor, "begin", begin))
        with pytest.raises(SetupError, match="start the process again, which moves a damaged file"):
            run.run_feeds(wanted, Event())
    assert run.run_feeds(wanted, Event(), once=True)["first"].stories == 1
    assert len(list(wanted.data_dir.glob(f"{FILE}.damaged-*"))) == 1
