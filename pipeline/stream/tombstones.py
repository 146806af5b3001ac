"""Tombstones on the enriched topic: the stories whose days are over.

A tombstone is a record without a value. Compaction removes with it all that the topic had of the
story; its header `version` says up to which version the story is purged, so that whoever takes it
leaves a newer version alone.
"""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.index.writer import Write
from pipeline.kafka.messages import Message, Record
from pipeline.wire import codec
from pipeline.wire.topics import Topics, headers, key


def tombstone(topics: Topics, story_id: str, version: int) -> Message:
    """Return the message that purges a story up to an index version."""
    said = headers(schema=codec.SCHEMA, version=version)
    return Message(topics.enriched, key(story_id), b"", said, is_tombstone=True)


def purges(records: Sequence[Record]) -> list[tuple[Record, Write]]:
    """Return the tombstones of a batch, each with the version that it purges and no document.

    One that a record of the same story follows is left out: the story goes on. One that names no
    version purges nothing.
    """
    last = {record.key: record for record in records}
    return [
        (record, Write(record.key.decode("utf-8", "replace"), int(version), {}))
        for record in last.values()
        if not record.value and (version := record.headers.get("version", "")).isdecimal()
    ]
