"""Each example does what it says."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from threading import Event

import pytest

from connectors.formats import FORMATS, Context, auto
from connectors.sources import registry
from examples.own_format import FORMAT
from examples.own_source import Sqlite, SqliteOptions
from pipeline.wire.errors import ParseError, SourceUnavailable
from pipeline.wire.story import Clock, Status
from tests.connectors.feeds import Broker, Listed, loop, parse_lines

ROOT = Path(__file__).parents[1]
STORIES = b"""ID: 7
Version: 2
Sent: 2026-03-01T12:00:00Z
Title: Ferry resumes after storm

TURKU, Finland (Example) - The ferry to Naantali sailed again.
====
Title: no id
====
ID: 8
Sent: 2026-03-01 14:00
Title: KILL-Bridge falls

Kill this story.
====
"""


def test_the_format_reads_stories() -> None:
    """Id, version, time and text are read; a bad story stops no other; a kill is withdrawn."""
    parsed = FORMAT(STORIES, Context(agency="Example", timezone="Europe/Helsinki"))
    first, second = parsed.stories
    assert (first.id, first.version, first.headline) == (
        "example:7",
        2,
        "Ferry resumes after storm",
    )
    assert first.body.startswith("TURKU")
    assert (first.format, first.clock) == ("example", Clock.VERSION)
    assert second.version_created is not None
    assert second.version_created.isoformat() == "2026-03-01T12:00:00+00:00"
    assert (first.status, second.status) == (Status.USABLE, Status.WITHDRAWN)
    assert [error.where for error in parsed.errors] == ["story 2"]


def test_the_format_refuses_other_bytes() -> None:
    """A delivery that is not UTF-8 is a ParseError, which makes it a dead letter."""
    with pytest.raises(ParseError, match="UTF-8"):
        FORMAT(b"ID: \xff", Context())


def test_auto_recognises_the_format() -> None:
    """Listed among the formats, `auto` gives it its deliveries."""
    assert auto.reader([FORMAT])(STORIES, Context()).stories[0].format == "example"


def put(file: Path, *texts: str) -> None:
    """Add deliveries to the table."""
    with closing(sqlite3.connect(file)) as database, database:
        database.execute(
            "CREATE TABLE IF NOT EXISTS deliveries(id INTEGER PRIMARY KEY AUTOINCREMENT, raw BLOB)"
        )
        database.executemany(
            "INSERT INTO deliveries(raw) VALUES (?)", [(text.encode(),) for text in texts]
        )


@pytest.mark.parametrize("delete", [False, True])
def test_the_source_delivers_each_row_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, delete: bool
) -> None:
    """Rows come in order and once, over a restart; with `delete` they go when Kafka has them."""
    monkeypatch.setitem(FORMATS, "lines", parse_lines)
    file, broker = tmp_path / "queue.db", Broker()
    put(file, "a|1|one", "b|1|two")
    for expected in (["one", "two"], ["one", "two", "three"]):
        source = Sqlite(SqliteOptions(file=file, delete=delete))
        feed = loop(tmp_path, source, broker)
        feed.run(Event(), once=True)
        feed.close()
        assert broker.said() == expected
        with closing(sqlite3.connect(file)) as database:
            (rows,) = database.execute("SELECT count(*) FROM deliveries").fetchone()
        assert rows == (0 if delete else len(expected))
        if len(expected) == 2:
            put(file, "c|1|three")


def test_the_source_that_is_away_is_waited_for(tmp_path: Path) -> None:
    """A missing database makes the feed wait."""
    source = Sqlite(SqliteOptions(file=tmp_path / "none.db"))
    feed = loop(tmp_path, Listed(), Broker())
    with pytest.raises(SourceUnavailable):
        list(source.poll(feed._cursor))
    feed.close()


def test_the_source_can_be_registered() -> None:
    """It has all that the registry asks for."""
    assert registry(Sqlite) == {"sqlite": Sqlite}


def test_the_library_example(tmp_path: Path) -> None:
    """Parsing and enriching a file names its people and places."""
    (tmp_path / "a.txt").write_text(
        "Ferry sails again\n\nTURKU, Finland (AP) - The ferry to Naantali sailed again, said "
        "mayor Anna Berger.\n"
    )
    done = subprocess.run(
        [sys.executable, ROOT / "examples/library.py", tmp_path / "a.txt"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "people: Anna Berger" in done.stdout
    assert "Turku (60.45" in done.stdout
