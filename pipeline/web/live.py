"""What comes and what goes, for pages that are open: one look at the index, many listeners.

While somebody listens, the index is asked once a second for what was indexed lately, or came
out of its embargo. Only where there is such a story is each listener's search asked whether
it is among its own. What arrives later than OVERLAP after its time of indexing (the index was
away while it was written) is seen when the page is loaded anew.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from pipeline.search.reader import Reader
from pipeline.search.request import SearchRequest
from pipeline.search.visible import is_visible
from pipeline.wire.errors import NewswireError

log = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
OVERLAP = timedelta(seconds=30)
"""Clocks differ and indexing takes a while: this much is looked at again."""
SETTLING = timedelta(seconds=3)
"""What was indexed so short before a listener's instant may not have been found by then."""
RESUME = timedelta(minutes=15)
"""Who was away for longer is told of the last of it only."""
PAGE = 1000
"""Stories of one search, of which a look makes as many as it takes."""
AT_MOST = 10_000
"""Stories of one look: of a backfill that is faster than that, pages are told of the last."""
MAX_LISTENERS = 200
WAITING = 50
"""Events that a slow listener may be behind before it is let go; it comes again by itself."""


@dataclass(frozen=True, slots=True)
class Event:
    """One server-sent event."""

    id: str
    """Where a listener goes on who was cut off: an instant."""
    stories: tuple[str, ...] = ()
    """Those that the listener's search finds and that are new or changed."""
    gone: tuple[str, ...] = ()
    """Those that may no longer be shown, whatever the search."""


@dataclass(eq=False, slots=True)
class Listener:
    """One open page."""

    request: SearchRequest
    events: asyncio.Queue[Event | None] = field(default_factory=lambda: asyncio.Queue(WAITING))

    def tell(self, event: Event | None) -> None:
        """Queue an event; None lets the listener go."""
        try:
            self.events.put_nowait(event)
        except asyncio.QueueFull:
            with suppress(asyncio.QueueEmpty):
                self.events.get_nowait()
            self.events.put_nowait(None)


class TooMany(NewswireError):
    """There are MAX_LISTENERS already."""


class Live:
    """The one look at the index, made while somebody listens."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._listeners: set[Listener] = set()
        self._looking: asyncio.Task[None] | None = None

    async def listen(
        self, request: SearchRequest, since: datetime | None = None
    ) -> AsyncGenerator[Event | None, None]:
        """Events of a search from now on, or since an instant; None now and then, to keep alive.

        Raises:
            TooMany: try later.
        """
        if len(self._listeners) >= MAX_LISTENERS:
            raise TooMany("too many pages are open")
        listener = Listener(request)
        self._listeners.add(listener)
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look())
        try:
            now = datetime.now(UTC)
            # Said at once, so that who is cut off before anything comes knows where to go on.
            yield Event(now.isoformat())
            if since and since < now:
                seen = await self._changed(max(since, now - RESUME) - SETTLING, now)
                (event,) = await self._events(seen, [listener], now)
                yield event
            while True:
                try:
                    event_ = await asyncio.wait_for(listener.events.get(), 15.0)
                except TimeoutError:
                    yield None
                    continue
                if event_ is None:
                    return
                yield event_
        finally:
            self._listeners.discard(listener)
            if not self._listeners and self._looking:
                self._looking.cancel()
                self._looking = None

    def close(self) -> None:
        """Let everybody go."""
        for listener in self._listeners:
            listener.tell(None)

    async def _look(self) -> None:
        looked = datetime.now(UTC)
        # What is there when the first listener comes is on its page already.
        known: set[tuple[str, int, bool]] | None = None
        while True:
            now = datetime.now(UTC)
            try:
                found = await self._changed(looked - OVERLAP, now)
                seen = {self._state(hit, now) for hit in found}
                fresh = [hit for hit in found if self._state(hit, now) not in (known or ())]
                if known is not None and fresh:
                    listeners = list(self._listeners)
                    events = await self._events(fresh, listeners, now)
                    for listener, event in zip(listeners, events, strict=True):
                        if event.stories or event.gone:
                            listener.tell(event)
                known, looked = seen, now
            except NewswireError as error:
                log.warning("live: waiting", extra={"reason": str(error)})
            await asyncio.sleep(LOOK_SECONDS)

    async def _changed(self, since: datetime, now: datetime) -> list[dict[str, Any]]:
        window = {"gt": since.isoformat(), "lte": now.isoformat()}
        body: dict[str, Any] = {
            "size": PAGE,
            "version": True,
            "_source": ["status", "embargoed_until"],
            "query": {
                "bool": {
                    "should": [
                        {"range": {"indexed_at": {"gt": since.isoformat()}}},
                        {"range": {"embargoed_until": window}},
                    ],
                    "minimum_should_match": 1,
                }
            },
            "sort": [{"indexed_at": "desc"}, {"id": "desc"}],
        }
        found: list[dict[str, Any]] = []
        while len(found) < AT_MOST:
            hits = (await self._reader.raw(body))["hits"]["hits"]
            found += hits
            if len(hits) < PAGE:
                return found
            body["search_after"] = hits[-1]["sort"]
        log.warning("live: not all are told", extra={"stories": len(found)})
        return found

    def _state(self, hit: dict[str, Any], now: datetime) -> tuple[str, int, bool]:
        return hit["_id"], hit["_version"], is_visible(hit["_source"], now)

    async def _events(
        self, hits: Sequence[dict[str, Any]], listeners: Sequence[Listener], now: datetime
    ) -> list[Event]:
        shown = [hit["_id"] for hit in hits if is_visible(hit["_source"], now)]
        gone = tuple(hit["_id"] for hit in hits if not is_visible(hit["_source"], now))
        # Pages with the same search share its answer.
        requests = list(dict.fromkeys(listener.request for listener in listeners))
        found = await self._reader.matches(shown, requests)
        among = dict(zip(requests, found, strict=True))
        at = now.isoformat()
        return [
            Event(at, tuple(id for id in shown if id in among[listener.request]), gone)
            for listener in listeners
        ]
