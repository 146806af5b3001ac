"""A drop folder, watched: each file is a delivery."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from connectors.cursor import Cursor
from connectors.sources.base import Delivery
from pipeline.errors import SourceUnavailable


class DirectoryOptions(BaseModel):
    """The keys of a feed with `source = "directory"`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    path: Path
    pattern: str = "**/*"
    """Glob below `path`."""
    interval_seconds: float = Field(default=1.0, gt=0)
    settle_seconds: float = Field(default=1.0, ge=0)
    """A file is taken once its size and time have not changed for so long."""


@dataclass(frozen=True, slots=True)
class _Seen:
    stamp: str
    since: float


PARTIAL = (".tmp", ".part", ".partial", ".filepart", ".crdownload", ".swp", "~")
"""Names under which programs write what is not whole yet."""


class Directory:
    """Files of a folder, oldest first; those still being written are left for later."""

    def __init__(self, options: DirectoryOptions) -> None:
        self.options = options
        self.interval_seconds = options.interval_seconds
        self._seen: dict[str, _Seen] = {}
        self._waiting = False

    def poll(self, cursor: Cursor) -> Iterator[Delivery]:
        """New and changed files whose bytes have settled; see `Source.poll`."""
        root = self.options.path
        if not root.is_dir():
            raise SourceUnavailable(f"{root}: no such folder")
        now = time.monotonic()
        seen, ready, self._waiting = {}, [], False
        for path in root.glob(self.options.pattern):
            name = path.relative_to(root).as_posix()
            hidden = any(part.startswith(".") for part in Path(name).parts)
            if hidden or name.endswith(PARTIAL):
                continue
            try:
                if not path.is_file():
                    continue
                stat = path.stat()
            except OSError:  # gone between listing and looking
                continue
            stamp = f"{stat.st_size}:{stat.st_mtime_ns}"
            if cursor.get(f"file:{name}") == stamp:
                continue
            before = self._seen.get(name)
            seen[name] = before if before and before.stamp == stamp else _Seen(stamp, now)
            if now - seen[name].since >= self.options.settle_seconds:
                ready.append((stat.st_mtime_ns, name, stamp, path))
            else:
                self._waiting = True
        self._seen = seen
        for _, name, stamp, path in sorted(ready):
            try:
                raw = path.read_bytes()
                stat = path.stat()
            except OSError as error:
                raise SourceUnavailable(f"{path}: {error.strerror}") from error
            if f"{stat.st_size}:{stat.st_mtime_ns}" != stamp:
                self._waiting = True
                continue
            yield Delivery(raw=raw, name=str(path), state={f"file:{name}": stamp})

    def settled(self) -> bool:
        """True when no file waits for its bytes to settle."""
        return not self._waiting

    def close(self) -> None:
        """Nothing to let go of."""
