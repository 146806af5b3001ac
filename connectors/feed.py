"""The one loop of every feed: read, parse, publish, await the broker, move the cursor.

At least once. The cursor moves only after every record of a batch is acknowledged, so a
crash repeats what was in flight. What the cursor knows is published once: the same bytes
under another name, and the same version of a story in another delivery.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import islice
from threading import Event

import msgspec

from config.feeds import Feed
from connectors.cursor import Cursor
from connectors.formats import FORMATS, Context, Parsed
from connectors.publish import Publisher, Record, letter_record, story_record
from connectors.sources import Delivery, Source
from pipeline import codec
from pipeline.backoff import delays
from pipeline.deadletter import DeadLetter, dead_letter
from pipeline.errors import CodecError, ParseError, StoryError, TransientError
from pipeline.story import Story
from pipeline.topics import Topics

log = logging.getLogger(__name__)

BATCH_DELIVERIES = 100
BATCH_BYTES = 4 * 1024 * 1024
"""Deliveries are published together up to either bound: one wait for the broker a batch."""


@dataclass
class Counts:
    """What a feed has done since it started."""

    deliveries: int = 0
    stories: int = 0
    duplicates: int = 0
    skipped: int = 0
    dead_letters: int = 0
    last_story_at: str | None = None
    failure: str | None = None
    """Why the source or the broker can't be reached now; None while all is well."""


@dataclass
class Batch:
    """What is to be published together, and what the cursor then remembers."""

    records: list[Record] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    state: dict[str, str] = field(default_factory=dict)
    bytes: int = 0


