"""The step from `stories` to `enriched`: newer versions are enriched, the rest is stale."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

import msgspec

from pipeline.kafka.messages import Message, Record, Send, dead_letter_of
from pipeline.stream import eves
from pipeline.stream.newest import Newest
from pipeline.stream.step import DEAD_LETTERS, STALE, Agent, Counts, Parts, Step
from pipeline.wire import codec
from pipeline.wire.enriched import Enriched, Provenance
from pipeline.wire.errors import CodecError, EnrichmentError
from pipeline.wire.story import Status, Story
from pipeline.wire.topics import Lane, Topics, headers, key
from pipeline.wire.versions import blank, index_version, is_newer

log = logging.getLogger(__name__)


COUNTERS = {
    **STALE,
    **DEAD_LETTERS,
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
                stories.append((record, codec.decode_story(record.value)))
            except CodecError as error:
                letters.append(dead_letter_of(self.topics, record, "decode", error))
        known = await self.newest.look_up(
            [(r.partition, story.id) for r, story in stories],
            [name for _, story in stories for name in eves.needed(story)],
        )
        newer = []
        for record, story in self._placed(stories, known):
            if is_newer(story, self.revision, known.get(story.id)) or self._is_late_kill(
                story, known.get(story.id, -1)
            ):
                newer.append((record, story))
            else:
                self._stale(record, story)
        enriched = await self._enrich([story for _, story in newer])
        results: list[tuple[Record, Story, Message]] = []
        for (record, story), done in zip(newer, enriched, strict=True):
            if isinstance(done, EnrichmentError):
                letters.append(dead_letter_of(self.topics, record, "enrich", done, story.id))
            elif (message := self._message(done, record)) and len(message.value) > self.max_bytes:
                too_long = CodecError(
                    f"{len(message.value):,} bytes once enriched, more than "
                    "kafka.max_request_bytes allows"
                )
                letters.append(dead_letter_of(self.topics, record, "enrich", too_long, story.id))
            else:
                results.append((record, story, message))
        await self._send(results, letters)

    def _placed(
        self, stories: Sequence[tuple[Record, Story]], known: Mapping[str, int]
    ) -> Iterator[tuple[Record, Story]]:
        """Yield stories under the ids that they belong to, each after those before it."""
        latest = dict(known)
        for record, story in stories:
            found = eves.placed(story, latest, self.revision)
            both = [found, *([eves.under(found, found.eve_id)] if found.eve_id else [])]
            for each in both:
                version = index_version(each, self.revision)
                latest[each.id] = max(version, latest.get(each.id, -1))
            yield record, found

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
        if done.story.status is Status.WITHDRAWN:
            return enriched_message(self.topics, done)
        return enriched_message(self.topics, done, codec.readdress(record.value, done.story))

    async def _send(
        self, results: Sequence[tuple[Record, Story, Message]], letters: list[Message]
    ) -> None:
        async with self.newest.writing:
            newer = self._newest(results)
            sent = await self.send([message for _, _, message in newer] + letters)
            for (_, story, _), at in zip(newer, sent, strict=False):
                if at is not None:
                    partition, offset = at
                    version = index_version(story, self.revision)
                    self.newest.wrote(partition, story.id, version, offset)
        refused = sent[: len(newer)].count(None)
        self.counts["enriched"] += len(newer) - refused
        self.counts["dead_letters"] += len(letters) + refused

    def _newest(
        self, results: Sequence[tuple[Record, Story, Message]]
    ) -> list[tuple[Record, Story, Message]]:
        """Return the batch without versions that were overtaken while they were enriched.

        Of two versions in one batch the older may stand second; a kill in the urgent lane
        may have been written meanwhile.
        """
        newest: dict[str, int] = {}
        kept = []
        for record, story, message in results:
            version = index_version(story, self.revision)
            held = max(newest.get(story.id, -1), self.newest.written(story.id))
            if version > held:
                newest[story.id] = version
                kept.append((record, story, message))
            elif self._is_late_kill(story, held):
                kept.append((record, story, message))
            else:
                self._stale(record, story)
        return kept

    def _is_late_kill(self, story: Story, newest: int) -> bool:
        """Return whether a kill of an earlier version comes after a newer version.

        It is written all the same: whoever indexes it purges what it kills from the history and
        writes the newest version to the topic again, and the alerts see it.
        """
        killed = story.status is Status.WITHDRAWN
        return killed and index_version(story, self.revision) < newest

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


def enriched_message(topics: Topics, record: Enriched, story: bytes | None = None) -> Message:
    """Return a record as a message on the enriched topic; `story` as in `codec.encode_around`."""
    return Message(
        topics.enriched,
        key(record.story.id),
        codec.encode(record) if story is None else codec.encode_around(record, story),
        headers(
            schema=codec.SCHEMA,
            version=index_version(record.story, record.provenance.revision),
            feed=record.story.feed,
            format=record.story.format,
            received_at=record.story.received_at and record.story.received_at.isoformat(),
        ),
    )
