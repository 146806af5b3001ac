"""The step from `enriched` to the index."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import ClassVar

from config.feeds import retention
from pipeline.events.fingerprints import fingerprint
from pipeline.index.analysis import languages
from pipeline.index.document import bare, document, enriched
from pipeline.index.history import History
from pipeline.index.writer import Outcome, Write, Writer, Written
from pipeline.kafka.messages import Message, Record, Send, dead_letter_of
from pipeline.kafka.tracing import carried
from pipeline.stream import spread
from pipeline.stream.changed import FINGERPRINT, UNSEEN, with_changes
from pipeline.stream.delays import Delays
from pipeline.stream.enriching import enriched_message
from pipeline.stream.events import fingerprint_message
from pipeline.stream.newest import Newest
from pipeline.stream.step import DEAD_LETTERS, EXPIRED, STALE, Agent, Counts, Parts, Step
from pipeline.stream.tombstones import purges, tombstone
from pipeline.wire import codec
from pipeline.wire.enriched import Enriched
from pipeline.wire.errors import CodecError, MappingError
from pipeline.wire.retention import Retention
from pipeline.wire.story import Status
from pipeline.wire.topics import Headers, Topics, headers, key

log = logging.getLogger(__name__)


STAMPS = frozenset(
    {"indexed_at", "enrichment_delay_ms", "indexing_delay_ms", "record", "changed"}
    | {FINGERPRINT, UNSEEN}
)
"""Fields that this step adds: of when, from where and over what a document was written, not of its
story."""


@dataclass(slots=True)
class Indexing(Step):
    """Records of the enriched topic into the index, tombstones out of it, dead letters out.

    When `__call__` returns, each record is indexed, known to be stale, set aside, or dead-lettered.
    Batches may overlap: while one's versions are kept, the next is being indexed, in order.
    """

    takes_tombstones: ClassVar[bool] = True
    topics: Topics
    writer: Writer
    newest: Newest
    send: Send
    counts: Counts
    languages: tuple[str, ...] = ()
    """Those with an analyzer of their own."""
    delays: Delays | None = None
    history: History | None = None
    """Keeps each version that was indexed, and purges those of a withdrawn story."""
    retention: Retention = field(default_factory=Retention)
    """What is over when it comes is purged from the topic instead of indexed."""
    _writing: asyncio.Lock = field(default_factory=asyncio.Lock, init=False)
    """Who comes first is first: of two versions in the wrong order the index must refuse the
    second, or nobody would notice (see `overtaken`)."""
    _finishing: asyncio.Lock = field(default_factory=asyncio.Lock, init=False)
    """In the same order: `Newest` learns that everything up to an offset is there."""

    async def require(self) -> None:
        """Check that the index exists."""
        await self.writer.require()

    async def __call__(self, records: Sequence[Record]) -> None:
        """Take one batch, in the order of its partitions."""
        letters: list[Message] = []
        writes: list[tuple[Record, Write]] = []
        for record in records:
            codec.require_known(record.headers, record.place)
            if not record.value:
                continue
            try:
                write = to_write(record, self.languages)
            except CodecError as error:
                letters.append(dead_letter_of(self.topics, record, "decode", error))
                continue
            if self._is_over(write):
                letters.append(tombstone(self.topics, write.id, write.version))
                self.counts["expired"] += 1
            else:
                writes.append((record, write))
        killed = await spread.killed_takes(self.writer, [write for _, write in writes])
        shown = [(r, write) for r, write in writes if (write.id, write.version) not in killed]
        self.counts["stale"] += len(writes) - len(shown)
        async with self._writing:
            found = await with_changes(self.writer, [write for _, write in shown])
            shown = [(record, write) for (record, _), write in zip(shown, found, strict=True)]
            outcomes = await write_all(self.writer, found)
            tombstones = purges(records)
            purged = await self.writer.purge([write for _, write in tombstones])
        async with self._finishing:
            if self.history:
                await self.history.keep(
                    [(w, o.outcome) for (_, w), o in zip(shown, outcomes, strict=True)]
                )
                await self.history.forget(purged)
            self.counts["purged"] += len(purged)
            # Looked at after the writing: of a kill and a take that are written at once, by two
            # workers, the second to look sees the other.
            kills = await spread.kills(self.writer, [write for _, write in writes])
            letters += [enriched_message(self.topics, kill) for kill in kills]
            left = [(record, write) for record, write in tombstones if write.id not in purged]
            await self._finish(records, shown, outcomes, letters, left)

    def _is_over(self, write: Write) -> bool:
        """Return whether a story's days ended while its record waited, or before it came again."""
        document = write.document
        if document["status"] == Status.WITHDRAWN or "published_at" not in document:
            return False
        at = datetime.fromisoformat(document["published_at"])
        return self.retention.is_past(document.get("feed"), at)

    async def _finish(
        self,
        records: Sequence[Record],
        writes: Sequence[tuple[Record, Write]],
        outcomes: Sequence[Written],
        letters: list[Message],
        late: list[tuple[Record, Write]],
    ) -> None:
        """Count, dead-letter, restore, and say how far the index has come.

        Args:
            records: the batch.
            writes: what of it was written.
            outcomes: of each write.
            letters: to be sent.
            late: tombstones behind which a newer version is to be written again.
        """
        fresh: list[Write] = []
        trace: Headers = []
        newest: dict[str, int] = {}
        for (record, write), written in zip(writes, outcomes, strict=True):
            newer = newest.setdefault(write.id, write.version)
            newest[write.id] = max(newer, write.version)
            if written.outcome is Outcome.REJECTED:
                rejected = MappingError(written.reason or "")
                letters.append(dead_letter_of(self.topics, record, "index", rejected, write.id))
                continue
            if written.outcome is Outcome.REFUSED:
                self.counts["set_aside"] += 1
                letters.append(set_aside(self.topics, record, write.id, written.reason or ""))
                continue
            if written.outcome is Outcome.INDEXED:
                self.counts["indexed"] += 1
                fresh.append(write)
                trace = carried(record)
            else:
                self.counts["stale"] += 1
            # Where the index had no room for the newer one at first, it took the older.
            if written.outcome is Outcome.STALE or newer > write.version:
                late.append((record, write))
        if self.delays:
            self.delays.indexed(fresh, trace)
        restored = await overtaken(self.topics, self.writer, late)
        prints = await self._fingerprints([write for _, write in writes], outcomes)
        sent = await self.send(letters + restored + prints)
        refused = sent[len(letters) : len(letters) + len(restored)].count(None)
        self.counts["restored"] += len(restored) - refused
        dead = [message for message in letters if message.topic == self.topics.deadletter]
        self.counts["dead_letters"] += len(dead) + refused
        for partition, offset in {record.partition: record.offset for record in records}.items():
            self.newest.has_indexed(partition, offset)
        log.info("indexed", extra={"records": len(records), "dead_letters": len(letters)})

    async def _fingerprints(
        self, writes: Sequence[Write], outcomes: Sequence[Written]
    ) -> list[Message]:
        """Return the fingerprints of the versions that the index has now.

        One that it refuses as stale may be the very version that it has: a worker may have ended
        between index and topic.
        """
        judged = list(zip(writes, outcomes, strict=True))
        stale = [write.id for write, each in judged if each.outcome is Outcome.STALE]
        held = await self.writer.newest(stale) if stale else {}
        standing = [
            write
            for write, each in judged
            if each.outcome is Outcome.INDEXED
            or (each.outcome is Outcome.STALE and held.get(write.id) == write.version)
        ]
        return await asyncio.to_thread(fingerprint_messages, self.topics, standing)


