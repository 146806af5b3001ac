"""Archives of before 1.0: read, no longer written.

A segment is a row of frames, each

    magic "NWA1" · length (4 bytes, big-endian) · CRC-32 (4 bytes) · zstd-compressed record

A record is MessagePack with the fields of `Archived`.
"""

from __future__ import annotations

import logging
import zlib
from collections.abc import Iterator
from typing import BinaryIO

import msgspec
import zstandard

from connectors.feed.warc import Archived

log = logging.getLogger(__name__)

MAGIC = b"NWA1"
SUFFIX = ".nwa"


def decode(file: BinaryIO, path: str) -> Iterator[Archived]:
    """Yield the deliveries of a segment; a damaged frame ends it, and a warning names it."""
    decompressor = zstandard.ZstdDecompressor()
    while head := file.read(12):
        packed = file.read(int.from_bytes(head[4:8], "big")) if head[:4] == MAGIC else b""
        whole = len(head) == 12 and zlib.crc32(packed) == int.from_bytes(head[8:12], "big")
        if not whole or head[:4] != MAGIC:
            log.warning("archive: a segment ends in a damaged record", extra={"segment": path})
            return
        try:
            record = msgspec.msgpack.decode(decompressor.decompress(packed), type=Archived)
        except (msgspec.MsgspecError, zstandard.ZstdError) as error:
            reason = {"segment": path, "reason": str(error)}
            log.warning("archive: a segment ends in a damaged record", extra=reason)
            return
        yield record
