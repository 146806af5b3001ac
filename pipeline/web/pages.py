"""The pages for readers: search at /, a story at /story/ID. They work without scripts."""

from __future__ import annotations

import asyncio
import itertools
import re
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from math import ceil
from types import SimpleNamespace
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.exception_handlers import http_exception_handler
from fastapi.responses import FileResponse, HTMLResponse, PlainTextResponse, Response
from jinja2 import Environment, PackageLoader
from starlette.exceptions import HTTPException

from pipeline.index.document import Document
from pipeline.index.kept import Kind
from pipeline.search import words
from pipeline.search.countries import country_name
from pipeline.search.cursors import CursorError
from pipeline.search.facets import FACETS
from pipeline.search.likeness import are_alike
from pipeline.search.marks import Marker
from pipeline.search.reader import together
from pipeline.search.request import MAX_QUERY_CHARS, SearchRequest
from pipeline.search.results import Page, PlaceCount, misdated
from pipeline.search.visible import Role
from pipeline.web import (
    drawings,
    files,
    links,
    marking,
)
from pipeline.web.answers import ReaderLeft, awaited
from pipeline.web.api import StoryId, compared, described, desk, reader
from pipeline.web.authentication import person
from pipeline.web.preferences import preferences
from pipeline.web.streaming import streamed
from pipeline.wire.errors import CursorExpired, NewswireError
from pipeline.wire.story import Signal, Status

router = APIRouter(include_in_schema=False)

FACET_VALUES = 6
"""Values shown of each facet; a click shows the others."""
FORM_FIELDS = ("q", "since", "until", "sort", "collapse")
SINGLE_FILTERS = ("since", "until", "near", "bbox", "polygon")
MAX_CURSOR_CHARS = 4096
NOTICES_OF = timedelta(days=1)
"""How far back the list of withdrawals and corrections goes."""
LONG_WORD = 26
"""Characters: longer words are no names."""
TABLE_ROWS = 3
"""A text with so many lines of two gaps or more has a table."""
FLUSH = "\0"
"""Templates write this at the end of their first part, which is sent at once."""

_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")

_ROWS = re.compile(r"^.*\S {2,}\S.* {2,}\S.*$", re.MULTILINE)


def plain(text: object) -> str:
    """Return text without control characters.

    In attributes and in the page's title nothing isolates text, so bidirectional controls would
    reorder the text around it.
    """
    return _CONTROLS.sub("", str(text))


def long(text: object) -> str:
    """Return the class of text with a word that must be broken, since no column is as wide."""
    return "long" if any(len(word) > LONG_WORD for word in str(text).split()) else ""


def tabular(text: str) -> bool:
    """Return whether a text has a table whose columns blanks keep apart."""
    return len(_ROWS.findall(text)) >= TABLE_ROWS


def when(value: str | datetime | None) -> str:
    """Return an instant as the page shows it: to the minute, in UTC."""
    if not value:
        return ""
    instant = _instant(value)
    with suppress(OverflowError):  # at the edge of the years that a date can have
        instant = instant.astimezone(UTC)
    return f"{instant:%d %b %Y %H:%M} UTC"


def short(value: datetime, scale: str = "") -> str:
    """Return an instant as a compact row shows it: the time if it is of today, else the day.

    Args:
        value: the instant.
        scale: "clock", "day" or "month" where that is chosen already, as on an axis.
    """
    value = value.astimezone(UTC)
    today = value.date() == datetime.now(UTC).date()
    forms = {"clock": "%H:%M", "day": "%d %b", "month": "%b %Y"}
    return format(value, forms[scale or ("clock" if today else "day")])


def iso(value: str | datetime | None) -> str:
    """Return an instant as an HTML attribute has it."""
    return _instant(value).isoformat() if value else ""


def ahead(value: str | datetime | None) -> str:
    """Return how long it is until an instant, as "in 2 h 5 min"; nothing if it has passed."""
    if not value:
        return ""
    minutes = ceil((_instant(value) - datetime.now(UTC)).total_seconds() / 60)
    if minutes <= 0:
        return ""
    return f"in {span(minutes * 60)}"


