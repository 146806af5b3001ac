"""Searches as addresses, and addresses as searches."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, get_origin
from urllib.parse import quote, urlencode

from pydantic import ValidationError
from starlette.datastructures import QueryParams

from pipeline.search.request import SearchRequest

Pairs = tuple[tuple[str, str], ...]
"""The names and values of a query string."""


def asked(given: QueryParams) -> tuple[SearchRequest, list[str]]:
    """Return the search in an address, and a notice for each parameter that can't be read.

    Forms send empty parameters too, and people edit addresses: parameters that can't be read are
    left out.
    """
    values: dict[str, Any] = {}
    for name, field in SearchRequest.model_fields.items():
        texts = [text for text in given.getlist(name) if text.strip()]
        if texts and name != "facets":
            values[name] = texts if get_origin(field.annotation) is tuple else texts[-1]
    faults: list[str] = []
    while True:
        try:
            return SearchRequest(**values), faults
        except ValidationError as error:
            for fault in error.errors():
                # Faults of coordinates are of the whole model, not of a field.
                names = [str(name) for name in fault["loc"][:1] or ("near", "bbox")]
                for name in names:
                    if values.pop(name, None) is not None:
                        faults.append(f"{name}: {fault['msg']}")


def pairs(request: SearchRequest) -> Pairs:
    """Return a request as names and values, without defaults."""
    found: list[tuple[str, str]] = []
    for name, value in request.model_dump(mode="json", exclude_defaults=True).items():
        texts = value if isinstance(value, list) else [value]
        found += [(name, str(text)) for text in texts]
    return tuple(found)


def search(now: Iterable[tuple[str, str]], **changes: str | None) -> str:
    """Return the address of a search with some single-valued parameters set, or removed by None."""
    kept = [(name, value) for name, value in now if name not in changes]
    return _address([*kept, *((name, v) for name, v in changes.items() if v is not None)])


def toggled(now: Pairs, name: str, value: str) -> str:
    """Return the address of a search with a filter's value added, or removed if it is there."""
    pair = (name, value)
    return _address([p for p in now if p != pair] if pair in now else [*now, pair])


def any_toggled(now: Pairs, name: str, values: Iterable[str]) -> str:
    """Return the address of a search with some values added, or all removed if one is there."""
    pairs = [(name, value) for value in values]
    left = [pair for pair in now if pair not in pairs]
    return _address(left if len(left) < len(now) else [*now, *pairs])


def without(now: Pairs, name: str, values: Iterable[str]) -> str:
    """Return the address of a search that excludes some values of a facet."""
    given = [("without", f"{name}:{value}") for value in values]
    return _address([*(pair for pair in now if pair not in given), *given])


def values(now: Pairs, name: str) -> str:
    """Return the address of the page of a facet's values in a search."""
    return f"/values/{name}" + query(now)


def roles(person: str) -> str:
    """Return the address of the page of what a person is called."""
    return "/roles" + query([("person", person)])


def story(story_id: str, **parameters: int | str) -> str:
    """Return the address of a story's page."""
    return f"/story/{quote(story_id, safe=':@')}" + query(parameters.items())


def event(story_id: str) -> str:
    """Return the address of the page of a story's event."""
    return f"/event/{quote(story_id, safe=':@')}"


def live(now: Pairs, seen: datetime) -> str:
    """Return the address where the API sends the new stories of a search after an instant."""
    return "/api/live" + query([*now, ("seen", seen.isoformat())])


def found(story_id: str, q: str) -> str:
    """Return the address of a story's page where the words of a query are marked."""
    return story(story_id, q=q) if q else story(story_id)


def download(story_id: str, form: str) -> str:
    """Return the address of a story as a file."""
    return f"/api/download/{form}/{quote(story_id, safe=':@')}"


def desk_live(columns: Iterable[str], seen: datetime) -> str:
    """Return the address of the events of some columns, given by their query strings."""
    return "/desk/live" + query(
        [*(("column", each) for each in columns), ("seen", seen.isoformat())]
    )


def feed(now: Pairs, form: str) -> str:
    """Return the address of a search as a feed ("feed.rss") or a file ("api/export/csv")."""
    return f"/{form}" + query(now)


def _address(parameters: Iterable[tuple[str, str]]) -> str:
    return "/" + query(parameters)


def query(parameters: Iterable[tuple[str, Any]]) -> str:
    """Return names and values as a query string with its question mark; nothing for none."""
    text = urlencode(list(parameters))
    return f"?{text}" if text else ""


def hidden(now: Pairs, shown: Iterable[str]) -> Pairs:
    """Return the parameters that a form does not show itself, for its hidden fields."""
    names = set(shown)
    return tuple(pair for pair in now if pair[0] not in names)
