"""All values of a facet at /values/NAME: found by typing, chosen or left out several at once.

The page is a form that works without scripts; with them a page of results shows it in a dialog.
"""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace

import msgspec
from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import RedirectResponse, Response

from pipeline.search.facets import FACETS
from pipeline.search.request import SearchRequest
from pipeline.web import links
from pipeline.web.answers import awaited
from pipeline.web.api import reader
from pipeline.web.pages import away, html_page
from pipeline.wire.errors import NewswireError

router = APIRouter(include_in_schema=False)

SHOWN = 60
"""Values listed at once, beside those that are chosen."""
MAX_TYPED_CHARS = 100


@router.get("/values/{name}")
async def values_page(request: Request, name: str) -> Response:
    """List the values of a facet, with the form that chooses among them."""
    if name not in FACETS:
        raise HTTPException(404)
    given = request.query_params
    asked, _ = links.asked(given)
    chosen = _chosen(name, asked, given.getlist("chosen"), "action" in given)
    if given.get("action") in ("only", "without"):
        return RedirectResponse(_search(name, asked, chosen, given["action"]), 303)
    typed = given.get("typed", "").strip()[:MAX_TYPED_CHARS]
    try:
        found = await awaited(request, reader(request).facet(name, asked, typed, SHOWN))
    except NewswireError:
        return away()
    named = {value for names in chosen for value in names}
    now = links.pairs(asked)
    return html_page(
        "values.html",
        facet=FACETS[name],
        typed=typed,
        kept=[pair for pair in now if pair[0] != name],
        chosen=[_choice(name, names) for names in chosen],
        values=[
            _choice(name, (value.value, *value.forms), value.count)
            for value in found
            if value.value not in named
        ],
        more=len(found) == SHOWN,
        back=links.search(now),
    )


def _chosen(name: str, asked: SearchRequest, given: list[str], sent: bool) -> list[tuple[str, ...]]:
    """Return what is chosen: of the form if it was sent, else the filter of the search.

    Each choice is a value, and the other forms of a person's name after it.
    """
    if not sent:
        return [(str(value),) for value in getattr(asked, name)]
    found = []
    for text in given:
        try:
            found.append(msgspec.json.decode(text, type=tuple[str, ...]))
        except (msgspec.DecodeError, ValueError):
            continue  # somebody edited the address
    return [names for names in found if names]


def _search(name: str, asked: SearchRequest, chosen: list[tuple[str, ...]], action: str) -> str:
    """Return the address of the search with only the chosen values, or without them."""
    values = [value for names in chosen for value in names]
    rest = [pair for pair in links.pairs(asked) if pair[0] != name]
    if action == "without":
        return links.without(tuple(rest), name, values)
    excluded = {("without", f"{name}:{value}") for value in values}
    kept = [pair for pair in rest if pair not in excluded]
    return links.search([*kept, *((name, value) for value in values)])


def _choice(name: str, names: Sequence[str], count: int | None = None) -> SimpleNamespace:
    """Return a choice as the form sends it and as people read it."""
    sent = msgspec.json.encode(names).decode()
    return SimpleNamespace(sent=sent, label=FACETS[name].shown(names[0]), count=count)
