"""The cursors: what the broker has acknowledged of each feed, stored in SQLite.

One file for all feeds of a data folder, so that a feed knows what another has published.
A row is written after the broker has acknowledged what it stands for, in one transaction
that is on the disk when `commit` returns: a crash at any point repeats a delivery and never
loses one.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pipeline.process.databases import explained
from pipeline.wire.errors import CursorForgotten, SetupError, TransientError

FILE = "cursors.sqlite"
"""The file's name in the data folder."""

KEEP_DAYS = 90
"""What was not received for this long is forgotten; the index absorbs a repeated story."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS state (
    feed TEXT NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL,
    PRIMARY KEY (feed, name)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS deliveries (
    feed TEXT NOT NULL, name TEXT NOT NULL, key TEXT NOT NULL, at INTEGER NOT NULL,
    PRIMARY KEY (feed, name)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS stories (
    id TEXT NOT NULL, feed TEXT NOT NULL, digest BLOB NOT NULL,
    newest INTEGER NOT NULL, at INTEGER NOT NULL,
    PRIMARY KEY (id, feed, digest)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS topics (name TEXT NOT NULL PRIMARY KEY, id TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS received (
    feed TEXT NOT NULL, hour INTEGER NOT NULL, stories INTEGER NOT NULL,
    PRIMARY KEY (feed, hour)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS generation (number INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS acknowledged (
    feed TEXT NOT NULL, topic TEXT NOT NULL, partition INTEGER NOT NULL, offset INTEGER NOT NULL,
    PRIMARY KEY (feed, topic, partition)
) WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True)
class Met:
    """Where the same content of a story was received before."""

    here: bool = False
    """In this feed."""
    newest: bool = False
    """In this feed, and it is the last content of the story there."""
    elsewhere: bool = False
    """In another feed."""


@dataclass(slots=True)
class Acknowledged:
    """What a cursor remembers in one transaction."""

    state: dict[str, str | None] = field(default_factory=dict)
    """The source's state; None removes a name."""
    deliveries: dict[str, str] = field(default_factory=dict)
    """The key of the last content, by the delivery's name."""
    stories: list[tuple[str, bytes]] = field(default_factory=list)
    """Id and digest, in the order of arrival."""
    offsets: Mapping[tuple[str, int], int] = field(default_factory=dict)
    """The highest offset acknowledged, by topic and partition."""
    topics: Mapping[str, str] = field(default_factory=dict)
    """The id of each topic."""
    new_stories: int = 0
    """How many of the stories are new."""


