"""The live stream: open pages learn which stories are new, changed or gone.

While anybody listens, one task asks the index every LOOK_SECONDS for the stories that were
indexed, or whose embargo passed, since its last look. If there are any, it asks which of them
each listener's search finds. A story that is indexed later than OVERLAP after its `indexed_at`
(the index was away while it was written) is shown when the page is loaded again.

Only what a viewer could see is announced as gone: the id of a story that was never visible to him,
such as one under an embargo, does not reach him.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from pipeline.search.event_reader import Move
from pipeline.search.reader import Reader
from pipeline.search.request import SearchRequest
from pipeline.search.visible import ANYBODY, Role, Viewer, is_licensed, is_visible
from pipeline.wire.errors import NewswireError, TooMany
from pipeline.wire.story import Status

log = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
OVERLAP = timedelta(seconds=30)
"""Each look repeats this much: clocks differ, and indexing takes a while."""
SETTLING = timedelta(seconds=3)
"""Stories indexed this shortly before a page was made may be missing on it."""
RESUME = timedelta(minutes=15)
"""A listener that was away for longer gets only the events of the last RESUME."""
STATE = ("status", "embargoed_until", "source", "unseen")
"""Fields that say who may see a story, and whether anybody has."""
PAGE = 1000
"""Stories per search; a look makes as many searches as it needs."""
AT_MOST = 10_000
"""Stories per look: of a faster backfill only the newest are announced."""
MAX_LISTENERS = 200
SEERS = (ANYBODY, Viewer(Role.EDITOR))
"""Those who see no embargoed stories, and those who do."""
WAITING = 50
"""Events that may wait for a slow listener; then it is disconnected, and reconnects by itself."""


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """A story that was shown and has changed."""

    id: str
    key: str
    """Names the new version in /api/versions; text, since it exceeds what JavaScript counts to."""
    version: int | None = None
    signal: str | None = None
    published_at: datetime | None = None
    indexed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """What one look found for one listener."""

    id: str
    """An instant: a listener that was disconnected resumes from there."""
    found: tuple[tuple[str, ...], ...] = ()
    """New or changed stories, for each of the listener's searches; empty if there are none."""
    changed: tuple[Change, ...] = ()
    """Stories that the listener shows and that have changed."""
    gone: tuple[str, ...] = ()
    """Stories that the viewer could see and no longer may, whatever the search."""
    grown: bool = False
    """True when the event that the listener shows has other stories than before."""
    away: bool | None = None
    """True when the index stops answering, False when it answers again; nothing is lost."""

    @property
    def stories(self) -> tuple[str, ...]:
        """Return the stories that any of the searches finds."""
        return tuple(dict.fromkeys(story for found in self.found for story in found))


@dataclass(eq=False, slots=True)
class Listener:
    """One open page."""

    requests: tuple[SearchRequest, ...]
    """Its searches; none for a page that shows certain stories only."""
    viewer: Viewer
    shown: frozenset[str] = frozenset()
    event: str | None = None
    """The event that it shows, by its name."""
    events: asyncio.Queue[Event | None] = field(default_factory=lambda: asyncio.Queue(WAITING))

    def send(self, event: Event | None) -> None:
        """Queue an event; None disconnects the listener."""
        try:
            self.events.put_nowait(event)
        except asyncio.QueueFull:
            with suppress(asyncio.QueueEmpty):
                self.events.get_nowait()
            self.events.put_nowait(None)


