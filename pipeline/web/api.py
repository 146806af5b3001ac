"""The search API, JSON under /api. Its OpenAPI document is /openapi.json."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Annotated, Any, Literal
from urllib.parse import quote

import msgspec
import orjson
from fastapi import APIRouter, Header, HTTPException, Query, Request
from fastapi.responses import Response, StreamingResponse
from msgspec import structs
from msgspec.json import encode
from pydantic import AwareDatetime, Field

from pipeline.index.document import Document
from pipeline.search.differences import Change, difference
from pipeline.search.exports import EXPORTS, pieces, public
from pipeline.search.reader import Reader
from pipeline.search.request import SearchRequest
from pipeline.search.results import Hit, Page
from pipeline.search.suggestions import Suggestions
from pipeline.search.syndication import json_feed, rss
from pipeline.web.answers import awaited, tagged
from pipeline.web.live import Event
from pipeline.web.openapi import answer

router = APIRouter()

EXPORT_LIMIT = 10_000
FEED_SIZE = 50
COMPARED = ("headline", "slugline", "byline", "ednote", "body")
JSON = "application/json"

StoryId = Annotated[str, Field(max_length=512)]


class SearchParameters(SearchRequest):
    """A search request, and where its listing goes on."""

    cursor: str | None = Field(default=None, max_length=4096)
    """`cursor` of the page before."""


class LiveParameters(SearchRequest):
    """A search request, and until when its listener knows what came."""

    seen: AwareDatetime | None = None
    """As Last-Event-ID, which a page can't set for the first time."""


class SearchPage(Page, frozen=True, kw_only=True):
    """A page of results; `cursor` asks for the next one where there is one."""

    cursor: str | None = None


class Version(msgspec.Struct, frozen=True, kw_only=True):
    """One version of a story, without its text."""

    key: int
    """Names this version in /api/versions and /api/differences."""
    version: int | None = None
    """The wire's own number."""
    signal: str | None = None
    headline: str | None = None
    published_at: datetime | None = None
    received_at: datetime | None = None
    indexed_at: datetime | None = None


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """What changed from one version to another, field by field, word by word."""

    older: Version
    newer: Version
    fields: dict[str, tuple[Change, ...]]
    """Only the fields that changed."""


ANSWERS = (SearchPage, Version, Difference, Hit, Suggestions)
"""What the routes answer, for the OpenAPI document."""


def reader(request: Request) -> Reader:
    """The application's reader."""
    found: Reader = request.app.state.reader
    return found


@router.get("/api/search", responses=answer(SearchPage))
async def search(request: Request, asked: Annotated[SearchParameters, Query()]) -> Response:
    """Stories that match, with facets, timeline and places."""
    wanted = SearchRequest(**asked.model_dump(exclude={"cursor"}))
    page, cursor = await awaited(request, reader(request).search(wanted, asked.cursor))
    shown = SearchPage(**structs.asdict(page), cursor=cursor)
    steady = structs.replace(
        page, took_ms=0, hits=tuple(structs.replace(hit, score=None) for hit in page.hits)
    )
    return tagged(request, encode(shown), JSON, same_while=encode(steady))


@router.get("/api/stories/{story_id:path}")
async def story(request: Request, story_id: StoryId) -> Response:
    """A story's newest version, whole: text, entities, places, provenance."""
    found = await awaited(request, reader(request).story(story_id))
    if found is None:
        raise HTTPException(404, "there is no such story, or it may not be shown")
    return tagged(request, orjson.dumps(public(found)), JSON)


@router.get("/api/versions/{story_id:path}", responses=answer(list[Version]))
async def versions(
    request: Request, story_id: StoryId, key: Annotated[int | None, Query()] = None
) -> Response:
    """A story's versions, newest first; with `key`, that version whole."""
    if key is not None:
        found = await awaited(request, reader(request).version(story_id, key))
        if found is None:
            raise HTTPException(404, "there is no such version, or it may not be shown")
        return tagged(request, orjson.dumps(public(found)), JSON)
    listed = await awaited(request, reader(request).versions(story_id))
    if not listed:
        raise HTTPException(404, "there is no such story, or it may not be shown")
    return tagged(request, encode([described(*version) for version in listed]), JSON)


