"""Readers of single fields."""

from __future__ import annotations

import pytest

from connectors.fields.values import (
    byline,
    distinct,
    hashed_id,
    integer,
    language,
    line,
    story_id,
    urgency,
)
from pipeline.wire.agencies import short_name


def test_story_id_is_the_agency_and_the_providers_id() -> None:
    """The id joins both, and is the provider's alone where no agency is known."""
    assert story_id("AFP", " TX-PAR-1 ") == "AFP:TX-PAR-1"
    assert story_id(None, "TX-PAR-1") == "TX-PAR-1"


def test_story_id_fits_the_index() -> None:
    """A long id is cut to what the index takes, and two of them stay apart."""
    one, two = story_id("X", "é" * 2000 + "1"), story_id("X", "é" * 2000 + "2")
    assert len(one.encode()) <= 512
    assert one != two


def test_hashed_id_ignores_case_and_white_space() -> None:
    """Versions that differ in their spacing meet; the parts stay apart."""
    assert hashed_id("A  slug", "2017") == hashed_id("a slug", "2017")
    assert hashed_id("ab", "c") != hashed_id("a", "bc")


def test_byline_is_one_line() -> None:
    """White space collapses and ANPA's line end goes."""
    assert byline("  By JO\n DOE= ") == "By JO DOE"
    assert byline(" = ") is None


@pytest.mark.parametrize(
    ("tag", "found"),
    [("nl-nl", "nl-NL"), ("EN", "en"), ("zh_hant_tw", "zh-Hant-TW"), ("eng", "en"),
     ("x-default", None), ("und", None), ("", None), (None, None)],
)  # fmt: skip
def test_language(tag: str | None, found: str | None) -> None:
    """Tags come in BCP 47's usual case, and those that name no language are none."""
    assert language(tag) == found


def test_urgency_is_one_to_nine() -> None:
    """Letters count by the wire's table; what is off the scale is unknown."""
    assert [urgency(sent) for sent in ("1", " 9 ", "0", "10", "r", "", None, "４")] == [
        1, 9, None, None, None, None, None, None,
    ]  # fmt: skip
    assert urgency("B", {"b": 2}) == 2


def test_integer_takes_large_versions() -> None:
    """Versions of nine digits are read, and what the index can't hold is none."""
    assert [integer(sent) for sent in ("04", "978556838", "1N", "9" * 25, None)] == [
        4, 978556838, None, None, None,
    ]  # fmt: skip


def test_line_and_distinct() -> None:
    """Empty texts are None, repeats and empty values are dropped."""
    assert line(" a\n\x00b ") == "a b"
    assert line(" \n") is None
    assert distinct(["a", None, "b", "", "a"]) == ("a", "b")


@pytest.mark.parametrize(
    ("signatures", "name"),
    [
        (("The Canadian Press. All rights reserved.",), "CP"),
        (("(c) Copyright Thomson Reuters 2013",), "Reuters"),
        (("Acme Desk", "deutsche presse-agentur"), "dpa"),
        (("Acme Desk",), "Acme Desk"),
        ((None, " "), None),
    ],
)
def test_short_name(signatures: tuple[str | None, ...], name: str | None) -> None:
    """However an agency signs, it comes out under the trade's name."""
    assert short_name(*signatures) == name
