"""Which alerts a batch of the enriched topic sets off: asked of the index, as any search is.

A record is looked at once the index holds its version or a newer one, so that an alert finds
what a search finds, through the same query, on every engine. What is not in the index when
the worker has committed past it was refused there, and sets off nothing.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from pipeline.alerts.outbox import Outbox
from pipeline.alerts.saved import Saved
from pipeline.kafka.messages import Record
from pipeline.search.request import SearchRequest
from pipeline.wire import codec
from pipeline.wire.errors import CodecError
from pipeline.wire.story import Status, Story
from pipeline.wire.versions import REVISIONS, rank

log = logging.getLogger(__name__)

INDEXING_SECONDS = 0.2
"""Between two looks whether the index holds a batch."""


@dataclass(slots=True)
class Matching:
    """Records in, deliveries into the outbox.

    Args:
        newest: the index versions of stories, at once, as `pipeline.index.writer.Writer` gives.
        refresh: lets searches see what is indexed.
        matches: which of some stories each search finds now.
        committed: up to which offset of a partition the worker is done with.
        keep_seconds: stories that were received longer ago send no alert.
    """

    outbox: Outbox
    saved: Sequence[Saved]
    topic: str
    newest: Callable[[Sequence[str]], Awaitable[Mapping[str, int]]]
    refresh: Callable[[], Awaitable[None]]
    matches: Callable[[Sequence[str], Sequence[SearchRequest]], Awaitable[Sequence[frozenset[str]]]]
    committed: Callable[[int], Awaitable[int]]
    keep_seconds: float
    found: int = 0
    """Deliveries that were added since the start."""

    async def __call__(self, records: Sequence[Record], offsets: Mapping[int, int]) -> None:
        """Take one batch, and remember with what it led to how far the topic was read.

        Raises:
            IndexUnavailable: try the same batch again.
        """
        now = time.time()
        stories = await self._indexed(worth_a_look(records))
        killed = [s for s in stories if s.status is Status.WITHDRAWN]
        restricted = [s for s in stories if s not in killed and _is_restricted(s, now)]
        fresh = [s for s in stories if s not in killed and self._is_news(s, now)]
        waiting = {
            s.id: (rank(s), s.embargoed_until.timestamp())
            for s in fresh
            if s.embargoed_until and s.embargoed_until.timestamp() > now
        }
        ranks = {s.id: rank(s) for s in fresh if s not in restricted}
        due = self.outbox.due(now, len(records) + 100)
        ranks = due | ranks
        found = await self._matched(list(ranks))
        with self.outbox.together():
            for saved, ids in zip(self.saved, found, strict=True):
                for found_id in (found_id for found_id in ranks if found_id in ids):
                    self.found += self.outbox.add(
                        saved.alert.name, saved.destinations, found_id, ranks[found_id], now
                    )
            for story in (*killed, *restricted):
                self.found += self.outbox.withdraw(story.id, rank(story), now)
            self.outbox.released(list(due))
            for story_id, (version, until) in waiting.items():
                self.outbox.embargo(story_id, version, until)
            self.outbox.move(self.topic, offsets)

    async def _matched(self, ids: Sequence[str]) -> Sequence[frozenset[str]]:
        if not ids:
            return [frozenset() for _ in self.saved]
        await self.refresh()
        return await self.matches(ids, [saved.request for saved in self.saved])

    def _is_news(self, story: Story, now: float) -> bool:
        received = story.received_at
        return received is None or now - received.timestamp() < self.keep_seconds

    async def _indexed(self, stories: Sequence[tuple[Story, Record]]) -> list[Story]:
        """Return the stories, once the index holds each.

        A version that a newer one has replaced is left out, a kill of it is not.
        """
        left = list(stories)
        ready: list[Story] = []
        while left:
            # Read first: what the worker commits afterwards was in the index by then.
            done = {p: await self.committed(p) for p in {r.partition for _, r in left}}
            held = await self.newest([story.id for story, _ in left])
            for story, record in list(left):
                at = held.get(story.id, -1) // REVISIONS
                killed = story.status is Status.WITHDRAWN
                if at == rank(story) or (killed and at > rank(story)):
                    ready.append(story)
                if at >= rank(story) or done[record.partition] > record.offset:
                    left.remove((story, record))
            if left:
                await asyncio.sleep(INDEXING_SECONDS)
        return ready


def worth_a_look(records: Sequence[Record]) -> list[tuple[Story, Record]]:
    """Return the newest version of each story in a batch, and every kill, with their records."""
    newest: dict[str, tuple[Story, Record]] = {}
    kills: list[tuple[Story, Record]] = []
    for record in records:
        try:
            story = codec.decode_enriched(record.value).story
        except CodecError:  # the worker makes a dead letter of it
            continue
        if story.status is Status.WITHDRAWN:
            kills.append((story, record))
            continue
        held = newest.get(story.id)
        if held is None or rank(story) >= rank(held[0]):
            newest[story.id] = (story, record)
    return [*newest.values(), *kills]


def _is_restricted(story: Story, now: float) -> bool:
    until = story.embargoed_until
    return until.timestamp() > now if until else story.status is Status.EMBARGOED
