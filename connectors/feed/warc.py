"""Deliveries as WARC 1.1 records (ISO 28500), which standard tools read.

A delivery is one `resource` record. Each document that it links to is a `resource` record
before it, with the delivery's record ID in `WARC-Concurrent-To`, so that a delivery without
all of its documents is never read. `Newswire-Feed` and `Newswire-Name` hold the feed and the
delivery's exact name, percent-encoded; the target URI is the name where that is a web
address.
"""

from __future__ import annotations

import logging
import zlib
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from io import BytesIO
from typing import BinaryIO
from urllib.parse import quote, unquote
from uuid import uuid4

import msgspec
from warcio.archiveiterator import ArchiveIterator
from warcio.exceptions import ArchiveLoadFailed
from warcio.recordloader import ArcWarcRecord
from warcio.warcwriter import WARCWriter

from connectors.sources.base import Delivery

log = logging.getLogger(__name__)

SUFFIX = ".warc.gz"


class Archived(msgspec.Struct, frozen=True, kw_only=True):
    """One delivery as the archive stores it."""

    feed: str
    name: str
    received_at: datetime
    raw: bytes
    linked: Mapping[str, bytes] = {}

    def delivery(self) -> Delivery:
        """Return it as a source yields it."""
        return Delivery(
            raw=self.raw, name=self.name, received_at=self.received_at, linked=self.linked
        )


def header(file_name: str) -> bytes:
    """Return the record that a segment begins with: which software wrote it."""
    buffer, writer = _writer()
    info = {"software": "newswire", "format": "WARC File Format 1.1"}
    writer.write_record(writer.create_warcinfo_record(file_name, info))
    return buffer.getvalue()


def encode(feed: str, delivery: Delivery) -> bytes:
    """Return the records of a delivery, each compressed by itself."""
    buffer, writer = _writer()
    delivery_id = f"<urn:uuid:{uuid4()}>"

    def write(name: str, content: bytes, **more: str) -> None:
        headers = {
            "WARC-Date": delivery.received_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            "Newswire-Feed": feed,
            "Newswire-Name": quote(name, safe="/:", errors="surrogatepass"),
            **{key.replace("_", "-"): value for key, value in more.items()},
        }
        writer.write_record(
            writer.create_warc_record(
                _uri(feed, name),
                "resource",
                payload=BytesIO(content),
                length=len(content),
                warc_content_type="application/octet-stream",
                warc_headers_dict=headers,
            )
        )

    for url, document in delivery.linked.items():
        write(url, document, WARC_Concurrent_To=delivery_id)
    write(delivery.name, delivery.raw, WARC_Record_ID=delivery_id)
    return buffer.getvalue()


def decode(file: BinaryIO, path: str) -> Iterator[Archived]:
    """Yield the deliveries of a segment.

    A damaged record ends the segment: what follows it can't be trusted, and a warning names
    the segment.
    """
    linked: dict[str, dict[str, bytes]] = {}
    try:
        for record in ArchiveIterator(file, check_digests="raise"):
            if record.rec_type != "resource":
                continue
            content = _content(record)
            headers = record.rec_headers
            name = unquote(headers["Newswire-Name"], errors="surrogatepass")
            if belongs_to := headers["WARC-Concurrent-To"]:
                linked.setdefault(belongs_to, {})[name] = content
                continue
            yield Archived(
                feed=headers["Newswire-Feed"],
                name=name,
                received_at=datetime.fromisoformat(headers["WARC-Date"]),
                raw=content,
                linked=linked.pop(headers["WARC-Record-ID"], {}),
            )
    except (ArchiveLoadFailed, EOFError, OSError, TypeError, ValueError, zlib.error) as error:
        log.warning(
            "archive: a segment ends in a damaged record",
            extra={"segment": path, "reason": str(error)},
        )


def _content(record: ArcWarcRecord) -> bytes:
    """Return a record's content.

    Raises:
        EOFError: it is shorter than its header says.
    """
    content: bytes = record.raw_stream.read()
    if len(content) != int(record.rec_headers["Content-Length"]):
        raise EOFError("the last record is incomplete")
    return content


def _uri(feed: str, name: str) -> str:
    if name.startswith(("http://", "https://")):
        return quote(name, safe="/:?#[]@!$&'()*+,;=%", errors="surrogatepass")
    return f"urn:newswire:{feed}:{quote(name, errors='surrogatepass')}"


def _writer() -> tuple[BytesIO, WARCWriter]:
    buffer = BytesIO()
    return buffer, WARCWriter(buffer, gzip=True, warc_version="1.1")
