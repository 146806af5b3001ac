"""Attention over time: the page /attention, and the same as JSON and CSV."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any
from urllib.parse import urlencode

import msgspec
from fastapi import APIRouter, Query, Request
from fastapi.responses import Response, StreamingResponse
from msgspec.json import encode
from pydantic import ValidationError
from starlette.datastructures import QueryParams

from pipeline.search.attention import MAX_SEARCHES, AttentionRequest, Count, as_csv, shown
from pipeline.search.facets import FACETS
from pipeline.web.answers import awaited, tagged
from pipeline.web.api import JSON, reader
from pipeline.web.openapi import answer
from pipeline.web.pages import html_page
from pipeline.wire.errors import NewswireError

router = APIRouter()

WIDTH, HEIGHT = 600, 160
"""The drawing, in its own units."""


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """The counts of all searches in one span, for one value of the facet."""

    start: datetime
    value: str | None
    counts: tuple[Count, ...]
    total: int


@router.get("/api/attention", responses=answer(list[Count]))
async def counts(request: Request, asked: Annotated[AttentionRequest, Query()]) -> Response:
    """Count the stories of up to five searches over time, and all stories beside them."""
    found = await awaited(request, reader(request).attention(asked))
    return tagged(request, encode(found), JSON)


@router.get("/api/attention.csv")
async def table(request: Request, asked: Annotated[AttentionRequest, Query()]) -> Response:
    """Return the same counts as CSV, a row for each span of each search."""
    found = await awaited(request, reader(request).attention(asked))
    return StreamingResponse(
        as_csv(asked, found),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="attention.csv"'},
    )


@router.get("/attention", include_in_schema=False)
async def page(request: Request) -> Response:
    """Show the counts as lines and as a table, with a form for the searches."""
    values, share = _values(request.query_params), "share" in request.query_params
    about: dict[str, Any] = {
        "texts": values.get("search", ()),
        "values": values,
        "share": share,
        "most": MAX_SEARCHES,
        "csv": f"/api/attention.csv?{urlencode(values, doseq=True)}",
        "by": {name: FACETS[name].label for name in ("source", "place", "person", "country")},
    }
    if not values.get("search"):
        return html_page("attention.html", **about)
    try:
        asked = AttentionRequest(**values)
        found = await awaited(request, reader(request).attention(asked))
    except ValidationError as error:
        notices = [str(fault["msg"]) for fault in error.errors()]
        return html_page("attention.html", 422, notices=notices, **about)
    except NewswireError:
        return html_page("attention.html", 503, notices=["The index does not answer."], **about)
    rows = _rows(asked, found)
    return html_page("attention.html", rows=rows, lines=_lines(rows, share), **about)


def _values(given: QueryParams) -> dict[str, Any]:
    """Return the parameters of an address that are given, without those of the form alone."""
    values: dict[str, Any] = {}
    for name in given:
        texts = [text for text in given.getlist(name) if text.strip()]
        if texts and name != "share":
            many = name in ("search", *FACETS, "without", "status")
            values[name] = texts if many else texts[-1]
    return values


def _rows(asked: AttentionRequest, found: Sequence[Count]) -> list[Row]:
    width = len(asked.search)
    return [
        Row(
            start=found[at].start,
            value=shown(asked, found[at].value) if asked.by else None,
            counts=tuple(found[at : at + width]),
            total=found[at].total,
        )
        for at in range(0, len(found), width)
    ]


def _lines(rows: Sequence[Row], share: bool) -> list[str]:
    """Return each search's line, as the points of a polyline; none where a facet splits rows."""
    if len(rows) < 2 or rows[0].value is not None:
        return []
    heights = [
        [(each.share or 0.0) if share else float(each.count) for each in row.counts] for row in rows
    ]
    most = max(max(row) for row in heights) or 1.0
    step = WIDTH / (len(rows) - 1)
    return [
        " ".join(
            f"{n * step:.1f},{HEIGHT - row[line] / most * HEIGHT:.1f}"
            for n, row in enumerate(heights)
        )
        for line in range(len(rows[0].counts))
    ]
