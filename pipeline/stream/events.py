"""The step from `fingerprints` to `events`: which stories report the same thing.

The topic has one partition, since any two stories may report one thing: the worker that has it
holds the window of all stories in memory. It reads the topic from its beginning when it is
assigned it, so that nothing is kept over a restart but topics and index.

What a record changes is written to the topic `events` and to the index, under the record's offset
as external version: a worker that has lost the partition and wakes up can't overwrite what the next
one knows better. For that the next one writes again what is not known to be written: all that the
records behind the committed offset touch.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import (
    Awaitable,
    Callable,
    Collection,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial

import msgspec

from pipeline.events import fingerprints
from pipeline.events.fingerprints import Fingerprint, fingerprint
from pipeline.events.groups import Groups, Place
from pipeline.events.race import standings
from pipeline.index.document import Document
from pipeline.index.events import Member, events_index, members
from pipeline.index.writer import Outcome, Write, Writer
from pipeline.kafka.messages import Message, Record, Send
from pipeline.kafka.offsets import OffsetReader
from pipeline.kafka.reading import open_reader
from pipeline.process.waiting import Waiting
from pipeline.stream.step import Agent, Counts, Parts, Step
from pipeline.wire import codec
from pipeline.wire.errors import CodecError
from pipeline.wire.topics import Topics, headers, key

log = logging.getLogger(__name__)

_NO_TIME = datetime.fromtimestamp(0, UTC)
LIFT_SECONDS = 1.0
"""From one look for embargoes that have ended to the next."""
SETTLED = 50_000
"""Stories that are clustered at a time while the topic is read back."""

Members = Callable[[str], Awaitable[Mapping[str, Member]]]
Past = Callable[[int], Iterable[Record]]
"""The records of the topic from an offset on to its end."""


class Change(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The record on `wire.events`: where a story is now."""

    story: str
    event: str | None = None
    alias: str | None = None
    published_at: datetime | None = None
    source: str | None = None
    race: str | None = None
    behind_seconds: int | None = None
    ahead_seconds: int | None = None
    """How its source stands in the race for the event (`pipeline.events.race`)."""
    offset: int
    """Of the last fingerprint that it is known from: the higher is the newer."""


_decoder = msgspec.json.Decoder(Change)


