"""The desk at /desk: searches as live columns, and what each person keeps.

Every change is a form, so that the desk works without scripts; scripts send the same forms.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Annotated, Any

import msgspec
import orjson
from fastapi import APIRouter, Header, HTTPException, Query, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response
from pydantic import AwareDatetime
from sse_starlette import EventSourceResponse
from starlette.datastructures import QueryParams

from pipeline.index.kept import Kept, Kind
from pipeline.search.request import SearchRequest
from pipeline.search.results import Hit
from pipeline.search.visible import Role
from pipeline.web import links, preferences
from pipeline.web.answers import awaited
from pipeline.web.api import MAX_SHOWN, StoryId, desk, events, instant, reader
from pipeline.web.authentication import person
from pipeline.web.forms import read_form
from pipeline.web.pages import NOTICES_OF, away, html_page
from pipeline.web.security import same_origin
from pipeline.wire.errors import NewswireError

router = APIRouter(include_in_schema=False)

MAX_COLUMNS = 12
COLUMN_SIZE = 30
"""Stories of a column."""
MAX_QUERY_CHARS = 4000
MAX_TITLE_CHARS = 80
MAX_NOTE_CHARS = 10_000
FORM_BYTES = 64 * 1024
ONLY = "columns"
"""The name of the one thing that holds a person's columns."""


class Column(msgspec.Struct, kw_only=True):
    """A search on the desk."""

    title: str
    query: str
    """The search, as the query string of its address."""
    compact: bool = True

    @property
    def request(self) -> SearchRequest:
        """Return the search: the newest first, whatever its order elsewhere."""
        asked, _ = links.asked(QueryParams(self.query))
        order = "newest" if asked.sort == "auto" else asked.sort
        newest: SearchRequest = asked.model_copy(
            update={"sort": order, "size": COLUMN_SIZE, "facets": False}
        )
        return newest


DEFAULT = (
    Column(title="All stories", query=""),
    Column(title="Urgent", query="q=urgency%3A1-3"),
    Column(title="Corrections", query="signal=correction"),
)


@router.get("/desk")
async def desk_page(request: Request) -> Response:
    """Show the columns, saved searches, pins and notes of the person."""
    rendered = datetime.now(UTC)
    try:
        kept = await awaited(request, desk(request).all(person(request).key))
        columns = _columns(kept)
        pins = [each for each in kept if each.kind is Kind.PIN]
        notes = {each.name: each.data for each in kept if each.kind is Kind.NOTE}
        found, shown, (kills, corrections) = await awaited(
            request,
            _all(
                _hits(request, columns),
                reader(request).stories([*(pin.name for pin in pins), *notes]),
                reader(request).notices(rendered - NOTICES_OF),
            ),
        )
    except NewswireError:
        return away()
    return html_page(
        "desk.html",
        columns=[
            SimpleNamespace(
                **msgspec.structs.asdict(column), hits=hits, number=number, q=column.request.q
            )
            for number, (column, hits) in enumerate(zip(columns, found, strict=True))
        ],
        searches=[each for each in kept if each.kind is Kind.SEARCH],
        pins=[(pin.name, shown[pin.name]) for pin in pins if pin.name in shown],
        notes=[(name, shown[name], note) for name, note in notes.items() if name in shown],
        noted=set(notes),
        pinned={pin.name for pin in pins},
        notices=len(kills) + len(corrections),
        person=person(request),
        editor=person(request).viewer.role is not Role.READER,
        preferences=preferences.preferences(request),
        live=links.desk_live([column.query for column in columns], rendered),
        most=MAX_COLUMNS,
    )


@router.get("/desk/column")
async def column_rows(
    request: Request,
    query: Annotated[str, Query(max_length=MAX_QUERY_CHARS)] = "",
    compact: bool = True,
) -> Response:
    """Return the rows of a column, for a script that puts them into the page."""
    column = Column(title="", query=query, compact=compact)
    page = await awaited(request, reader(request).top(column.request))
    return html_page(
        "rows.html", hits=page.hits, compact=compact, pinned=(), noted=(), q=column.request.q
    )


