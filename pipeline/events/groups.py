"""The events of a stream of fingerprints: what a record of `wire.fingerprints` leads to.

A function of the topic alone: whoever reads it from its beginning has the same events. The end of
an embargo is a record too.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from heapq import heappop, heappush

from pipeline.events.fingerprints import Fingerprint
from pipeline.events.race import OUT, Standing
from pipeline.events.window import DAYS, Window


@dataclass(frozen=True, slots=True)
class Place:
    """Where a story is."""

    event: str | None
    """None for a story that is withheld."""
    published_at: datetime | None = None
    alias: str | None = None
    """Of a withheld story: the event of the stories that it was with."""
    source: str | None = None
    standing: Standing = OUT
    """In the race for the event."""


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of stories since the last time."""

    places: dict[str, Place] = field(default_factory=dict)
    beyond: tuple[str, ...] = ()
    """Stories that were withheld, and are not in the window: frozen, or never seen."""


class Groups:
    """A window of stories, and the newest version of each."""

    def __init__(self, days: float = DAYS) -> None:
        """Starts without stories; see `Window`."""
        self._window = Window(days)
        self._versions: dict[str, int] = {}
        self._held: dict[str, Fingerprint] = {}
        self._ends: list[tuple[datetime, str]] = []
        self._beyond: set[str] = set()

    def __len__(self) -> int:
        return len(self._window)

    @property
    def links(self) -> int:
        """Returns the number of pairs of stories that are alike enough to be compared further."""
        return self._window.links

    def take(self, story: str, record: Fingerprint) -> bool:
        """Takes a record; returns False for one of an older version, which changes nothing."""
        if record.version < self._versions.get(story, -1):
            return False
        self._versions[story] = record.version
        self._held.pop(story, None)
        if record.until is not None:
            self._held[story] = record
            heappush(self._ends, (record.until, story))
        found = record.terms
        if found is None and not self._window.has_place(story):
            self._beyond.add(story)
        self._window.put(story, found, record.at, record.published_at, record.source)
        return True

    def settle(self) -> Settled:
        """Clusters what changed and returns it."""
        changes = self._window.settle()
        for story in changes.frozen:
            del self._versions[story]
            self._held.pop(story, None)
        beyond, self._beyond = tuple(sorted(self._beyond)), set()
        places = {
            story: self._place(story, event, changes.aliases.get(story))
            for story, event in changes.events.items()
        }
        return Settled(places, beyond)

    def ended(self, now: datetime) -> dict[str, Fingerprint]:
        """Returns the stories whose embargo has ended, again and again until that is a record."""
        found: dict[str, Fingerprint] = {}
        while self._ends and self._ends[0][0] <= now:
            until, story = heappop(self._ends)
            held = self._held.get(story)
            if held is not None and held.until == until:
                found[story] = held
        for story, held in found.items():
            assert held.until is not None
            heappush(self._ends, (held.until, story))
        return found

    def place(self, story: str) -> Place | None:
        """Returns where a story is now; None for one that is not compared."""
        if story not in self._window:
            return None
        return self._place(story, self._window.event(story))

    def _place(self, story: str, event: str | None, alias: str | None = None) -> Place:
        window = self._window
        return Place(
            event, window.published_at(story), alias, window.source(story), window.standing(story)
        )