@dataclass(slots=True)
class Grouping(Step):
    """Records of the fingerprints topic in; places of stories out, to a topic and an index."""

    topics: Topics
    send: Send
    counts: Counts
    waiting: Waiting
    days: float
    stories: Writer
    """Of the index of stories."""
    writer: Writer
    """Of the index of events."""
    members: Members
    past: Past
    positions: Callable[[], Awaitable[tuple[int, int]]]
    """How far the group has taken the topic, and where it ends."""
    _groups: Groups | None = field(default=None, init=False)
    _next: int = field(default=0, init=False)
    """The offset up to which `_groups` knows the topic."""
    _taken: int = field(default=-1, init=False)
    """The last offset that was taken since the assignment."""
    _changed: dict[str, Place] = field(default_factory=dict, init=False)
    """What is not known to be written."""
    _beyond: set[str] = field(default_factory=set, init=False)
    _loading: asyncio.Task[None] | None = field(default=None, init=False)
    """Done when `_groups` is there; None while the topic is another worker's."""
    _lifting: asyncio.Task[None] | None = field(default=None, init=False)
    _forgetting: asyncio.Task[None] | None = field(default=None, init=False)
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock, init=False)

    async def require(self) -> None:
        """Check that the index of events exists."""
        await self.writer.require()

    def assigned(self, partitions: Collection[int]) -> None:
        """Read the topic back where it is this worker's, and forget it where it is another's."""
        if self._lifting is not None:
            self._lifting.cancel()
        if partitions:
            self._loading = asyncio.create_task(self._load())
            self._lifting = asyncio.create_task(self._lift())
        else:
            self._loading = self._lifting = None
            self._forgetting = asyncio.create_task(self._forget())

    async def __call__(self, records: Sequence[Record]) -> None:
        """Take one batch, in the order of the topic."""
        while self._loading is None:  # it is another worker's now, and will be taken there
            await asyncio.sleep(LIFT_SECONDS)
        await asyncio.shield(self._loading)
        if self._lifting is not None and self._lifting.done():
            self._lifting.result()  # raises what ended it
        if records and records[0].offset <= self._taken:  # the topic was lost and made anew
            log.warning("the topic begins again", extra={"offset": records[0].offset})
            await self._load()
        async with self._turn:
            for record in records:
                codec.require_known(record.headers, record.place)
            older = await asyncio.to_thread(self._take, records)
            await self._restore(older)
            await self._hand_on()

    async def _load(self) -> None:
        """Read the topic up to where it ends now, and write what may not have been written."""
        async with self._turn:
            committed, end = await self.positions()
            if self._taken >= end or self._next > end:
                self._groups, self._next = None, 0
            self._taken = -1
            self.waiting.reasons["events"] = "reading the stories of the window back"
            try:
                await self.waiting.until("kafka", lambda: asyncio.to_thread(self._read, committed))
            finally:
                self.waiting.over("events")
            await self._hand_on()

    async def _forget(self) -> None:
        """Free the memory of a window that another worker has now."""
        async with self._turn:
            if self._loading is None:
                self._groups, self._next = None, 0
                self._changed.clear()
                self._beyond.clear()

    def _read(self, committed: int) -> None:
        groups = self._groups
        if groups is None:
            groups, self._next = Groups(self.days), 0
        self._groups = None  # until all is read: an error half way begins anew
        taken = 0
        for record in self.past(self._next):
            if record.offset < committed:
                self._apply(groups, record)
                taken += 1
                if taken % SETTLED == 0:
                    groups.settle()
            else:
                if self._next < committed or taken:
                    groups.settle()
                    taken = 0
                self._touch(groups, record)
            self._next = record.offset + 1
        groups.settle()
        self._groups = groups

    def _take(self, records: Sequence[Record]) -> list[str]:
        """Take records; return the stories of which one has an older version than is known."""
        assert self._groups is not None
        older = [
            story for record in records if (story := self._apply(self._groups, record)) is not None
        ]
        self._note(self._groups)
        if records:
            self._taken = records[-1].offset
            self._next = max(self._next, self._taken + 1)
        return older

    def _touch(self, groups: Groups, record: Record) -> None:
        """Take a record that the worker before may have taken, and not written."""
        self._apply(groups, record)
        self._note(groups)
        story = record.key.decode("utf-8", "replace")
        if place := groups.place(story):
            self._changed.setdefault(story, place)

    def _apply(self, groups: Groups, record: Record) -> str | None:
        """Take one record; return its story where it is older than what is known."""
        story = record.key.decode("utf-8", "replace")
        try:
            found = fingerprints.decode(record.value)
        except CodecError as error:
            log.error("not grouped", extra={"record": record.place, "reason": str(error)})
            return None
        return None if groups.take(story, found) else story

    def _note(self, groups: Groups) -> None:
        settled = groups.settle()
        self._changed |= settled.places
        self._beyond = (self._beyond | set(settled.beyond)) - settled.places.keys()

    async def _restore(self, older: Sequence[str]) -> None:
        """Write the newest fingerprints again, behind older ones: compaction keeps the last."""
        if older:
            held = await self.stories.documents(older)
            now = datetime.now(UTC)
            await self.send(
                [
                    fingerprint_message(self.topics, story, fingerprint(document, version, now))
                    for story, (version, document) in held.items()
                ]
            )

    async def _hand_on(self) -> None:
        """Write what has changed."""
        places = {**self._changed, **await self._found_beyond()}
        if not places:
            return
        changes = [
            Change(
                story=story,
                event=place.event,
                alias=place.alias,
                published_at=place.published_at,
                source=place.source,
                race=place.standing.race,
                behind_seconds=place.standing.behind_seconds,
                ahead_seconds=place.standing.ahead_seconds,
                offset=self._next,
            )
            for story, place in places.items()
        ]
        await self.send([change_message(self.topics, change) for change in changes])
        written = await self.writer.write([to_write(change) for change in changes])
        for change, each in zip(changes, written, strict=True):
            if each.outcome is Outcome.REJECTED:
                log.error("event not indexed", extra={"story": change.story, "why": each.reason})
        self.counts["placed"] += len(changes)
        self._changed.clear()
        self._beyond.clear()

    async def _found_beyond(self) -> dict[str, Place]:
        """Return the places of withheld stories that left the window, and of those they named."""
        found: dict[str, Place] = {}
        for story in self._beyond:
            named = dict(await self.waiting.until("index", partial(self.members, story)))
            named.pop(story, None)
            dates = {
                name: datetime.fromisoformat(held.published_at) if held.published_at else None
                for name, held in named.items()
            }
            order = sorted(named, key=lambda n: (dates[n] is None, dates[n] or _NO_TIME, n))
            found[story] = Place(None, alias=order[0] if order else None)
            ran = standings(
                (named[name].source, at.timestamp() if (at := dates[name]) else None)
                for name in order
            )
            for name, standing in zip(order, ran, strict=True):
                place = Place(order[0], dates[name], None, named[name].source, standing)
                found[name] = place
        return found

    async def _lift(self) -> None:
        """Write a fingerprint without embargo for each story whose embargo has ended."""
        while True:
            await asyncio.sleep(LIFT_SECONDS)
            async with self._turn:
                ended = self._groups.ended(datetime.now(UTC)) if self._groups else {}
                await self.send(
                    [
                        fingerprint_message(self.topics, story, fingerprints.released(record))
                        for story, record in ended.items()
                    ]
                )


