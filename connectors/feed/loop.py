"""The loop of every feed: poll, parse, publish, wait for the broker, move the cursor.

At least once: the cursor moves only after every record of a batch is acknowledged, so a
crash repeats what was in flight. What the cursor knows is published once: the same bytes
under the same name, and the same content of a story in another delivery or another feed. A
story with neither version nor date that returns to earlier content is published again,
because nothing else shows that the earlier content is right.
"""

from __future__ import annotations

import hashlib
import logging
import math
import random
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from threading import Event

from config.feeds import Feed
from config.settings import Retry
from connectors.cursor import FILE, Acknowledged, Cursor
from connectors.feed import fulltext
from connectors.feed.archive import Archive
from connectors.feed.batch import Batch, story_digest
from connectors.feed.claims import Claims
from connectors.feed.fulltext import page_of
from connectors.feed.habit import expected
from connectors.feed.health import Counts, is_dead
from connectors.feed.later import Later, Wanted
from connectors.feed.pages import Pages
from connectors.feed.reading import letter as letter_for
from connectors.feed.reading import read as read_delivery
from connectors.publish import letter_record, story_record
from connectors.sources import Delivery, Polled, Progress, Refused, Source
from connectors.sources.base import now
from pipeline.kafka.messages import too_large
from pipeline.kafka.publisher import Publisher
from pipeline.process.databases import explained, is_damage
from pipeline.process.waiting import AWAY_SECONDS, delays
from pipeline.wire.deadletter import DeadLetter
from pipeline.wire.errors import (
    Answered,
    CodecError,
    CursorForgotten,
    NotAllowed,
    RecordsTooLarge,
    SetupError,
    SourceUnavailable,
    StoryError,
    TransientError,
)
from pipeline.wire.story import Status, Story
from pipeline.wire.topics import Topics

log = logging.getLogger(__name__)

JITTER = 0.1
"""Pauses vary by this share, so that feeds with the same interval drift apart."""

PRUNE_SECONDS = 86_400.0

TOPIC_SECONDS = 60.0
"""After this time without a look, the ids of the topics are compared before publishing."""

HABIT_SECONDS = 60.0

PAGES_SECONDS = 20.0
"""How long a poll may spend on the pages behind its items; the rest follows after later polls."""

ONCE_SECONDS = 10.0
"""How long a feed that runs once waits for a broker."""

LOST = "the broker has lost records that it had acknowledged: all feeds deliver again"

LAST_AT, LAST, SINCE = "feed:last_story_at", "feed:last_story", "feed:known_since"
REDELIVERED = "feed:redelivered"
"""Names in the cursor's state that belong to the loop, not to the source."""


@dataclass(frozen=True, slots=True)
class Read:
    """A parsed delivery: what is to be published of it."""

    delivery: Delivery
    stories: Sequence[tuple[Story, bytes]] = ()
    """Each with its digest."""
    letters: Sequence[DeadLetter] = ()
    skipped: int = 0