@router.get("/api/differences/{story_id:path}", responses=answer(Difference))
async def differences(request: Request, story_id: StoryId, older: int, newer: int) -> Response:
    """What changed between two versions, given by their keys."""
    before = await awaited(request, reader(request).version(story_id, older))
    after = await awaited(request, reader(request).version(story_id, newer))
    if before is None or after is None:
        raise HTTPException(404, "there is no such version, or it may not be shown")
    return tagged(request, encode(compared((older, before), (newer, after))), JSON)


@router.get("/api/alike/{story_id:path}", responses=answer(list[Hit]))
async def alike(request: Request, story_id: StoryId) -> Response:
    """More stories like this one, the most alike first."""
    return tagged(request, encode(await awaited(request, reader(request).alike(story_id))), JSON)


@router.get("/api/suggest", responses=answer(Suggestions))
async def suggest(request: Request, q: Annotated[str, Query(max_length=200)] = "") -> Response:
    """People, places and slugs that begin as typed."""
    return tagged(request, encode(await awaited(request, reader(request).suggest(q))), JSON)


@router.get("/api/live")
async def live(
    request: Request,
    asked: Annotated[LiveParameters, Query()],
    last_event_id: Annotated[str | None, Header(max_length=64)] = None,
) -> StreamingResponse:
    """Server-sent events: `stories` that the search finds as they come, `gone` when one goes.

    Data is a JSON array of story ids. With Last-Event-ID it goes on from there.
    """
    wanted = SearchRequest(**asked.model_dump(exclude={"seen"}))
    listening = request.app.state.live.listen(wanted, _instant(last_event_id) or asked.seen)
    first = await anext(listening)  # too many listeners are still a 503

    async def whole() -> AsyncIterator[bytes]:
        try:
            yield _sent(first)
            async for event in listening:
                yield _sent(event)
        finally:
            await listening.aclose()

    # no-transform: what compresses answers would hold events back.
    headers = {"Cache-Control": "no-store, no-transform", "X-Accel-Buffering": "no"}
    return StreamingResponse(whole(), media_type="text/event-stream", headers=headers)


def _instant(text: str | None) -> datetime | None:
    try:
        found = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return found if found.tzinfo else None


def _sent(event: Event | None) -> bytes:
    """An event as it goes over the wire; a comment where there is none."""
    if event is None:
        return b":\n\n"
    parts = [
        b"event: %b\ndata: %b\n" % (name, orjson.dumps(ids)) + b"id: %b\n\n" % event.id.encode()
        for name, ids in ((b"gone", event.gone), (b"stories", event.stories))
        if ids
    ]
    return b"".join(parts) or b"id: %b\n\n" % event.id.encode()


@router.get("/api/export/{form}")
async def export(
    request: Request,
    form: Literal["jsonl", "csv", "ninjs", "geojson"],
    asked: Annotated[SearchRequest, Query()],
) -> StreamingResponse:
    """All matching stories as a file, up to 10,000 of them, in the order of the search."""
    chosen = EXPORTS[form]
    body = pieces(chosen, reader(request).scan(asked, EXPORT_LIMIT))
    first = await anext(body), await anext(body, b"")  # an index that is away is still a 503

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


@router.get("/feed.rss")
async def feed_rss(request: Request, asked: Annotated[SearchRequest, Query()]) -> Response:
    """The newest matching stories as RSS 2.0."""
    hits = await _newest(request, asked)
    content = rss(_title(asked), _home(request), hits, _linker(request))
    return tagged(request, content, "application/rss+xml")


@router.get("/feed.json")
async def feed_json(request: Request, asked: Annotated[SearchRequest, Query()]) -> Response:
    """The newest matching stories as JSON Feed 1.1."""
    hits = await _newest(request, asked)
    content = json_feed(_title(asked), _home(request), str(request.url), hits, _linker(request))
    return tagged(request, content, "application/feed+json")


def described(key: int, document: Document) -> Version:
    """A version as lists show it."""
    return msgspec.convert({**document, "key": key}, Version)


def compared(older: tuple[int, Document], newer: tuple[int, Document]) -> Difference:
    """The difference between two versions."""
    texts = [(name, older[1].get(name) or "", newer[1].get(name) or "") for name in COMPARED]
    return Difference(
        older=described(*older),
        newer=described(*newer),
        fields={
            name: difference(before, after) for name, before, after in texts if before != after
        },
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
    base = str(request.base_url).rstrip("/")
    return lambda story_id: f"{base}/story/{quote(story_id, safe=':@')}"
