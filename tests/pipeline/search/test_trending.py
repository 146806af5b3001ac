"""What grows against its own habit."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from pipeline.search.trending import (
    FIELDS,
    LISTED,
    Habit,
    Trend,
    Window,
    before,
    candidates,
    found,
    growth,
    habit,
    is_trend,
    ranked,
    score,
    spans,
)
from pipeline.search.visible import ANYBODY, visible

NOW = datetime(2026, 12, 1, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("stories", "weeks", "expected"),
    [
        (3, (1, 1, 1, 1), False),  # 1 to 3 is no trend
        (4, (0, 0, 0, 0), False),
        (5, (0, 0, 0, 0), True),
        (30, (28, 31, 25, 30), False),
        (60, (28, 31, 25, 30), True),
        (20, (2, 40, 3, 38), False),  # it is uneven anyway
    ],
)
def test_a_trend_lies_far_above_the_habit(
    stories: int, weeks: tuple[float, ...], expected: bool
) -> None:
    """Small numbers are no trend, and chance and the name's own unevenness are none."""
    assert is_trend(stories, Habit(weeks)) is expected


def test_news_that_goes_on_is_no_trend() -> None:
    """What came at this rate all week is usual, although it did not in the weeks before."""
    assert is_trend(12, Habit((0, 0, 0, 0)))
    assert not is_trend(12, Habit((0, 0, 0, 0), lately=11.0))


def test_more_of_everything_is_no_trend() -> None:
    """Where twice as many stories come altogether, twice as many of a name are usual."""
    assert is_trend(24, Habit((8, 8, 8, 8)))
    assert not is_trend(24, Habit((8, 8, 8, 8)), growth=2.0)
    assert score(10, Habit((5,)), growth=0.2) == score(10, Habit((5,)))
    assert growth(10, Habit()) == 1.0


def test_a_habit_is_as_long_as_the_index() -> None:
    """Weeks before the first story count for nothing; without a week, today counts."""
    whole = {"week1": 50, "week2": 40, "lately": 700, "today": 90}
    own = habit({"week1": 3, "lately": 72}, whole, Window.HOUR)
    assert own == Habit((3.0, 0.0), 72 / 144)
    assert habit({"today": 12}, {"today": 90}, Window.HOUR) == Habit((), 0.5)
    assert habit({}, {}, Window.DAY).usual == 0


def test_the_spans_of_a_habit_do_not_hold_the_window() -> None:
    """The same hours of four weeks, and days that end before the window begins."""
    for window in Window:
        times = spans(window, NOW)
        assert all(end <= NOW - window.span for _, end in times.values())
        start, end = times["week2"]
        assert (end, end - start) == (NOW - timedelta(days=14), window.span)


def test_both_searches_hide_what_must_not_be_shown() -> None:
    """The filter of visible stories stands in each, and the names are bounded."""
    clause = visible(NOW, ANYBODY)
    first = candidates(Window.HOUR, NOW, [clause])
    second = before(Window.HOUR, NOW, [clause], {"person": ["Ana"], "place": []})
    for body in (first, second):
        assert clause in body["query"]["bool"]["filter"]
    assert second["aggs"]["week1"]["aggs"].keys() == {"person"}


def test_what_is_found_names_its_newest_story() -> None:
    """From the responses to both searches."""

    def bucket(name: str, count: int) -> dict[str, Any]:
        newest = {"hits": {"hits": [{"_source": {"id": f"ap:{name}"}}]}}
        return {"key": name, "doc_count": count, "newest": newest}

    empty: dict[str, Any] = {"buckets": []}
    current = {
        "hits": {"total": {"value": 40}},
        "aggregations": dict.fromkeys(FIELDS, empty)
        | {"person": {"buckets": [bucket("Ana", 9), bucket("Bob", 5)]}},
    }
    past = {
        name: {"doc_count": 40, "person": {"buckets": [{"key": "Bob", "doc_count": 5}]}}
        for name in spans(Window.HOUR, NOW)
    }
    (trend,) = found(Window.HOUR, NOW, current, {"aggregations": past}).trends
    assert (trend.name, trend.stories, trend.usual, trend.story) == ("Ana", 9, 0.0, "ap:Ana")


def test_the_highest_scores_are_listed() -> None:
    """The list is bounded, and equal scores stand in the order of their names."""
    many = [
        Trend(kind="person", name=f"{n:03d}", stories=9, usual=1, score=float(n // 2))
        for n in range(100)
    ]
    listed = ranked(many)
    assert len(listed) == LISTED
    assert [one.name for one in listed[:2]] == ["098", "099"]
