"""Formats told apart by content."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.formats import FORMATS, KNOWN, Context
from connectors.formats.auto import recognise
from pipeline.wire.errors import ParseError
from tests.connectors.formats.test_samples import SAMPLES
from tests.contracts.golden import fixtures

DEMO = Path(__file__).resolve().parents[3] / "config" / "demo"
FOLDERS = {
    "anpa1312": "anpa1312",
    "ap-media": "ap_media",
    "iptc7901": "iptc7901",
    "newsml12": "newsml12",
    "newsmlg2": "newsml_g2",
    "ninjs": "ninjs",
    "nitf": "nitf",
    "rfc822": "mail",
    "rss-atom": "rss",
    "text": "text",
}
NAMED = {"auto", "mapped"}  # read where a feed names them
UNKNOWN = {
    "nothing": b"",
    "blank": b" \n\t ",
    "JPEG": b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01",
    "ZIP": b"PK\x03\x04\x14\x00\x00\x00\x08\x00",
    "gzip": b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03K\x04\x00C\xbe\xb7\xe8",
    "XML of another kind": b"<?xml version='1.0'?><invoice><total>3</total></invoice>",
    "half an element": b"<",
    "half an object": b'{"uri": "urn:1", "headli',
    "JSON of another kind": b'{"temperature": 21}',
    "a wire without its head": b"Berlin (dpa) - Text.\r\n\x03131137 GMT Nov 13\r\n\x04",
}


def known() -> list[Any]:
    cases = [(name, path) for name in FORMATS if name not in NAMED for path in fixtures(name)]
    return [pytest.param(name, path, id=f"{name}/{path.name}") for name, path in cases]


def samples() -> list[Any]:
    paths = sorted(SAMPLES.glob("*/*")) if SAMPLES.exists() else []
    return [pytest.param(path, id=f"{path.parent.name}/{path.name}") for path in paths]


@pytest.mark.parametrize(("name", "path"), known())
def test_a_fixture_is_recognised(name: str, path: Path) -> None:
    """Every fixture is of the format whose folder it stands in."""
    assert recognise(path.read_bytes(), KNOWN).name == name


@pytest.mark.parametrize("path", samples())
def test_a_sample_is_recognised(path: Path) -> None:
    """Every real sample is recognised, whatever its name."""
    expected = "nitf" if path.name.endswith(".nitf.xml") else FOLDERS[path.parent.name]
    assert recognise(path.read_bytes(), KNOWN).name == expected


@pytest.mark.parametrize("raw", UNKNOWN.values(), ids=UNKNOWN)
def test_what_is_no_news_is_an_error(raw: bytes) -> None:
    """Bytes of no known format give one error that says where it saw so."""
    with pytest.raises(ParseError) as caught:
        FORMATS["auto"](raw, Context())
    assert caught.value.where


def test_the_story_says_its_format() -> None:
    """A story keeps the name of the format that it was found to be in, not "auto"."""
    for path in sorted(DEMO.iterdir()):
        for story in FORMATS["auto"](path.read_bytes(), Context()).stories:
            assert story.format == recognise(path.read_bytes(), KNOWN).name


@settings(max_examples=200, deadline=None)
@given(
    start=st.sampled_from((b"", b"\x01", b"\x16\x16\x01a0001\x1f", b"{", b"[", b"<", b"From: ")),
    rest=st.binary(max_size=200),
)
def test_any_bytes_parse_or_are_an_error(start: bytes, rest: bytes) -> None:
    """Whatever arrives, only ParseError comes out."""
    try:
        parsed = FORMATS["auto"](start + rest, Context())
    except ParseError:
        return
    assert all(story.id for story in parsed.stories)