@router.get("/desk/live")
async def desk_live(
    request: Request,
    column: Annotated[list[str], Query(max_length=MAX_COLUMNS)],
    seen: AwareDatetime | None = None,
    shown: Annotated[list[StoryId], Query(max_length=MAX_SHOWN)] = [],  # noqa: B006  # as FastAPI declares it
    last_event_id: Annotated[str | None, Header(max_length=64)] = None,
) -> EventSourceResponse:
    """Send the events of all columns, as /api/live does for one search; `found` has the new ids."""
    requests = [Column(title="", query=query[:MAX_QUERY_CHARS]).request for query in column]
    return await events(request, requests, instant(last_event_id) or seen, shown, "found")


@router.get("/desk/marks")
async def marks(request: Request) -> Response:
    """Return the ids of the stories that the person has pinned and noted."""
    kept = await awaited(request, desk(request).all(person(request).key, Kind.PIN, Kind.NOTE))
    named = {kind.value: [e.name for e in kept if e.kind is kind] for kind in (Kind.PIN, Kind.NOTE)}
    return JSONResponse(named, headers={"Cache-Control": "no-store"})


@router.get("/desk/export")
async def export(request: Request) -> Response:
    """Return all that the person keeps, as a JSON file."""
    kept = await awaited(request, desk(request).all(person(request).key))
    content = orjson.dumps([_exported(each) for each in kept], option=orjson.OPT_INDENT_2)
    headers = {
        "Content-Disposition": 'attachment; filename="newswire-desk.json"',
        "Cache-Control": "no-store",
    }
    return Response(content, media_type="application/json", headers=headers)


@router.post("/desk/delete")
async def delete(request: Request) -> Response:
    """Delete all that the person keeps."""
    form = await _form(request)
    await desk(request).clear(person(request).key)
    return _back(request, form)


@router.post("/desk/columns")
async def change_columns(request: Request) -> Response:
    """Add a column, remove it, move it, or change its form."""
    form = await _form(request)
    columns = _columns(await desk(request).all(person(request).key, Kind.COLUMNS))
    action = form.get("action", "")
    if action == "add":
        if len(columns) >= MAX_COLUMNS:
            raise HTTPException(400, f"A desk has {MAX_COLUMNS} columns at most.")
        query = _query(form)
        columns.append(Column(title=_title(form, query), query=query))
    else:
        columns = _changed(columns, action, form.get("number", ""), form.get("to", ""))
    data = {"columns": [msgspec.to_builtins(column) for column in columns]}
    await desk(request).keep(person(request).key, Kind.COLUMNS, ONLY, data)
    return _back(request, form)


def _changed(columns: list[Column], action: str, number: str, to: str) -> list[Column]:
    if not number.isascii() or not number.isdigit() or int(number) >= len(columns):
        raise HTTPException(400, "There is no such column.")
    at = int(number)
    match action:
        case "remove":
            return columns[:at] + columns[at + 1 :]
        case "left" | "right":
            beside = max(0, at - 1) if action == "left" else min(len(columns) - 1, at + 1)
            columns.insert(beside, columns.pop(at))
            return columns
        case "move":
            if not to.isascii() or not to.isdigit() or int(to) >= len(columns):
                raise HTTPException(400, "There is no such place for a column.")
            columns.insert(int(to), columns.pop(at))
            return columns
        case "compact" | "full":
            columns[at].compact = action == "compact"
            return columns
    raise HTTPException(400, "A column is added, removed, moved, compact or full.")


@router.post("/desk/searches")
async def change_searches(request: Request) -> Response:
    """Save a search under a title, or remove it."""
    form = await _form(request)
    if form.get("action") == "remove":
        await desk(request).remove(person(request).key, Kind.SEARCH, form.get("title", ""))
    else:
        query = _query(form)
        title = _title(form, query)
        await desk(request).keep(person(request).key, Kind.SEARCH, title, {"query": query})
    return _back(request, form)


@router.post("/desk/pins")
async def change_pins(request: Request) -> Response:
    """Pin a story, or take the pin out."""
    form = await _form(request)
    owner, story = person(request).key, await _story(request, form)
    if form.get("action") == "remove":
        await desk(request).remove(owner, Kind.PIN, story)
    else:
        await desk(request).keep(owner, Kind.PIN, story, {})
    return _back(request, form)


