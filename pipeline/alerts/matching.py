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
from datetime import UTC, datetime

from pipeline.alerts.outbox import Outbox
from pipeline.alerts.saved import Saved
from pipeline.kafka.messages import Record
from pipeline.kafka.tracing import NO_TRACER, Tracer, trace_id
from pipeline.wire import codec
from pipeline.wire.enriched import Enriched
from pipeline.wire.errors import CodecError
from pipeline.wire.story import Status, Story
from pipeline.wire.versions import REVISIONS

log = logging.getLogger(__name__)

INDEXING_SECONDS = 0.2
"""Between two looks whether the index holds a batch."""


@dataclass(slots=True)
class Matching:
    """Records in, deliveries into the outbox.

    Args:
        newest: the index versions of stories, at once, as `pipeline.index.writer.Writer` gives.
        refresh: lets searches see what is indexed.
        matches: which of some stories each search finds now, for its viewer.
        committed: up to which offset of a partition the worker is done with.
        keep_seconds: stories that were received longer ago send no alert.
        tracer: adds the step to the traces of stories.
    """

    outbox: Outbox
    saved: Sequence[Saved]
    topic: str
    newest: Callable[[Sequence[str]], Awaitable[Mapping[str, int]]]
    refresh: Callable[[], Awaitable[None]]
    matches: Callable[[Sequence[str], Sequence[Saved]], Awaitable[Sequence[frozenset[str]]]]
    committed: Callable[[int], Awaitable[int]]
    keep_seconds: float
    tracer: Tracer = NO_TRACER
    found: int = 0
    """Deliveries that were added since the start."""

    async def __call__(self, records: Sequence[Record], offsets: Mapping[int, int]) -> None:
        """Take one batch, and remember with what it led to how far the topic was read.

        Raises:
            IndexUnavailable: try the same batch again.
        """
        now = time.time()
        news = await self._indexed(worth_a_look(records))
        killed = [r for r in news if r.story.status is Status.WITHDRAWN]
        restricted = [r for r in news if r not in killed and _is_restricted(r.story, now)]
        fresh = [r for r in news if r not in killed and self._is_news(r.story, now)]
        waiting = {
            r.story.id: (r.rank, r.story.embargoed_until.timestamp())
            for r in fresh
            if r.story.embargoed_until and r.story.embargoed_until.timestamp() > now
        }
        ranks = {r.story.id: r.rank for r in fresh if r not in restricted}
        due = self.outbox.due(now, len(records) + 100)
        ranks = due | ranks
        searches = list(self.saved)  # editors may change theirs meanwhile
        found = await self._matched(list(ranks), searches)
        traces = {record.key.decode("utf-8", "replace"): record.headers for record in records}
        with self.outbox.together():
            for saved, ids in zip(searches, found, strict=True):
                among = {} if saved.breaking else due if saved.lifted else ranks
                for found_id in (found_id for found_id in among if found_id in ids):
                    added = self.outbox.add(
                        saved.alert.name, saved.destinations, found_id, ranks[found_id], now
                    )
                    self._found(added, traces.get(found_id, {}), now, saved.alert.name)
            for record in (*killed, *restricted):
                withdrawn = self.outbox.withdraw(record.story.id, record.rank, now)
                self._found(withdrawn, traces.get(record.story.id, {}), now, "withdrawn")
            self.outbox.released(list(due))
            for story_id, (version, until) in waiting.items():
                self.outbox.embargo(story_id, version, until)
            self.outbox.move(self.topic, offsets)

    def _found(self, added: int, trace: Mapping[str, str], began: float, alert: str) -> None:
        """Count deliveries, and add the step to the story's trace."""
        self.found += added
        if added and trace_id(trace):
            at = datetime.fromtimestamp(began, UTC)
            self.tracer.begin("alert", trace, at, newswire_alert=alert).end()

    async def _matched(
        self, ids: Sequence[str], searches: Sequence[Saved]
    ) -> Sequence[frozenset[str]]:
        if not ids:
            return [frozenset() for _ in searches]
        await self.refresh()
        return await self.matches(ids, searches)

    def _is_news(self, story: Story, now: float) -> bool:
        received = story.received_at
        return received is None or now - received.timestamp() < self.keep_seconds

    async def _indexed(self, records: Sequence[tuple[Enriched, Record]]) -> list[Enriched]:
        """Return the records, once the index holds each.

        A version that a newer one has replaced is left out, a kill of it is not.
        """
        left = list(records)
        ready: list[Enriched] = []
        while left:
            # Read first: what the worker commits afterwards was in the index by then.
            done = {p: await self.committed(p) for p in {taken.partition for _, taken in left}}
            held = await self.newest([record.story.id for record, _ in left])
            for record, taken in list(left):
                at = held.get(record.story.id, -1) // REVISIONS
                killed = record.story.status is Status.WITHDRAWN
                if at == record.rank or (killed and at > record.rank):
                    ready.append(record)
                if at >= record.rank or done[taken.partition] > taken.offset:
                    left.remove((record, taken))
            if left:
                await asyncio.sleep(INDEXING_SECONDS)
        return ready


def worth_a_look(records: Sequence[Record]) -> list[tuple[Enriched, Record]]:
    """Return the newest version of each story in a batch, and every kill, with their records."""
    newest: dict[str, tuple[Enriched, Record]] = {}
    kills: list[tuple[Enriched, Record]] = []
    for taken in records:
        try:
            record = codec.decode_enriched(taken.value)
        except CodecError:  # the worker makes a dead letter of it
            continue
        if record.story.status is Status.WITHDRAWN:
            kills.append((record, taken))
            continue
        held = newest.get(record.story.id)
        if held is None or record.rank >= held[0].rank:
            newest[record.story.id] = (record, taken)
    return [*newest.values(), *kills]


def _is_restricted(story: Story, now: float) -> bool:
    until = story.embargoed_until
    return until.timestamp() > now if until else story.status is Status.EMBARGOED
