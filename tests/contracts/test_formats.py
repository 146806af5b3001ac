"""What every registered format keeps: golden fixtures, determinism, errors of one kind.

A fixture is any file in tests/fixtures/<format>/ with its golden record beside it, named
<file>.golden.json: the stories' JSON, the errors and the reasons for what was skipped.
`python -m tests.contracts.record` writes the golden records that are missing, to be read over
before they are committed.
"""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.formats import FORMATS, KNOWN, Format, Parsed, registry
from pipeline.wire import codec
from pipeline.wire.errors import ParseError
from tests.contracts.golden import CONTEXT, context, fixtures, golden_path, recorded

DAMAGE = (b"", b"   \n", b"\x00\x00\x00", b"\xff\xfe\xfd", b"<", b"{", b"<a><b></a>", b"[" * 10_000)


def wire_fixtures() -> list[Any]:
    return [
        pytest.param(name, path, id=f"{name}/{path.name}")
        for name in FORMATS
        for path in fixtures(name)
    ]


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_has_fixtures(name: str) -> None:
    """Being registered obliges a format to have golden fixtures."""
    assert fixtures(name)


def test_a_format_without_a_clock_is_not_registered() -> None:
    """A format that does not say what orders its versions fails when it is declared."""
    parts: dict[str, Any] = {"name": "x", "parse": lambda *_: Parsed(), "recognises": bool}
    with pytest.raises(TypeError):
        Format(**parts)
    with pytest.raises(TypeError, match="'x' declares no clock"):
        Format(**parts, clock=None)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["text", "auto"])
def test_a_name_is_registered_once(name: str) -> None:
    """A second format of one name does not replace the first, nor the recognition of all."""
    with pytest.raises(TypeError, match=f"two formats of the name '{name}'"):
        registry(*KNOWN, replace(KNOWN[0], name=name))


@pytest.mark.parametrize(("name", "path"), wire_fixtures())
def test_stories_carry_format_and_clock(name: str, path: Path) -> None:
    """Every story says by which format it was read, and by which clock its versions are ordered."""
    clocks = {each.name: each.clock for each in KNOWN}
    for story in FORMATS[name](path.read_bytes(), context(path)).stories:
        assert story.format in ({name} if name in clocks else clocks)
        assert story.clock is clocks[story.format or ""]


@pytest.mark.parametrize(("name", "path"), wire_fixtures())
def test_parse_matches_golden(name: str, path: Path) -> None:
    """A delivery parses to what is recorded beside it, again and again."""
    golden = json.loads(golden_path(path).read_text(encoding="utf-8"))
    assert recorded(name, path) == golden
    assert recorded(name, path) == golden


@pytest.mark.parametrize(("name", "path"), wire_fixtures())
def test_stories_pass_the_codec(name: str, path: Path) -> None:
    """Every story of a fixture survives its way over a topic unchanged."""
    for story in FORMATS[name](path.read_bytes(), context(path)).stories:
        assert codec.decode_story(codec.encode(story)) == story


@pytest.mark.parametrize("raw", DAMAGE, ids=lambda raw: repr(raw[:12]))
@pytest.mark.parametrize("name", FORMATS)
def test_damage_is_a_parse_error_or_nothing(name: str, raw: bytes) -> None:
    """Bytes that are no delivery give no story: an error that says where, or nothing."""
    with suppress(ParseError):
        parsed = FORMATS[name](raw, CONTEXT)
        # Only plain text can be anything.
        assert not parsed.stories or name in {"text", "auto"}


@pytest.mark.parametrize("name", FORMATS)
def test_an_empty_delivery_is_an_error(name: str) -> None:
    """No bytes are no delivery."""
    with pytest.raises(ParseError):
        FORMATS[name](b"", CONTEXT)


@pytest.mark.parametrize("name", FORMATS)
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_mutated_fixtures_raise_only_parse_errors(name: str, data: st.DataObject) -> None:
    """Cut, doubled and altered deliveries parse or raise ParseError, and pass the codec."""
    path = data.draw(st.sampled_from(fixtures(name)))
    raw = path.read_bytes()
    start = data.draw(st.integers(0, len(raw)))
    end = data.draw(st.integers(start, min(len(raw), start + 400)))
    middle = data.draw(
        st.one_of(st.just(b""), st.binary(max_size=40), st.just(raw[start:end] * 2), HOSTILE)
    )
    try:
        parsed = FORMATS[name](raw[:start] + middle + raw[end:], context(path))
    except ParseError:
        return
    for story in parsed.stories:
        assert story.id
        codec.encode(story)


HOSTILE = st.sampled_from(
    (
        b"\x00",
        b"&#xD800;",
        b"&#0;",
        b"&nbsp;",
        b"&undeclared;",
        b"<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]>&e;",
        b"\\ud800",
        b"NaN",
        b"1e999",
        b"9" * 400,
        b"[" * 2_000,
        b"<p>" * 2_000,
        b"\xed\xa0\x80",
        "\u202e\ufeff\ufffe".encode(),
    )
)
