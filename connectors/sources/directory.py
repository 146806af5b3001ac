"""A folder that is watched, local or over FTP, SFTP or S3: each file is a delivery."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Sequence
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
"""The most new files that are kept in memory; the rest of a larger folder waits."""

RETRY_UNREADABLE_SECONDS = 60.0

REST_SHARE = 4.0
"""A scan that takes long is followed by a pause of at least this many times its duration."""

CHUNK = 500
"""The number of files that are looked up in the cursor together."""


class DirectoryOptions(Options):
    """The keys of a feed with `source = "directory"`."""

    path: Path | None = None
    """A local folder. Either this or `url`."""
    url: str | None = None
    """A remote folder: ftp://, ftps://, sftp:// or s3://BUCKET/PREFIX."""
    pattern: str = "**/*"
    """Glob below the folder."""
    interval_seconds: float | None = Field(default=None, gt=0)
    """1 for a local folder, 30 for a remote one."""
    settle_seconds: float | None = Field(default=None, ge=0)
    """A file is read once its size and time have not changed for this long: 1 for a local
    folder, 5 over FTP and SFTP, 0 in S3, where an object appears complete."""
    max_bytes: int = Field(default=MAX_BYTES, ge=1)
    """A longer file is not read; a dead letter names it."""
    after: str = Field(default="keep", pattern=r"^(keep|delete|move:[^/.].*)$")
    """What to do with a delivered file: "keep", "delete" or "move:FOLDER", below the folder."""
    timeout_seconds: float = Field(default=30.0, gt=0)
    """How long to wait for each answer of a server."""
    username: str | None = None
    """On the server; the access key of S3."""
    password: SecretStr | None = None
    """On the server; the secret key of S3."""
    key_file: Path | None = None
    """Private key for SFTP."""
    known_hosts: Path | None = None
    """Host keys of SFTP servers, ~/.ssh/known_hosts by default; an unknown host is refused."""
    endpoint_url: str | None = None
    """The address of an S3-compatible store."""

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
        """Return where the folder is and how to connect to it."""
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
    """Delivers every file of a folder, oldest first, at least once.

    A file that is still being written is read later. The cursor has the stamp of each file
    that was delivered, as `file:<name>`, and forgets it when the file is deleted. A stamp
    with "!" before it marks a file that could not be read; it is tried again later.
    """

    name = "directory"
    options = DirectoryOptions

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
        self._left: list[File] = []  # delivered before, but neither deleted nor moved yet
        self._logged: set[str] = set()
        self._waiting = False

    def poll(self, cursor: Cursor) -> Iterator[Polled]:
        """Yield new and changed files that are complete; see `Source.poll`."""
        ready, gone = self._scan(cursor)
        if gone:
            yield Progress(dict.fromkeys(gone))
        for file in sorted(ready, key=lambda file: (file.at, file.name)):
            polled = self._read(file, cursor)
            if polled is not None:
                yield polled

    def acknowledged(self, deliveries: Sequence[Delivery]) -> None:
        """Delete or move the files, if the feed is configured to."""
        if self._after == "keep":
            return
        received = [d.receipt for d in deliveries if isinstance(d.receipt, File)]
        left, self._left = self._left, []
        for file in (*left, *received):
            try:
                if self._after == "delete":
                    self._folder.delete(file)
                else:
                    self._folder.move(file, self._archive)
            except self._folder.failures as error:
                self._log("a delivered file stays", self._shown(file.name), str(error))

    def settled(self) -> bool:
        """Return True when no file is still being written."""
        return not self._waiting

    def close(self) -> None:
        """Close the connection."""
        self._folder.close()

    def _scan(self, cursor: Cursor) -> tuple[list[File], list[str]]:
        """Return the files that are complete, and the cursor's names of files that are gone."""
        now = time.monotonic()
        seen: dict[str, _Seen] = {}
        ready: list[File] = []
        unlisted: dict[str, str] = {}
        known = 0
        self._waiting = False
        self._left = []
        try:
            for file, stamp in _with_stamps(self._folder.files(unlisted), cursor):
                known += stamp is not None
                if stamp == file.stamp:
                    if self._after != "keep" and len(self._left) < PENDING:
                        self._left.append(file)
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
            self._log("a folder can't be listed", folder, why)
        return ready, gone

    def _gone(self, cursor: Cursor, present: int) -> list[str]:
        """Return the names in the cursor whose files are not in the folder."""
        if cursor.count("file:") == present:
            return []
        there = {f"file:{file.name}" for file in self._folder.files({})}
        return [name for name in cursor.names("file:") if name not in there]

    def _read(self, file: File, cursor: Cursor) -> Polled | None:
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
                return None  # reported already
            return self._refused(file, f"can't be read: {error}")
        if not same:
            self._waiting = True
            return None
        return Delivery(raw=raw, name=shown, state={f"file:{file.name}": file.stamp}, receipt=file)

    def _still_there(self, file: File) -> bool:
        try:
            return self._folder.lists(file)
        except Unreachable as error:
            raise SourceUnavailable(f"{self._folder.where.shown}: {error}") from error

    def _refused(self, file: File, reason: str) -> Refused:
        return Refused(self._shown(file.name), reason, {f"file:{file.name}": f"!{file.stamp}"})

    def _shown(self, name: str) -> str:
        return f"{self._folder.where.shown.rstrip('/')}/{name}"

    def _log(self, event: str, path: str, reason: str) -> None:
        """Log an event, once for each path."""
        if path not in self._logged and len(self._logged) < PENDING:
            self._logged.add(path)
            log.warning(event, extra={"path": path, "reason": reason})


def _with_stamps(files: Iterator[File], cursor: Cursor) -> Iterator[tuple[File, str | None]]:
    """Yield each file with the stamp that the cursor has for it."""
    while chunk := list(islice(files, CHUNK)):
        stamps = cursor.get_all([f"file:{file.name}" for file in chunk])
        for file in chunk:
            yield file, stamps.get(f"file:{file.name}")


def _or(value: float | None, default: float) -> float:
    return default if value is None else value