class FeedLoop:
    """One feed at work.

    Args:
        feed: what it is called, its format, and what its bytes may not say.
        retry_seconds: first and longest delay between two tries.
        on_change: called after each batch and each failure, for a progress display.
    """

    def __init__(
        self,
        feed: Feed,
        source: Source,
        cursor: Cursor,
        publisher: Publisher,
        topics: Topics,
        retry_seconds: tuple[float, float] = (0.5, 60.0),
        on_change: Callable[[Counts], None] = lambda counts: None,
    ) -> None:
        self.feed = feed
        self.counts = Counts()
        self._source = source
        self._cursor = cursor
        self._publisher = publisher
        self._topics = topics
        self._retry_seconds = retry_seconds
        self._on_change = on_change

    def run(self, stop: Event, once: bool = False) -> None:
        """Deliver until `stop` is set, or with `once` until the source has no more.

        A source or broker that is away is tried again with growing delays, for as long
        as it takes; nothing is read meanwhile.
        """
        waits = delays(*self._retry_seconds)
        checked = False
        while not stop.is_set():
            try:
                if not checked:
                    self._check_broker()
                    checked = True
                more = self._round(stop)
                self.counts.failure = None
                waits = delays(*self._retry_seconds)
            except TransientError as error:
                self._failed(error)
                stop.wait(next(waits))
                continue
            except Exception as error:
                # A full disk under the cursor, a fault of ours: the feed goes on trying,
                # and says why it stands still.
                log.exception("a feed failed", extra={"feed": self.feed.name})
                self._failed(error)
                stop.wait(next(waits))
                continue
            self._on_change(self.counts)
            if once and not more and self._source.settled():
                return
            if not more:
                stop.wait(self._source.interval_seconds if self._source.settled() else 0.2)

    def close(self) -> None:
        """Let go of source, producer and cursor."""
        self._source.close()
        self._publisher.close()
        self._cursor.close()

    def _check_broker(self) -> None:
        """Deliver anew if the broker has lost what it acknowledged.

        The embedded engine may, when it is killed; so may a cluster that was made anew.
        An end offset at or before an acknowledged one shows it.
        """
        known = self._cursor.acknowledged()
        if not known:
            return
        ends = self._publisher.end_offsets(known)
        lost = {at: ends[at] for at, offset in known.items() if ends[at] <= offset}
        if lost:
            log.warning(
                "the broker has lost records that it had acknowledged: delivering anew",
                extra={"feed": self.feed.name, "partitions": sorted(lost)},
            )
            self._cursor.forget()

    def _round(self, stop: Event) -> bool:
        """One poll, published in batches; whether it gave anything."""
        deliveries = self._source.poll(self._cursor)
        any_more = False
        for batch in self._batches(deliveries):
            any_more = True
            self._publish(batch, stop)
            self._on_change(self.counts)
            if stop.is_set():
                break
        return any_more

    def _batches(self, deliveries: Iterator[Delivery]) -> Iterator[Batch]:
        while True:
            batch = Batch()
            for delivery in islice(deliveries, BATCH_DELIVERIES):
                self._take(delivery, batch)
                if batch.bytes > BATCH_BYTES:
                    break
            if not batch.keys:
                return
            yield batch

    def _take(self, delivery: Delivery, batch: Batch) -> None:
        """Parse a delivery into the batch's records."""
        key = delivery.key
        batch.state.update(delivery.state)
        known = self._cursor.knows(key) or key in batch.keys
        batch.keys.append(key)
        if known:
            self.counts.duplicates += 1
            return
        self.counts.deliveries += 1
        batch.bytes += len(delivery.raw)
        parsed, letters = self._parse(delivery)
        for story in parsed.stories:
            digest = _digest(story)
            if self._cursor.knows(digest) or digest in batch.keys:
                self.counts.duplicates += 1
                batch.keys.append(digest)
                continue
            try:
                record = story_record(self._topics, story, delivery.name)
                if len(record.value) > self._publisher.max_bytes:
                    raise CodecError(
                        f"the story has {len(record.value):,} bytes, more than "
                        f"kafka.max_request_bytes allows"
                    )
            except StoryError as error:
                letters.append(self._letter(delivery, "publish", error, story.id))
                continue
            batch.records.append(record)
            batch.keys.append(digest)
            self.counts.stories += 1
            self.counts.last_story_at = delivery.received_at.isoformat()
        for letter in letters:
            batch.records.append(letter_record(self._topics, letter, self._publisher.max_bytes))
            self.counts.dead_letters += 1
            log.warning(
                "dead letter",
                extra={"feed": self.feed.name, "delivery": delivery.name, "reason": letter.reason},
            )

    def _parse(self, delivery: Delivery) -> tuple[Parsed, list[DeadLetter]]:
        context = Context(
            agency=self.feed.agency,
            timezone=self.feed.timezone,
            language=self.feed.language,
            captions=self.feed.captions,
            received_at=delivery.received_at,
            linked=delivery.linked,
        )
        try:
            parsed = FORMATS[self.feed.format](delivery.raw, context)
        except ParseError as error:
            return Parsed(), [self._letter(delivery, "parse", error)]
        except Exception as error:
            # A format promises ParseError only. Should one break that promise, its bytes
            # are kept like any other's and the feed goes on.
            log.exception("a format failed", extra={"feed": self.feed.name})
            return Parsed(), [self._letter(delivery, "parse", error)]
        for skip in parsed.skipped:
            self.counts.skipped += 1
            log.info(
                "skipped",
                extra={"feed": self.feed.name, "delivery": delivery.name, "reason": skip.reason},
            )
        stories = tuple(self._stamp(story, delivery) for story in parsed.stories)
        letters = [self._letter(delivery, "parse", error) for error in parsed.errors]
        return replace(parsed, stories=stories), letters

    def _stamp(self, story: Story, delivery: Delivery) -> Story:
        return msgspec.structs.replace(
            story,
            received_at=delivery.received_at,
            feed=self.feed.name,
            format=story.format or self.feed.format,
        )

    def _letter(
        self, delivery: Delivery, stage: str, error: Exception, story_id: str | None = None
    ) -> DeadLetter:
        return dead_letter(
            delivery.raw,
            stage,
            error,
            feed=self.feed.name,
            format=self.feed.format,
            name=delivery.name,
            story_id=story_id,
            received_at=delivery.received_at.isoformat(),
        )

    def _publish(self, batch: Batch, stop: Event) -> None:
        """Until the broker has all of it; then the cursor moves."""
        waits = delays(*self._retry_seconds)
        offsets: Mapping[tuple[str, int], int] = {}
        while batch.records:
            try:
                offsets = self._publisher.publish(batch.records)
                break
            except TransientError as error:
                self._failed(error)
                if stop.wait(next(waits)):
                    return  # not acknowledged: the cursor stays, and all of it comes again
        self.counts.failure = None
        self._cursor.commit(batch.keys, batch.state, offsets)

    def _failed(self, error: Exception) -> None:
        self.counts.failure = str(error) or repr(error)
        log.warning("waiting", extra={"feed": self.feed.name, "reason": str(error)})
        self._on_change(self.counts)


def _digest(story: Story) -> str:
    """Of all that the wire said: what differs between two receipts is left out."""
    said = msgspec.structs.replace(story, received_at=None)
    try:
        return hashlib.sha256(codec.encode(said)).hexdigest()
    except CodecError:
        return hashlib.sha256(repr(said).encode("utf-8", "backslashreplace")).hexdigest()
