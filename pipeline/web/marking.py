"""A story's texts as pieces, with the entities and places that they name, and the words found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.index.document import Document
from pipeline.wire.labels import of_model

Spans = Sequence[tuple[int, int]]
"""Starts and ends in a text."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of text, and the entity or place that it names, if any."""

    text: str
    kind: str | None = None
    """"place", "person", "organisation", "event" or "other"."""
    says: str = ""
    """The kind and the name, as the page shows them."""
    search: tuple[str, str] | None = None
    """The filter, or the query, that finds stories about it."""
    found: tuple[tuple[str, bool], ...] = ()
    """The text in parts, and whether each was searched for; empty if nothing in it was."""

    def parts(self) -> tuple[tuple[str, bool], ...]:
        """Return the text in parts, and whether each was searched for."""
        return self.found or ((self.text, False),)


def pieces(document: Document, field: str, found: Spans = (), names: bool = True) -> list[Piece]:
    """Split a text of the story ("body", "headline") into pieces that join to the whole.

    Of overlapping mentions the first wins; of two that begin together the longer; of a place and
    an entity with the same words the place.

    Args:
        document: the story.
        field: the text.
        found: what was searched for in it.
        names: whether entities and places are pieces of their own.
    """
    text: str = document.get(field) or ""
    result, at = [], 0
    for start, end, kind, says, search in _named(document, field) if names else ():
        if start < at or not start < end <= len(text):
            continue
        result.append(Piece(text[at:start], found=_parts(text, at, start, found)))
        result.append(Piece(text[start:end], kind, says, search, _parts(text, start, end, found)))
        at = end
    result.append(Piece(text[at:], found=_parts(text, at, len(text), found)))
    return [piece for piece in result if piece.text]


def _parts(text: str, start: int, end: int, found: Spans) -> tuple[tuple[str, bool], ...]:
    """Split a piece at the edges of what was found in it."""
    inside = [(max(a, start), min(b, end)) for a, b in found if a < end and b > start]
    if not inside:
        return ()
    parts, at = [], start
    for a, b in inside:
        parts += [(text[at:a], False), (text[a:b], True)]
        at = b
    return tuple(part for part in [*parts, (text[at:end], False)] if part[0])


_Name = tuple[int, int, str, str, tuple[str, str]]


def _named(document: Document, field: str) -> list[_Name]:
    """Return the mentions in their order: start, end, kind, what the page says, and a search."""
    spans: list[_Name] = [
        (m["start"], m["end"], "place", _place(place), ("place", str(place["geonames_id"])))
        for place in document.get("places", ())
        for m in _mentions(place, field)
    ]
    spans += [
        (m["start"], m["end"], _mark(entity), _entity(entity), _search(entity))
        for entity in document.get("entities", ())
        for m in _mentions(entity, field)
    ]
    return sorted(spans, key=lambda s: (s[0], -s[1], s[2] != "place"))


def _search(entity: dict[str, Any]) -> tuple[str, str]:
    name = entity.get("name") or entity["text"]
    mark = _mark(entity)
    return (mark, name) if mark in ("person", "organisation") else ("q", f'"{name}"')


def _mentions(found: dict[str, Any], field: str) -> list[dict[str, Any]]:
    return [m for m in found.get("mentions", ()) if m.get("field", "body") == field]


def _place(place: dict[str, Any]) -> str:
    parts = (place["name"], place.get("admin1"), place.get("country"))
    return "Place: " + ", ".join(dict.fromkeys(part for part in parts if part))


def _mark(entity: dict[str, Any]) -> str:
    label = of_model(entity["label"])
    return label.mark if label else "other"


def _entity(entity: dict[str, Any]) -> str:
    label = of_model(entity["label"])
    kind = label.kind if label else entity["label"]
    return f"{kind.capitalize()}: {entity.get('name') or entity['text']}"