def _make(parts: Parts) -> Step:
    elastic = parts.settings.elasticsearch
    return Indexing(
        parts.topics,
        parts.writer,
        parts.newest,
        parts.send,
        parts.counts,
        languages(elastic),
        parts.delays,
        History(parts.client, elastic, parts.waiting),
        retention(parts.settings.connectors.feeds_file),
    )


AGENT = Agent(
    "index",
    lambda topics: topics.enriched,
    _make,
    batch=500,
    in_flight=2,
    counters={
        **STALE,
        **DEAD_LETTERS,
        **EXPIRED,
        "indexed": "Documents indexed.",
        "set_aside": "Records that the index refused, to be tried again without end.",
        "purged": "Stories purged after the retain_days of their feed.",
        "restored": "Newest versions written again after a late older one.",
    },
)


def fingerprint_messages(topics: Topics, writes: Iterable[Write]) -> list[Message]:
    """Return what events need to know of versions that were indexed."""
    now = datetime.now(UTC)
    return [
        fingerprint_message(topics, write.id, fingerprint(write.document, write.version, now))
        for write in writes
    ]


async def write_all(writer: Writer, writes: Sequence[Write]) -> list[Written]:
    """Write documents; a kill that is not taken is written once more without all but the kill."""
    outcomes = await writer.write(writes)
    kills = [
        n
        for n, (write, written) in enumerate(zip(writes, outcomes, strict=True))
        if written.outcome in (Outcome.REJECTED, Outcome.REFUSED)
        and write.document["status"] == Status.WITHDRAWN
    ]
    if kills:
        again = [replace(writes[n], document=bare(writes[n].document)) for n in kills]
        for n, written in zip(kills, await writer.write(again), strict=True):
            outcomes[n] = written
    return outcomes


