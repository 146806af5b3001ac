"""What a feed has done, and how it is: what `newswire status` shows of it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from config.feeds import Feed

STUCK_SECONDS = 300.0
"""A poll that gave nothing and failed at nothing for so long hangs."""


@dataclass
class Counts:
    """What a feed has done since it started."""

    deliveries: int = 0
    stories: int = 0
    duplicates: int = 0
    skipped: int = 0
    dead_letters: int = 0
    last_story_at: str | None = None
    """When the last new story came over this feed, in this run or an earlier one."""
    last_story: str | None = None
    """Its headline."""
    failure: str | None = None
    """Why the source or the broker can't be reached now; None while all is well."""
    failures: int = 0
    """How often in a row the source could not be reached."""
    gone: bool = False
    """The source says that it will not come back."""
    busy_since: str | None = None
    """Since when a poll has shown no sign of life; None between polls."""
    known_since: str | None = None
    """When the feed was first run."""

    def add(self, more: Counts) -> None:
        """What a batch has done, once it is acknowledged."""
        for name in ("deliveries", "stories", "duplicates", "skipped", "dead_letters"):
            setattr(self, name, getattr(self, name) + getattr(more, name))
        if more.last_story_at:
            self.last_story_at, self.last_story = more.last_story_at, more.last_story


class Health(StrEnum):
    """How a feed is."""

    OK = "ok"
    WAITING = "waiting"  # the broker or the source failed a moment ago; tried again
    DEAD = "dead"  # the source failed so often that it is asked rarely
    SILENT = "silent"  # reachable, but no story for longer than silent_after_seconds
    STUCK = "stuck"  # a poll hangs


def is_dead(counts: Counts, feed: Feed) -> bool:
    """Whether the feed's breaker is open."""
    return counts.gone or counts.failures >= feed.dead_after_failures


def health(counts: Counts, feed: Feed, at: datetime) -> Health:
    """How a feed is, at an instant."""
    if is_dead(counts, feed):
        return Health.DEAD
    if _older(counts.busy_since, at, STUCK_SECONDS):
        return Health.STUCK
    if counts.failure:
        return Health.WAITING
    last = counts.last_story_at or counts.known_since
    if feed.silent_after_seconds and _older(last, at, feed.silent_after_seconds):
        return Health.SILENT
    return Health.OK


def status(counts: Counts, feed: Feed, at: datetime) -> dict[str, Any]:
    """A feed's part of the status file."""
    return {"health": health(counts, feed, at).value, **asdict(counts)}


def _older(instant: str | None, at: datetime, seconds: float) -> bool:
    return bool(instant) and at - datetime.fromisoformat(instant or "") > timedelta(seconds=seconds)
