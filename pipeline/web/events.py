"""Events for readers: the page at /event/ID, and the API."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import msgspec
from fastapi import APIRouter, HTTPException, Query, Request
from fastapi.responses import RedirectResponse, Response
from msgspec.json import encode

from pipeline.search.events import Event
from pipeline.search.request import SearchRequest
from pipeline.search.results import Summary
from pipeline.web import drawings, links, pages
from pipeline.web.answers import awaited, tagged
from pipeline.web.api import JSON, SearchParameters, StoryId, reader
from pipeline.web.openapi import answer
from pipeline.wire.errors import NewswireError

router = APIRouter()

WATCHED = 60
"""Stories of an event whose changes its page hears of: the newest."""


class EventsPage(msgspec.Struct, frozen=True, kw_only=True):
    """A page of events; `cursor` requests the next page, if there is one."""

    events: tuple[Summary, ...]
    cursor: str | None = None


ANSWERS = (EventsPage, Event)
"""The types that the routes return, for the OpenAPI document."""


@router.get("/api/events", responses=answer(EventsPage))
async def events(request: Request, asked: Annotated[SearchParameters, Query()]) -> Response:
    """List the events of the stories that a search finds, in the order of the search."""
    given = asked.model_dump(exclude={"cursor", "collapse", "facets"})
    wanted = SearchRequest(**given, collapse="events", facets=False)
    page, cursor = await awaited(request, reader(request).search(wanted, asked.cursor))
    found = {hit.event.id: hit.event for hit in page.hits if hit.event}
    return tagged(request, encode(EventsPage(events=tuple(found.values()), cursor=cursor)), JSON)


@router.get("/api/events/{name:path}", responses=answer(Event))
async def event(request: Request, name: StoryId) -> Response:
    """Return an event by the id of any of its stories, also of one that was withdrawn."""
    found = await awaited(request, reader(request).events.event(name))
    if found is None:
        raise HTTPException(404, "There is no such event, or it may not be shown.")
    return tagged(request, encode(found), JSON)


@router.get("/event/{name:path}", include_in_schema=False)
async def event_page(request: Request, name: StoryId) -> Response:
    """Show an event; an address with another of its names leads to the one that it has now."""
    rendered = datetime.now(UTC)
    try:
        found = await awaited(request, reader(request).events.event(name))
    except NewswireError:
        return pages.away()
    if found is None:
        text = "There is no event at this address. Check the address, or search for its stories."
        return pages.html_page("notice.html", 404, title="Not shown", text=text)
    if found.id != name:
        return RedirectResponse(links.event(found.id), 302)
    watched = list(dict.fromkeys(version.story for version in found.timeline))[:WATCHED]
    return pages.html_page(
        "event.html",
        event=found,
        watched=watched,
        rendered=rendered,
        map=drawings.map_around(found.places),
    )
