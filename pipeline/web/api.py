"""The search API: JSON under /api, described by /openapi.json."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Literal
from urllib.parse import quote

import msgspec
import orjson
from fastapi import APIRouter, Header, HTTPException, Query, Request
from fastapi.responses import Response, StreamingResponse
from msgspec import structs
from msgspec.json import encode
from pydantic import AwareDatetime, Field
from sse_starlette import EventSourceResponse, ServerSentEvent

from pipeline.facts.changes import FactChange, changes
from pipeline.index.document import Document
from pipeline.index.kept import Desk
from pipeline.search import words
from pipeline.search.attention import Count
from pipeline.search.differences import Change, difference
from pipeline.search.exports import EXPORTS, pieces, public
from pipeline.search.facets import FACETS
from pipeline.search.reader import Reader
from pipeline.search.request import SearchRequest
from pipeline.search.results import FacetValue, Hit, Page
from pipeline.search.suggestions import Suggestions
from pipeline.search.syndication import json_feed, rss
from pipeline.web.answers import awaited, tagged
from pipeline.web.authentication import person
from pipeline.web.live import Event
from pipeline.web.openapi import answer

router = APIRouter()

FEED_SIZE = 50
COMPARED = ("headline", "slugline", "byline", "ednote", "body")
JSON = "application/json"
MAX_SHOWN = 300
"""Stories of one page whose changes are announced."""
PING_SECONDS = 10

Form = Literal["jsonl", "csv", "ninjs", "geojson"]
StoryId = Annotated[str, Field(max_length=512)]


class SearchParameters(SearchRequest):
    """A search request, and the page of its results."""

    cursor: str | None = Field(default=None, max_length=4096)
    """The `cursor` of the page before."""


class FacetParameters(SearchRequest):
    """A search, and what the values of a facet must hold."""

    typed: str = Field(default="", max_length=100)
    """Part of a value."""


class LiveParameters(SearchRequest):
    """A search whose new stories are announced, and the stories that the listener shows."""

    seen: AwareDatetime | None = None
    """When the listener's page was made: events since then are sent first."""
    shown: tuple[StoryId, ...] = Field(default=(), max_length=MAX_SHOWN)
    """Ids of the stories that the listener shows: their changes are announced."""
    search: bool = True
    """False announces no stories but those in `shown`."""
    event: StoryId | None = None
    """The event that the listener shows: it is told when a story comes to it or leaves it."""


class SearchPage(Page, frozen=True, kw_only=True):
    """A page of results; `cursor` requests the next page, if there is one."""

    cursor: str | None = None
    notices: tuple[str, ...] = ()
    """A sentence for each part of the query that is not understood."""


class Version(msgspec.Struct, frozen=True, kw_only=True):
    """One version of a story, without its text."""

    key: int
    """Names this version in /api/versions and /api/differences."""
    version: int | None = None
    """The agency's own number."""
    signal: str | None = None
    headline: str | None = None
    changed: tuple[str, ...] = ()
    """The kinds of facts that changed from the version that readers had before."""
    published_at: datetime | None = None
    received_at: datetime | None = None
    indexed_at: datetime | None = None


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """What changed from one version to another, field by field, word by word."""

    older: Version
    newer: Version
    fields: dict[str, tuple[Change, ...]]
    """Only the fields that changed."""
    facts: tuple[FactChange, ...] = ()
    """Figures, names, places, dates and quotes that came, went or changed."""


ANSWERS = (Count, FacetValue, SearchPage, Version, Difference, Hit, Suggestions)
"""The types that the routes return, for the OpenAPI document."""


def reader(request: Request) -> Reader:
    """Return the application's reader, for the person who sends a request."""
    found: Reader = request.app.state.reader
    return found.seen_by(person(request).viewer)


def desk(request: Request) -> Desk:
    """Return what people keep."""
    found: Desk = request.app.state.desk
    return found


@router.get("/api/search", responses=answer(SearchPage))
async def search(request: Request, asked: Annotated[SearchParameters, Query()]) -> Response:
    """Find stories, with facets, timeline and places."""
    wanted = SearchRequest(**asked.model_dump(exclude={"cursor"}))
    page, cursor = await awaited(request, reader(request).search(wanted, asked.cursor))
    said = (*words.notices(wanted.q, datetime.now(UTC)), *page.said())
    shown = SearchPage(**structs.asdict(page), cursor=cursor, notices=said)
    steady = structs.replace(
        page, took_ms=0, hits=tuple(structs.replace(hit, score=None) for hit in page.hits)
    )
    return tagged(request, encode(shown), JSON, same_while=encode(steady))


