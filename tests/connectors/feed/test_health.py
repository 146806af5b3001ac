"""How a feed is: waiting, dead, silent, stuck, or well."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from config.feeds import Feed
from connectors.feed.health import Counts, Health, health, status

AT = datetime(2026, 11, 25, 12, tzinfo=UTC)
FEED = Feed(name="wire", source="rss", dead_after_failures=3, silent_after_seconds=3600)


def ago(**passed: float) -> str:
    return (AT - timedelta(**passed)).isoformat()


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        (Counts(last_story_at=ago(minutes=59)), Health.OK),
        (Counts(last_story_at=ago(minutes=61)), Health.SILENT),
        (Counts(known_since=ago(minutes=61)), Health.SILENT),
        (Counts(known_since=ago(minutes=59)), Health.OK),
        (Counts(failure="away", failures=2), Health.WAITING),
        (Counts(failure="away", failures=3), Health.DEAD),
        (Counts(failure="410", failures=1, gone=True), Health.DEAD),
        (Counts(busy_since=ago(minutes=6)), Health.STUCK),
        (Counts(busy_since=ago(minutes=4)), Health.OK),
    ],
)
def test_health(counts: Counts, expected: Health) -> None:
    """What is worst of a feed is what is said of it."""
    assert health(counts, FEED, AT) is expected


def test_silence_is_only_minded_where_asked() -> None:
    """A feed without silent_after_seconds may be silent for ever."""
    quiet = Feed(name="wire", source="rss")
    assert health(Counts(last_story_at=ago(days=400)), quiet, AT) is Health.OK


def test_status_is_plain() -> None:
    """A feed's part of the status file tells its health beside the counts."""
    told = status(Counts(stories=3, last_story="Harbour opens"), FEED, AT)
    assert (told["health"], told["stories"], told["last_story"]) == ("ok", 3, "Harbour opens")