class Live:
    """Looks at the index while anybody listens."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._listeners: set[Listener] = set()
        self._looking: asyncio.Task[None] | None = None
        self._looked = asyncio.Event()
        """Set after the first look: what is indexed from then on is announced."""
        self._away = False
        self._secret: dict[bool, set[str]] = {seer.sees_embargoed: set() for seer in SEERS}
        """Hidden stories that no such viewer has seen: a kill of one is not announced."""

    async def listen(
        self,
        requests: Sequence[SearchRequest],
        since: datetime | None = None,
        shown: Iterable[str] = (),
        viewer: Viewer = ANYBODY,
        event: str | None = None,
    ) -> AsyncGenerator[Event, None]:
        """Yield events from now on, or since an instant.

        Args:
            requests: whose stories are announced.
            since: when the listener's page was made, or the id of its last event.
            shown: ids of the stories on its page.
            viewer: who listens.
            event: the event on its page.

        Raises:
            TooMany: there are MAX_LISTENERS already.
        """
        if len(self._listeners) >= MAX_LISTENERS:
            raise TooMany("Too many pages are open. Try again later.")
        listener = Listener(tuple(requests), viewer, frozenset(shown), event)
        self._listeners.add(listener)
        if self._looking is None or self._looking.done():
            self._looked.clear()
            self._looking = asyncio.create_task(self._look())
        now = datetime.now(UTC)
        missed = asyncio.create_task(self._missed(listener, since)) if since else None
        try:
            # Sent at once, so that a client that is disconnected early knows where to resume.
            yield Event(now.isoformat(), away=True if self._away else None)
            while (sent := await listener.events.get()) is not None:
                yield sent
        finally:
            if missed:
                missed.cancel()
            self._listeners.discard(listener)
            if not self._listeners and self._looking:
                self._looking.cancel()
                self._looking = None

    @property
    def listening(self) -> int:
        """Return how many listeners there are."""
        return len(self._listeners)

    def close(self) -> None:
        """Disconnect every listener."""
        for listener in self._listeners:
            listener.send(None)

    async def _missed(self, listener: Listener, since: datetime) -> None:
        """Send a listener what happened since an instant, as soon as the index answers."""
        await self._looked.wait()  # what is indexed after that look is sent by the next ones
        while True:
            now = datetime.now(UTC)
            try:
                found = await self._changed(max(since, now - RESUME) - SETTLING, now)
                (event,) = await self._events(found, [listener], now)
                moved = await self._moved([listener], max(since, now - RESUME) - SETTLING)
                grown = await self._is_grown(listener, moved)
            except NewswireError:
                await asyncio.sleep(LOOK_SECONDS)
                continue
            listener.send(replace(event, grown=grown))
            return

    async def _look(self) -> None:
        looked = datetime.now(UTC)
        # The first listener's page shows what is in the index already.
        known: set[tuple[str, int, bool]] | None = None
        known_moves: set[Move] = set()
        while True:
            now = datetime.now(UTC)
            try:
                if known is None:
                    self._secret = await self._secrets(now)
                found = await self._changed(looked - OVERLAP, now)
                seen = {self._state(hit, now) for hit in found}
                fresh = [hit for hit in found if self._state(hit, now) not in (known or ())]
                if known is not None and fresh:
                    listeners = list(self._listeners)
                    events = await self._events(fresh, listeners, now)
                    for listener, event in zip(listeners, events, strict=True):
                        if event.stories or event.changed or event.gone:
                            listener.send(event)
                moves = await self._moved(self._listeners, looked - OVERLAP)
                for listener in list(self._listeners) if known is not None else ():
                    if await self._is_grown(listener, moves - known_moves):
                        listener.send(Event(now.isoformat(), grown=True))
                known, known_moves, looked = seen, moves, now
                self._looked.set()
                self._say(away=False, looked=looked)
            except NewswireError as error:
                log.warning("live: waiting", extra={"reason": str(error)})
                self._say(away=True, looked=looked)
            await asyncio.sleep(LOOK_SECONDS)

    def _say(self, away: bool, looked: datetime) -> None:
        """Send listeners word when the index stops answering, and when it answers again."""
        if away == self._away:
            return
        self._away = away
        for listener in self._listeners:
            listener.send(Event(looked.isoformat(), away=away))

    async def _moved(self, listeners: Iterable[Listener], since: datetime) -> set[Move]:
        """Return the stories whose event has changed, if any listener shows an event."""
        if not any(listener.event for listener in listeners):
            return set()
        return await self._reader.events.moved(since)

    async def _is_grown(self, listener: Listener, moves: Iterable[Move]) -> bool:
        """Return whether a story came to the event that a listener shows, or left it.

        Stories that a licence keeps from him do not count: he does not know of them.
        """
        if listener.event is None:
            return False
        known = {listener.event, *listener.shown}
        moved = [m for m in moves if not known.isdisjoint((m.story, m.event, m.alias))]
        if not moved or listener.viewer.sources is None:
            return bool(moved)
        held = await self._reader.held([move.story for move in moved])
        return any(is_licensed(document, listener.viewer) for _, document in held.values())

    async def _changed(self, since: datetime, now: datetime) -> list[dict[str, Any]]:
        window = {"gt": since.isoformat(), "lte": now.isoformat()}
        return await self._all(
            {
                "version": True,
                "_source": [*Change.__struct_fields__, *STATE],
                "query": {
                    "bool": {
                        "should": [
                            {"range": {"indexed_at": {"gt": since.isoformat()}}},
                            {"range": {"embargoed_until": window}},
                        ],
                        "minimum_should_match": 1,
                    }
                },
            }
        )

    async def _secrets(self, now: datetime) -> dict[bool, set[str]]:
        """Return the ids of the hidden stories that no viewer of a kind has seen."""
        late = {"range": {"embargoed_until": {"gt": now.isoformat()}}}
        held = {"term": {"status": Status.EMBARGOED.value}}
        hits = await self._all(
            {
                "_source": ["status", "embargoed_until"],
                "query": {"bool": {"should": [late, held], "minimum_should_match": 1}},
            }
        )
        hidden = {
            seer: {hit["_id"] for hit in hits if not is_visible(hit["_source"], now, seer)}
            for seer in SEERS
        }
        return {
            seer.sees_embargoed: await self._never_seen(hidden[seer], now, seer) for seer in SEERS
        }

    async def _all(self, body: dict[str, Any]) -> list[dict[str, Any]]:
        """Return all hits of a search, page by page, newest first, AT_MOST of them."""
        body = {**body, "size": PAGE, "sort": [{"indexed_at": "desc"}, {"id": "desc"}]}
        found: list[dict[str, Any]] = []
        while len(found) < AT_MOST:
            hits = (await self._reader.raw(body))["hits"]["hits"]
            found += hits
            if len(hits) < PAGE:
                return found
            body["search_after"] = hits[-1]["sort"]
        log.warning("live: too many stories for one look", extra={"stories": len(found)})
        return found

    def _state(self, hit: dict[str, Any], now: datetime) -> tuple[str, int, bool]:
        return hit["_id"], hit["_version"], is_visible(hit["_source"], now, ANYBODY)

    async def _events(
        self, hits: Sequence[dict[str, Any]], listeners: Sequence[Listener], now: datetime
    ) -> list[Event]:
        events: dict[Listener, Event] = {}
        for viewer in dict.fromkeys(listener.viewer for listener in listeners):
            own = [listener for listener in listeners if listener.viewer == viewer]
            events |= await self._events_of(viewer, hits, own, now)
        return [events[listener] for listener in listeners]

    async def _events_of(
        self,
        viewer: Viewer,
        hits: Sequence[dict[str, Any]],
        listeners: Sequence[Listener],
        now: datetime,
    ) -> dict[Listener, Event]:
        """Return the events of the listeners that are one viewer's."""
        shown = {hit["_id"]: hit for hit in hits if is_visible(hit["_source"], now, viewer)}
        gone = await self._gone([hit for hit in hits if hit["_id"] not in shown], now, viewer)
        # Killed before a look could find it hidden: only a page that lists it is told.
        unseen = {hit["_id"] for hit in hits if hit["_source"].get("unseen")}
        unseen = set() if viewer.sees_embargoed else unseen
        self._secret[viewer.sees_embargoed] -= shown.keys()
        # Pages with the same search share its answer.
        requests = list(dict.fromkeys(each for listener in listeners for each in listener.requests))
        found = await self._reader.seen_by(viewer).matches(list(shown), requests)
        among = dict(zip(requests, found, strict=True))
        events = {}
        for listener in listeners:
            new = tuple(
                tuple(id for id in shown if id in among[request]) for request in listener.requests
            )
            events[listener] = Event(
                now.isoformat(),
                found=new if any(new) else (),
                changed=tuple(_change(hit) for id, hit in shown.items() if id in listener.shown),
                gone=tuple(id for id in gone if id not in unseen or id in listener.shown),
            )
        return events

    async def _gone(
        self, hidden: Sequence[dict[str, Any]], now: datetime, viewer: Viewer
    ) -> tuple[str, ...]:
        """Return those of some hidden stories that a viewer could see before."""
        licensed = [hit for hit in hidden if is_licensed(hit["_source"], viewer)]
        killed = {h["_id"] for h in licensed if h["_source"].get("status") == Status.WITHDRAWN}
        never = await self._never_seen({hit["_id"] for hit in licensed} - killed, now, viewer)
        secret = self._secret[viewer.sees_embargoed]
        secret |= never
        return tuple(hit["_id"] for hit in licensed if hit["_id"] not in secret)

    async def _never_seen(self, hidden: set[str], now: datetime, viewer: Viewer) -> set[str]:
        """Return those of some hidden stories of which a viewer could see no version."""
        return hidden - await self._reader.seen_by(viewer).once_visible(hidden, now)


def _change(hit: dict[str, Any]) -> Change:
    return msgspec.convert(
        {**hit["_source"], "id": hit["_id"], "key": str(hit["_version"])}, Change
    )