@router.get("/api/stories/{story_id:path}")
async def story(request: Request, story_id: StoryId) -> Response:
    """Return a story's newest version: text, entities, places, provenance."""
    found = await awaited(request, reader(request).story(story_id))
    if found is None:
        raise HTTPException(404, "There is no such story, or it may not be shown.")
    return tagged(request, orjson.dumps(public(found)), JSON)


@router.get("/api/versions/{story_id:path}", responses=answer(list[Version]))
async def versions(
    request: Request, story_id: StoryId, key: Annotated[int | None, Query()] = None
) -> Response:
    """List a story's versions, newest first; with `key`, return that version."""
    if key is not None:
        found = await awaited(request, reader(request).version(story_id, key))
        if found is None:
            raise HTTPException(404, "There is no such version, or it may not be shown.")
        return tagged(request, orjson.dumps(public(found)), JSON)
    listed = await awaited(request, reader(request).versions(story_id))
    if not listed:
        raise HTTPException(404, "There is no such story, or it may not be shown.")
    return tagged(request, encode([described(*version) for version in listed]), JSON)


@router.get("/api/differences/{story_id:path}", responses=answer(Difference))
async def differences(request: Request, story_id: StoryId, older: int, newer: int) -> Response:
    """Compare two versions, given by their keys, word by word."""
    before = await awaited(request, reader(request).version(story_id, older))
    after = await awaited(request, reader(request).version(story_id, newer))
    if before is None or after is None:
        raise HTTPException(404, "There is no such version, or it may not be shown.")
    return tagged(request, encode(compared((older, before), (newer, after))), JSON)


@router.get("/api/alike/{story_id:path}", responses=answer(list[Hit]))
async def alike(request: Request, story_id: StoryId) -> Response:
    """Find stories like this one, the most similar first."""
    return tagged(request, encode(await awaited(request, reader(request).alike(story_id))), JSON)


@router.get("/api/suggest", responses=answer(Suggestions))
async def suggest(request: Request, q: Annotated[str, Query(max_length=200)] = "") -> Response:
    """Suggest people, places and slugs that begin with the typed text."""
    return tagged(request, encode(await awaited(request, reader(request).suggest(q))), JSON)


@router.get("/api/facets/{name}", responses=answer(list[FacetValue]))
async def facet(
    request: Request,
    name: Literal[*FACETS],  # type: ignore[valid-type]  # the table of facets
    asked: Annotated[FacetParameters, Query()],
) -> Response:
    """List the values of one facet that hold a typed text, in any case; the most frequent first."""
    wanted = SearchRequest(**asked.model_dump(exclude={"typed"}))
    values = await awaited(request, reader(request).facet(name, wanted, asked.typed))
    return tagged(request, encode(values), JSON)


@router.get("/api/live")
async def live(
    request: Request,
    asked: Annotated[LiveParameters, Query()],
    last_event_id: Annotated[str | None, Header(max_length=64)] = None,
) -> EventSourceResponse:
    """Send server-sent events: new stories, changed ones, and ones that may no longer be shown.

    `stories`: ids of new or changed stories that the search finds. `changed`: the new version of
    each story in `shown` that has changed. `gone`: ids of stories that may no longer be shown.
    `grown`: true when the event in `event` has other stories than before. `away`: true when the
    index stops answering, false when it answers again. `ping`: every 10 seconds. With Last-Event-ID
    the stream resumes from there.
    """
    own = {"seen", "shown", "search", "event"}
    wanted = [SearchRequest(**asked.model_dump(exclude=own))] if asked.search else []
    since = instant(last_event_id) or asked.seen
    return await events(request, wanted, since, asked.shown, "stories", asked.event)


async def events(
    request: Request,
    wanted: Sequence[SearchRequest],
    since: datetime | None,
    shown: Sequence[str],
    news: str,
    event: str | None = None,
) -> EventSourceResponse:
    """Send what happens to some searches and stories, since an instant.

    Args:
        news: the event of new stories: "stories" has their ids, "found" a list for each search.
        event: the event that is shown, of which is told when it grows.
    """
    listening = request.app.state.live.listen(wanted, since, shown, person(request).viewer, event)
    first = await anext(listening)  # with too many listeners the answer is still a 503

    async def whole() -> AsyncIterator[ServerSentEvent]:
        try:
            for sent in _sent(first, news):
                yield sent
            async for event in listening:
                for sent in _sent(event, news):
                    yield sent
        finally:
            await listening.aclose()

    # no-transform: a proxy that compresses would hold events back.
    return EventSourceResponse(
        whole(),
        headers={"Cache-Control": "no-store, no-transform"},
        ping=PING_SECONDS,
        ping_message_factory=lambda: ServerSentEvent("true", event="ping"),
        sep="\n",
    )


