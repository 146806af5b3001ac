"""Reports about many stories: the race of the sources at /race."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, HTTPException, Query, Request
from fastapi.responses import Response
from msgspec.json import encode

from pipeline.search.race import Race
from pipeline.search.reports import in_utc, period
from pipeline.web.answers import awaited, tagged
from pipeline.web.api import JSON, reader
from pipeline.web.openapi import answer
from pipeline.web.pages import away, html_page
from pipeline.wire.errors import NewswireError

router = APIRouter()

RACE_DAYS = 7
"""The period of the race where none is given."""
MOST = 20_000
"""Stories read for one answer of the page or the API; `newswire race` reads more."""

ANSWERS = (Race,)

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


async def _race(
    request: Request, since: datetime | None, until: datetime | None, without: str | None
) -> Race:
    now = datetime.now(UTC)
    try:
        begin, end = period(in_utc(since), in_utc(until), now, RACE_DAYS)
    except ValueError as error:
        raise HTTPException(422, str(error)) from None
    reports = reader(request).reports
    return await awaited(request, reports.race(begin, end, now, without or None, MOST))
