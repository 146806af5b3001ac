"""The raw archive: every delivery's bytes, stored before they are parsed.

Segments of WARC records, on any address that fsspec supports. A segment is written in the
data folder, synced with every append, and moved to its address when it is full or old. A
segment that a crash has left behind is moved at the next start; whatever precedes a record
that the crash has torn is complete.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO

import fsspec

from connectors.feed import frames, warc
from connectors.feed.warc import Archived
from connectors.sources.base import Delivery
from connectors.sources.filesystem import require
from pipeline.wire.errors import ConfigError, SetupError, TransientError

log = logging.getLogger(__name__)

BEGINNING = datetime.min.replace(tzinfo=UTC)

DECODERS = {warc.SUFFIX: warc.decode, frames.SUFFIX: frames.decode}


class Archive:
    """One feed's archive, open for appending. Used from one thread.

    Args:
        url: a folder's address, "/var/archive" or "s3://bucket/archive".
        spool: a local folder for the segment that is being written.
        feed: the feed that the deliveries belong to.
        segment_bytes: a longer segment is closed.
        segment_seconds: an older segment is closed.
        retention_days: closed segments that are older are deleted; 0 keeps all.

    Raises:
        ConfigError: no such kind of address.
        SetupError: the local folder can't be written.
    """

    def __init__(
        self,
        url: str,
        spool: Path,
        feed: str,
        segment_bytes: int = 64 * 1024 * 1024,
        segment_seconds: float = 3600.0,
        retention_days: int = 0,
    ) -> None:
        self._fs, self._root = _filesystem(url)
        self._url = url
        self._spool = spool / feed
        self._feed = feed
        self._segment_bytes = segment_bytes
        self._segment_seconds = segment_seconds
        self._retention_days = retention_days
        self._file: BinaryIO | None = None
        self._opened_at = 0.0
        try:
            self._spool.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise SetupError(
                f"{self._spool}: {error.strerror}: make sure that the folder can be written"
            ) from error

    def append(self, deliveries: list[Delivery]) -> None:
        """Store deliveries; they are on the disk when this returns.

        Raises:
            TransientError: they can't be stored, so they must not be published yet.
        """
        records = b"".join(warc.encode(self._feed, delivery) for delivery in deliveries)
        try:
            file = self._open()
            self._write(file, records)
            full = file.tell() >= self._segment_bytes
            old = time.monotonic() - self._opened_at >= self._segment_seconds
            if full or old:
                self.rotate()
        except OSError as error:
            raise TransientError(f"the archive can't be written: {error}") from error

    def deliveries(self) -> Iterator[Delivery]:
        """Yield the feed's deliveries, oldest first, including those of the open segment."""
        for archived in read(self._url, self._spool.parent, self._feed):
            yield archived.delivery()

    def rotate(self) -> None:
        """Close the segment, move all closed ones to their address, and apply retention.

        An address that can't be reached is tried again at the next rotation; until then the
        segments take space in the data folder.
        """
        self._close()
        for path in sorted(p for p in self._spool.iterdir() if p.name.endswith(tuple(DECODERS))):
            target = f"{self._root}/{self._feed}/{path.name}"
            try:
                self._fs.makedirs(f"{self._root}/{self._feed}", exist_ok=True)
                self._fs.put_file(str(path), f"{target}.part")
                self._fs.mv(f"{target}.part", target)
            except Exception as error:  # each fsspec filesystem raises its own
                log.warning(
                    "archive: a segment can't be moved",
                    extra={"segment": path.name, "reason": str(error)},
                )
                return
            path.unlink()
        if self._retention_days:
            self._expire()

    def close(self) -> None:
        """Close and move the open segment."""
        self.rotate()

    def _open(self) -> BinaryIO:
        if self._file is None:
            name = f"{datetime.now(UTC):%Y%m%dT%H%M%S.%f}-{os.getpid()}{warc.SUFFIX}"
            self._file = (self._spool / name).open("ab", buffering=0)
            self._opened_at = time.monotonic()
            self._write(self._file, warc.header(name))
        return self._file

    def _write(self, file: BinaryIO, records: bytes) -> None:
        """Append records and sync. What a full disk has cut off is removed or left at the end."""
        start, rest = file.tell(), memoryview(records)
        try:
            while rest:
                rest = rest[file.write(rest) :]
            os.fsync(file.fileno())
        except OSError:
            # Nothing may follow an incomplete record: the next append begins a segment.
            self._close()
            os.truncate(file.name, start)
            raise

    def _close(self) -> None:
        file, self._file = self._file, None
        if file is not None:
            file.close()

    def _expire(self) -> None:
        expire(self._url, self._feed, datetime.now(UTC) - timedelta(days=self._retention_days))


def expire(url: str, feed: str, before: datetime, rehearse: bool = False) -> int:
    """Delete a feed's closed segments that were begun before a time; return how many.

    Args:
        url: as for `Archive`.
        feed: the feed's name.
        before: the time.
        rehearse: count them alone.

    Raises:
        ConfigError: no such kind of address.
        TransientError: it can't be reached, or a segment can't be deleted.
    """
    fs, root = _filesystem(url)
    try:
        old = [s for s in _segments(fs, f"{root}/{feed}") if BEGINNING < _opened(s) < before]
        for path in old if not rehearse else ():
            with suppress(FileNotFoundError):  # a connector deletes them too
                fs.rm_file(path)
    except OSError as error:
        raise TransientError(f"the archive of {feed} can't be purged: {error}") from error
    return len(old)


def read(
    url: str, spool: Path, feed: str | None = None, since: datetime | None = None
) -> Iterator[Archived]:
    """Yield what an archive holds, oldest segment first, including those being written.

    Args:
        url: as for `Archive`.
        spool: as for `Archive`.
        feed: only this feed's deliveries; None for all.
        since: only what was received at this time or later.
    """
    fs, root = _filesystem(url)
    local = fsspec.filesystem("file")
    wanted = feed or "*"
    segments = [(fs, path) for path in _segments(fs, f"{root}/{wanted}")]
    segments += [(local, path) for path in _segments(local, f"{spool}/{wanted}")]
    for filesystem, path in sorted(segments, key=lambda segment: _opened(segment[1])):
        decode = next(d for suffix, d in DECODERS.items() if path.endswith(suffix))
        try:
            file = filesystem.open(path, "rb")
        except OSError as error:
            log.warning(
                "archive: a segment can't be read", extra={"segment": path, "reason": str(error)}
            )
            continue
        with file:
            for record in decode(file, path):
                if since is None or record.received_at >= since:
                    yield record


def _filesystem(url: str) -> tuple[fsspec.AbstractFileSystem, str]:
    """Return the file system of an address, and the path in it.

    Raises:
        ConfigError: no such kind of address, or its packages are not installed.
    """
    try:
        require(url.partition("://")[0])
        fs, root = fsspec.url_to_fs(url)
    except (ImportError, ValueError) as error:
        raise ConfigError(f"connectors.archive: {error}") from error
    return fs, root


def _segments(fs: fsspec.AbstractFileSystem, folder: str) -> list[str]:
    return [path for suffix in DECODERS for path in fs.glob(f"{folder}/*{suffix}")]


def _opened(path: str) -> datetime:
    """Return when a segment was begun, as its name says; BEGINNING for another kind of name."""
    stamp = path.rpartition("/")[2].partition("-")[0]
    try:
        return datetime.strptime(stamp, "%Y%m%dT%H%M%S.%f").replace(tzinfo=UTC)
    except ValueError:
        return BEGINNING
