"""The status of a running process: a small JSON file that `newswire status` reads."""

from __future__ import annotations

import json
import logging
import os
import threading
import time
from pathlib import Path
from typing import Any

from pipeline.process.databases import explained
from pipeline.wire.errors import SetupError

log = logging.getLogger(__name__)


class StatusFile:
    """One process's file in `<data_dir>/status/`, replaced whole with each write.

    Raises:
        SetupError: the folder can't be made.
    """

    def __init__(self, data_dir: Path, kind: str) -> None:
        self._path = data_dir / "status" / f"{kind}-{os.getpid()}.json"
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise SetupError(explained(error, self._path.parent)) from error
        self._kind = kind
        self._lock = threading.Lock()
        self._failing = False

    def write(self, values: dict[str, Any]) -> None:
        """Replace the file, so that a reader never sees half of it.

        A full disk leaves the file as it was, and ends no process.
        """
        text = json.dumps({"kind": self._kind, "pid": os.getpid(), "at": time.time(), **values})
        with self._lock:
            part = self._path.with_suffix(".part")
            try:
                part.write_text(text, encoding="utf-8")
                part.replace(self._path)
            except OSError as error:
                if not self._failing:
                    log.warning("status: can't be written", extra={"why": str(error)})
                self._failing = True
            else:
                self._failing = False

    def remove(self) -> None:
        """Remove the file, because the process ends in order."""
        self._path.unlink(missing_ok=True)


def read_status(data_dir: Path) -> list[dict[str, Any]]:
    """Return the status of every process that is alive; remove the files of dead ones."""
    found = []
    for path in sorted((data_dir / "status").glob("*.json")):
        try:
            status = json.loads(path.read_text(encoding="utf-8"))
            os.kill(status["pid"], 0)
        except ProcessLookupError:
            path.unlink(missing_ok=True)
        except (OSError, ValueError, KeyError, TypeError):
            continue
        else:
            found.append(status)
    return found
