"""Alerts from the page at /alerts: editors make them, try them and remove them."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import msgspec
from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import Response
from starlette.datastructures import QueryParams

from config.settings import Settings
from pipeline.desk.alerts import EVERY, WHEN, PageAlert, Way, check, guard, viewer_of
from pipeline.desk.users import Users
from pipeline.index.kept import Kind
from pipeline.search.request import SearchRequest
from pipeline.search.visible import Viewer
from pipeline.web import links
from pipeline.web.answers import awaited
from pipeline.web.api import desk
from pipeline.web.authentication import person
from pipeline.web.forms import read_form
from pipeline.web.pages import away, html_page
from pipeline.web.security import same_origin
from pipeline.wire.errors import NewswireError

router = APIRouter(include_in_schema=False)

MAX_TITLE_CHARS = 80
FORM_BYTES = 16 * 1024
SECRET_BYTES = 24
ABOUT_THE_LIST = {"size", "sort", "facets", "collapse"}


@router.get("/alerts")
async def alerts_page(request: Request, query: str = "", title: str = "") -> Response:
    """Show the person's alerts, and the form for another."""
    _viewer(request)
    try:
        return await _page(request, {"query": query[:4000], "title": title[:MAX_TITLE_CHARS]})
    except NewswireError:
        return away()


@router.post("/alerts")
async def change_alerts(request: Request) -> Response:
    """Make, try or remove an alert."""
    same_origin(request)
    viewer = _viewer(request)
    form = await read_form(request, FORM_BYTES)
    owner = person(request).key
    if form.get("action") == "remove":
        await desk(request).remove(owner, Kind.ALERT, form.get("title", ""))
        return await _page(request, {}, said="The alert is removed.")
    try:
        alert = _alert(form)
        if form.get("action") == "try":
            count = await _yesterday(request, alert, viewer)
            stories = "1 story" if count == 1 else f"{count:,} stories"
            return await _page(request, form, said=f"Yesterday it would have found {stories}.")
        settings: Settings = request.app.state.settings
        check(alert, settings.alerts)
        await guard(alert)
    except ValueError as error:
        return await _page(request, form, fault=str(error))
    title = " ".join(form.get("title", "").split())[:MAX_TITLE_CHARS]
    if not title:
        return await _page(request, form, fault="An alert needs a title.")
    await desk(request).keep(owner, Kind.ALERT, title, msgspec.to_builtins(alert))
    said = f"The alert is made: it tells of {WHEN[alert.of]} {EVERY[str(alert.minutes)]}."
    return await _page(request, {}, said=said, secret=alert.secret)


def _viewer(request: Request) -> Viewer:
    """Return whose eyes the person's alerts see with.

    Raises:
        HTTPException: 403, the person is no editor.
    """
    settings: Settings = request.app.state.settings
    viewer = viewer_of(person(request).key, Users(settings.data_dir))
    if viewer is None:
        raise HTTPException(403, "Only editors make alerts.")
    return viewer


def _alert(form: dict[str, str]) -> PageAlert:
    """Return the alert in a form.

    Raises:
        ValueError: it can't be one, with a sentence.
    """
    asked, faults = links.asked(QueryParams(form.get("query", "").lstrip("?")))
    if faults:
        raise ValueError(f"The search can't be read: {'; '.join(faults)}")
    dumped = asked.model_dump(mode="json", exclude_defaults=True)
    try:
        way, minutes = Way(form.get("way", "")), int(form.get("minutes", "0"))
    except ValueError:
        raise ValueError("Choose how and how often the alert tells.") from None
    return PageAlert(
        search={name: value for name, value in dumped.items() if name not in ABOUT_THE_LIST},
        way=way,
        address=form.get("address", "").strip() if way is not Way.TOPIC else "",
        secret=secrets.token_urlsafe(SECRET_BYTES) if way is Way.WEBHOOK else "",
        minutes=minutes,
        of=form.get("of", ""),
    )


async def _yesterday(request: Request, alert: PageAlert, viewer: Viewer) -> int:
    """Return how many stories of yesterday a search finds for the one who gets the messages."""
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    wanted = SearchRequest(**alert.search).model_copy(
        update={"since": today - timedelta(days=1), "until": today, "size": 1, "facets": False}
    )
    found = request.app.state.reader.seen_by(viewer)
    page = await awaited(request, found.top(wanted))
    return int(page.total)


async def _page(
    request: Request, form: dict[str, str], said: str = "", fault: str = "", secret: str = ""
) -> Response:
    kept = await desk(request).all(person(request).key, Kind.ALERT)
    alerts = []
    for each in kept:
        of = msgspec.convert(each.data, PageAlert)
        query = links.search(links.pairs(SearchRequest(**of.search)))
        alerts.append(SimpleNamespace(title=each.name, of=of, address=query))
    answer = html_page(
        "alerts.html",
        alerts=alerts,
        form=form,
        said=said,
        fault=fault,
        secret=secret,
        every=EVERY,
        whens=WHEN,
    )
    answer.headers["Cache-Control"] = "no-store"
    return answer
