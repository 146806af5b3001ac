"""Datelines, of elements and of first paragraphs."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.fields.dateline import of_body, of_element

NEAR = date(2017, 9, 14)


@pytest.mark.parametrize(
    ("text", "place", "filed_on"),
    [
        ("STOCKHOLM, Aug 29, 2014 (AFP) -", "STOCKHOLM", date(2014, 8, 29)),
        ("SEOUL, South Korea, Sept 12 (AP) —", "SEOUL, South Korea", date(2017, 9, 12)),
        ("London (dpa) - ", "London", None),
        ("Landquart GR", "Landquart GR", None),
        ("NEW YORK", "NEW YORK", None),
        ("4/4/2018", None, None),
        ("2014-07-16 13:00:03 GMT+00:00", None, None),
    ],
)
def test_of_element(text: str, place: str | None, filed_on: date | None) -> None:
    """An element's place and day; one that holds a timestamp has no place."""
    found = of_element(text, NEAR)
    assert found is not None
    assert (found.place, found.filed_on) == (place, filed_on)
    assert found.text == text.strip()


@pytest.mark.parametrize("text", [None, "", "  ", " - "])
def test_an_empty_element_is_no_dateline(text: str | None) -> None:
    """Nothing printed is no dateline."""
    assert of_element(text, NEAR) is None


@pytest.mark.parametrize(
    ("body", "place", "filed_on"),
    [
        ("SEOUL, South Korea (AP) — The north", "SEOUL, South Korea", None),
        ("NEW YORK (AP) _ The gas", "NEW YORK", None),
        ("Geneva (dpa) - Switzerland", "Geneva", None),
        ("Lima, Jan 2 (EFE).- The congress", "Lima", date(2018, 1, 2)),
        ("(ANSA) - Rome, October 11 - The foreign", "Rome", date(2017, 10, 11)),
        ("Jan 3 (Reuters) - Residents", None, date(2018, 1, 3)),
        ("København /ritzau/: En mand", "København", None),
        ("OTTAWA - A man", "OTTAWA", None),
        ("ST. JOHN'S, N.L. - A man", "ST. JOHN'S, N.L.", None),
        ("Frankfurt/Main (dpa) - Die Bank", "Frankfurt/Main", None),
        ("By A Writer\n\nPARIS, 3 juin 2019 (AFP) - Le", "PARIS", date(2019, 6, 3)),
    ],
)
def test_of_body(body: str, place: str | None, filed_on: date | None) -> None:
    """The agencies' printed forms are read from the first paragraphs."""
    found = of_body(body, NEAR)
    assert found is not None
    assert (found.place, found.filed_on) == (place, filed_on)
    assert found.text is not None
    assert found.text in body


@pytest.mark.parametrize(
    "body",
    [
        "The minister (left) - a friend - said",
        "He met the Rotary Club (RC) on Monday",
        "It offers one model today -- the 9-3",
        "CRICKET: First Test, at Lord's",
        "ON THIS DAY IN SPORT - it rained",
        "",
    ],
)
def test_prose_is_no_dateline(body: str) -> None:
    """Brackets and dashes inside a sentence make no dateline."""
    assert of_body(body, NEAR) is None


@given(st.text(alphabet="aA (),-—./_:\n0é", max_size=300))
def test_any_body_is_read(body: str) -> None:
    """No body makes the reader fail."""
    of_body(body, None)
    of_element(body, None)
