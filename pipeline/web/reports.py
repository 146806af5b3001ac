"""Reports: the race of the sources at /race, embargoes at /embargoes, how far a kill has reached.

Embargoes are for editors and administrators, the reach of kills is for administrators.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query, Request
from fastapi.responses import Response
from msgspec import structs
from msgspec.json import encode

from pipeline.search.race import Race
from pipeline.search.reports import Lift, Reach, Reports, in_utc, period
from pipeline.search.roles import PersonRoles
from pipeline.search.visible import Role
from pipeline.web import drawings, operations
from pipeline.web.answers import awaited, tagged
from pipeline.web.api import JSON, StoryId, reader
from pipeline.web.authentication import person
from pipeline.web.openapi import answer
from pipeline.web.pages import away, html_page
from pipeline.wire.errors import NewswireError

router = APIRouter()

RACE_DAYS = 7
"""The period of the race where none is given."""
MOST = 20_000
"""Stories read for one answer of the page or the API; `newswire race` reads more."""

KILLS_OF = timedelta(days=7)
"""How far back the list of kills goes."""
REACH = f"{operations.ADDRESS}/reach"


class KillReach(Reach, frozen=True, kw_only=True):
    """How far a killed story has reached, and what still stands."""

    told: tuple[dict[str, Any], ...] = ()
    """Who was told of it or of its withdrawal, by which alert, and when it was acknowledged."""
    told_unknown: str | None = None
    """Why it is not known who was told."""


ANSWERS = (Race, Lift, KillReach, PersonRoles)

Source = Annotated[str | None, Query(max_length=200)]


@router.get("/api/race", responses=answer(Race))
async def race(
    request: Request,
    since: datetime | None = None,
    until: datetime | None = None,
    without: Source = None,
) -> Response:
    """Compare the sources over a period, by default the last seven days.

    Of each: the events that it had first, alone or late, its corrections and kills, and its copies
    of others. With `without`, also what would be missing without that source.
    """
    found = await _race(request, since, until, without)
    return tagged(request, encode(found), JSON)


@router.get("/race", include_in_schema=False)
async def race_page(
    request: Request,
    days: Annotated[int, Query(ge=1, le=366)] = RACE_DAYS,
    without: Source = None,
) -> Response:
    """Show the race of the sources."""
    now = datetime.now(UTC)
    try:
        found = await _race(request, now - timedelta(days=days), now, without)
    except NewswireError:
        return away()
    return html_page("race.html", race=found, days=days, without=without)


async def _reports(request: Request) -> Reports:
    """Return the reader of reports, once the index answers.

    A report is waited for longer than an index that hangs.
    """
    found = reader(request)
    await awaited(request, found.ready())
    return found.reports


async def _race(
    request: Request, since: datetime | None, until: datetime | None, without: str | None
) -> Race:
    now = datetime.now(UTC)
    try:
        begin, end = period(in_utc(since), in_utc(until), now, RACE_DAYS)
    except ValueError as error:
        raise HTTPException(422, str(error)) from None
    reports = await _reports(request)
    return await awaited(request, reports.race(begin, end, now, without or None, MOST))


@router.get("/api/roles", responses=answer(PersonRoles))
async def roles(
    request: Request,
    name: Annotated[str, Query(alias="person", min_length=1, max_length=200)],
) -> Response:
    """List the titles that stories print before a person's full name, and from when to when."""
    found = await awaited(request, reader(request).reports.roles(name, datetime.now(UTC)))
    return tagged(request, encode(found), JSON)


@router.get("/roles", include_in_schema=False)
async def roles_page(
    request: Request, name: Annotated[str, Query(alias="person", max_length=200)] = ""
) -> Response:
    """Show what a person is called over time."""
    if not name.strip():
        raise HTTPException(404)
    try:
        reports = await _reports(request)
        found = await awaited(request, reports.roles(name.strip(), datetime.now(UTC)))
    except NewswireError:
        return away()
    spans = drawings.spans([(role.since, role.until) for role in found.roles])
    return html_page("roles.html", found=found, roles=list(zip(found.roles, spans, strict=True)))


@router.get("/api/embargoes", responses=answer(list[Lift]))
async def embargoes(request: Request) -> Response:
    """List the embargoed stories and when each lifts, the next first; for editors."""
    _require_editor(request)
    now = datetime.now(UTC)
    found = await awaited(request, (await _reports(request)).embargoes(now))
    return _unkept(JSON, encode(found))


@router.get("/embargoes", include_in_schema=False)
async def embargoes_page(request: Request) -> Response:
    """Show the calendar of embargoes."""
    _require_editor(request)
    now = datetime.now(UTC)
    try:
        found = await awaited(request, (await _reports(request)).embargoes(now))
    except NewswireError:
        return away()
    answered = html_page("embargoes.html", lifts=found, now=now)
    answered.headers["Cache-Control"] = "no-store"
    return answered


@router.get("/api/reach/{story_id:path}", responses=answer(KillReach))
async def reach(request: Request, story_id: StoryId) -> Response:
    """Tell how far a killed story has reached and what still stands; for administrators."""
    if person(request).viewer.role is not Role.ADMIN:
        raise _refused("An administrator's token is required.")
    found = await _reach(request, story_id)
    if found is None:
        raise HTTPException(404, "There is no such killed story.")
    return _unkept(JSON, encode(found))


@router.get(REACH, include_in_schema=False)
async def kills_page(request: Request) -> Response:
    """List the kills of the last days."""
    if not operations.is_admin(request):
        return operations.question(request, 401)
    try:
        since = datetime.now(UTC) - KILLS_OF
        found = await awaited(request, (await _reports(request)).kills(since))
    except NewswireError:
        return away()
    return html_page("reach.html", kills=found, reach=None, days=KILLS_OF.days, address=REACH)


@router.get(REACH + "/{story_id:path}", include_in_schema=False)
async def reach_page(request: Request, story_id: StoryId) -> Response:
    """Show how far a kill has reached."""
    if not operations.is_admin(request):
        return operations.question(request, 401)
    try:
        found = await _reach(request, story_id)
    except NewswireError:
        return away()
    if found is None:
        raise HTTPException(404, "There is no such killed story.")
    return html_page("reach.html", kills=(), reach=found, days=KILLS_OF.days, address=REACH)


async def _reach(request: Request, story_id: str) -> KillReach | None:
    reports = await _reports(request)
    found = await awaited(request, reports.reach(story_id, datetime.now(UTC)))
    if found is None:
        return None
    known: operations.Operations | None = request.app.state.operations
    told: tuple[dict[str, Any], ...] = ()
    unknown = None
    if known is None:
        unknown = "This process does not know the alerts; `newswire web` does."
    else:
        told = tuple(await asyncio.to_thread(known.told, story_id))
    return KillReach(**structs.asdict(found), told=told, told_unknown=unknown)


def _require_editor(request: Request) -> None:
    """Refuse whoever may not see embargoed stories."""
    if not person(request).viewer.sees_embargoed:
        raise _refused("An editor's or administrator's token is required.")


def _refused(sentence: str) -> HTTPException:
    """Return the refusal, which makes a browser ask for a token."""
    return HTTPException(401, sentence, {"WWW-Authenticate": 'Basic realm="newswire"'})


def _unkept(media_type: str, content: bytes) -> Response:
    """Return an answer that no cache may keep."""
    return Response(content, media_type=media_type, headers={"Cache-Control": "no-store"})
