"""The SQLite files that processes keep: damaged ones are moved aside, faults said in a sentence."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from pipeline.wire.errors import SetupError


def set_aside(path: Path) -> Path | None:
    """Move a damaged file aside, so that an empty one is created in its place.

    Returns:
        Where the damaged file is now; None if there is no file or it is undamaged.

    Raises:
        SetupError: the file can't be read or moved.
    """
    if not path.exists():
        return None
    try:
        with closing(sqlite3.connect(path, isolation_level=None)) as db:
            (found,) = db.execute("PRAGMA quick_check(1)").fetchone()
        if found == "ok":
            return None
    except sqlite3.DatabaseError as error:
        if not is_damage(error):
            raise SetupError(explained(error, path)) from error
    aside = path.with_name(f"{path.name}.damaged-{datetime.now(UTC):%Y%m%dT%H%M%S}")
    try:
        for suffix in ("-wal", "-shm"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)
        path.rename(aside)
    except OSError as error:
        raise SetupError(explained(error, path)) from error
    return aside


def is_damage(error: Exception) -> bool:
    """Return whether an error means damaged pages, an emptied file or one that is no database."""
    gone = isinstance(error, sqlite3.OperationalError) and "no such table" in str(error)
    return gone or type(error) is sqlite3.DatabaseError  # its other subclasses mean something else


def explained(error: Exception, path: Path | str) -> str:
    """Return a sentence that says what is wrong with a file, and what to do."""
    if is_damage(error):
        return f"{path}: {error}: start the process again, which moves a damaged file aside"
    reason = getattr(error, "strerror", None) or str(error)
    return f"{path}: {reason}: make sure that the folder can be written and has free space"
