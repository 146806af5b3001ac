"""A feed's habit: what it usually brings in an hour of the week, and when it is too silent."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event

import pytest

from config.feeds import Feed
from connectors.cursor import FILE, Cursor
from connectors.feed.habit import HOUR, SILENT_AFTER, expected
from connectors.feed.health import Counts, Health, health
from connectors.formats import FORMATS
from tests.connectors.feeds import Broker, Listed, loop, parse_lines

MONDAY = datetime(2026, 3, 2, 9, tzinfo=UTC)


def weekly(weeks: int, stories: int) -> dict[int, int]:
    """So many stories in each hour of 9 to 17 on every day, for so many weeks before Monday."""
    start = MONDAY - timedelta(weeks=weeks)
    hours = [start + timedelta(hours=n) for n in range(weeks * 168)]
    return {int(h.timestamp()) // HOUR: stories for h in hours if 9 <= h.hour < 17}


@pytest.mark.parametrize(
    ("hours", "usual"), [(1, 4.0), (0.5, 2.0), (8, 32.0), (16, 32.0), (25, 36.0)]
)
def test_what_is_usual(hours: float, usual: float) -> None:
    """The hours of the day count as they usually are: the night is silent."""
    found = expected(weekly(6, 4), MONDAY, MONDAY + timedelta(hours=hours))
    assert found == pytest.approx(usual)


def test_a_day_of_great_news_is_no_habit() -> None:
    """The week with the most stories is left out."""
    received = weekly(6, 1)
    received[int((MONDAY - timedelta(weeks=2)).timestamp()) // HOUR] = 500
    assert expected(received, MONDAY, MONDAY + timedelta(hours=1)) == pytest.approx(1.0)


def test_a_short_history_is_no_habit() -> None:
    """Less than three weeks say nothing, and neither does nothing."""
    assert expected(weekly(2, 4), MONDAY, MONDAY + timedelta(hours=8)) is None
    assert expected({}, MONDAY, MONDAY + timedelta(hours=8)) is None


def test_silence_of_years_takes_no_time() -> None:
    """The silence is judged by its first week."""
    received = weekly(6, 4)
    week = expected(received, MONDAY, MONDAY + timedelta(weeks=1))
    assert expected(received, MONDAY, MONDAY + timedelta(weeks=500)) == week


def test_a_feed_more_silent_than_usual() -> None:
    """A feed is silent when many stories were expected, though no time is configured."""
    feed = Feed(name="wire", source="rss")
    assert health(Counts(expected=SILENT_AFTER - 0.1), feed, MONDAY) is Health.OK
    assert health(Counts(expected=SILENT_AFTER), feed, MONDAY) is Health.SILENT
    assert health(Counts(), feed, MONDAY) is Health.OK


def test_a_feed_learns_its_habit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """New stories are counted by the hour, duplicates are not, and a loss forgets no habit."""
    monkeypatch.setitem(FORMATS, "lines", parse_lines)  # type: ignore[arg-type]
    running = loop(tmp_path, Listed(b"a|1|one\nb|1|two", b"a|1|one"), Broker())
    running.run(Event(), once=True)
    running.close()
    cursor = Cursor(tmp_path / FILE, "wire")
    assert list(cursor.received().values()) == [2]
    cursor.forget()
    assert list(cursor.received().values()) == [2]
    cursor.close()