class Cursor:
    """A feed's memory. Used from one thread at a time.

    Args:
        path: the file, or ":memory:".
        feed: the feed whose memory it is.

    Raises:
        SetupError: the file is damaged or can't be written.
    """

    def __init__(self, path: Path | str, feed: str) -> None:
        self.feed = feed
        self._path = path
        self.generation = 0
        """How often everything was forgotten, as of `begin`."""
        try:
            if isinstance(path, Path):
                path.parent.mkdir(parents=True, exist_ok=True)
            # All feeds write to one file, for some milliseconds a batch: they wait for each other.
            self._db = sqlite3.connect(
                path, timeout=60, isolation_level=None, check_same_thread=False
            )
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=FULL")
            # The headline of a story that was killed must not stay in a free page.
            self._db.execute("PRAGMA secure_delete=ON")
            self._db.executescript(_SCHEMA)
            self.begin()
        except (OSError, sqlite3.Error) as error:
            raise SetupError(explained(error, path)) from error

    def begin(self) -> None:
        """Begin a round: what is committed in it was polled after the last `forget`."""
        (self.generation,) = self._db.execute(
            "SELECT coalesce(max(number), 0) FROM generation"
        ).fetchone()

    def get(self, name: str) -> str | None:
        """Return a value of the source's state, None if it has none."""
        return self._one("SELECT value FROM state WHERE feed = ? AND name = ?", name)

    def get_all(self, names: Sequence[str]) -> dict[str, str]:
        """Return the values of those names that have one, in one query."""
        marks = ",".join("?" * len(names))
        query = f"SELECT name, value FROM state WHERE feed = ? AND name IN ({marks})"  # noqa: S608
        return dict(self._db.execute(query, (self.feed, *names)))

    def names(self, prefix: str) -> list[str]:
        """Return the names of the state that begin with a prefix."""
        rows = self._db.execute(
            "SELECT name FROM state WHERE feed = ? AND substr(name, 1, ?) = ?",
            (self.feed, len(prefix), prefix),
        )
        return [name for (name,) in rows]

    def count(self, prefix: str) -> int:
        """Return how many names of the state begin with a prefix."""
        (count,) = self._db.execute(
            "SELECT count(*) FROM state WHERE feed = ? AND substr(name, 1, ?) = ?",
            (self.feed, len(prefix), prefix),
        ).fetchone()
        return int(count)

    def delivered(self, name: str) -> str | None:
        """Return the key of the content that was last delivered under a name."""
        return self._one("SELECT key FROM deliveries WHERE feed = ? AND name = ?", name)

    def met(self, story_id: str, digest: bytes) -> Met:
        """Return where the same content of a story was received before."""
        rows = self._db.execute(
            "SELECT feed, newest FROM stories WHERE id = ? AND digest = ?", (story_id, digest)
        ).fetchall()
        here = [bool(newest) for feed, newest in rows if feed == self.feed]
        return Met(bool(here), any(here), len(rows) > len(here))

    def acknowledged(self) -> dict[tuple[str, int], int]:
        """Return the highest offset acknowledged to any feed, by topic and partition."""
        rows = self._db.execute(
            "SELECT topic, partition, max(offset) FROM acknowledged GROUP BY topic, partition"
        )
        return {(topic, partition): offset for topic, partition, offset in rows}

    def received(self) -> dict[int, int]:
        """Return the number of new stories by hour, in hours since 1970."""
        rows = self._db.execute("SELECT hour, stories FROM received WHERE feed = ?", (self.feed,))
        return dict(rows.fetchall())

    def topics(self) -> dict[str, str]:
        """Return the id of each topic, as of the last commit that had it."""
        return dict(self._db.execute("SELECT name, id FROM topics"))

    def commit(self, what: Acknowledged) -> None:
        """Store what the broker has acknowledged; it is on the disk when this returns.

        Raises:
            CursorForgotten: another feed has made all feeds start again since `begin`.
            TransientError: the file can't be written now.
        """
        try:
            self._commit(what)
        except sqlite3.OperationalError as error:
            raise TransientError(explained(error, self._path)) from error

    def _commit(self, what: Acknowledged) -> None:
        at, feed = int(time.time()), self.feed
        with self._db:
            self._db.execute("BEGIN IMMEDIATE")
            begun = self.generation
            self.begin()
            if self.generation != begun:
                raise CursorForgotten("all feeds deliver again: this batch is polled again")
            self._db.executemany(
                "INSERT INTO topics VALUES (?, ?) ON CONFLICT DO UPDATE SET id = excluded.id",
                list(what.topics.items()),
            )
            self._db.executemany(
                "INSERT INTO deliveries VALUES (?, ?, ?, ?)"
                " ON CONFLICT DO UPDATE SET key = excluded.key, at = excluded.at",
                [(feed, name, key, at) for name, key in what.deliveries.items()],
            )
            for story_id, digest in what.stories:
                self._db.execute(
                    "UPDATE stories SET newest = 0 WHERE id = ? AND feed = ?", (story_id, feed)
                )
                self._db.execute(
                    "INSERT INTO stories VALUES (?, ?, ?, 1, ?)"
                    " ON CONFLICT DO UPDATE SET newest = 1, at = excluded.at",
                    (story_id, feed, digest, at),
                )
            if what.new_stories:
                self._db.execute(
                    "INSERT INTO received VALUES (?, ?, ?)"
                    " ON CONFLICT DO UPDATE SET stories = stories + excluded.stories",
                    (feed, at // 3600, what.new_stories),
                )
            self._db.executemany(
                "DELETE FROM state WHERE feed = ? AND name = ?",
                [(feed, name) for name, value in what.state.items() if value is None],
            )
            self._db.executemany(
                "INSERT INTO state VALUES (?, ?, ?) ON CONFLICT DO UPDATE"
                " SET value = excluded.value",
                [(feed, name, value) for name, value in what.state.items() if value is not None],
            )
            self._db.executemany(
                "INSERT INTO acknowledged VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE"
                " SET offset = max(offset, excluded.offset)",
                [(feed, topic, part, offset) for (topic, part), offset in what.offsets.items()],
            )

    def prune(self, days: int = KEEP_DAYS) -> None:
        """Forget the deliveries and stories that this feed has not received for so many days."""
        oldest = int(time.time()) - days * 86_400
        for table in ("deliveries", "stories"):
            self._db.execute(
                f"DELETE FROM {table} WHERE feed = ? AND at < ?",  # noqa: S608 (names of our own)
                (self.feed, oldest),
            )
        self._db.execute(
            "DELETE FROM received WHERE feed = ? AND hour < ?", (self.feed, oldest // 3600)
        )

    def forget(self) -> None:
        """Forget everything, of all feeds: what their sources still have is delivered again.

        Of all feeds at once, because the first one that publishes again moves the broker's
        end offset past what the others had acknowledged, and so hides the loss from them.
        """
        with self._db:
            self._db.execute("BEGIN IMMEDIATE")
            for table in ("deliveries", "state", "acknowledged", "stories", "topics", "generation"):
                self._db.execute(f"DELETE FROM {table}")  # noqa: S608 (names of our own)
            self.generation += 1
            self._db.execute("INSERT INTO generation VALUES (?)", (self.generation,))

    def copy(self) -> Cursor:
        """Return a copy in memory: what is committed to it does not reach the file."""
        copied = Cursor(":memory:", self.feed)
        self._db.backup(copied._db)
        return copied

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def _one(self, query: str, name: str) -> str | None:
        row = self._db.execute(query, (self.feed, name)).fetchone()
        return row[0] if row else None
