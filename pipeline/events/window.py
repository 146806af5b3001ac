"""The stories that are compared: the newest ones, by their own times.

Neither the clock nor the order of arrival decides. What is older than the window freezes: it keeps
the event that it had, takes no new stories, and is compared with nothing.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from heapq import heappop, heappush

from pipeline.events.events import Events
from pipeline.events.race import OUT, Standing
from pipeline.events.terms import Terms

DAYS = 30
MOST = 1_000_000


@dataclass(frozen=True, slots=True)
class Changes:
    """What became of stories since the window was last settled."""

    events: dict[str, str | None] = field(default_factory=dict)
    """Stories whose event or standing is another, and that event; None for one that is withheld."""
    aliases: dict[str, str] = field(default_factory=dict)
    """Stories that were withheld, and the events now of the stories that each was with.

    The event that such a story named is found so. Whoever holds another old name finds the event by
    the story of that name.
    """
    frozen: tuple[str, ...] = ()
    """Stories that have left the window."""


class Window:
    """The events of the stories of the last days, however these arrive."""

    def __init__(self, days: float = DAYS, most: int = MOST) -> None:
        """Starts without stories.

        Args:
            days: A story that is older than the newest one by more is not compared.
            most: If there are more stories, the oldest are not compared either.
        """
        self._days = timedelta(days=days)
        self._most = most
        self._events = Events()
        self._at: dict[str, datetime] = {}
        # By minutes since 1970, of each the stories that have or had a time in it.
        self._minutes: dict[int, list[str]] = {}
        self._oldest: list[int] = []
        self._newest: datetime | None = None
        # Stories that were withheld, with the others that were in the event of each.
        self._withheld: dict[str, list[str]] = {}

    @property
    def stories(self) -> frozenset[str]:
        """Returns the ids of the stories that have a place in the window, withheld ones too."""
        return frozenset(self._at)

    @property
    def links(self) -> int:
        """Returns the number of pairs of stories that are alike enough to be compared further."""
        return self._events.links

    def __contains__(self, story: str) -> bool:
        return story in self._events

    def __len__(self) -> int:
        return len(self._at)

    def has_place(self, story: str) -> bool:
        """Returns whether a story is in the window, withheld or not."""
        return story in self._at

    def put(
        self,
        story: str,
        terms: Terms | None,
        at: datetime,
        published_at: datetime | None = None,
        source: str | None = None,
    ) -> None:
        """Adds a story, or replaces what is known of it.

        Args:
            story: Its id.
            terms: Its vector; None for a story that is withheld: killed or embargoed. It keeps its
                place in the window, is in no event and names none.
            at: Its time: when it was published, or received where that is not known.
            published_at: Its time of publication, which decides who names an event.
            source: Whom it came from.
        """
        if self._newest is None or at > self._newest:
            self._newest = at
        if self._at.get(story) != at:
            self._at[story] = at
            minute = _minute(at)
            if minute not in self._minutes:
                self._minutes[minute] = []
                heappush(self._oldest, minute)
            self._minutes[minute].append(story)
        if terms is None:
            self._withhold(story)
        else:
            self._withheld.pop(story, None)
            self._events.put(story, terms, published_at, source)

    def settle(self) -> Changes:
        """Freezes what is older than the window, clusters what changed and returns it."""
        frozen = self._freeze()
        events = self._events.settle()
        aliases = {}
        for withheld, others in self._withheld.items():
            left = [story for story in others if story in self._events]
            if left:
                aliases[withheld] = self._events.event(left[0])
        self._withheld.clear()
        for story in frozen:
            events.pop(story, None)
        return Changes(events, aliases, tuple(frozen))

    def event(self, story: str) -> str:
        """Returns the event of a story.

        Raises:
            KeyError: The story is not compared: it is withheld, frozen or unknown.
        """
        return self._events.event(story)

    def published_at(self, story: str) -> datetime | None:
        """Returns the time of publication that a story came with; None where it had none."""
        return self._events.published_at(story)

    def standing(self, story: str) -> Standing:
        """Returns how a story stands in its event's race; OUT for one that is not compared."""
        return self._events.standing(story) if story in self._events else OUT

    def source(self, story: str) -> str | None:
        """Returns the source of a story; None for one that is not compared."""
        return self._events.source(story) if story in self._events else None

    def members(self, story: str) -> list[str]:
        """Returns the stories of a story's event, the earliest first.

        Raises:
            KeyError: As for `event`.
        """
        return self._events.members(story)

    def _withhold(self, story: str) -> None:
        if story in self._events:
            if others := [other for other in self._events.members(story) if other != story]:
                self._withheld[story] = others
            self._events.discard(story)

    def _freeze(self) -> list[str]:
        """Takes the stories that are too old out of the comparison, and returns them."""
        frozen: list[str] = []
        while self._oldest:
            minute = self._oldest[0]
            assert self._newest is not None
            begins = self._newest - self._days
            if minute > _minute(begins) and len(self._at) <= self._most:
                break
            found = {story: self._at[story] for story in self._minutes[minute] if story in self._at}
            left = sorted((at, story) for story, at in found.items() if _minute(at) == minute)
            too_many = max(0, len(self._at) - self._most)
            old = max(too_many, bisect_left(left, (begins, "")))
            for _, story in left[:old]:
                del self._at[story]
                self._events.discard(story)
                frozen.append(story)
            self._minutes[minute] = [story for _, story in left[old:]]
            if left[old:]:
                break
            heappop(self._oldest)
            del self._minutes[minute]
        return frozen


def _minute(at: datetime) -> int:
    return int(at.timestamp() // 60)
