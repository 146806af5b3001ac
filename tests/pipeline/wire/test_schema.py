"""The documented form of a story is the one that the code writes."""

import json
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given, settings

from pipeline.wire import codec
from pipeline.wire.schema import COMMAND, files, meanings, schema
from pipeline.wire.story import Story
from tests.strategies import stories

FILES = files()


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_the_documents_are_as_the_code(file: Path) -> None:
    """docs/story.md and docs/story.schema.json say what the code does today."""
    assert file.read_text(encoding="utf-8") == FILES[file], f"write them again with `{COMMAND}`"


def test_every_field_is_explained() -> None:
    """No field of a record is without its meaning in the trade's terms."""
    for name, definition in schema()["$defs"].items():
        fields = definition.get("properties", {})
        assert [field for field in fields if not meanings()[name].get(field)] == []


@given(story=stories)
@settings(max_examples=40, deadline=None)
def test_a_story_fits_the_schema(story: Story) -> None:
    """Whatever is written validates against the published schema."""
    jsonschema.validate(json.loads(codec.encode(story)), schema(), jsonschema.Draft202012Validator)


@pytest.mark.parametrize("bad", [{}, {"id": 1}, {"id": "a", "status": "deleted"}])
def test_what_is_no_story_does_not_fit(bad: dict[str, object]) -> None:
    """The schema refuses what the decoder refuses."""
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(bad, schema(), jsonschema.Draft202012Validator)
