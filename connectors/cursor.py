"""Where a feed stopped: what the broker has acknowledged, kept in SQLite.

One file a feed. A key is written only after the broker has acknowledged what stands
behind it, in one transaction that is on the disk when `commit` returns, so a crash at any
point leads to a repeated delivery and never to a lost one.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

KEEP_DAYS = 90
"""A key not met for so long is forgotten; its story would be absorbed by the index."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS delivered (key TEXT PRIMARY KEY, at INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS state (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS acknowledged (
    topic TEXT NOT NULL, partition INTEGER NOT NULL, offset INTEGER NOT NULL,
    PRIMARY KEY (topic, partition)
) WITHOUT ROWID;
"""


class Cursor:
    """A feed's memory. Used from one thread."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=FULL")
        self._db.executescript(_SCHEMA)

    def knows(self, key: str) -> bool:
        """Whether a delivery or a story with this key was acknowledged."""
        row = self._db.execute("SELECT 1 FROM delivered WHERE key = ?", (key,)).fetchone()
        return row is not None

    def get(self, name: str) -> str | None:
        """A value of the source's state, None when there is none yet."""
        row = self._db.execute("SELECT value FROM state WHERE name = ?", (name,)).fetchone()
        return row[0] if row else None

    def acknowledged(self) -> dict[tuple[str, int], int]:
        """The highest offset that the broker has acknowledged, by topic and partition."""
        rows = self._db.execute("SELECT topic, partition, offset FROM acknowledged")
        return {(topic, partition): offset for topic, partition, offset in rows}

    def commit(
        self,
        keys: Iterable[str],
        state: Mapping[str, str],
        offsets: Mapping[tuple[str, int], int] | None = None,
    ) -> None:
        """Remember what the broker has acknowledged; on the disk when this returns."""
        at = int(time.time())
        with self._db:
            self._db.execute("BEGIN IMMEDIATE")
            self._db.executemany(
                "INSERT INTO delivered VALUES (?, ?) ON CONFLICT DO UPDATE SET at = excluded.at",
                [(key, at) for key in keys],
            )
            self._db.executemany(
                "INSERT INTO state VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value",
                list(state.items()),
            )
            self._db.executemany(
                "INSERT INTO acknowledged VALUES (?, ?, ?) ON CONFLICT DO UPDATE"
                " SET offset = max(offset, excluded.offset)",
                [(topic, part, offset) for (topic, part), offset in (offsets or {}).items()],
            )

    def prune(self, days: int = KEEP_DAYS) -> None:
        """Forget the keys that were not met for so many days."""
        oldest = int(time.time()) - days * 86_400
        self._db.execute("DELETE FROM delivered WHERE at < ?", (oldest,))

    def forget(self) -> None:
        """Start anew: everything that the source still has will be delivered again."""
        with self._db:
            self._db.execute("BEGIN IMMEDIATE")
            for table in ("delivered", "state", "acknowledged"):
                self._db.execute(f"DELETE FROM {table}")  # noqa: S608 (names of our own)

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()
