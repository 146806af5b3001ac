"""The worker's two steps over a broker and an index in memory, to be crashed at any call.

A crash comes at the n-th call through a port, either before it takes effect, after it, or,
for a send, with a part of its messages sent. What the worker remembered is then gone, and
the next one starts from the committed offsets, as after a SIGKILL.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

from pipeline.index.document import Document
from pipeline.index.events import Member
from pipeline.index.writer import Outcome, Written
from pipeline.kafka.messages import Message, Record
from pipeline.process.waiting import Waiting
from pipeline.stream.agents import no_counts
from pipeline.stream.enriching import Enriching, enriched_message
from pipeline.stream.events import Grouping
from pipeline.stream.indexing import Indexing
from pipeline.stream.newest import Newest
from pipeline.stream.refused import Refused
from pipeline.wire import codec
from pipeline.wire.enriched import Enriched, Entity, Mention, Provenance
from pipeline.wire.errors import EnrichmentError
from pipeline.wire.story import Status, Story
from pipeline.wire.topics import Lane, Topics, key, lane
from pipeline.wire.versions import Held, blank
from tests.fakes.index import Index
from tests.fakes.kafka import Broker

TOPICS = Topics("test")
REVISION = 1
MAX_BYTES = 100_000


class Crash(BaseException):
    """The worker is gone. Not an Exception: no step may outlive it."""


def enrich(story: Story) -> Enriched:
    """A story with one entity, its first word."""
    word = story.body.partition(" ")[0]
    mention = Mention(start=0, end=len(word))
    return Enriched(
        story=story,
        entities=(Entity(id=f"org:{word}", text=word, label="ORG", mentions=(mention,)),),
        provenance=Provenance(pipeline="t", model="t", gazetteer="t", revision=REVISION),
    )


def record_of(story: Story) -> Enriched:
    """What a worker writes to the enriched topic for a story."""
    if story.status is not Status.WITHDRAWN:
        return enrich(story)
    provenance = Provenance(pipeline="t", model="none", gazetteer="none", revision=REVISION)
    return Enriched(story=blank(story), provenance=provenance)


class Pool:
    """Enriches at once; a story whose body is "crash" has crashed its process too often."""

    def __init__(self) -> None:
        self.enriched: list[Story] = []
        self.meanwhile: Callable[[], Awaitable[Any]] | None = None
        """What another agent does, once, while stories are being enriched."""

    async def enrich(
        self, stories: Sequence[Story], priority: int
    ) -> list[Enriched | EnrichmentError]:
        """See `pipeline.stream.enriching.Pool`."""
        meanwhile, self.meanwhile = self.meanwhile, None
        if meanwhile is not None:
            await meanwhile()
        self.enriched += stories
        return [
            EnrichmentError("the process ended") if s.body == "crash" else enrich(s)
            for s in stories
        ]


class _NoHistory:
    """Keeps nothing."""

    async def keep(self, written: Sequence[Any]) -> None:
        """See `pipeline.index.history.History`."""


class Worker:
    """A worker's life between two crashes, and all the lives after it."""

    def __init__(self, broker: Broker, index: Index) -> None:
        self.broker = broker
        self.index = index
        self._asleep: list[list[Callable[[], Awaitable[Any]]]] = []
        self.pool = Pool()
        self.events = Index()
        """The index of events."""
        self.indexed_to = 0
        """How far the enriched topic has ever been indexed."""
        self._crash: tuple[int, float] | None = None
        self.restart()

    def restart(self) -> None:
        """A new process: nothing is remembered, partitions are assigned."""
        self._crash = None
        self._taken: dict[str, list[list[int]]] = defaultdict(list)
        self.pool.meanwhile = None
        self.counts = no_counts()
        self.newest = Newest(self._indexed, self._end, self._committed, self._dated)
        self.newest.assigned([0])
        self.enriching = {
            lane: Enriching(
                TOPICS, self.pool, self.newest, self._send, self.counts, REVISION, MAX_BYTES, lane
            )
            for lane in Lane
        }
        port: Any = _Port(self, self.index)
        self.indexing = Indexing(TOPICS, port, self.newest, self._send, self.counts)
        self.grouping = self._grouping(self._send, _Port(self, self.events))
        self._grouping_assigned = False
        self.waiting = Waiting()
        history: Any = _NoHistory()
        self.refused = Refused(
            TOPICS, port, history, self._send, self.counts, self.waiting, pause_seconds=0
        )

    def crash_at(self, call: int, part: float) -> None:
        """Crash at a call from now on, with this part of what it does done."""
        self._crash = (call, part)

    def deliver(self, story: Story, backfill: bool = False) -> None:
        """A connector publishes a story."""
        topic = TOPICS.lane(lane(story, backfill))
        self.broker.log(topic).append(Message(topic, key(story.id), codec.encode(story), []))

    def was_delivered(self, story: Story) -> bool:
        """Whether a story is in one of the lanes."""
        raw = codec.encode(story)
        return any(raw in self.broker.values(topic) for topic in TOPICS.lanes)

    def zombie_writes(self, story: Story) -> None:
        """A worker that lost its partitions long ago wakes up and sends what it had enriched."""
        self.broker.log(TOPICS.enriched).append(enriched_message(TOPICS, record_of(story)))

    async def enrich(self, count: int, lane: Lane = Lane.LIVE) -> bool:
        """One batch of a stories topic; whether there was any."""
        return await self._batch(TOPICS.lane(lane), self.enriching[lane], count)

    def overtake(self, lane: Lane) -> None:
        """The next batch of a lane is done while the next of any lane is being enriched."""

        async def meanwhile() -> None:
            life = self.newest
            await self.enrich(6, lane)
            if self.newest is not life:
                raise Crash

        self.pool.meanwhile = meanwhile

    async def index_some(self, count: int) -> bool:
        """One batch of the enriched topic; whether there was any."""
        return await self._batch(TOPICS.enriched, self.indexing, count)

    async def try_refused(self, count: int) -> bool:
        """One batch of the refused topic; whether there was any."""
        return await self._batch(TOPICS.refused, self.refused, count)

    async def group_some(self, count: int) -> bool:
        """One batch of the fingerprints topic; whether there was any."""
        if not self._grouping_assigned:
            self.grouping.assigned({0})
            self._grouping_assigned = True
        return await self._batch(TOPICS.fingerprints, self.grouping, count)

    async def stop_grouping(self, count: int) -> None:
        """A worker is stopped just before it writes what a batch has led to."""
        late: list[Callable[[], Awaitable[Any]]] = []

        async def send(messages: list[Message]) -> list[tuple[int, int] | None]:
            late.append(lambda: self._send(messages))
            return [(0, 0) for _ in messages]

        zombie = self._grouping(send, _Late(self.events, late))
        records = self.broker.log(TOPICS.fingerprints).read(
            self.broker.committed[TOPICS.fingerprints], count
        )
        if records:
            end = records[-1].offset + 1
            past = self.broker.log(TOPICS.fingerprints).records
            zombie.past = lambda _: [r for _, r in past if r.offset < end]
            zombie.assigned({0})
            await zombie(records)
            self._asleep.append(late)

    async def wake_grouping(self) -> None:
        """Workers that were stopped write now, long after others have taken over."""
        asleep, self._asleep = self._asleep, []
        for late in asleep:
            with suppress(Crash):  # it ends this one alone
                for write in late:
                    await write()

    def _grouping(self, send: Any, port: Any) -> Grouping:
        async def members(event: str) -> dict[str, Member]:
            held = {name: fields for name, (_, fields) in self.events.held.items()}
            return {
                name: Member(fields.get("published_at"), fields.get("source"))
                for name, fields in held.items()
                if fields.get("event") == event
            }

        async def positions() -> tuple[int, int]:
            topic = TOPICS.fingerprints
            return self.broker.committed[topic], self.broker.log(topic).end

        def past(offset: int) -> list[Record]:
            return self.broker.log(TOPICS.fingerprints).read(offset, 10**6)

        stories: Any = _Port(self, self.index)
        return Grouping(
            TOPICS, send, self.counts, Waiting(), 30, stories, port, members, past, positions
        )

    async def drain(self) -> None:
        """Until both topics are at their ends."""
        while any([await self.enrich(50, lane) for lane in Lane]) or await self.index_some(50):
            pass

    async def _batch(self, topic: str, step: Any, count: int) -> bool:
        """A batch behind those that are on their way; what is done is committed in order."""
        log = self.broker.log(topic)
        taken = self._taken[topic]
        begin = taken[-1][0] if taken else self.broker.committed[topic]
        records: list[Record] = log.read(begin, count)
        if not records:
            if not taken:
                self.broker.committed[topic] = log.end
            return False
        life = self.newest
        batch = [records[-1].offset + 1, False]
        taken.append(batch)
        try:
            await step(records)
            if self.newest is not life:
                raise Crash  # another agent's crash is the whole worker's
        except Crash:
            self.restart()
        else:
            batch[1] = True
            while taken and taken[0][1]:
                self.broker.committed[topic] = taken.pop(0)[0]
            if topic == TOPICS.enriched:
                self.indexed_to = max(self.indexed_to, self.broker.committed[topic])
        return True

    def _part(self) -> float | None:
        """How much of this call is done before the crash; None when there is none."""
        if self._crash is None:
            return None
        calls, part = self._crash
        self._crash = (calls - 1, part) if calls else None
        return None if calls else part

    async def _send(self, messages: list[Message]) -> list[tuple[int, int] | None]:
        part = self._part()
        done = messages if part is None else messages[: round(len(messages) * part)]
        sent: list[tuple[int, int] | None] = [
            (0, self.broker.log(message.topic).append(message)) for message in done
        ]
        if part is not None:
            raise Crash
        return sent

    async def _indexed(self, ids: Iterable[str]) -> dict[str, int]:
        if self._part() is not None:
            raise Crash
        return await self.index.newest(ids)

    async def _dated(self, ids: Iterable[str]) -> dict[str, Held]:
        held = await self.index.documents(ids)
        return {
            name: Held(version, *(_instant(fields.get(f)) for f in ("published_at", "received_at")))
            for name, (version, fields) in held.items()
        }

    async def _end(self, partition: int) -> int:
        return self.broker.log(TOPICS.enriched).end

    async def _committed(self, partition: int) -> int:
        # The other agent works on while this one waits.
        life = self.newest
        await self.index_some(50)
        if self.newest is not life:
            raise Crash
        return self.broker.committed[TOPICS.enriched]


