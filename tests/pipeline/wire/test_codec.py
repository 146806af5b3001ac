"""Records and their bytes."""

import json

import msgspec
import pytest
from hypothesis import given, settings

from pipeline.wire import codec
from pipeline.wire.enriched import Enriched
from pipeline.wire.errors import CodecError, SetupError
from pipeline.wire.story import Story
from tests.strategies import enriched_stories, stories


@given(story=stories)
@settings(max_examples=60)
def test_a_story_round_trips(story: Story) -> None:
    """A story's bytes decode to an equal story, and equal stories have equal bytes."""
    raw = codec.encode(story)
    assert codec.decode_story(raw) == story
    assert codec.encode(codec.decode_story(raw)) == raw


@given(record=enriched_stories)
@settings(max_examples=60)
def test_an_enriched_story_round_trips(record: Enriched) -> None:
    """An enriched story's bytes decode to an equal record."""
    assert codec.decode_enriched(codec.encode(record)) == record


def test_unknown_is_null_and_instants_are_utc() -> None:
    """The JSON form has every field, with null for what the wire did not say."""
    told = json.loads(codec.encode(Story(id="a")))
    assert set(told) == set(Story.__struct_fields__)
    assert told["headline"] is None


def test_a_record_of_a_newer_schema_decodes() -> None:
    """A field that this version does not know is passed over."""
    raw = json.dumps({"id": "a", "sentiment": 0.2}).encode()
    assert codec.decode_story(raw) == Story(id="a")


@given(record=enriched_stories)
@settings(max_examples=40)
def test_a_record_around_the_story_that_came(record: Enriched) -> None:
    """Written around its story's own bytes a record is the same, to the byte."""
    assert codec.encode_around(record, codec.encode(record.story)) == codec.encode(record)


def test_a_schema_that_is_not_known_yet() -> None:
    """A record whose fields mean something else waits for whoever knows them."""
    codec.require_known({}, "a record")
    codec.require_known({"schema": str(codec.SCHEMA)}, "a record")
    codec.require_known({"schema": "?"}, "a record")
    with pytest.raises(SetupError, match="a record has schema"):
        codec.require_known({"schema": str(codec.SCHEMA + 1)}, "a record")


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"[]",
        b"{}",
        b'{"id": 1}',
        b'{"id": "a", "status": "deleted"}',
        b'{"id": "a", "first_created": "yesterday"}',
        b'{"id": "a", "first_created": "2024-05-01T12:00:00"}',
        b'{"id": "\xff"}',
        rb'{"id": "\ud800"}',
        b"\xff\xfe",
    ],
)
def test_what_is_no_story_is_refused(raw: bytes) -> None:
    """Bytes that are not a story's raise CodecError, whatever is wrong with them."""
    with pytest.raises(CodecError):
        codec.decode_story(raw)
    with pytest.raises(CodecError):
        codec.decode_enriched(raw)


@pytest.mark.parametrize("id", ["", "é" * 257])
def test_an_id_that_the_index_refuses_is_refused(id: str) -> None:
    """An empty id, or one of more than 512 bytes, is no story's, coming or going."""
    with pytest.raises(CodecError, match="512"):
        codec.encode(Story(id=id))
    with pytest.raises(CodecError, match="512"):
        codec.decode_story(json.dumps({"id": id}).encode())
    assert codec.decode_story(codec.encode(Story(id="é" * 256)))


def test_a_revision_out_of_range_is_refused() -> None:
    """An enrichment revision that does not fit the version's digits is no record's."""
    provenance = {"pipeline": "t", "model": "t", "gazetteer": "t", "revision": 1000}
    raw = json.dumps({"story": {"id": "a"}, "provenance": provenance}).encode()
    with pytest.raises(CodecError, match="revision"):
        codec.decode_enriched(raw)


def test_lone_surrogates_are_refused() -> None:
    """A text that UTF-8 can't write is told as such before it is sent."""
    with pytest.raises(CodecError):
        codec.encode(Story(id="a", body="\ud800"))


def test_the_schema_describes_what_is_written() -> None:
    """The JSON Schema names every field of a story and requires its id alone."""
    schema = codec.json_schema(Story)
    definition = schema["$defs"]["Story"]
    assert set(definition["properties"]) == set(Story.__struct_fields__)
    assert definition["required"] == ["id"]
    assert msgspec.json.encode(schema)
