"""Queries as people type them: dates, names with aliases, and what is not understood."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.search.dates import read
from pipeline.search.words import notices, scoring

NOW = datetime(2026, 11, 25, 12, 30, tzinfo=UTC)
TODAY = datetime(2026, 11, 25, tzinfo=UTC)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("2026-11-20", datetime(2026, 11, 20, tzinfo=UTC)),
        ("2026-11-20T10:00+02:00", datetime(2026, 11, 20, 8, tzinfo=UTC)),
        ("now", NOW),
        ("Today", TODAY),
        ("yesterday", TODAY - timedelta(days=1)),
        ("30m", NOW - timedelta(minutes=30)),
        ("2h", NOW - timedelta(hours=2)),
        ("2 hours ago", NOW - timedelta(hours=2)),
        ("7d", NOW - timedelta(days=7)),
        ("1w", NOW - timedelta(weeks=1)),
        ("24 Nov", datetime(2026, 11, 24, tzinfo=UTC)),
        ("27 Nov", datetime(2025, 11, 27, tzinfo=UTC)),  # the last one, not one to come
        ("27nov", datetime(2025, 11, 27, tzinfo=UTC)),
        ("Sept. 12, 2024", datetime(2024, 9, 12, tzinfo=UTC)),
        ("12 September 2024", datetime(2024, 9, 12, tzinfo=UTC)),
        ("24. März 2024", datetime(2024, 3, 24, tzinfo=UTC)),
        ("4 avr. 2018", datetime(2018, 4, 4, tzinfo=UTC)),
        ("27 Maryland", None),
        ("29 Feb", datetime(2024, 2, 29, tzinfo=UTC)),
        ("31 Nov", None),
        ("27 Smarch", None),
        ("99999w", datetime(110, 5, 21, 12, 30, tzinfo=UTC)),
        ("soon", None),
        ("2026-13-01", None),
        ("", None),
    ],
)
def test_dates_as_people_type_them(typed: str, meant: datetime | None) -> None:
    """A date means the beginning of its day, and an age an instant."""
    assert read(typed, NOW) == meant


@given(st.text(max_size=30))
def test_no_text_is_an_error(text: str) -> None:
    """Any text is a date or none."""
    read(text, NOW)
    notices(text, NOW)


@pytest.mark.parametrize(
    ("query", "notice"),
    [
        ("flood foo:bar", "no field “foo”"),
        ("after:someday", "“someday” is not a date"),
        ("(a OR before:nonsense)", "“nonsense” is not a date"),
        ("urgency:high", "“high” is not an urgency"),
        ('"state of', "quote is not closed"),
        ("(a b", "bracket is not closed"),
        ("a) b", "without an opening one"),
        ("a " * 65, "after the 64th"),
    ],
)
def test_what_is_not_understood_is_said(query: str, notice: str) -> None:
    """Each part that is not read as it seems to be meant has one sentence."""
    (said,) = notices(query, NOW)
    assert notice in said


@pytest.mark.parametrize(
    "query",
    [
        "",
        "Ukraine: what next",
        "http://example.org",
        'after:yesterday before:"27 Nov" since:2h until:2026-11-25',
        'urgency:1-3 person:"a b" (a OR b) -c',
        "a " * 64,
        "10:30",
    ],
)
def test_what_is_understood_needs_no_words(query: str) -> None:
    """A query that is read as meant has no notice."""
    assert notices(query, NOW) == []


def clause(query: str) -> str:
    """A query's clause as JSON."""
    return json.dumps(scoring(query, (), NOW))


def phrases(tree: Any) -> set[str]:
    """The phrases in a clause."""
    if isinstance(tree, list):
        return {found for each in tree for found in phrases(each)}
    if not isinstance(tree, dict):
        return set()
    own = {tree["query"]} if tree.get("type") == "phrase" else set()
    return own | {found for each in tree.values() for found in phrases(each)}


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("DPRK missile", "North Korea"),
        ("north korea missile", "DPRK"),
        ("missile Democratic People's Republic of Korea", "North Korea"),
        ("Kiev", "Kyiv"),
        ('"Kyiv"', "Kiev"),
        ("-Kiev", "Kyiv"),
        ("(flood OR Kiev)", "Kyiv"),
        ("Zelensky", "Zelenskiy"),
        ("zelenskyy in rome", "Selenskyj"),
    ],
)
def test_a_name_finds_its_other_names(query: str, found: str) -> None:
    """Every name of the alias table finds the stories that use another."""
    assert found in phrases(scoring(query, (), NOW))


def test_a_short_name_is_no_word() -> None:
    """The United States are found by name and as an entity, but "US" is not looked for as "us"."""
    assert "US" not in phrases(scoring("USA", (), NOW))
    assert "United States" in phrases(scoring("USA", (), NOW))
    assert '{"term": {"place_names": {"value": "United States"' in clause("USA")


@pytest.mark.parametrize("query", ["us", "let us pray", "headline:Kiev", "kie*", "flood rhine"])
def test_other_words_are_as_typed(query: str) -> None:
    """A word that is no name, or stands in one field, finds itself alone."""
    assert not phrases(scoring(query, (), NOW))
    assert '"place_names"' not in clause(query)


@pytest.mark.parametrize(
    ("query", "needed"),
    [
        ("what did Lagarde say about rates?", ["Lagarde", "rates?"]),
        ("Wie viele Verletzte gab es in München?", ["viele", "Verletzte", "München?"]),
        ("¿Qué dijo Sheinbaum?", ["Sheinbaum?"]),
        ("Pourquoi Mbappé est-il forfait ?", ["Mbappé", "forfait"]),
        ("Что случилось в Харькове?", ["случилось", "Харькове?"]),
        ("what is it", ["what", "is", "it"]),
        ("US and IT", ["US", "IT"]),
    ],
)
def test_a_question_needs_no_question_words(query: str, needed: list[str]) -> None:
    """Little words of a question add to the score alone, unless there are no others."""
    wanted = scoring(query, (), NOW)
    assert wanted is not None
    assert len(wanted["bool"]["must"]) == len(needed)
    written = [json.dumps(each, ensure_ascii=False) for each in wanted["bool"]["must"]]
    assert all(f'"{word}"' in text for word, text in zip(needed, written, strict=True))


def test_a_word_finds_a_place_that_the_text_does_not_name() -> None:
    """ "Lebanon" finds what lies in it, and scores less there than in the text."""
    for field in ("place_names", "within"):
        assert f'"folded.{field}": {{"query": "lebanon", "boost": 0.' in clause("Lebanon")
    assert '"folded.within"' not in clause("headline:Lebanon")
