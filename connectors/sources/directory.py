"""A drop folder, watched: each file is a delivery. Local, or over FTP, SFTP or S3."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Self

from pydantic import Field, SecretStr, field_validator, model_validator

from connectors.cursor import Cursor
from connectors.sources.base import MAX_BYTES, Delivery, Options, Polled, Progress, Refused, Source
from connectors.sources.filesystem import File, Folder, Place, TooLong, Unreachable, place
from pipeline.wire.errors import SourceUnavailable

log = logging.getLogger(__name__)

PENDING = 50_000
"""How many new files are held in mind at once; the rest of a bigger heap waits its turn."""

RETRY_UNREADABLE_SECONDS = 60.0

REST_SHARE = 4.0
"""A folder so full that looking through it takes long rests this many times as long."""

CHUNK = 500
"""Files looked up in the cursor at once."""


class DirectoryOptions(Options):
    """The keys of a feed with `source = "directory"`."""

    path: Path | None = None
    """A local folder. Either this or `url`."""
    url: str | None = None
    """A folder elsewhere: ftp://, ftps://, sftp:// or s3://BUCKET/PREFIX."""
    pattern: str = "**/*"
    """Glob below the folder."""
    interval_seconds: float | None = Field(default=None, gt=0)
    """1 for a local folder, 30 for one elsewhere."""
    settle_seconds: float | None = Field(default=None, ge=0)
    """A file is taken once its size and time have not changed for so long: 1 for a local
    folder, 5 over FTP and SFTP, 0 in S3, where objects appear whole."""
    max_bytes: int = Field(default=MAX_BYTES, ge=1)
    """A longer file is not read; a dead letter names it."""
    after: str = Field(default="keep", pattern=r"^(keep|delete|move:[^/.].*)$")
    """What becomes of a delivered file: "keep", "delete" or "move:FOLDER", below the folder."""
    timeout_seconds: float = Field(default=30.0, gt=0)
    """For each answer of a server."""
    username: str | None = None
    """Of the server; the access key of S3."""
    password: SecretStr | None = None
    """Of the server; the secret key of S3."""
    key_file: Path | None = None
    """Private key for SFTP."""
    known_hosts: Path | None = None
    """Keys of SFTP servers, ~/.ssh/known_hosts by default; an unknown server is refused."""
    endpoint_url: str | None = None
    """Of an S3-compatible store."""

    @field_validator("url")
    @classmethod
    def _usable(cls, url: str | None) -> str | None:
        if url is not None:
            place(url)
        return url

    @model_validator(mode="after")
    def _one_folder(self) -> Self:
        if (self.path is None) == (self.url is None):
            raise ValueError("a directory has either a path or a url")
        return self

    def place(self) -> Place:
        """Where the folder is."""
        if self.url is None:
            return Place("file", str((self.path or Path()).absolute()))
        return place(
            self.url,
            username=self.username,
            password=self.password and self.password.get_secret_value(),
            key_file=self.key_file,
            known_hosts=self.known_hosts,
            endpoint_url=self.endpoint_url,
            timeout_seconds=self.timeout_seconds,
        )


@dataclass(frozen=True, slots=True)
class _Seen:
    stamp: str
    since: float


