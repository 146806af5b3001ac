"""The step from `stories` to `enriched`: newer versions are enriched, the rest is stale."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Protocol

import msgspec

from config.feeds import retention
from pipeline.kafka.messages import Message, Record, Send, dead_letter_of
from pipeline.kafka.tracing import carried
from pipeline.stream import eves
from pipeline.stream.newest import Newest
from pipeline.stream.step import DEAD_LETTERS, EXPIRED, STALE, Agent, Counts, Parts, Step
from pipeline.wire import codec
from pipeline.wire.enriched import Enriched, Provenance
from pipeline.wire.errors import CodecError, EnrichmentError
from pipeline.wire.retention import Retention
from pipeline.wire.story import Status, Story
from pipeline.wire.topics import Header, Lane, Topics, headers, key
from pipeline.wire.versions import (
    Held,
    blank,
    followed,
    index_version,
    is_newer,
    needs_time,
    trusted_time,
)

log = logging.getLogger(__name__)


COUNTERS = {
    **STALE,
    **DEAD_LETTERS,
    **EXPIRED,
    "received": "Records taken from the stories topics.",
    "enriched": "Stories written to the enriched topic.",
    "withdrawn": "Kills and withdrawals taken.",
}


class Pool(Protocol):
    """What enriches: `pipeline.enrich.pool.NlpPool`, or something quicker in a test."""

    async def enrich(
        self, stories: Sequence[Story], priority: int
    ) -> list[Enriched | EnrichmentError]:
        """Return a record or an error for each story, in order."""
        ...


@dataclass(frozen=True, slots=True)
class _Result:
    """A story that is enriched and not yet written."""

    record: Record
    done: Enriched
    message: Message
    before: Held | None
    """The newest version when its batch was looked up."""


@dataclass(slots=True)
class Enriching(Step):
    """Records of the stories topic in, records of the enriched topic and dead letters out.

    Everything that a batch leads to is acknowledged by the broker when `__call__` returns;
    only then may the batch's offsets be committed.
    """

    topics: Topics
    pool: Pool
    newest: Newest
    send: Send
    counts: Counts
    revision: int
    max_bytes: int
    """The largest value that the broker takes; a larger record is dead-lettered."""
    lane: Lane = Lane.LIVE
    """Of the stories topic that the records come from."""
    retention: Retention = field(default_factory=Retention)
    """What came again after its days is refused."""

    async def __call__(self, records: Sequence[Record]) -> None:
        """Take one batch, in the order of its partitions."""
        with self.newest.batch():
            await self._take(records)

    async def _take(self, records: Sequence[Record]) -> None:
        self.counts["received"] += len(records)
        letters: list[Message] = []
        stories: list[tuple[Record, Story]] = []
        for record in records:
            codec.require_known(record.headers, record.place)
            try:
                story = codec.decode_story(record.value)
            except CodecError as error:
                letters.append(dead_letter_of(self.topics, record, "decode", error))
                continue
            if self.retention.is_over(story):
                self._expired(record, story)
            else:
                stories.append((record, story))
        known = await self._known(stories)
        newer = []
        for record, story in self._placed(stories, known):
            held = known.get(story.id)
            if is_newer(story, self.revision, held) or self._is_late_kill(story, held):
                newer.append((record, story))
            else:
                self._stale(record, story)
        enriched = await self._enrich([story for _, story in newer])
        results: list[_Result] = []
        for (record, story), done in zip(newer, enriched, strict=True):
            if isinstance(done, EnrichmentError):
                letters.append(dead_letter_of(self.topics, record, "enrich", done, story.id))
                continue
            done = self._following(done, held := known.get(story.id))
            message = self._message(done, record)
            if len(message.value) > self.max_bytes:
                too_long = CodecError(
                    f"{len(message.value):,} bytes once enriched, more than "
                    "kafka.max_request_bytes allows"
                )
                letters.append(dead_letter_of(self.topics, record, "enrich", too_long, story.id))
            else:
                results.append(_Result(record, done, message, held))
        await self._send(results, letters)

    def _placed(
        self, stories: Sequence[tuple[Record, Story]], known: Mapping[str, Held]
    ) -> Iterator[tuple[Record, Story]]:
        """Yield stories under the ids that they belong to, each after those before it."""
        latest = {name: held.version for name, held in known.items()}
        for record, story in stories:
            found = eves.placed(story, latest, self.revision)
            both = [found, *([eves.under(found, found.eve_id)] if found.eve_id else [])]
            for each in both:
                version = index_version(each, self.revision)
                latest[each.id] = max(version, latest.get(each.id, -1))
            yield record, found

    async def _known(self, stories: Sequence[tuple[Record, Story]]) -> dict[str, Held]:
        """Return the newest version of each story, with its time where that is to be compared."""
        known = await self.newest.look_up(
            [(r.partition, story.id) for r, story in stories],
            [name for _, story in stories for name in eves.needed(story)],
        )
        without = {
            name
            for _, story in stories
            for name in (story.id, *eves.needed(story))
            if (held := known.get(name)) and not held.at and needs_time(story, held.version)
        }
        if without:
            for name, held in (await self.newest.look_up_times(without)).items():
                if held.version >= known[name].version:
                    known[name] = held
        return known

    def _following(self, done: Enriched, held: Held | None) -> Enriched:
        """Return a record that says which version it follows, if its own rank does not."""
        follows = followed(done.story, held)
        if follows == done.follows:
            return done
        return msgspec.structs.replace(done, follows=follows)

    async def _enrich(self, stories: Sequence[Story]) -> list[Enriched | EnrichmentError]:
        """Enrich stories in the pool; blank withdrawn ones without sending them there."""
        usable = [story for story in stories if story.status is not Status.WITHDRAWN]
        done = iter(await self.pool.enrich(usable, self.lane) if usable else ())
        return [
            self._withdrawn(story) if story.status is Status.WITHDRAWN else next(done)
            for story in stories
        ]

    def _withdrawn(self, story: Story) -> Enriched:
        self.counts["withdrawn"] += 1
        provenance = Provenance(model="none", gazetteer="none", revision=self.revision)
        return Enriched(story=blank(story), provenance=provenance)

    def _message(self, done: Enriched, record: Record) -> Message:
        provenance = msgspec.structs.replace(done.provenance, enriched_at=datetime.now(UTC))
        done = msgspec.structs.replace(done, provenance=provenance)
        raw = None
        if done.story.status is not Status.WITHDRAWN:
            raw = codec.readdress(record.value, done.story)
        return enriched_message(self.topics, done, raw, carried(record))

    async def _send(self, results: Sequence[_Result], letters: list[Message]) -> None:
        async with self.newest.writing:
            newer = self._newest(results)
            sent = await self.send([result.message for result in newer] + letters)
            for result, at in zip(newer, sent, strict=False):
                if at is not None:
                    partition, offset = at
                    self.newest.wrote(partition, result.done.story.id, _held(result.done), offset)
        refused = sent[: len(newer)].count(None)
        self.counts["enriched"] += len(newer) - refused
        self.counts["dead_letters"] += len(letters) + refused

    def _newest(self, results: Sequence[_Result]) -> list[_Result]:
        """Return the batch without versions that were overtaken while they were enriched.

        Of two versions in one batch the older may stand second; a kill in the urgent lane
        may have been written meanwhile.
        """
        newest: dict[str, Held] = {}
        kept = []
        for result in results:
            record, story = result.record, result.done.story
            written = self.newest.written(story.id)
            known = (result.before, newest.get(story.id), written)
            held = max(
                filter(None, known),
                key=lambda each: (each.version, each.at is not None),
                default=None,
            )
            if is_newer(story, self.revision, held):
                done = self._following(result.done, held)
                if done is not result.done:
                    result = replace(result, done=done, message=self._message(done, record))
                newest[story.id] = _held(done)
                kept.append(result)
            elif self._is_late_kill(story, held):
                kept.append(result)
            else:
                self._stale(record, story)
        return kept

    def _is_late_kill(self, story: Story, newest: Held | None) -> bool:
        """Return whether a kill of an earlier version comes after a newer version.

        It is written all the same: whoever indexes it purges what it kills from the history and
        writes the newest version to the topic again, and the alerts see it.
        """
        if story.status is not Status.WITHDRAWN or newest is None:
            return False
        return index_version(story, self.revision) < newest.version

    def _expired(self, record: Record, story: Story) -> None:
        self.counts["expired"] += 1
        log.info(
            "refused: its days are over",
            extra={
                "story_id": story.id,
                "feed": story.feed,
                "published_at": str(trusted_time(story)),
                "partition": record.partition,
                "offset": record.offset,
            },
        )

    def _stale(self, record: Record, story: Story) -> None:
        self.counts["stale"] += 1
        log.debug(
            "stale",
            extra={
                "story_id": story.id,
                "version": story.version,
                "partition": record.partition,
                "offset": record.offset,
            },
        )


def _agent(lane: Lane) -> Agent:
    def make(parts: Parts) -> Step:
        return Enriching(
            parts.topics,
            parts.pool,
            parts.newest,
            parts.send,
            parts.counts,
            parts.settings.enrichment.revision,
            parts.settings.kafka.max_request_bytes - 64 * 1024,
            lane,
            retention(parts.settings.connectors.feeds_file),
        )

    return Agent(
        f"enrich-{lane.name.lower()}",
        lambda topics: topics.lane(lane),
        make,
        batch=200,
        in_flight=3,
        counters=COUNTERS,
    )


AGENTS = tuple(_agent(lane) for lane in Lane)


def _held(record: Enriched) -> Held:
    """Return what is to be remembered of a record that is written."""
    story = record.story
    return Held(record.index_version, trusted_time(story), story.received_at)


def enriched_message(
    topics: Topics, record: Enriched, story: bytes | None = None, trace: Sequence[Header] = ()
) -> Message:
    """Return a record as a message on the enriched topic; `story` as in `codec.encode_around`."""
    return Message(
        topics.enriched,
        key(record.story.id),
        codec.encode(record) if story is None else codec.encode_around(record, story),
        headers(
            schema=codec.SCHEMA,
            version=record.index_version,
            feed=record.story.feed,
            format=record.story.format,
            received_at=record.story.received_at and record.story.received_at.isoformat(),
        )
        + list(trace),
    )