def set_aside(topics: Topics, record: Record, story_id: str, reason: str) -> Message:
    """Return the message that has a record tried again by `pipeline.stream.refused`."""
    log.warning("set aside", extra={"story_id": story_id, "reason": reason})
    place = {"partition": record.partition, "offset": record.offset}
    said = {**record.headers, **place, "reason": reason}
    return Message(topics.refused, key(story_id), record.value, headers(**said))


async def overtaken(
    topics: Topics, writer: Writer, late: Sequence[tuple[Record, Write]]
) -> list[Message]:
    """Return the newest versions that late older ones have overtaken in the compacted topic.

    Compaction would keep the older, being last, so the newest is to be written after it. Such a
    record is written by a worker that was stopped, lost its partitions and woke up, and by one
    that worked on an empty index after the index was lost.

    Args:
        late: records that the index had in this version or a newer one, or that stand behind it.
    """
    if not late:
        return []
    newest = await writer.newest(write.id for _, write in late)
    older = [(r, w) for r, w in late if newest.get(w.id, w.version) > w.version]
    if not older:
        return []
    documents = await writer.documents(write.id for _, write in older)
    messages: dict[str, Message] = {}
    for record, write in older:
        _, source = documents[write.id]
        at = source.get("record") or {}
        # Elsewhere, on another partition or topic than there was, the newest does not follow.
        if at.get("partition") != record.partition or record.offset > at["offset"]:
            messages[write.id] = enriched_message(topics, enriched(source))
    return list(messages.values())


def delays(record: Enriched, indexed_at: datetime) -> dict[str, int]:
    """Return milliseconds from delivery to enrichment, and from there to the index, if known."""
    received, done = record.story.received_at, record.provenance.enriched_at
    if done is None:
        return {}
    spans = {"indexing_delay_ms": indexed_at - done}
    if received is not None:
        spans["enrichment_delay_ms"] = done - received
    return {name: span // timedelta(milliseconds=1) for name, span in spans.items()}


def to_write(record: Record, languages: Iterable[str]) -> Write:
    """Return what a record of the enriched topic leads to in the index.

    Raises:
        CodecError: the record can't be decoded.
    """
    story = codec.decode_enriched(record.value)
    fields = document(story, languages)
    now = datetime.now(UTC)
    fields["indexed_at"] = now.isoformat().replace("+00:00", "Z")
    fields |= delays(story, now)
    fields["record"] = {"partition": record.partition, "offset": record.offset}
    return Write(story.story.id, story.index_version, fields)
