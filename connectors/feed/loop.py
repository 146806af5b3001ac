"""The one loop of every feed: read, parse, publish, await the broker, move the cursor.

At least once. The cursor moves only after every record of a batch is acknowledged, so a
crash repeats what was in flight. What the cursor knows is published once: the same bytes
under the same name, and the same words of a story in another delivery or another feed. A
story that has neither version nor date and goes back to earlier words is news again, for
nothing else could tell that the earlier words are right.
"""

from __future__ import annotations

import hashlib
import logging
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from threading import Event

from config.feeds import Feed
from config.settings import Retry
from connectors.cursor import Acknowledged, Cursor
from connectors.feed.archive import Archive
from connectors.feed.batch import Batch, story_digest
from connectors.feed.claims import Claims
from connectors.feed.health import Counts, is_dead
from connectors.feed.reading import letter as letter_for
from connectors.feed.reading import read as read_delivery
from connectors.publish import letter_record, story_record
from connectors.sources import Delivery, Polled, Progress, Refused, Source
from connectors.sources.base import now
from pipeline.kafka.messages import too_large
from pipeline.kafka.publisher import Publisher, RecordsTooLarge
from pipeline.process.waiting import delays
from pipeline.wire.deadletter import DeadLetter
from pipeline.wire.errors import (
    CodecError,
    SetupError,
    SourceUnavailable,
    StoryError,
    TransientError,
)
from pipeline.wire.story import Story
from pipeline.wire.topics import Topics

log = logging.getLogger(__name__)

JITTER = 0.1
"""Rests differ by so much either way, so that feeds of one interval drift apart."""

PRUNE_SECONDS = 86_400.0

LAST_AT, LAST, SINCE = "feed:last_story_at", "feed:last_story", "feed:known_since"
"""Names in the cursor's state that are the loop's own, not the source's."""


@dataclass(frozen=True, slots=True)
class Read:
    """A delivery as parsed: what there is to publish of it."""

    delivery: Delivery
    stories: Sequence[tuple[Story, bytes]] = ()
    """Each with its digest."""
    letters: Sequence[DeadLetter] = ()
    skipped: int = 0


