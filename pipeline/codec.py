"""Records to bytes and back, with the number of their schema.

The JSON form of a Story and of an Enriched is what these functions write: instants as
RFC 3339 in UTC, absent values as null. A record of a newer schema decodes here with the
fields that are known here; a record of an older one gets the defaults of the new fields.
"""

from __future__ import annotations

from typing import Any

import msgspec

from pipeline.enriched import Enriched
from pipeline.errors import CodecError
from pipeline.story import Story

SCHEMA = 1
"""Raised by one whenever a field changes its meaning; adding a field does not."""

MAX_ID_BYTES = 512
"""The longest id that Elasticsearch takes; one that is longer would spoil a whole request."""

_encoder = msgspec.json.Encoder(order="deterministic")
_story = msgspec.json.Decoder(Story)
_enriched = msgspec.json.Decoder(Enriched)


def encode(record: Story | Enriched) -> bytes:
    """The record as UTF-8 JSON, the same bytes for equal records.

    Raises:
        CodecError: a text holds lone surrogates, which UTF-8 can't write, or the story's id
            is empty or longer than MAX_ID_BYTES.
    """
    try:
        raw = _encoder.encode(record)
    except (UnicodeEncodeError, ValueError) as error:
        raise CodecError(f"the record can't be written as JSON: {error}") from error
    _check_id(record.story if isinstance(record, Enriched) else record)
    return raw


def decode_story(raw: bytes) -> Story:
    """A story from its JSON.

    Raises:
        CodecError: not JSON, not a story, or one without a fit id.
    """
    try:
        story = _story.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise CodecError(f"not a story: {error}") from error
    _check_id(story)
    return story


def decode_enriched(raw: bytes) -> Enriched:
    """An enriched story from its JSON.

    Raises:
        CodecError: not JSON, not an enriched story, or one without a fit id.
    """
    try:
        record = _enriched.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise CodecError(f"not an enriched story: {error}") from error
    _check_id(record.story)
    return record


def as_json(record: Story | Enriched) -> dict[str, Any]:
    """The record as plain dicts, lists and strings: its JSON form, not yet text."""
    result: dict[str, Any] = msgspec.to_builtins(record)
    return result


def json_schema(record: type[Story] | type[Enriched] = Story) -> dict[str, Any]:
    """The JSON Schema (2020-12) of a record, generated from the code."""
    return msgspec.json.schema(record)


def _check_id(story: Story) -> None:
    size = len(story.id.encode())
    if not 0 < size <= MAX_ID_BYTES:
        raise CodecError(f"a story's id is 1 to {MAX_ID_BYTES} bytes long, this one {size}")
