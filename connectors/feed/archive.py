"""The raw archive: every delivery's bytes, kept before anything is made of them.

Segments of frames, on any address that fsspec knows. A frame is

    magic "NWA1" · length (4 bytes, big-endian) · CRC-32 (4 bytes) · zstd-compressed record

so that a torn tail, left by a crash, is told and skipped, and what stands before it is
whole. A record is MessagePack: key, feed, format, name, received_at, raw, linked. A
segment is written in the data folder, synced with every append, and moved to its address
when it is full or old; one that a crash has left behind is moved at the next start.
"""

from __future__ import annotations

import logging
import os
import time
import zlib
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO

import fsspec
import msgspec
import zstandard

from connectors.sources.base import Delivery
from pipeline.wire.errors import TransientError

log = logging.getLogger(__name__)

MAGIC = b"NWA1"
SUFFIX = ".nwa"


class Archived(msgspec.Struct, frozen=True, kw_only=True):
    """One delivery as the archive keeps it."""

    key: str
    feed: str
    name: str
    received_at: datetime
    raw: bytes
    linked: Mapping[str, bytes] = {}

    def delivery(self) -> Delivery:
        """As a source would give it."""
        return Delivery(
            raw=self.raw, name=self.name, received_at=self.received_at, linked=self.linked
        )


class Archive:
    """One feed's archive, open for appending. Used from one thread.

    Args:
        url: a folder's address, "/var/archive" or "s3://bucket/archive".
        spool: a local folder for the segment that is being written.
        feed: whose deliveries these are.
        segment_bytes: a segment that is longer is closed.
        segment_seconds: one that is older is closed.
        retention_days: closed segments that are older are deleted; 0 keeps all.
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
        self._fs, self._root = fsspec.url_to_fs(url)
        self._spool = spool / feed
        self._feed = feed
        self._segment_bytes = segment_bytes
        self._segment_seconds = segment_seconds
        self._retention_days = retention_days
        self._compressor = zstandard.ZstdCompressor(level=6)
        self._file: BinaryIO | None = None
        self._path = self._spool
        self._opened_at = 0.0
        self._spool.mkdir(parents=True, exist_ok=True)

    def append(self, deliveries: list[Delivery]) -> None:
        """Keep deliveries; on the disk when this returns.

        Raises:
            TransientError: they can't be kept, so they must not be published yet.
        """
        try:
            file = self._open()
            for delivery in deliveries:
                file.write(self._frame(delivery))
            file.flush()
            os.fsync(file.fileno())
            full = file.tell() >= self._segment_bytes
            old = time.monotonic() - self._opened_at >= self._segment_seconds
            if full or old:
                self.rotate()
        except OSError as error:
            raise TransientError(f"the archive can't be written: {error}") from error

    def rotate(self) -> None:
        """Close the segment, move all closed ones to their address, and apply retention.

        An address that can't be reached is tried again at the next rotation; nothing is
        lost meanwhile but disk space.
        """
        if self._file is not None:
            self._file.close()
            self._file = None
        for path in sorted(self._spool.glob(f"*{SUFFIX}")):
            target = f"{self._root}/{self._feed}/{path.name}"
            try:
                self._fs.makedirs(f"{self._root}/{self._feed}", exist_ok=True)
                self._fs.put_file(str(path), f"{target}.part")
                self._fs.mv(f"{target}.part", target)
            except Exception as error:  # each fsspec filesystem raises its own
                log.warning("archive: can't be moved", extra={"segment": path.name, "why": error})
                return
            path.unlink()
        if self._retention_days:
            self._expire()

    def close(self) -> None:
        """Close and move the open segment."""
        self.rotate()

    def _open(self) -> BinaryIO:
        if self._file is None:
            name = datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%f")
            self._path = self._spool / f"{name}-{os.getpid()}{SUFFIX}"
            self._file = self._path.open("ab")
            self._opened_at = time.monotonic()
        return self._file

    def _frame(self, delivery: Delivery) -> bytes:
        record = Archived(
            key=delivery.key,
            feed=self._feed,
            name=delivery.name,
            received_at=delivery.received_at,
            raw=delivery.raw,
            linked=delivery.linked,
        )
        packed = self._compressor.compress(msgspec.msgpack.encode(record))
        return (
            MAGIC + len(packed).to_bytes(4, "big") + zlib.crc32(packed).to_bytes(4, "big") + packed
        )

    def _expire(self) -> None:
        oldest = datetime.now(UTC) - timedelta(days=self._retention_days)
        for path in self._fs.glob(f"{self._root}/{self._feed}/*{SUFFIX}"):
            if _opened(path) < oldest:
                self._fs.rm_file(path)


def read(
    url: str, spool: Path, feed: str | None = None, since: datetime | None = None
) -> Iterator[Archived]:
    """What an archive holds, the oldest segment first, the ones being written included.

    A damaged frame ends its segment: what follows can't be trusted, and a warning says so.

    Args:
        url: as `Archive`.
        spool: as `Archive`.
        feed: only this feed's; None for all.
        since: only what was received at or after.
    """
    fs, root = fsspec.url_to_fs(url)
    local = fsspec.filesystem("file")
    wanted = feed or "*"
    segments = [(fs, path) for path in fs.glob(f"{root}/{wanted}/*{SUFFIX}")]
    segments += [(local, path) for path in local.glob(f"{spool}/{wanted}/*{SUFFIX}")]
    for filesystem, path in sorted(segments, key=lambda segment: _opened(segment[1])):
        with filesystem.open(path, "rb") as file:
            for record in _records(file, path):
                if since is None or record.received_at >= since:
                    yield record


def _records(file: BinaryIO, path: str) -> Iterator[Archived]:
    decompressor = zstandard.ZstdDecompressor()
    while head := file.read(12):
        packed = file.read(int.from_bytes(head[4:8], "big")) if head[:4] == MAGIC else b""
        whole = len(head) == 12 and zlib.crc32(packed) == int.from_bytes(head[8:12], "big")
        if not whole or head[:4] != MAGIC:
            log.warning("archive: a segment ends in a torn frame", extra={"segment": path})
            return
        yield msgspec.msgpack.decode(decompressor.decompress(packed), type=Archived)


def _opened(path: str) -> datetime:
    """When a segment was begun: its name says so."""
    stamp = path.rpartition("/")[2].partition("-")[0]
    return datetime.strptime(stamp, "%Y%m%dT%H%M%S.%f").replace(tzinfo=UTC)