def span(seconds: float) -> str:
    """Return a length of time as the page shows it: "40 s", "5 min", "2 h 5 min", "3 d 4 h"."""
    seconds = int(seconds)
    if seconds < 60:
        return f"{seconds} s"
    minutes = seconds // 60
    parts = [(minutes // 1440, "d"), (minutes // 60 % 24, "h"), (minutes % 60, "min")]
    return " ".join([f"{number} {unit}" for number, unit in parts if number][:2])


def long_span(span: timedelta) -> str:
    """Return a span of time in words: "3 days", "6 hours"."""
    for unit, name in ((timedelta(days=1), "day"), (timedelta(hours=1), "hour")):
        if span >= unit * 2:
            return f"{span / unit:.0f} {name}s"
    return f"{max(1, round(span / timedelta(minutes=1)))} minutes"


def kind(story: Any) -> str:
    """Return the class of a story's row: what an editor must see before the rest."""
    if story.signal in ("correction", "kill", "withdrawal"):
        return "correction" if story.signal == "correction" else "killed"
    return {1: "flash", 2: "urgent"}.get(story.urgency, "")


def _instant(value: str | datetime) -> datetime:
    return datetime.fromisoformat(value) if isinstance(value, str) else value


_templates = Environment(
    loader=PackageLoader("pipeline.web"),
    autoescape=True,
    trim_blocks=True,
    lstrip_blocks=True,
)
_templates.filters.update(
    plain=plain,
    long=long,
    tabular=tabular,
    when=when,
    short=short,
    iso=iso,
    ahead=ahead,
    kind=kind,
    span=span,
    long_span=long_span,
    country=country_name,
    misdated=misdated,
)
_templates.globals.update(links=links, file=files.address, facets=FACETS)


def show_notice(sentence: str | None) -> None:
    """Show a sentence at the top of every page of this process."""
    _templates.globals["site_notice"] = sentence


@router.get("/")
async def search_page(request: Request) -> Response:
    """Show the results of the search in the address."""
    asked, notices = links.asked(request.query_params)
    cursor = request.query_params.get("cursor", "")[:MAX_CURSOR_CHARS] or None
    notices += words.notices(asked.q, datetime.now(UTC))
    view = SimpleNamespace(notices=notices, first=cursor is None, away=False)
    values: dict[str, Any] = {
        "view": view,
        "facet_values": FACET_VALUES,
        "form_fields": FORM_FIELDS,
        "asked": asked,
        "now": links.pairs(asked),
        "rendered": datetime.now(UTC),
        "preferences": preferences(request),
        "editor": person(request).viewer.role is not Role.READER,
        "tiles": request.app.state.settings.web,
        "presets": _presets(datetime.now(UTC)),
    }
    try:
        # The status is sent with the first part, before the search has an answer.
        await reader(request).ready()
    except NewswireError:
        view.away = True
        return html_page("search.html", 503, **values)
    search = _started(request, _found(request, asked, cursor, view))
    return _in_parts(request, "search.html", search, **values)


def _presets(now: datetime) -> list[tuple[str, str]]:
    """Return the spans that one click chooses, each with its beginning."""
    now = now.replace(second=0, microsecond=0)
    spans = {
        "last hour": now - timedelta(hours=1),
        "today": now.replace(hour=0, minute=0),
        "7 days": now - timedelta(days=7),
    }
    return [(label, since.isoformat()) for label, since in spans.items()]


async def _found(
    request: Request, asked: SearchRequest, cursor: str | None, view: SimpleNamespace
) -> None:
    """Search, and put what the page shows into its view."""
    try:
        (page, view.following), view.earlier = await together(
            reader(request).search(asked, cursor), reader(request).earlier(asked)
        )
    except (CursorError, CursorExpired):
        view.notices.append("That page of the list has expired. This is the first page.")
        view.first = True
        page, view.following = await reader(request).search(asked)
        view.earlier = None
    view.page = page
    view.notices += page.lacking()
    view.chips = _chips(asked, links.pairs(asked), page)
    view.facets = {name: values for name, values in page.facets.items() if values}
    view.timeline = drawings.timeline(page.timeline, view.earlier)
    view.map = drawings.world_map(page.places, asked.bbox)


@router.get("/story/{story_id:path}")
async def story_page(
    request: Request,
    story_id: StoryId,
    version: int | None = None,
    older: int | None = None,
    newer: int | None = None,
    q: Annotated[str, Query(max_length=MAX_QUERY_CHARS)] = "",
) -> Response:
    """Show a story: its newest version or an earlier one, and what changed between two.

    Of a correction it shows what changed from the version before. The words of `q` are marked.
    """
    found = reader(request)
    rendered = datetime.now(UTC)
    names = preferences(request).names == "on"
    try:
        held = await awaited(request, found.newest(story_id))
        if held is None:
            return _missing()
        key, shown = held
        if shown["status"] == Status.WITHDRAWN:
            return html_page("withdrawn.html", 410, story=shown)
        if version is not None:
            earlier = await awaited(request, found.version(story_id, version))
            if earlier is None:
                return _missing()
            key, shown = version, earlier
        view = SimpleNamespace(newest=version is None, changes=None, note="", alike=[])
        chosen = version is not None or older is not None or newer is not None
        if shown.get("signal") == Signal.CORRECTION and not chosen:
            newer, chosen = key, True
        around = _started(request, _around(request, shown, (older, newer), view))
        if chosen:
            await around  # the first part shows the versions too
            # The story may have been killed meanwhile: then nothing that was read may be shown.
            if await awaited(request, found.story(story_id)) is None:
                return _missing()
            view.newest = version is None or bool(view.versions and version == view.versions[0].key)
    except NewswireError:
        return away()
    return _in_parts(
        request,
        "story.html",
        around,
        view=view,
        story=shown,
        key=key,
        rendered=rendered,
        here=links.story(story_id),
        length=len((shown.get("body") or "").split()),
        names=names,
        noting=person(request).viewer.role is not Role.READER,
        body=marking.pieces(shown, "body", _marks(q, shown, "body"), names),
        headline=marking.pieces(shown, "headline", _marks(q, shown, "headline"), names),
        map=drawings.map_around([_place_count(place) for place in shown.get("places", ())]),
    )


@router.get("/notices")
async def notices_page(request: Request) -> Response:
    """List the withdrawals and corrections of the last day."""
    now = datetime.now(UTC)
    try:
        kills, corrections = await awaited(request, reader(request).notices(now - NOTICES_OF))
    except NewswireError:
        return away()
    return html_page("notices.html", kills=kills, corrections=corrections, now=now)


def _marks(q: str, shown: Document, field: str) -> marking.Spans:
    """Return where the words of a query stand in a text of the story."""
    return Marker(q).marked(shown.get(field) or "", shown.get("language")).marks


async def _around(
    request: Request,
    story: Document,
    pair: tuple[int | None, int | None],
    view: SimpleNamespace,
) -> None:
    """Read a story's versions, event, similar stories and the person's note into its view."""
    found, story_id = reader(request), story["id"]
    told = together(found.alike(story_id), found.events.summaries([story_id]))
    noted = desk(request).one(person(request).key, Kind.NOTE, story_id)
    versions, ((alike, summaries), note) = await together(
        found.versions(story_id), together(told, noted)
    )
    view.event = summaries.get(story_id)
    view.alike = [hit for hit in alike if are_alike(story, hit)]
    view.note = note.data["text"] if note else ""
    by_key = dict(versions)
    older, newer = pair
    if older is None and newer in by_key:  # what changed in this version
        older = next((key for key, _ in versions if key < newer), None)
    if older in by_key and newer in by_key:
        view.changes = compared((older, by_key[older]), (newer, by_key[newer]))
    else:
        older, newer = _nth_key(versions, 1), _nth_key(versions, 0)
    view.older, view.newer = older, newer
    view.versions = [described(key, document) for key, document in versions]


def _started(request: Request, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
    """Start work that runs while the first part of a page is sent."""
    task = asyncio.ensure_future(awaited(request, work))
    task.add_done_callback(
        lambda done: done.cancelled() or done.exception()
    )  # the page shows the error
    return task


def _in_parts(
    request: Request,
    template: str,
    work: asyncio.Task[None],
    view: SimpleNamespace,
    **values: Any,
) -> Response:
    """Send the first part of a page at once, and the rest when the work has filled its view."""
    view.away = False

    async def parts() -> AsyncIterator[str]:
        pieces = _templates.get_template(template).generate(view=view, flush=FLUSH, **values)
        yield "".join(itertools.takewhile(lambda piece: piece != FLUSH, pieces))
        try:
            await work
        except ReaderLeft:
            return
        except NewswireError:
            view.away = True
        yield "".join(pieces)

    return streamed(request, parts())


def _nth_key(versions: Sequence[tuple[int, Document]], number: int) -> int | None:
    return versions[number][0] if len(versions) > number else None


def _place_count(place: dict[str, Any]) -> PlaceCount:
    return PlaceCount(
        geonames_id=place["geonames_id"],
        name=place["name"],
        country_code=place.get("country_code"),
        latitude=place["location"]["lat"],
        longitude=place["location"]["lon"],
        count=max(1, place.get("count", 1)),
    )


def _chips(asked: SearchRequest, now: links.Pairs, page: Page) -> list[tuple[str, str, str]]:
    """Return the active filters: name, value as shown, and the address without the filter."""
    names = {str(place.geonames_id): place.name for place in page.places}
    chips = []
    for name, value in now:
        if name in FACETS or name == "status":
            said = names.get(value, value) if name == "place" else value
            said = FACETS[name].shown(said) if name in FACETS else said
            chips.append((name, said, links.toggled(now, name, value)))
        elif name == "without":
            facet, _, named = value.partition(":")
            said = f"{facet} {FACETS[facet].shown(named)}"
            chips.append((name, said, links.toggled(now, name, value)))
        elif name in SINGLE_FILTERS:
            said = when(getattr(asked, name)) if name in ("since", "until") else value
            label = "map" if name in ("bbox", "polygon") else name
            said = "a polygon" if name == "polygon" else said
            chips.append((label, said, links.search(now, **{name: None})))
    return chips


def away() -> Response:
    """Say that the index does not answer, on a page that tries again."""
    text = "The index does not answer. This page tries again every few seconds."
    return html_page("notice.html", 503, title="Not available", text=text, retry=True)


def _missing() -> Response:
    text = "There is no story at this address. Check the address, or search for the story."
    return html_page("notice.html", 404, title="Not shown", text=text)


def _render(template: str, **values: Any) -> str:
    return _templates.get_template(template).render(**values)


@router.get("/favicon.ico")
async def favicon() -> Response:
    """Serve the icon that browsers request by themselves."""
    return FileResponse(files.FOLDER / "favicon.svg")


@router.get("/robots.txt")
async def robots() -> Response:
    """Keep search engines away: a wire is licensed."""
    return PlainTextResponse("User-agent: *\nDisallow: /\n")


async def refused(request: Request, error: Exception) -> Response:
    """Answer an unknown address with a page in a browser, and with JSON elsewhere."""
    assert isinstance(error, HTTPException)
    browser = "text/html" in request.headers.get("accept", "")
    if error.status_code == 404 and browser and not request.url.path.startswith("/api/"):
        text = "There is nothing at this address."
        return html_page("notice.html", 404, title="Not found", text=text)
    return await http_exception_handler(request, error)


def html_page(template: str, status: int = 200, **values: Any) -> Response:
    """Render a page from its template."""
    headers = {"Retry-After": "5"} if status == 503 else None
    return HTMLResponse(_render(template, **values), status, headers)
