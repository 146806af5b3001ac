"""Figures of a text: values, units, and what they count."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.facts.figures import Figure, figures


def told(text: str, language: str | None = None) -> list[tuple[str, str | None, str | None]]:
    return [(f.value, f.unit, f.counts) for f in figures(text, language)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("12 people dead", [("12", "people", "dead")]),
        ("$3.2 million", [("3200000", "USD", None)]),
        ("4.1 per cent", [("4.1", "percent", None)]),
        ("magnitude 6.1", [("6.1", "magnitude", None)]),
        ("A 6.1-magnitude quake", [("6.1", "magnitude", None)]),
        ("Police killed 3 gunmen.", [("3", "people", "dead")]),
        ("killing 12 and injuring 34", [("12", "people", "dead"), ("34", "people", "injured")]),
        ("12 to 15 soldiers were wounded", [("12-15", "people", "injured")]),
        ("two to three million euros", [("2000000-3000000", "EUR", None)]),
        ("It took 120 of 300 seats.", [("120", None, "seats"), ("300", None, "seats")]),
        ("US$5bn and Rs 2 crore", [("5000000000", "USD", None), ("20000000", "INR", None)]),
        ("half a million people", [("500000", "people", "people")]),
        ("1,234,567 homes", [("1234567", None, "homes")]),
        ("a 34-year-old man", [("34", "years", "age")]),
        ("dozens of people were hurt", [("dozens", "people", "injured")]),
        ("United beat City 3-2.", [("3-2", "score", None)]),
    ],
)
def test_a_figure_has_value_unit_and_what_it_counts(
    text: str, expected: list[tuple[str, str | None, str | None]]
) -> None:
    """A number is read with its scale, its unit or currency, and the people or things it counts."""
    assert told(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "the G20, flight MH370, Route 66 and 5G",
        "on 12 March 2026 at 10:30 a.m.",
        "in 1987, in the 19th century, on 52nd Street",
        "call 555-1234 or write to a1@b2.example",
        "one of them said so",
    ],
)
def test_what_is_no_figure_is_left_out(text: str) -> None:
    """Years, dates, times of day, ordinals and numbers within names count nothing."""
    assert told(text) == []


def test_a_point_groups_thousands_where_the_language_says_so() -> None:
    """1.234 is more than a thousand in German and little more than one in English."""
    assert told("1.234 Menschen", "de") == [("1234", "people", "menschen")]
    assert told("1.234 percent", "en-GB") == [("1.234", "percent", None)]


def test_a_figure_says_how_exact_it_is_and_what_it_was_before() -> None:
    """ "At least" is kept, and the 15 of "to 31 from 15" is a former figure of the same."""
    new, old = figures("The death toll rose to at least 31 from 15.")
    assert (new.value, new.bound, new.former) == ("31", "at least", False)
    assert (old.value, old.counts, old.former) == ("15", "dead", True)


def test_a_figure_says_where_it_stands() -> None:
    """The offsets hold the number as it is written."""
    text = "Officials said two dozen villagers were missing."
    (figure,) = figures(text)
    assert text[figure.start : figure.end] == "two dozen"


@given(st.text(alphabet="0123456789.,-– $€%km andtwelve\n“”'’½", max_size=80))
def test_any_text_is_read(text: str) -> None:
    """No text is an error, and each figure stands within the text, in order."""
    found = figures(text)
    assert all(isinstance(f, Figure) and 0 <= f.start < f.end <= len(text) for f in found)
    assert sorted(found, key=lambda f: f.start) == list(found)
