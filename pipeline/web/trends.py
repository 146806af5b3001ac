"""What is trending: the page at /trending, the API, and its live stream."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections import OrderedDict
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response
from msgspec import structs
from msgspec.json import encode
from sse_starlette import EventSourceResponse, ServerSentEvent

from pipeline.search.reader import Reader
from pipeline.search.trending import Trends, Window
from pipeline.search.visible import Viewer
from pipeline.web.answers import awaited, tagged
from pipeline.web.api import JSON, PING_SECONDS, reader
from pipeline.web.authentication import person
from pipeline.web.openapi import answer
from pipeline.web.pages import away, html_page
from pipeline.wire.errors import NewswireError, TooMany

router = APIRouter()

KEPT_SECONDS = 15.0
"""How long an answer is given again: what it costs does not grow with those who ask."""
MAX_KEPT = 100
"""Answers that are kept: of viewers of different sources, and windows."""
LOOK_SECONDS = 5.0
MAX_LISTENERS = 200

ANSWERS = (Trends,)


class Kept:
    """The last answers, each for KEPT_SECONDS, and computed once at a time."""

    def __init__(self) -> None:
        self._answers: OrderedDict[tuple[Viewer, Window], tuple[float, Trends]] = OrderedDict()
        self._turns: dict[tuple[Viewer, Window], asyncio.Lock] = {}
        self.listeners = 0

    async def trends(self, found: Reader, viewer: Viewer, window: Window) -> Trends:
        """Return what is trending for a viewer."""
        key = viewer, window
        async with self._turns.setdefault(key, asyncio.Lock()):
            at, known = self._answers.get(key, (0.0, None))
            if known is None or time.monotonic() - at > KEPT_SECONDS:
                await found.ready()  # a report is waited for longer than a hung index
                known = await found.reports.trending(window, datetime.now(UTC))
                self._answers[key] = time.monotonic(), known
                self._answers.move_to_end(key)
            while len(self._answers) > MAX_KEPT:
                self._turns.pop(self._answers.popitem(last=False)[0], None)
            return known


@router.get("/api/trending", responses=answer(Trends))
async def trending(request: Request, window: Window = Window.HOUR) -> Response:
    """List the names, places and events that grow against their own habit of this hour."""
    return tagged(request, encode(await awaited(request, _trends(request, window))), JSON)


@router.get("/api/trending/live")
async def live(request: Request, window: Window = Window.HOUR) -> EventSourceResponse:
    """Send server-sent events: `trending`, the list, at the beginning and when it has changed."""
    kept = _kept(request)
    if kept.listeners >= MAX_LISTENERS:
        raise TooMany("Too many pages are open. Try again later.")
    first = await awaited(request, _trends(request, window))

    async def changes() -> AsyncIterator[ServerSentEvent]:
        kept.listeners += 1
        try:
            sent, current = "", first
            while True:
                if digest(current) != sent:
                    sent = digest(current)
                    yield ServerSentEvent(encode(current).decode(), event="trending", id=sent)
                await asyncio.sleep(LOOK_SECONDS)
                try:
                    current = await _trends(request, window)
                except NewswireError:
                    continue  # it is asked again
        finally:
            kept.listeners -= 1

    return EventSourceResponse(
        changes(),
        headers={"Cache-Control": "no-store, no-transform"},
        ping=PING_SECONDS,
        ping_message_factory=lambda: ServerSentEvent("true", event="ping"),
        sep="\n",
    )


@router.get("/trending", include_in_schema=False)
async def trending_page(request: Request, window: Window = Window.HOUR) -> Response:
    """Show what is trending."""
    try:
        found = await awaited(request, _trends(request, window))
    except NewswireError:
        return away()
    return html_page("trending.html", found=found, windows=list(Window), seen=digest(found))


def digest(found: Trends) -> str:
    """Return what differs when another name is trending, or its numbers have changed."""
    steady = structs.replace(found, at=datetime.min, stories=0)
    return hashlib.blake2b(encode(steady), digest_size=8).hexdigest()


async def _trends(request: Request, window: Window) -> Trends:
    return await _kept(request).trends(reader(request), person(request).viewer, window)


def _kept(request: Request) -> Kept:
    state: Any = request.app.state
    found: Kept = state.trends
    return found
