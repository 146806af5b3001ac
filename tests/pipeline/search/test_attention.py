"""Spans of time: hours, days, weeks from Monday, months."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.search.attention import Interval, floor, following

INTERVALS = st.sampled_from(["hour", "day", "week", "month"])
INSTANTS = st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))


@pytest.mark.parametrize(
    ("interval", "start"),
    [("hour", (25, 12)), ("day", (25, 0)), ("week", (23, 0)), ("month", (1, 0))],
)
def test_a_span_begins_at_its_edge(interval: Interval, start: tuple[int, int]) -> None:
    """A Wednesday at noon lies in the week of Monday."""
    day, hour = start
    at = datetime(2026, 11, 25, 12, 34, 56, tzinfo=UTC)
    assert floor(at, interval) == datetime(2026, 11, day, hour, tzinfo=UTC)


@given(INSTANTS, INTERVALS)
def test_spans_follow_each_other_without_gaps(at: datetime, interval: Interval) -> None:
    """Each instant lies in one span, and the next span begins where it ends."""
    start = floor(at, interval)
    after = following(start, interval)
    assert start <= at < after
    assert floor(after, interval) == after
