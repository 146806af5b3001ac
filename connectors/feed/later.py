"""Stories whose page is still to be fetched: the feed goes on without it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from connectors.sources.base import Delivery
from pipeline.wire.story import Story

AFTER_SECONDS = (60.0, 600.0, 3600.0)
"""When a page that failed for now is tried again: after the first failure, the next, the last."""

MOST = 500
"""Stories that are kept; the oldest goes without the text of its page."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A story that was published without the text of its page."""

    story: Story
    delivery: Delivery
    url: str
    failures: int = 0
    at: float = 0.0
    """When it may be fetched, by the monotonic clock."""


@dataclass(slots=True)
class Later:
    """The pages that are wanted, in memory: a restart leaves these stories as they are."""

    clock: Callable[[], float] = time.monotonic
    _wanted: list[Wanted] = field(default_factory=list)

    def add(self, story: Story, delivery: Delivery, url: str, failures: int = 0) -> bool:
        """Keep a story for later; returns False if its page has failed too often."""
        if failures > len(AFTER_SECONDS):
            return False
        wait = AFTER_SECONDS[failures - 1] if failures else 0.0
        self._wanted.append(Wanted(story, delivery, url, failures, self.clock() + wait))
        del self._wanted[:-MOST]
        return True

    def put_back(self, wanted: Iterable[Wanted]) -> None:
        """Keep what was taken out, but could not be published."""
        self._wanted = [*wanted, *self._wanted][-MOST:]

    def due(self) -> Iterator[Wanted]:
        """Take out one after the other of those that may be fetched now."""
        for wanted in list(self._wanted):
            if wanted.at <= self.clock():
                self._wanted.remove(wanted)
                yield wanted

    def __len__(self) -> int:
        return len(self._wanted)