@router.post("/desk/notes")
async def change_notes(request: Request) -> Response:
    """Write a note on a story; an empty text removes it. Only editors write notes."""
    form = await _form(request)
    if person(request).viewer.role is Role.READER:
        raise HTTPException(403, "Only editors write notes.")
    owner, story = person(request).key, await _story(request, form)
    text = form.get("text", "").strip()[:MAX_NOTE_CHARS]
    if text:
        await desk(request).keep(owner, Kind.NOTE, story, {"text": text})
    else:
        await desk(request).remove(owner, Kind.NOTE, story)
    return _back(request, form)


@router.get("/preferences")
async def preferences_page(request: Request) -> Response:
    """Show how this browser shows the pages."""
    return html_page("preferences.html", preferences=preferences.preferences(request))


@router.post("/preferences")
async def change_preferences(request: Request) -> Response:
    """Keep how this browser shows the pages; what the form leaves out stays."""
    form = await _form(request)
    now = msgspec.structs.asdict(preferences.preferences(request))
    answer = _back(request, form, "/preferences")
    chosen = preferences.read({**{name: str(value) for name, value in now.items()}, **form})
    preferences.keep(answer, chosen, request.url.scheme == "https")
    return answer


def _exported(kept: Kept) -> dict[str, Any]:
    """Return a thing as it is exported: of an alert without what may be a secret."""
    made: dict[str, Any] = msgspec.to_builtins(kept)
    if kept.kind is Kind.ALERT:
        made["data"] = {k: v for k, v in kept.data.items() if k not in ("address", "secret")}
    return made


def _columns(kept: list[Kept]) -> list[Column]:
    own = next((each for each in kept if each.kind is Kind.COLUMNS), None)
    if own is None:
        return [msgspec.structs.replace(column) for column in DEFAULT]
    return msgspec.convert(own.data["columns"], list[Column])


async def _hits(request: Request, columns: list[Column]) -> list[tuple[Hit, ...]]:
    pages = await _all(*(reader(request).top(column.request) for column in columns))
    return [page.hits for page in pages]


async def _all(*work: Any) -> list[Any]:
    """Return the results of work that is done at once; if one fails, cancel the others."""
    tasks = [asyncio.ensure_future(each) for each in work]
    try:
        return list(await asyncio.gather(*tasks))
    finally:
        for task in tasks:
            task.cancel()


async def _form(request: Request) -> dict[str, str]:
    """Read a form of one of our own pages."""
    same_origin(request)
    return await read_form(request, FORM_BYTES)


async def _story(request: Request, form: dict[str, str]) -> str:
    """Return the id in a form, if there is such a story and the person may see it."""
    story = form.get("id", "")[:512]
    removes = form.get("action") == "remove" or not form.get("text", "x").strip()
    if not removes and (not story or await reader(request).story(story) is None):
        raise HTTPException(404, "There is no such story, or it may not be shown.")
    return story


def _query(form: dict[str, str]) -> str:
    """Return the search in a form: a query string, or words alone."""
    query = form.get("query", "").lstrip("?")
    if "q" in form:
        query = links.query([("q", form["q"])]).lstrip("?")
    if len(query) > MAX_QUERY_CHARS:
        raise HTTPException(400, "The search is too long.")
    asked, faults = links.asked(QueryParams(query))
    if faults:
        raise HTTPException(400, "; ".join(faults))
    return links.query(links.pairs(asked)).lstrip("?")


def _title(form: dict[str, str], query: str) -> str:
    said = " ".join(form.get("title", "").split())[:MAX_TITLE_CHARS]
    words = ", ".join(value for _, value in links.pairs(links.asked(QueryParams(query))[0]))
    return said or words[:MAX_TITLE_CHARS] or "All stories"


def _back(request: Request, form: dict[str, str], default: str = "/desk") -> Response:
    """Return to the page that sent the form; to a script, say that it is done."""
    if "application/json" in request.headers.get("accept", ""):
        return Response(status_code=204)
    to = form.get("back", "")
    # Only an address of this site: "//host" would be another's.
    own = to.startswith("/") and not to.startswith(("//", "/\\")) and to.isprintable()
    return RedirectResponse(to if own else default, 303)