def instant(text: str | None) -> datetime | None:
    """Return the instant that an event's id is; None if it is none."""
    try:
        found = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return found if found.tzinfo else None


def _sent(event: Event, news: str) -> list[ServerSentEvent]:
    """Return an event's parts as they are sent; a bare id if it has none."""
    parts = {name: getattr(event, name) for name in ("gone", "changed", news, "grown", "away")}
    return [
        ServerSentEvent(encode(data).decode(), event=name, id=event.id)
        for name, data in parts.items()
        if data or data is False
    ] or [ServerSentEvent(id=event.id)]


@router.get("/api/export/{form}")
async def export(
    request: Request,
    form: Form,
    asked: Annotated[SearchRequest, Query()],
) -> StreamingResponse:
    """Export all matching stories as a file, in the order of the search."""
    chosen = EXPORTS[form]
    body = pieces(chosen, reader(request).scan(asked), _linker(request))
    first = await anext(body), await anext(body, b"")  # without the index the answer is still a 503

    async def whole() -> Any:
        for piece in first:
            yield piece
        async for piece in body:
            yield piece

    name = f"stories.{chosen.extension}"
    return StreamingResponse(
        whole(),
        media_type=chosen.media_type,
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


@router.get("/api/download/{form}/{story_id:path}")
async def download(request: Request, form: Form, story_id: StoryId) -> Response:
    """Return one story as a file, in any of the forms of an export."""
    found = await awaited(request, reader(request).story(story_id))
    if found is None:
        raise HTTPException(404, "There is no such story, or it may not be shown.")
    chosen = EXPORTS[form]

    async def one() -> AsyncIterator[list[Document]]:
        yield [found]

    written = pieces(chosen, one(), _linker(request))
    content = b"".join([piece async for piece in written])
    headers = {"Content-Disposition": f'attachment; filename="story.{chosen.extension}"'}
    return Response(content, media_type=chosen.media_type, headers=headers)


@router.get("/feed.rss")
async def feed_rss(request: Request, asked: Annotated[SearchRequest, Query()]) -> Response:
    """Return the newest matching stories as RSS 2.0."""
    hits = await _newest(request, asked)
    content = rss(_title(asked), _home(request), hits, _linker(request))
    return tagged(request, content, "application/rss+xml")


@router.get("/feed.json")
async def feed_json(request: Request, asked: Annotated[SearchRequest, Query()]) -> Response:
    """Return the newest matching stories as JSON Feed 1.1."""
    hits = await _newest(request, asked)
    content = json_feed(_title(asked), _home(request), str(request.url), hits, _linker(request))
    return tagged(request, content, "application/feed+json")


def described(key: int, document: Document) -> Version:
    """Return a version as lists show it."""
    return msgspec.convert({**document, "key": key}, Version)


def compared(older: tuple[int, Document], newer: tuple[int, Document]) -> Difference:
    """Compare two versions."""
    texts = [(name, older[1].get(name) or "", newer[1].get(name) or "") for name in COMPARED]
    return Difference(
        older=described(*older),
        newer=described(*newer),
        fields={
            name: difference(before, after) for name, before, after in texts if before != after
        },
        facts=changes(older[1], newer[1]),
    )


async def _newest(request: Request, asked: SearchRequest) -> Sequence[Hit]:
    wanted = asked.model_copy(update={"sort": "newest", "size": FEED_SIZE, "facets": False})
    return (await awaited(request, reader(request).top(wanted))).hits


def _title(asked: SearchRequest) -> str:
    return f"newswire: {asked.q}" if asked.q else "newswire"


def _home(request: Request) -> str:
    query = f"?{request.url.query}" if request.url.query else ""
    return f"{str(request.base_url).rstrip('/')}/{query}"


def _linker(request: Request) -> Any:
    base = (request.app.state.settings.web.public_url or str(request.base_url)).rstrip("/")
    return lambda story_id: f"{base}/story/{quote(story_id, safe=':@')}"
