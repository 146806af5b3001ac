"""A source of one's own: deliveries in a table of a SQLite database.

[feeds.queue]
source = "sqlite"
file = "/srv/wires/queue.db"
format = "auto"
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

from connectors.cursor import Cursor
from connectors.sources.base import Delivery, Options, Polled, Source
from pipeline.wire.errors import SourceUnavailable


class SqliteOptions(Options):
    """The keys of a feed with `source = "sqlite"`."""

    file: Path
    delete: bool = False
    interval_seconds: float = 5.0


class Sqlite(Source):
    """Delivers each row of a table `deliveries(id, raw)` once.

    `id` must be INTEGER PRIMARY KEY AUTOINCREMENT: without that, SQLite gives the id of a
    deleted row again, and the new row would count as delivered. The cursor holds the id of
    the last row. It moves only after Kafka has acknowledged the story, so that a crash
    repeats rows and loses none.
    """

    name = "sqlite"
    options = SqliteOptions

    def __init__(self, options: SqliteOptions) -> None:
        self._file = options.file
        self._delete = options.delete
        self.interval_seconds = options.interval_seconds

    def poll(self, cursor: Cursor) -> Iterator[Polled]:
        """Yield the rows after the cursor's, oldest first; see `Source.poll`."""
        after = int(cursor.get("row") or 0)
        try:
            with closing(self._connect("ro")) as database:
                rows = database.execute(
                    "SELECT id, raw FROM deliveries WHERE id > ? ORDER BY id LIMIT 100", (after,)
                ).fetchall()
        except sqlite3.Error as error:
            raise SourceUnavailable(f"{self._file}: {error}") from error
        for row, raw in rows:
            yield Delivery(
                raw=raw, name=f"{self._file}#{row}", state={"row": str(row)}, recurs=False
            )

    def acknowledged(self, deliveries: Sequence[Delivery]) -> None:
        """Delete the rows that are safe in Kafka, if the feed says so."""
        if not self._delete or not deliveries:
            return
        rows = [(int(delivery.state["row"] or 0),) for delivery in deliveries]
        with closing(self._connect("rw")) as database, database:
            database.executemany("DELETE FROM deliveries WHERE id = ?", rows)

    def _connect(self, mode: str) -> sqlite3.Connection:
        return sqlite3.connect(f"{self._file.resolve().as_uri()}?mode={mode}", uri=True)
