"""The events of a set of stories, kept up to date while stories come, change and go."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from pipeline.events.clusters import cluster
from pipeline.events.links import Links
from pipeline.events.terms import Terms

LEAST_TERMS = 3
"""A story with fewer terms stands alone: "Weather" and "Weather" need not be the same."""


@dataclass(slots=True)
class _Text:
    """A distinct vector and the stories that have it. Equal vectors count once."""

    digest: int
    stories: dict[str, datetime | None] = field(default_factory=dict)
    event: list[int] = field(default_factory=list)
    """The slots of the vectors that are in the same event."""


class Events:
    """Stories and the event of each, which depends on the set of stories alone."""

    def __init__(self) -> None:
        """Starts without stories."""
        self._links = Links()
        self._texts: dict[int, _Text] = {}
        self._slots: dict[int, int] = {}
        self._slot_of: dict[str, int | None] = {}
        self._names: dict[str, str] = {}
        # What changed since the events were last settled.
        self._renamed: set[int] = set()
        self._touched: set[str] = set()

    def __len__(self) -> int:
        return len(self._slot_of)

    @property
    def links(self) -> int:
        """Returns the number of pairs of texts that are alike enough to be compared further."""
        return self._links.count

    def __contains__(self, story: str) -> bool:
        return story in self._slot_of

    def put(self, story: str, terms: Terms, published_at: datetime | None = None) -> None:
        """Adds a story, or replaces what is known of it.

        Args:
            story: Its id.
            terms: Its vector.
            published_at: An aware time. It decides which story names an event, and nothing else.
        """
        digest = _digest(terms)
        slot = self._slots.get(digest)
        if self._slot_of.get(story) != slot or slot is None:
            self.discard(story)
            slot = self._slots.get(digest)
        self._touched.add(story)
        if len(terms) < LEAST_TERMS:
            self._slot_of[story] = None
            return
        if slot is None:
            slot = self._links.add(terms, digest)
            self._slots[digest] = slot
            self._texts[slot] = _Text(digest)
        self._slot_of[story] = slot
        self._texts[slot].stories[story] = published_at
        self._renamed.add(slot)

    def discard(self, story: str) -> None:
        """Removes a story, as when it is killed; does nothing where it is not there."""
        if story not in self._slot_of:
            return
        self._touched.add(story)
        slot = self._slot_of.pop(story)
        if slot is None:
            return
        text = self._texts[slot]
        del text.stories[story]
        if text.stories:
            self._renamed.add(slot)
            return
        self._links.discard(slot)
        self._renamed.discard(slot)
        if slot in text.event:  # which its other texts share until they are clustered again
            text.event.remove(slot)
        del self._slots[text.digest]
        del self._texts[slot]

    def settle(self) -> dict[str, str | None]:
        """Clusters what changed, and returns the stories whose event changed, with the new event.

        None stands for the event of a story that has been removed.
        """
        for block in self._links.settle():
            block.sort(key=lambda slot: self._texts[slot].digest)
            for members in cluster([self._links.terms(slot) for slot in block]):
                event = [block[n] for n in members]
                for slot in event:
                    self._texts[slot].event = event
                self._renamed.add(event[0])
        changes: dict[str, str | None] = {}
        for story in self._touched:
            if story not in self._slot_of:
                if self._names.pop(story, None) is not None:
                    changes[story] = None
            elif self._slot_of[story] is None:
                self._name([story], changes)
        named: set[int] = set()
        for slot in self._renamed:
            if slot not in named:
                event = self._texts[slot].event
                named.update(event)
                self._name(self._by_age(event), changes)
        self._renamed.clear()
        self._touched.clear()
        return changes

    def event(self, story: str) -> str:
        """Returns the event of a story: the id of its earliest story.

        Raises:
            KeyError: The story is not there, or the events were not settled since it came.
        """
        return self._names[story]

    def members(self, story: str) -> list[str]:
        """Returns the stories of a story's event, the earliest first.

        Raises:
            KeyError: The story is not there.
        """
        slot = self._slot_of[story]
        return [story] if slot is None else self._by_age(self._texts[slot].event)

    def published_at(self, story: str) -> datetime | None:
        """Returns the time of publication that a story came with; None where it has no vector."""
        slot = self._slot_of.get(story)
        return None if slot is None else self._texts[slot].stories[story]

    def _by_age(self, event: Iterable[int]) -> list[str]:
        ages = [
            (published_at is None, published_at, story)
            for slot in event
            for story, published_at in self._texts[slot].stories.items()
        ]
        return [story for _, _, story in sorted(ages)]

    def _name(self, stories: list[str], changes: dict[str, str | None]) -> None:
        for story in stories:
            if self._names.get(story) != stories[0]:
                self._names[story] = stories[0]
                changes[story] = stories[0]


def _digest(terms: Terms) -> int:
    parts = terms.keys.tobytes() + terms.weights.tobytes()
    return int.from_bytes(hashlib.blake2b(parts, digest_size=8).digest(), "big")
