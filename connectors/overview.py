"""The state of every feed that is declared, from its cursor and from running connectors."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from config.feeds import Feed
from config.settings import Settings
from connectors.cursor import FILE, Cursor
from connectors.feed.habit import HOUR, expected
from connectors.feed.loop import LAST, LAST_AT
from connectors.run import chosen_feeds
from connectors.sources.base import now
from pipeline.process.status import read_status


@dataclass(frozen=True, slots=True)
class FeedState:
    """One feed, as `newswire feeds list` shows it."""

    feed: str
    source: str
    format: str
    state: str
    """"off", "stopped" when no connector runs it, else its health: "ok", "silent", "dead" …"""
    failure: str | None = None
    last_hour: int = 0
    """New stories in the last 60 minutes, to the hour."""
    last_day: int = 0
    last_story_at: str | None = None
    last_story: str | None = None
    """Its headline."""
    expected: float | None = None
    """The stories that it would usually have brought since; None without three weeks of history."""
    counts: dict[str, Any] = field(default_factory=dict)
    """What the running connector has counted."""


def overview(settings: Settings) -> list[FeedState]:
    """Return the state of every feed that is declared.

    Raises:
        ConfigError: the feeds file can't be read.
        SetupError: the cursor file can't be read.
    """
    running: dict[str, dict[str, Any]] = {}
    for process in read_status(settings.data_dir):
        running |= process.get("feeds", {})
    feeds = chosen_feeds(settings, all_declared=True)
    return [_state(settings, feed, running.get(feed.name), now()) for feed in feeds]


def _state(
    settings: Settings, feed: Feed, running: dict[str, Any] | None, at: datetime
) -> FeedState:
    state = str(running["health"]) if running else "stopped" if feed.enabled else "off"
    shown = FeedState(
        feed.name,
        feed.source,
        feed.format,
        state,
        failure=running["failure"] if running else None,
        counts={k: v for k, v in (running or {}).items() if isinstance(v, int)},
    )
    if not (settings.data_dir / FILE).exists():
        return shown
    cursor = Cursor(settings.data_dir / FILE, feed.name)
    try:
        received, last_at = cursor.received(), cursor.get(LAST_AT)
        last = cursor.get(LAST)
    finally:
        cursor.close()
    hour = int(at.timestamp()) // HOUR
    since = datetime.fromisoformat(last_at) if last_at else None
    return FeedState(
        shown.feed,
        shown.source,
        shown.format,
        shown.state,
        shown.failure,
        last_hour=sum(n for h, n in received.items() if h >= hour - 1),
        last_day=sum(n for h, n in received.items() if h > hour - 24),
        last_story_at=last_at,
        last_story=last,
        expected=expected(received, since, at) if since else None,
        counts=shown.counts,
    )