class Directory(Source):
    """Files of a folder, oldest first; those still being written are left for later.

    The cursor has the stamp of each file that was delivered, as `file:<name>`, and forgets
    it when the file is gone; a stamp with "!" before it is of a file that could not be
    taken, which is tried again from time to time.
    """

    def __init__(self, options: DirectoryOptions) -> None:
        where = options.place()
        local, s3 = where.scheme == "file", where.scheme == "s3"
        self._settle = _or(options.settle_seconds, 1.0 if local else 0.0 if s3 else 5.0)
        self._interval = _or(options.interval_seconds, 1.0 if local else 30.0)
        self.interval_seconds = self._interval
        self.settling_seconds = min(self.interval_seconds, max(0.2, self._settle / 2))
        self._max_bytes = options.max_bytes
        self._after, _, self._archive = options.after.partition(":")
        self._folder = Folder(where, options.pattern, skip=self._archive or None)
        self._seen: dict[str, _Seen] = {}
        self._retry_at: dict[str, float] = {}
        self._tidy: dict[str, File] = {}
        self._told: set[str] = set()
        self._waiting = False

    def poll(self, cursor: Cursor) -> Iterator[Polled]:
        """New and changed files whose bytes have settled; see `Source.poll`."""
        self._tidy.clear()
        ready, gone = self._scan(cursor)
        if gone:
            yield Progress(dict.fromkeys(gone))
        for file in sorted(ready, key=lambda file: (file.at, file.name)):
            taken = self._take(file, cursor)
            if taken is not None:
                yield taken

    def acknowledged(self, cursor: Cursor) -> None:
        """Delete or move what has been delivered, where the feed asks for it."""
        if self._after == "keep":
            return
        for name, file in self._tidy.items():
            if cursor.get(f"file:{name}") != file.stamp:
                continue
            try:
                if self._after == "delete":
                    self._folder.delete(file)
                else:
                    self._folder.move(file, self._archive)
            except self._folder.failures as error:
                self._tell("a delivered file stays", self._shown(name), str(error))
        self._tidy.clear()

    def settled(self) -> bool:
        """True when no file waits for its bytes to settle."""
        return not self._waiting

    def close(self) -> None:
        """Let go of the connection."""
        self._folder.close()

    def _scan(self, cursor: Cursor) -> tuple[list[File], list[str]]:
        """The files that are ready, and the cursor's names of files that are gone."""
        now = time.monotonic()
        seen: dict[str, _Seen] = {}
        ready: list[File] = []
        unlisted: dict[str, str] = {}
        known = 0
        self._waiting = False
        try:
            for file, stamp in _with_stamps(self._folder.files(unlisted), cursor):
                known += stamp is not None
                if stamp == file.stamp:
                    if self._after != "keep" and len(self._tidy) < PENDING:
                        self._tidy[file.name] = file
                    continue
                if stamp == f"!{file.stamp}" and (
                    file.size > self._max_bytes or now < self._retry_at.get(file.name, 0.0)
                ):
                    continue
                if len(seen) >= PENDING:
                    self._waiting = True
                    break
                before = self._seen.get(file.name)
                seen[file.name] = (
                    before if before and before.stamp == file.stamp else _Seen(file.stamp, now)
                )
                if now - seen[file.name].since >= self._settle:
                    ready.append(file)
                else:
                    self._waiting = True
            self._seen = seen
            self._retry_at = {name: at for name, at in self._retry_at.items() if at > now}
            whole = len(seen) < PENDING and not unlisted
            gone = self._gone(cursor, known) if whole else []
        except Unreachable as error:
            raise SourceUnavailable(f"{self._folder.where.shown}: {error}") from error
        self.interval_seconds = max(self._interval, REST_SHARE * (time.monotonic() - now))
        for folder, why in unlisted.items():
            self._tell("a folder can't be listed", folder, why)
        return ready, gone

    def _gone(self, cursor: Cursor, present: int) -> list[str]:
        """The names in the cursor whose files the scan did not meet."""
        if cursor.count("file:") == present:
            return []
        there = {f"file:{file.name}" for file in self._folder.files({})}
        return [name for name in cursor.names("file:") if name not in there]

    def _take(self, file: File, cursor: Cursor) -> Polled | None:
        shown = self._shown(file.name)
        if file.size > self._max_bytes:
            return self._refused(file, f"{file.size:,} bytes, more than max_bytes allows")
        try:
            raw = self._folder.read(file, self._max_bytes)
            same = self._folder.same(file, raw)
        except TooLong:
            same = False
        except self._folder.failures as error:
            if not self._still_there(file):
                return None
            self._retry_at[file.name] = time.monotonic() + RETRY_UNREADABLE_SECONDS
            if cursor.get(f"file:{file.name}") == f"!{file.stamp}":
                return None  # said already
            return self._refused(file, f"can't be read: {error}")
        if not same:
            self._waiting = True
            return None
        self._tidy[file.name] = file
        return Delivery(raw=raw, name=shown, state={f"file:{file.name}": file.stamp})

    def _still_there(self, file: File) -> bool:
        try:
            return self._folder.lists(file)
        except Unreachable as error:
            raise SourceUnavailable(f"{self._folder.where.shown}: {error}") from error

    def _refused(self, file: File, reason: str) -> Refused:
        return Refused(self._shown(file.name), reason, {f"file:{file.name}": f"!{file.stamp}"})

    def _shown(self, name: str) -> str:
        return f"{self._folder.where.shown.rstrip('/')}/{name}"

    def _tell(self, event: str, path: str, reason: str) -> None:
        """Log it, the first time."""
        if path not in self._told and len(self._told) < PENDING:
            self._told.add(path)
            log.warning(event, extra={"path": path, "reason": reason})


def _with_stamps(files: Iterator[File], cursor: Cursor) -> Iterator[tuple[File, str | None]]:
    """Each file with the stamp that the cursor has of it."""
    while chunk := list(islice(files, CHUNK)):
        stamps = cursor.get_all([f"file:{file.name}" for file in chunk])
        for file in chunk:
            yield file, stamps.get(f"file:{file.name}")


def _or(value: float | None, default: float) -> float:
    return default if value is None else value
