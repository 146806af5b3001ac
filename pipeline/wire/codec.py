"""Records to bytes and back, with the number of their schema.

The JSON form of a Story and of an Enriched is what these functions write: instants as
RFC 3339 in UTC, absent values as null. A record with fields that are not known here decodes
with those that are, and the worker passes the others on as they came; a record of an older
version gets the defaults of the new fields. One whose fields mean something else has a higher
schema number, and stops the worker until it is upgraded: see `require_known`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from pipeline.wire.enriched import Enriched
from pipeline.wire.errors import CodecError, SetupError
from pipeline.wire.story import Story

SCHEMA = 1
"""Raised by one whenever a field changes its meaning; adding a field does not."""

MAX_ID_BYTES = 512
"""The longest id that Elasticsearch takes; one that is longer would spoil a whole request."""

_encoder = msgspec.json.Encoder(order="deterministic")
_story = msgspec.json.Decoder(Story)
_enriched = msgspec.json.Decoder(Enriched)


def encode(record: Story | Enriched) -> bytes:
    """Returns the record as UTF-8 JSON, the same bytes for equal records.

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


_Around = msgspec.defstruct(
    "_Around",
    [
        (field.name, msgspec.Raw if field.name == "story" else Any)
        for field in msgspec.structs.fields(Enriched)
    ],
)


def encode_around(record: Enriched, story: bytes) -> bytes:
    """Returns an enriched record whose story keeps the fields that are not known here.

    Args:
        story: the JSON that `record.story` was decoded from.

    Raises:
        CodecError: as `encode`.
    """
    parts = {name: getattr(record, name) for name in record.__struct_fields__}
    try:
        raw = _encoder.encode(_Around(**{**parts, "story": msgspec.Raw(story)}))
    except (UnicodeEncodeError, ValueError) as error:
        raise CodecError(f"the record can't be written as JSON: {error}") from error
    _check_id(record.story)
    return raw


def readdress(raw: bytes, story: Story) -> bytes:
    """Returns a story's JSON under the id that the story has now, its other fields as they are.

    Args:
        raw: the JSON that the story was decoded from.
    """
    if msgspec.json.decode(raw, type=_Address).id == story.id:
        return raw
    moved = {"id": story.id, "eve_id": story.eve_id, "links": msgspec.to_builtins(story.links)}
    return _encoder.encode(msgspec.json.decode(raw) | moved)


class _Address(msgspec.Struct):
    """The part of a story's JSON that says whose it is."""

    id: str


def require_known(headers: Mapping[str, str], where: str) -> None:
    """Check that a record's schema is one that is read here.

    Raises:
        SetupError: it is newer. A person must upgrade; until then the record waits.
    """
    schema = headers.get("schema", "")
    if schema.isdecimal() and int(schema) > SCHEMA:
        raise SetupError(
            f"{where} has schema {schema}, and this newswire reads up to {SCHEMA}: upgrade it "
            "(workers before connectors)"
        )


def decode_story(raw: bytes) -> Story:
    """Returns a story from its JSON.

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
    """Returns an enriched story from its JSON.

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
    """Returns the record as plain dicts, lists and strings: the JSON form before it is text."""
    result: dict[str, Any] = msgspec.to_builtins(record)
    return result


def json_schema(record: type[Story] | type[Enriched] = Story) -> dict[str, Any]:
    """Returns the JSON Schema (2020-12) of a record, generated from the code."""
    return msgspec.json.schema(record)


def _check_id(story: Story) -> None:
    size = len(story.id.encode())
    if not 0 < size <= MAX_ID_BYTES:
        raise CodecError(f"a story's id is 1 to {MAX_ID_BYTES} bytes long, this one {size}")