class FeedLoop:
    """One running feed.

    Args:
        feed: its name, its format, and defaults for what its deliveries do not say.
        retry: how long to wait before the next try.
        on_change: called after each batch and each failure, for a progress display.
        claims: shared with the other feeds of this process.
        archive: stores every delivery before it is published.
        pages: fetches the pages that stories link to, for a feed with `full_text`.
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
        pages: Pages | None = None,
    ) -> None:
        self._pages = pages
        self._later = Later()
        self._patience = PAGES_SECONDS
        self._pages_until = 0.0
        self._archive = archive
        self.feed = feed
        self._source = source
        self._cursor = cursor
        self._publisher = publisher
        self._topics = topics
        self._retry = retry
        self._on_change = on_change
        self._claims = claims or Claims()
        self._topics_at = self._habit_at = 0.0
        self.damaged: Exception | None = None
        """Why the cursor file can't be used any more: no feed goes on then."""
        if cursor.get(SINCE) is None:
            cursor.commit(Acknowledged(state={SINCE: now().isoformat()}))
        self.counts = Counts(
            last_story_at=cursor.get(LAST_AT),
            last_story=cursor.get(LAST),
            known_since=cursor.get(SINCE),
        )

    def run(self, stop: Event, once: bool = False) -> None:
        """Deliver until `stop` is set, or with `once` until the source has no more.

        A source or broker that is unavailable is tried again with growing delays, without
        end; with `once` a source is abandoned when it counts as dead, and a broker that has
        been unavailable for ONCE_SECONDS.
        """
        self._patience = math.inf if once else PAGES_SECONDS  # once, there is no later
        waits = delays(self._retry)
        prune_at, checked, well_at = 0.0, False, time.monotonic()
        while not stop.is_set() and not self.damaged:
            rest = 0.0
            try:
                if not checked:
                    self._check_broker()
                    checked = True
                if time.monotonic() >= prune_at:
                    self._cursor.prune()
                    prune_at = time.monotonic() + PRUNE_SECONDS
                self._cursor.begin()
                self._compare_with_habit()
                self._redeliver(stop)
                more = self._round(stop)
            except SourceUnavailable as error:
                self._source_failed(error)
                if once and is_dead(self.counts, self.feed):
                    return
                rest = max(next(waits), error.retry_after_seconds)
                if is_dead(self.counts, self.feed):
                    rest = max(rest, self.feed.dead_retry_seconds)
            except (TransientError, SetupError) as error:
                # A SetupError needs an operator; the feed continues by itself afterwards.
                self._failed(error)
                if once and time.monotonic() - well_at >= ONCE_SECONDS:
                    return
                rest, checked = min(next(waits), AWAY_SECONDS), False
            except (OSError, sqlite3.Error) as error:
                # A full disk under the cursor, say.
                self.damaged = error if is_damage(error) else None
                self._failed(TransientError(explained(error, FILE)))
                rest, checked = next(waits), False
            except Exception as error:
                # A fault in this program: the feed tries again and its status shows the reason.
                log.exception("a feed failed", extra={"feed": self.feed.name})
                self._failed(error)
                rest, checked = next(waits), False
            else:
                self.counts.failure, self.counts.failures, self.counts.gone = None, 0, False
                waits, well_at = delays(self._retry), time.monotonic()
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
        """Close source, producer, cursor and archive."""
        self._source.close()
        self._publisher.close()
        self._cursor.close()
        if self._archive:
            self._archive.close()
        if self._pages:
            self._pages.close()

    def _check_broker(self) -> None:
        """Make all feeds deliver again if the broker has lost what it acknowledged.

        The embedded engine may lose it when it is killed, a cluster when it is replaced.
        An end offset at or before an acknowledged one shows it.

        Raises:
            BrokerUnavailable: nothing is read from the source while the broker is away.
        """
        known = self._cursor.acknowledged()
        ends = self._publisher.end_offsets(known)
        if lost := {topic for (topic, n), offset in known.items() if ends[topic, n] <= offset}:
            self._forget(lost)
        self._check_topics(known)

    def _check_topics(self, known: Mapping[tuple[str, int], int]) -> bool:
        """Do the same for a topic that was created again and has since been filled.

        Returns:
            True if the cursor was forgotten.
        """
        ids = self._publisher.topic_ids({topic for topic, _ in known})
        self._topics_at = time.monotonic()
        before = self._cursor.topics()
        if lost := {topic for topic, id in ids.items() if before.get(topic, id) != id}:
            self._forget(lost)
        if lost or ids != before:
            self._cursor.commit(Acknowledged(topics=ids))
        return bool(lost)

    def _forget(self, topics: Collection[str]) -> None:
        log.warning(LOST, extra={"feed": self.feed.name, "topics": sorted(topics)})
        self.counts.losses += 1
        self._cursor.forget()

    def _compare_with_habit(self) -> None:
        """Update how many stories were expected since the last one, once a minute."""
        if time.monotonic() < self._habit_at:
            return
        self._habit_at = time.monotonic() + HABIT_SECONDS
        last = self.counts.last_story_at
        self.counts.expected = (
            expected(self._cursor.received(), datetime.fromisoformat(last), now()) if last else None
        )

    def _redeliver(self, stop: Event) -> None:
        """Publish the feed's archive, once each time that the cursor was forgotten.

        The source delivers again what it still has; what senders have pushed is in the archive
        only.
        """
        generation = self._cursor.generation
        if not generation or int(self._cursor.get(REDELIVERED) or 0) == generation:
            return
        if self._archive:
            for batch in self._batches(self._archive.deliveries()):
                batch.archived = []
                self._publish(batch)
                self._alive()
                if stop.is_set():
                    return
        elif self._source.pushed:
            log.warning(
                "stories that were pushed can't be delivered again: there is no archive",
                extra={"feed": self.feed.name},
            )
            self.counts.lost_at = now().isoformat()
        self._cursor.commit(Acknowledged(state={REDELIVERED: str(generation)}))

    def _round(self, stop: Event) -> bool:
        """Poll once and publish in batches; returns True if there was anything new."""
        any_more = False
        polled = self._source.poll(self._cursor)
        try:
            self._alive()
            for batch in self._batches(polled):
                self._publish(batch)
                # A page that is the same, or has nothing new, is no reason to ask again at once.
                any_more = any_more or batch.counts.stories + batch.counts.dead_letters > 0
                self._source.acknowledged(batch.delivered)
                self._alive()
                self._on_change(self.counts)
                if stop.is_set():
                    break
            self._source.acknowledged(())
            self._catch_up()
        finally:
            self.counts.busy_since = None
            self._claims.release(self.feed.name)
        return any_more

    def _alive(self) -> None:
        self.counts.busy_since = now().isoformat()

    def _batches(self, polled: Iterator[Polled]) -> Iterator[Batch]:
        batch = Batch()
        self._pages_until = time.monotonic() + self._patience
        for item in polled:
            if isinstance(item, Progress):
                batch.remembered.state.update(item.state)
                continue
            batch.deliveries += 1
            read = self._refuse(item) if isinstance(item, Refused) else self._read(item)
            digests = [digest for _, digest in read.stories]
            if not self._claims.take(digests, self.feed.name):
                # Another feed is publishing one of these stories: publish and release what is
                # claimed, then wait; the cursor will then have them.
                if batch.deliveries > 1:
                    batch.deliveries -= 1
                    yield batch
                    batch = Batch(deliveries=1)
                self._claims.wait(digests, self.feed.name)
            if isinstance(item, Delivery):
                batch.delivered.append(item)
            self._add(read, batch)
            if batch.full:
                yield batch
                batch = Batch()
        if batch.deliveries or batch.remembered.state:
            yield batch

    def _read(self, delivery: Delivery) -> Read:
        """Parse a delivery, unless the last one under its name had the same bytes."""
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

    def _add(self, read: Read, batch: Batch) -> None:
        """Add what is new in a delivery to the batch."""
        delivery, counts = read.delivery, batch.counts
        batch.remembered.state.update(delivery.state)
        batch.size += len(delivery.raw) + sum(map(len, delivery.linked.values()))
        letters = list(read.letters)
        if not (read.stories or letters or read.skipped):
            counts.duplicates += 1
        else:
            counts.deliveries += 1
        counts.skipped += read.skipped
        if delivery.raw and delivery.recurs:
            batch.remembered.deliveries[delivery.name] = delivery.key
        pages: dict[str, bytes] = {}
        times = Counter(story.id for story, _ in read.stories)
        for story, digest in read.stories:
            met = self._cursor.met(story.id, digest)
            if batch.knows(story, digest, met, once=times[story.id] == 1):
                counts.duplicates += 1
                batch.remember(story.id, digest)
                continue
            story = self._with_full_text(story, delivery, pages, counts)
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
            self._warn_of(story, delivery, counts)
            counts.last_story_at = delivery.received_at.isoformat()
            usable = story.status is Status.USABLE  # of any other story only the id is shown
            title = (story.headline or story.slugline) if usable else None
            counts.last_story = (title or story.id)[:200]
        for letter in letters:
            self._add_letter(letter, batch)
        if delivery.raw and (read.stories or letters or read.skipped):
            batch.archived.append(replace(delivery, linked={**delivery.linked, **pages}))

    def _warn_of(self, story: Story, delivery: Delivery, counts: Counts) -> None:
        """Count and log what a person should know of a story: a foreign agency, a hold."""
        what = {"feed": self.feed.name, "delivery": delivery.name, "story_id": story.id}
        if story.claimed_source:
            counts.claims += 1
            log.warning(
                "a story names an agency that its feed does not speak for",
                extra={**what, "agency": story.claimed_source},
            )
        if story.status is Status.EMBARGOED and story.embargoed_until is None:
            counts.held += 1
            log.warning("a story is held until a person releases it", extra=what)

    def _with_full_text(
        self, story: Story, delivery: Delivery, pages: dict[str, bytes], counts: Counts
    ) -> Story:
        """Return a new story with the text of its page, which is added to the pages fetched.

        Where that takes too long, or fails for now, the story is published as it is.
        """
        url = page_of(story) if self._pages else None
        if url is None or story.text_source:
            return story
        if url not in pages and time.monotonic() >= self._pages_until:
            self._later.add(story, delivery, url)
            return story
        return self._fetched(Wanted(story, delivery, url), pages, counts) or story

    def _fetched(self, wanted: Wanted, pages: dict[str, bytes], counts: Counts) -> Story | None:
        """Return a story with the text of its page; None for none, now or at all."""
        assert self._pages is not None
        self._alive()
        url = wanted.url
        try:
            page = pages.get(url) or self._pages.get(url)
            fulltext.article(page, url)
        except (SourceUnavailable, fulltext.NoText) as error:
            is_final = isinstance(error, fulltext.NoText | NotAllowed) or (
                isinstance(error, Answered) and not error.temporary
            )
            is_final = is_final or self._patience == math.inf
            failures = wanted.failures + 1
            again = not is_final and self._later.add(wanted.story, wanted.delivery, url, failures)
            counts.full_text_failures += not again
            reason = {"feed": self.feed.name, "page": url, "reason": str(error), "again": again}
            log.info("no full text", extra=reason)
            return None
        pages[url] = page
        counts.full_texts += 1
        return fulltext.with_full_text(wanted.story, pages)

    def _catch_up(self) -> None:
        """Publish the text of pages that were put off, for as long as the feed may wait."""
        until = time.monotonic() + self._patience
        batch, taken = Batch(), []
        for wanted in self._later.due():
            taken.append(wanted)
            pages: dict[str, bytes] = {}
            if (story := self._fetched(wanted, pages, batch.counts)) is not None:
                record = story_record(self._topics, story, wanted.delivery.name, self.feed.backfill)
                if len(record.value) <= self._publisher.max_bytes:
                    batch.records.append(record)
                    batch.archived.append(replace(wanted.delivery, linked=pages))
            if time.monotonic() >= until:
                break
        if batch.records or batch.counts.full_text_failures:
            try:
                self._publish(batch)
            except TransientError:
                self._later.put_back(taken)
                raise

    def _add_letter(self, letter: DeadLetter, batch: Batch) -> None:
        """Add a dead letter to the batch, unless the same bytes failed for the same reason."""
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
        """Publish the batch, then move the cursor.

        Raises:
            BrokerUnavailable: not acknowledged; the cursor stays, and the whole batch is
                delivered again.
            CursorForgotten: the broker has lost what it had acknowledged before.
        """
        remembered = batch.remembered
        known = self._cursor.acknowledged()
        idle = time.monotonic() - self._topics_at > TOPIC_SECONDS
        if batch.records and idle and self._check_topics(known):
            raise CursorForgotten(LOST)
        if self._archive and batch.archived:
            self._archive.append(batch.archived)
            batch.archived = []  # a batch that is published again is not stored again
        while batch.records:
            try:
                spans = self._publisher.publish(batch.records)
            except RecordsTooLarge as error:
                self._refused(batch, error)
            else:
                # Whatever was acknowledged before this was sent has a lower offset.
                if lost := {at[0] for at, span in spans.items() if span.start <= known.get(at, -1)}:
                    self._forget(lost)
                    raise CursorForgotten(LOST)
                remembered.offsets = {at: span.stop - 1 for at, span in spans.items()}
                break
        if batch.counts.last_story_at:
            remembered.state |= {
                LAST_AT: batch.counts.last_story_at,
                LAST: batch.counts.last_story,
            }
        remembered.new_stories = batch.counts.stories
        self._cursor.commit(remembered)
        self._habit_at = 0.0
        self._claims.release(self.feed.name)
        self.counts.add(batch.counts)

    def _refused(self, batch: Batch, error: RecordsTooLarge) -> None:
        """Replace records that are too large for the broker by dead letters, in the same places."""
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
