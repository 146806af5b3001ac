"""What is to be delivered, and how far the topic was read: one SQLite file, one transaction.

Offsets move together with the matches that they led to, so a crash repeats a look-up and
never loses a match; a row is unique by what it tells, so a repeat adds nothing. No text of a
story is kept here: it is read from the index when it is sent. Of a trend its name is kept, until
the story that it is told with is withdrawn.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from pipeline.process.databases import explained
from pipeline.wire.errors import SetupError

FILE = "alerts.sqlite"
"""The file's name in the data folder."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS offsets (
    topic TEXT NOT NULL, partition INTEGER NOT NULL, next INTEGER NOT NULL,
    PRIMARY KEY (topic, partition)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS embargoed (
    story TEXT PRIMARY KEY, rank INTEGER NOT NULL, due REAL NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS deliveries (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    alert TEXT NOT NULL, destination TEXT NOT NULL, story TEXT NOT NULL,
    rank INTEGER NOT NULL, kind TEXT NOT NULL, state TEXT NOT NULL DEFAULT 'pending',
    tries INTEGER NOT NULL DEFAULT 0, since REAL NOT NULL, next REAL NOT NULL DEFAULT 0,
    reason TEXT, settled REAL, about TEXT,
    UNIQUE (alert, destination, story, rank, kind)
);
CREATE INDEX IF NOT EXISTS by_state ON deliveries (state, alert, destination, next);
CREATE INDEX IF NOT EXISTS by_story ON deliveries (story);
"""


class Kind(StrEnum):
    """What a delivery tells."""

    STORY = "story"
    """A version that the search finds."""
    BREAKING = "breaking"
    """A name, place or event that grows, with its newest story."""
    WITHDRAWN = "withdrawn"
    """A story that was sent must be removed."""
    TEST = "test"
    """A person tries the receiver: it tells of no story."""


class State(StrEnum):
    """What became of a delivery."""

    PENDING = "pending"
    SENT = "sent"
    HIDDEN = "hidden"
    """Withdrawn, put under an embargo or overtaken by a newer version before it was sent."""
    DEAD = "dead"
    """Given up; `reason` says why."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One thing to tell one receiver."""

    number: int
    alert: str
    destination: str
    """The key of its channel: "webhook", "topic"."""
    story: str
    rank: int
    """The version, as `pipeline.wire.versions.rank` orders them."""
    kind: Kind
    tries: int
    since: float
    """Seconds since the epoch when it was found."""
    about: str | None = None
    """What is breaking, as JSON."""

    @property
    def id(self) -> str:
        """Return the delivery's id: it is the same at each try, and no other delivery has it."""
        return f"{self.alert}:{self.story}:{self.rank}:{self.kind}"


@dataclass(frozen=True, slots=True)
class Told:
    """What became of telling one receiver of a story."""

    alert: str
    destination: str
    rank: int
    kind: Kind
    state: State
    tries: int
    since: float
    """Seconds since the epoch when it was found."""
    settled: float | None
    """When the receiver acknowledged it, or when it was given up."""
    reason: str | None


class Outbox:
    """The file. Used from one thread.

    Args:
        path: the file, or ":memory:".

    Raises:
        SetupError: the file is damaged or can't be written.
    """

    def __init__(self, path: Path | str) -> None:
        try:
            if isinstance(path, Path):
                path.parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(path, timeout=60, isolation_level=None)
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=FULL")
            self._db.executescript(_SCHEMA)
            # A file of an earlier release lacks it.
            columns = {row[1] for row in self._db.execute("PRAGMA table_info(deliveries)")}
            for name, kind in (("settled", "REAL"), ("about", "TEXT")):
                if name not in columns:
                    self._db.execute(f"ALTER TABLE deliveries ADD COLUMN {name} {kind}")
        except (OSError, sqlite3.Error) as error:
            raise SetupError(explained(error, path)) from error

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    @contextmanager
    def together(self) -> Iterator[None]:
        """Run the block as one transaction: all of it is on the disk when it ends, or nothing."""
        with self._db:
            self._db.execute("BEGIN IMMEDIATE")
            yield

    def offsets(self, topic: str) -> dict[int, int]:
        """Return the next offset to read of each partition."""
        rows = self._db.execute("SELECT partition, next FROM offsets WHERE topic = ?", (topic,))
        return dict(rows.fetchall())

    def move(self, topic: str, offsets: Mapping[int, int]) -> None:
        """Remember how far the topic was read."""
        self._db.executemany(
            "INSERT INTO offsets VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET next = excluded.next",
            [(topic, partition, offset) for partition, offset in offsets.items()],
        )

    def add(self, alert: str, destinations: Sequence[str], story: str, rank: int, at: float) -> int:
        """Add a version that an alert's search finds; return the number of new deliveries."""
        before = self._db.total_changes
        self._db.executemany(
            "INSERT OR IGNORE INTO deliveries (alert, destination, story, rank, kind, since)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            [(alert, each, story, rank, Kind.STORY, at) for each in destinations],
        )
        return self._db.total_changes - before

    def add_trend(
        self,
        alert: str,
        destinations: Sequence[str],
        story: str,
        rank: int,
        at: float,
        about: Mapping[str, object],
    ) -> int:
        """Add what is breaking; return the number of new deliveries.

        Args:
            alert: its name.
            destinations: where it is told.
            story: the newest story about it.
            rank: the story's version.
            at: when it was found, in seconds since the epoch.
            about: what it is; `keys` name it, and what else is told with the same story.
        """
        before = self._db.total_changes
        self._db.executemany(
            "INSERT OR IGNORE INTO deliveries"
            " (alert, destination, story, rank, kind, since, about) VALUES (?, ?, ?, ?, ?, ?, ?)",
            [
                (alert, each, story, rank, Kind.BREAKING, at, json.dumps(about))
                for each in destinations
            ],
        )
        return self._db.total_changes - before

    def has_trend(self, alert: str, key: str, since: float) -> bool:
        """Return whether an alert has told of a trend since a time, or is about to."""
        row = self._db.execute(
            "SELECT 1 FROM deliveries AS d, json_each(d.about, '$.keys') AS k"
            " WHERE d.alert = ? AND d.kind = ? AND d.state != ? AND d.since >= ?"
            " AND k.value = ? LIMIT 1",
            (alert, Kind.BREAKING, State.HIDDEN, since, key),
        ).fetchone()
        return row is not None

    def withdraw(self, story: str, rank: int, at: float) -> int:
        """Tell each receiver that got the story, or may have got it, to remove it.

        A version above the rank stays: it came after what is withdrawn.
        """
        self._db.execute(
            "UPDATE deliveries SET state = ?, reason = 'withdrawn'"
            " WHERE story = ? AND kind IN (?, ?) AND state = ? AND rank <= ?",
            (State.HIDDEN, story, Kind.STORY, Kind.BREAKING, State.PENDING, rank),
        )
        self._db.execute(
            "UPDATE deliveries SET about = NULL WHERE story = ? AND rank <= ?", (story, rank)
        )
        self._db.execute("DELETE FROM embargoed WHERE story = ? AND rank <= ?", (story, rank))
        before = self._db.total_changes
        self._db.execute(
            "INSERT OR IGNORE INTO deliveries (alert, destination, story, rank, kind, since)"
            " SELECT DISTINCT alert, destination, story, ?, ?, ? FROM deliveries"
            " WHERE story = ? AND kind IN (?, ?) AND tries > 0 AND rank <= ?",
            (rank, Kind.WITHDRAWN, at, story, Kind.STORY, Kind.BREAKING, rank),
        )
        return self._db.total_changes - before

    def embargo(self, story: str, rank: int, due: float) -> None:
        """Look at a story again when its embargo has passed."""
        self._db.execute("INSERT OR REPLACE INTO embargoed VALUES (?, ?, ?)", (story, rank, due))

    def due(self, at: float, limit: int) -> dict[str, int]:
        """Return stories whose embargo has passed, with their versions, earliest embargo first."""
        rows = self._db.execute(
            "SELECT story, rank FROM embargoed WHERE due <= ? ORDER BY due LIMIT ?", (at, limit)
        )
        return dict(rows.fetchall())

    def released(self, stories: Sequence[str]) -> None:
        """Forget stories whose embargo has passed and that were searched for."""
        self._db.executemany("DELETE FROM embargoed WHERE story = ?", [(each,) for each in stories])

    def next(self, alert: str, destination: str, at: float) -> Delivery | None:
        """Return what to try now: a story's deliveries are settled in their order."""
        row = self._db.execute(
            "SELECT number, alert, destination, story, rank, kind, tries, since, about"
            " FROM deliveries AS d WHERE state = ? AND alert = ? AND destination = ? AND next <= ?"
            " AND NOT EXISTS (SELECT 1 FROM deliveries AS e WHERE e.state = d.state"
            "  AND e.alert = d.alert AND e.destination = d.destination AND e.story = d.story"
            "  AND e.number < d.number)"
            " ORDER BY next, number LIMIT 1",
            (State.PENDING, alert, destination, at),
        ).fetchone()
        return _delivery(row) if row else None

    def waiting(self, alert: str, destination: str, at: float, limit: int) -> list[Delivery]:
        """Return the stories that wait for an alert's next digest, the first found first."""
        rows = self._db.execute(
            "SELECT number, alert, destination, story, rank, kind, tries, since FROM deliveries"
            " WHERE state = ? AND alert = ? AND destination = ? AND kind = ? AND next <= ?"
            " ORDER BY number LIMIT ?",
            (State.PENDING, alert, destination, Kind.STORY, at, limit),
        ).fetchall()
        return [_delivery(row) for row in rows]

    def trying(self, number: int) -> None:
        """Count a try that begins: from now on the receiver may have the delivery."""
        self._db.execute("UPDATE deliveries SET tries = tries + 1 WHERE number = ?", (number,))

    def settle(self, number: int, state: State, reason: str | None = None) -> None:
        """Store how a delivery ended, unless a withdrawal has ended it meanwhile."""
        self._db.execute(
            "UPDATE deliveries SET state = ?, reason = ?, settled = ?"
            " WHERE number = ? AND state = ?",
            (state, reason, time.time(), number, State.PENDING),
        )

    def later(self, number: int, at: float, reason: str) -> None:
        """Try again at a time."""
        self._db.execute(
            "UPDATE deliveries SET next = ?, reason = ? WHERE number = ?", (at, reason, number)
        )

    def told(self, story: str) -> list[Told]:
        """Return who was told of a story, or may have been, in the order of the deliveries."""
        rows = self._db.execute(
            "SELECT alert, destination, rank, kind, state, tries, since, settled, reason"
            " FROM deliveries WHERE story = ? AND tries > 0 ORDER BY number",
            (story,),
        )
        return [
            Told(alert, to, rank, Kind(kind), State(state), *rest)
            for alert, to, rank, kind, state, *rest in rows
        ]

    def counts(self) -> dict[State, int]:
        """Return the number of deliveries in each state."""
        rows = self._db.execute("SELECT state, count(*) FROM deliveries GROUP BY state").fetchall()
        return dict.fromkeys(State, 0) | {State(state): count for state, count in rows}

    def counts_by_kind(self) -> dict[tuple[Kind, State], int]:
        """Return the number of deliveries of each kind in each state."""
        rows = self._db.execute(
            "SELECT kind, state, count(*) FROM deliveries GROUP BY kind, state"
        ).fetchall()
        return {(Kind(kind), State(state)): count for kind, state, count in rows}

    def dead(self) -> list[tuple[Delivery, str]]:
        """Return the deliveries that were given up, with the reasons."""
        rows = self._db.execute(
            "SELECT number, alert, destination, story, rank, kind, tries, since, reason"
            " FROM deliveries WHERE state = ? ORDER BY number",
            (State.DEAD,),
        )
        return [(_delivery(row[:8]), row[8]) for row in rows]

    def abandon(self, pairs: Sequence[tuple[str, str]]) -> None:
        """Give up what is pending for alerts or receivers that are no longer declared."""
        with self.together():
            rows = self._db.execute(
                "SELECT DISTINCT alert, destination FROM deliveries WHERE state = ?",
                (State.PENDING,),
            ).fetchall()
            self._db.executemany(
                "UPDATE deliveries SET state = ?, reason = 'no longer declared'"
                " WHERE state = ? AND alert = ? AND destination = ?",
                [(State.DEAD, State.PENDING, *row) for row in rows if tuple(row) not in pairs],
            )

    def forget(self, before: float) -> None:
        """Drop what was settled and found before a time."""
        self._db.execute(
            "DELETE FROM deliveries WHERE since < ? AND state != ?", (before, State.PENDING)
        )


def _delivery(row: Sequence[Any]) -> Delivery:
    number, alert, destination, story, rank, kind, *rest = row
    return Delivery(number, alert, destination, story, rank, Kind(kind), *rest)