def fingerprint_message(topics: Topics, story: str, record: Fingerprint) -> Message:
    """Return a fingerprint as a message."""
    said = headers(schema=codec.SCHEMA, version=record.version)
    return Message(topics.fingerprints, key(story), fingerprints.encode(record), said)


def change_message(topics: Topics, change: Change) -> Message:
    """Return where a story is now as a message."""
    raw = msgspec.json.encode(change)
    return Message(topics.events, key(change.story), raw, headers(schema=codec.SCHEMA))


def decode_change(raw: bytes) -> Change:
    """Return the change in a record of the events topic.

    Raises:
        CodecError: it is none.
    """
    try:
        return _decoder.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise CodecError(f"not the place of a story: {error}") from error


def to_write(change: Change) -> Write:
    """Return what a change leads to in the index of events."""
    document: Document = {"story": change.story, "changed_at": datetime.now(UTC).isoformat()}
    if change.event is not None:
        document["event"] = change.event
    if change.alias is not None:
        document["alias"] = change.alias
    if change.published_at is not None:
        document["published_at"] = change.published_at.isoformat()
    for name in ("source", "race", "behind_seconds", "ahead_seconds"):
        if (value := getattr(change, name)) is not None:
            document[name] = value
    return Write(change.story, change.offset, document)


def _make(parts: Parts) -> Step:
    settings, topics = parts.settings, parts.topics
    elastic, kafka = settings.elasticsearch, settings.kafka

    def past(offset: int) -> Iterator[Record]:
        with open_reader(kafka) as reader:
            spans = {
                at: range(max(offset, span.start), span.stop)
                for at, span in reader.spans([topics.fingerprints]).items()
            }
            for records in reader.read(spans):
                yield from (record for record in records if record.value)

    async def positions() -> tuple[int, int]:
        offsets = OffsetReader(kafka, topics.fingerprints, parts.waiting)
        await offsets.start()
        try:
            return await offsets.committed(0), await offsets.end(0)
        finally:
            await offsets.stop()

    async def of_event(event: str) -> Mapping[str, Member]:
        return await members(parts.client, elastic, event)

    return Grouping(
        topics,
        parts.send,
        parts.counts,
        parts.waiting,
        settings.events.window_days,
        parts.writer,
        Writer(parts.client, elastic, parts.waiting, index=events_index(elastic.index)),
        of_event,
        past,
        positions,
    )


AGENT = Agent(
    "events",
    lambda topics: topics.fingerprints,
    _make,
    batch=500,
    in_flight=1,
    counters={"placed": "Stories whose event was written, for the first time or anew."},
)
