"""The step that tries records again which the index refused while it took others.

A record stays on the topic `refused` until the index takes it, until a newer version is there, or
until its refusal turns out to be a fault of the record itself. Each round puts what is still
refused at the end of the topic, so that one record keeps no other waiting.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.index.analysis import languages
from pipeline.index.history import History
from pipeline.index.writer import Outcome, Write, Writer
from pipeline.kafka.messages import Message, Record, Send, dead_letter_of
from pipeline.process.waiting import Waiting
from pipeline.stream.changed import with_changes
from pipeline.stream.indexing import set_aside, to_write, write_all
from pipeline.stream.step import DEAD_LETTERS, Agent, Counts, Parts, Step
from pipeline.wire import codec
from pipeline.wire.errors import CodecError, MappingError
from pipeline.wire.topics import Topics, headers, key

log = logging.getLogger(__name__)

PAUSE_SECONDS = 5.0
"""From one try of a batch to the next."""


@dataclass(slots=True)
class Refused(Step):
    """Records of the refused topic into the index, or to the end of the topic again."""

    topics: Topics
    writer: Writer
    history: History
    send: Send
    counts: Counts
    waiting: Waiting
    languages: tuple[str, ...] = ()
    pause_seconds: float = PAUSE_SECONDS

    async def __call__(self, records: Sequence[Record]) -> None:
        """Try one batch once, after a pause."""
        await asyncio.sleep(self.pause_seconds)
        messages: list[Message] = []
        taken: list[tuple[Record, Write]] = []
        for refused in records:
            record = enriched_record(self.topics, refused)
            codec.require_known(record.headers, record.place)
            try:
                taken.append((record, to_write(record, self.languages)))
            except CodecError as error:
                messages.append(dead_letter_of(self.topics, record, "decode", error))
        held = await self.writer.newest(write.id for _, write in taken)
        left = [(r, w) for r, w in taken if w.version > held.get(w.id, -1)]
        found = await with_changes(self.writer, [write for _, write in left])
        left = [(record, write) for (record, _), write in zip(left, found, strict=True)]
        outcomes = await write_all(self.writer, found)
        await self.history.keep([(w, o.outcome) for (_, w), o in zip(left, outcomes, strict=True)])
        gone = {write.id for _, write in taken}
        for (record, write), written in zip(left, outcomes, strict=True):
            match written.outcome:
                case Outcome.REFUSED:
                    gone.discard(write.id)
                    reason = written.reason or ""
                    self.waiting.set_aside[write.id] = reason
                    messages.append(set_aside(self.topics, record, write.id, reason))
                case Outcome.REJECTED:
                    fault = MappingError(written.reason or "")
                    messages.append(dead_letter_of(self.topics, record, "index", fault, write.id))
                    self.counts["dead_letters"] += 1
                case Outcome.INDEXED:
                    log.info("taken at last", extra={"story_id": write.id})
                    # An older version may have come behind it on the compacted topic meanwhile.
                    given = headers(**record.headers)
                    name = key(write.id)
                    messages.append(Message(self.topics.enriched, name, record.value, given))
        await self.send(messages)
        for story_id in gone:
            self.waiting.set_aside.pop(story_id, None)


def enriched_record(topics: Topics, refused: Record) -> Record:
    """Return the record of the enriched topic that was set aside."""
    given = dict(refused.headers)
    given.pop("reason", None)
    partition = int(given.pop("partition", "0"))
    offset = int(given.pop("offset", "0"))
    return Record(topics.enriched, partition, offset, refused.value, given)


def _make(parts: Parts) -> Step:
    elastic = parts.settings.elasticsearch
    return Refused(
        parts.topics,
        parts.writer,
        History(parts.client, elastic, parts.waiting),
        parts.send,
        parts.counts,
        parts.waiting,
        languages(elastic),
    )


AGENT = Agent(
    "refused",
    lambda topics: topics.refused,
    _make,
    batch=100,
    in_flight=1,
    counters=DEAD_LETTERS,
)
