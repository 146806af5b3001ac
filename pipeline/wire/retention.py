"""How long a feed's stories may be kept: a licence counts from the story's own date."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from pipeline.wire.story import Status, Story
from pipeline.wire.versions import trusted_time


@dataclass(frozen=True, slots=True)
class Retention:
    """The days of each feed that has a limit."""

    days: Mapping[str, int] = field(default_factory=dict)

    def since(self, feed: str | None, now: datetime) -> datetime | None:
        """Returns the date before which a feed's stories are not kept; None for no limit."""
        days = self.days.get(feed or "")
        return None if days is None else now - timedelta(days=days)

    def is_over(
        self, story: Story, enriched_at: datetime | None = None, now: datetime | None = None
    ) -> bool:
        """Returns whether a story may not be kept any longer, by the date it is published under.

        A kill is always kept: it has no text, and it keeps late copies out.

        Args:
            story: the version.
            enriched_at: judges the date of a story without a receipt.
            now: by default the current time.
        """
        if story.feed not in self.days or story.status is Status.WITHDRAWN:
            return False
        return self.is_past(story.feed, trusted_time(story, enriched_at), now)

    def is_past(
        self, feed: str | None, published_at: datetime | None, now: datetime | None = None
    ) -> bool:
        """Returns whether a date is too long ago for a feed; no date is not."""
        since = self.since(feed, now or datetime.now(UTC))
        return since is not None and published_at is not None and published_at < since