class FeedLoop:
    """One feed at work.

    Args:
        feed: what it is called, its format, and what its bytes may not say.
        retry: how long to wait before the next try.
        on_change: called after each batch and each failure, for a progress display.
        claims: shared with the feeds that run beside this one.
    """

    def __init__(
        self,
        feed: Feed,
        source: Source,
        cursor: Cursor,
        publisher: Publisher,
        topics: Topics,
        retry: Retry,
        on_change: Callable[[Counts], None] = lambda counts: None,
        claims: Claims | None = None,
        archive: Archive | None = None,
    ) -> None:
        self._archive = archive
        self.feed = feed
        self._source = source
        self._cursor = cursor
        self._publisher = publisher
        self._topics = topics
        self._retry = retry
        self._on_change = on_change
        self._claims = claims or Claims()
        if cursor.get(SINCE) is None:
            cursor.commit(Acknowledged(state={SINCE: now().isoformat()}))
        self.counts = Counts(
            last_story_at=cursor.get(LAST_AT),
            last_story=cursor.get(LAST),
            known_since=cursor.get(SINCE),
        )

    def run(self, stop: Event, once: bool = False) -> None:
        """Deliver until `stop` is set, or with `once` until the source has no more.

        A source or broker that is away is tried again with growing delays, for as long
        as it takes; with `once` a source is given up when it counts as dead.
        """
        waits = delays(self._retry)
        prune_at, checked = 0.0, False
        while not stop.is_set():
            rest = 0.0
            try:
                if not checked:
                    self._check_broker()
                    checked = True
                if time.monotonic() >= prune_at:
                    self._cursor.prune()
                    prune_at = time.monotonic() + PRUNE_SECONDS
                more = self._round(stop)
            except SourceUnavailable as error:
                self._source_failed(error)
                if once and is_dead(self.counts, self.feed):
                    return
                rest = max(next(waits), error.retry_after_seconds)
                if is_dead(self.counts, self.feed):
                    rest = max(rest, self.feed.dead_retry_seconds)
            except (TransientError, SetupError) as error:
                # Also what a person must mend: the deliveries wait, and go on by themselves then.
                self._failed(error)
                rest, checked = next(waits), False
            except Exception as error:
                # A full disk under the cursor, a fault of ours: the feed goes on trying,
                # and says why it stands still.
                log.exception("a feed failed", extra={"feed": self.feed.name})
                self._failed(error)
                rest, checked = next(waits), False
            else:
                self.counts.failure, self.counts.failures, self.counts.gone = None, 0, False
                waits = delays(self._retry)
                self._on_change(self.counts)
                if not more:
                    if once and self._source.settled():
                        return
                    settled = self._source.settled()
                    source = self._source
                    rest = source.interval_seconds if settled else source.settling_seconds
                    rest *= random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311 (no secret)
            stop.wait(rest)

    def close(self) -> None:
        """Let go of source, producer and cursor."""
        self._source.close()
        self._publisher.close()
        self._cursor.close()
        if self._archive:
            self._archive.close()

    def _check_broker(self) -> None:
        """Have all feeds deliver anew if the broker has lost what it acknowledged.

        The embedded engine may, when it is killed; so may a cluster that was made anew.
        An end offset at or before an acknowledged one shows it.

        Raises:
            BrokerUnavailable: nothing is read from the source while the broker is away.
        """
        known = self._cursor.acknowledged()
        ends = self._publisher.end_offsets(known)
        lost = {at: ends[at] for at, offset in known.items() if ends[at] <= offset}
        if lost:
            log.warning(
                "the broker has lost records that it had acknowledged: all feeds deliver anew",
                extra={"feed": self.feed.name, "partitions": sorted(lost)},
            )
            self._cursor.forget()

    def _round(self, stop: Event) -> bool:
        """One poll, published in batches; whether it gave any delivery."""
        any_more = False
        polled = self._source.poll(self._cursor)
        try:
            self._alive()
            for batch in self._batches(polled):
                any_more = any_more or batch.deliveries > 0
                self._publish(batch)
                self._source.acknowledged(batch.delivered)
                self._alive()
                self._on_change(self.counts)
                if stop.is_set():
                    break
            self._source.acknowledged(())
        finally:
            self.counts.busy_since = None
            self._claims.release(self.feed.name)
        return any_more

    def _alive(self) -> None:
        self.counts.busy_since = now().isoformat()

    def _batches(self, polled: Iterator[Polled]) -> Iterator[Batch]:
        batch = Batch()
        for item in polled:
            if isinstance(item, Progress):
                batch.remembered.state.update(item.state)
                continue
            batch.deliveries += 1
            read = self._refuse(item) if isinstance(item, Refused) else self._read(item)
            digests = [digest for _, digest in read.stories]
            if not self._claims.take(digests, self.feed.name):
                # Another feed is publishing one of these: let go of what is claimed, then
                # wait, and the cursor will tell that they are known.
                if batch.deliveries > 1:
                    batch.deliveries -= 1
                    yield batch
                    batch = Batch(deliveries=1)
                self._claims.wait(digests, self.feed.name)
            if isinstance(item, Delivery):
                batch.delivered.append(item)
            self._take(read, batch)
            if batch.full:
                yield batch
                batch = Batch()
        if batch.deliveries or batch.remembered.state:
            yield batch

    def _read(self, delivery: Delivery) -> Read:
        """Parse a delivery, unless it is what was last delivered under its name."""
        if delivery.recurs and self._cursor.delivered(delivery.name) == delivery.key:
            return Read(delivery)
        reading = read_delivery(self.feed, delivery)
        for skip in reading.skipped:
            log.info(
                "skipped",
                extra={"feed": self.feed.name, "delivery": delivery.name, "reason": skip.reason},
            )
        return Read(
            delivery,
            [(story, story_digest(story)) for story in reading.stories],
            list(reading.letters),
            len(reading.skipped),
        )

    def _refuse(self, refused: Refused) -> Read:
        delivery = Delivery(raw=b"", name=refused.name, state=refused.state)
        error = StoryError(refused.reason)
        return Read(delivery, letters=[letter_for(self.feed, delivery, "read", error)])

    def _take(self, read: Read, batch: Batch) -> None:
        """What of a delivery is new, into the batch."""
        delivery, counts = read.delivery, batch.counts
        batch.remembered.state.update(delivery.state)
        batch.size += len(delivery.raw) + sum(map(len, delivery.linked.values()))
        letters = list(read.letters)
        if not (read.stories or letters or read.skipped):
            counts.duplicates += 1
        else:
            counts.deliveries += 1
        counts.skipped += read.skipped
        if delivery.raw:
            if delivery.recurs:
                batch.remembered.deliveries[delivery.name] = delivery.key
            if read.stories or letters or read.skipped:
                batch.archived.append(delivery)
        times = Counter(story.id for story, _ in read.stories)
        for story, digest in read.stories:
            met = self._cursor.met(story.id, digest)
            if batch.knows(story, digest, met, once=times[story.id] == 1):
                counts.duplicates += 1
                batch.remember(story.id, digest)
                continue
            try:
                record = story_record(self._topics, story, delivery.name, self.feed.backfill)
                if len(record.value) > self._publisher.max_bytes:
                    raise CodecError(
                        f"the story has {len(record.value):,} bytes, more than "
                        f"kafka.max_request_bytes allows"
                    )
            except StoryError as error:
                letters.append(letter_for(self.feed, delivery, "publish", error, story.id))
                continue
            batch.records.append(record)
            batch.size += len(record.value)
            batch.remember(story.id, digest)
            counts.stories += 1
            counts.last_story_at = delivery.received_at.isoformat()
            counts.last_story = (story.headline or story.slugline or story.id)[:200]
        for letter in letters:
            self._bury(letter, batch)

    def _bury(self, letter: DeadLetter, batch: Batch) -> None:
        """A dead letter into the batch, unless the same bytes failed so before."""
        said = f"{letter.name if not letter.raw else ''}\0{letter.reason}\0{letter.where}"
        digest = hashlib.sha256(said.encode("utf-8", "backslashreplace") + letter.raw).digest()[:16]
        met = self._cursor.met("", digest)
        if met.here or digest in batch.digests:
            batch.counts.duplicates += 1
            return
        batch.remember("", digest)
        batch.records.append(letter_record(self._topics, letter, self._publisher.max_bytes))
        batch.counts.dead_letters += 1
        log.warning(
            "dead letter",
            extra={"feed": self.feed.name, "delivery": letter.name, "reason": letter.reason},
        )

    def _publish(self, batch: Batch) -> None:
        """The broker has all of it, then the cursor moves.

        Raises:
            BrokerUnavailable: not acknowledged; the cursor stays, and all of it comes again.
        """
        remembered = batch.remembered
        if self._archive and batch.archived:
            self._archive.append(batch.archived)
            batch.archived = []  # a batch that is published again is not kept again
        while batch.records:
            try:
                remembered.offsets = self._publisher.publish(batch.records)
            except RecordsTooLarge as error:
                self._refused(batch, error)
            else:
                break
        if batch.counts.last_story_at:
            remembered.state |= {
                LAST_AT: batch.counts.last_story_at,
                LAST: batch.counts.last_story,
            }
        self._cursor.commit(remembered)
        self._claims.release(self.feed.name)
        self.counts.add(batch.counts)

    def _refused(self, batch: Batch, error: RecordsTooLarge) -> None:
        """Dead letters in place of what the broker finds too large, in the same places."""
        for number in error.numbers:
            record = batch.records[number]
            if record.topic != self._topics.deadletter:
                batch.counts.stories -= 1
                batch.counts.dead_letters += 1
            batch.records[number] = too_large(self._topics, record)
        log.warning("too large", extra={"feed": self.feed.name, "reason": str(error)})

    def _source_failed(self, error: SourceUnavailable) -> None:
        self.counts.failures += 1
        self.counts.gone = error.gone
        self._failed(error)

    def _failed(self, error: Exception) -> None:
        self.counts.failure = str(error) or repr(error)
        log.warning("waiting", extra={"feed": self.feed.name, "reason": self.counts.failure})
        self._on_change(self.counts)
