"""The counts and the health of a feed, as `newswire status` shows them."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from config.feeds import Feed
from connectors.feed.habit import SILENT_AFTER

_ADDED = (
    "deliveries",
    "stories",
    "duplicates",
    "skipped",
    "dead_letters",
    "claims",
    "held",
    "full_texts",
    "full_text_failures",
)

STUCK_SECONDS = 300.0
"""A poll that neither yielded nor failed for this long hangs."""


@dataclass
class Counts:
    """What a feed has counted since it started."""

    deliveries: int = 0
    stories: int = 0
    duplicates: int = 0
    skipped: int = 0
    dead_letters: int = 0
    claims: int = 0
    """Stories that named an agency which the feed does not speak for."""
    held: int = 0
    """Stories under a restriction that has no end or is not understood."""
    full_texts: int = 0
    """Stories whose text was taken from the page that they link to."""
    full_text_failures: int = 0
    """Stories whose page could not be fetched or has no article: they keep their summary."""
    losses: int = 0
    """How often this feed has found that the broker lost what it had acknowledged."""
    lost_at: str | None = None
    """When it found that, if the stories were pushed and are in no archive: they are gone."""
    last_story_at: str | None = None
    """When the feed received its last new story, in this run or an earlier one."""
    last_story: str | None = None
    """Its headline."""
    failure: str | None = None
    """Why the feed does not progress now; None while it does."""
    failures: int = 0
    """The number of failures of the source in a row."""
    gone: bool = False
    """True when the source says that it is permanently gone."""
    busy_since: str | None = None
    """When the running poll last progressed; None between polls."""
    known_since: str | None = None
    """When the feed ran for the first time."""
    expected: float | None = None
    """How many stories the feed would usually have brought since the last one."""

    def add(self, more: Counts) -> None:
        """Add the counts of a batch that was acknowledged."""
        for name in _ADDED:
            setattr(self, name, getattr(self, name) + getattr(more, name))
        if more.last_story_at:
            self.last_story_at, self.last_story = more.last_story_at, more.last_story


class Health(StrEnum):
    """The state of a feed."""

    OK = "ok"
    WAITING = "waiting"  # the broker or the source has failed; it is tried again
    DEAD = "dead"  # the source failed so often that it is tried rarely
    SILENT = "silent"  # reachable, but without a story for longer than configured or usual
    STUCK = "stuck"  # a poll hangs


def is_dead(counts: Counts, feed: Feed) -> bool:
    """Return True if the source failed so often that it is tried rarely."""
    return counts.gone or counts.failures >= feed.dead_after_failures


def health(counts: Counts, feed: Feed, at: datetime) -> Health:
    """Return the state of a feed at a time."""
    if is_dead(counts, feed):
        return Health.DEAD
    if _older(counts.busy_since, at, STUCK_SECONDS):
        return Health.STUCK
    if counts.failure:
        return Health.WAITING
    last = counts.last_story_at or counts.known_since
    if feed.silent_after_seconds and _older(last, at, feed.silent_after_seconds):
        return Health.SILENT
    if counts.expected is not None and counts.expected >= SILENT_AFTER:
        return Health.SILENT
    return Health.OK


def status(counts: Counts, feed: Feed, at: datetime) -> dict[str, Any]:
    """Return a feed's part of the status file."""
    return {"health": health(counts, feed, at).value, **asdict(counts)}


def _older(instant: str | None, at: datetime, seconds: float) -> bool:
    return bool(instant) and at - datetime.fromisoformat(instant or "") > timedelta(seconds=seconds)
