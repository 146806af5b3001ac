"""Real wire samples against expectations written by reading each against its standard.

The samples are other people's text and stand in a folder beside the checkout; without it these
tests are skipped. expectations/<folder>.toml has a table for each file:

    ["afp-economy.xml"]
    format = "newsml12"        # the key in FORMATS
    timezone = "Europe/Paris"  # optional, as are agency and captions: the feed's context
    skipped = 0                # optional; also errors = 0
    [["afp-economy.xml".story]]
    id = "AFP:TX-PAR-FXW86"    # any field of the story's JSON form, and also:
    place = "STOCKHOLM"        # the dateline's place
    filed_on = "2014-08-29"
    subjects = ["04011002"]    # their codes (or names, where they have no code), in order
    ednote_starts = "Photos"
    body_starts = "A Chinese"
    body_ends = "hh/ph/ts/hd"
    paragraphs = 10
    words = 224
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from connectors.formats import FORMATS, Context
from pipeline.wire.codec import as_json

SAMPLES = Path(__file__).resolve().parents[3] / ".." / "shared" / "wire-samples"
EXPECTATIONS = Path(__file__).parent / "expectations"


def expectations() -> list[Any]:
    return [
        pytest.param(path.stem, file, expected, id=f"{path.stem}/{file}")
        for path in sorted(EXPECTATIONS.glob("*.toml"))
        for file, expected in tomllib.loads(path.read_text(encoding="utf-8")).items()
    ]


def seen(story: dict[str, Any], key: str) -> Any:
    """What a story's JSON form holds under a key of the expectations."""
    body, dateline = story["body"], story["dateline"] or {}
    match key:
        case "place" | "filed_on":
            return dateline.get(key)
        case "dateline":
            return dateline.get("text")
        case "subjects":
            return [subject["code"] or subject["name"] for subject in story["subjects"]]
        case "schemes":
            return [subject["scheme"] or "" for subject in story["subjects"]]
        case "subject_names":
            return [subject["name"] or "" for subject in story["subjects"]]
        case "words":
            return len(body.split())
        case "paragraphs":
            return len(body.split("\n\n")) if body else 0
        case "located":
            return [place["name"] or place["code"] for place in story["located"]]
        case "links":
            return [link["href"] for link in story["links"]]
    value = story[key]
    return list(value) if isinstance(value, tuple) else value


@pytest.mark.parametrize(("folder", "file", "expected"), expectations())
def test_sample(folder: str, file: str, expected: dict[str, Any]) -> None:
    """A sample parses to the stories, errors and skips that its standard asks for."""
    path = SAMPLES / folder / file
    if not path.exists():
        pytest.skip("the wire samples are not beside this checkout")
    context = Context(
        agency=expected.get("agency"),
        timezone=expected.get("timezone", "UTC"),
        language=expected.get("language"),
        captions=expected.get("captions", False),
    )
    parsed = FORMATS[expected["format"]](path.read_bytes(), context)
    assert len(parsed.errors) == expected.get("errors", 0), parsed.errors
    assert len(parsed.skipped) == expected.get("skipped", 0), parsed.skipped
    assert len(parsed.stories) == len(expected.get("story", []))
    for story, wanted in zip(map(as_json, parsed.stories), expected.get("story", []), strict=True):
        for key, value in wanted.items():
            none = value == "none"  # TOML has no null
            if key in ("body_starts", "ednote_starts"):
                words = story[key.removesuffix("_starts")].split()
                assert " ".join(words).startswith(value)
            elif key == "body_ends":
                assert " ".join(story["body"].split()).endswith(value)
            else:
                assert (key, seen(story, key)) == (key, None if none else value)


@pytest.mark.skipif(not SAMPLES.exists(), reason="the wire samples are not beside this checkout")
def test_every_sample_has_its_expectation() -> None:
    """No sample of a folder that has expectations goes unread."""
    for path in EXPECTATIONS.glob("*.toml"):
        expected = set(tomllib.loads(path.read_text(encoding="utf-8")))
        assert {sample.name for sample in (SAMPLES / path.stem).iterdir()} == expected