def _instant(value: str | None) -> datetime | None:
    return datetime.fromisoformat(value) if value else None


class _Port:
    """The index as a worker reaches it."""

    def __init__(self, worker: Worker, index: Index) -> None:
        self._worker = worker
        self._index = index

    async def write(self, writes: Sequence[Any]) -> list[Any]:
        part = self._worker._part()
        if part is None:
            return await self._index.write(writes)
        await self._index.write(writes[: round(len(writes) * part)])
        raise Crash

    async def purge(self, upto: Sequence[Any]) -> set[str]:
        if self._worker._part() is not None:
            raise Crash
        return await self._index.purge(upto)

    async def newest(self, ids: Iterable[str]) -> dict[str, int]:
        return await self._worker._indexed(ids)

    async def documents(
        self, ids: Iterable[str], fields: Sequence[str] | None = None
    ) -> dict[str, tuple[int, Document]]:
        return await self._index.documents(ids, fields)

    async def takes(self, ids: Iterable[str]) -> list[str]:
        return await self._worker.index.takes(ids)


class _Late:
    """An index as a worker reaches it that is stopped before its requests are sent."""

    def __init__(self, index: Index, late: list[Callable[[], Awaitable[Any]]]) -> None:
        self._index = index
        self._late = late

    async def write(self, writes: Sequence[Any]) -> list[Any]:
        self._late.append(lambda: self._index.write(writes))
        return [Written(Outcome.INDEXED) for _ in writes]
