"""A story's texts as pieces, with the entities and places that they name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pipeline.index.document import Document
from pipeline.wire.labels import of_model


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of text, and the entity or place that it names, if any."""

    text: str
    kind: str | None = None
    """"place", "person", "organisation", "event" or "other"."""
    says: str = ""
    """The kind and the name, as the page shows them."""


def pieces(document: Document, field: str) -> list[Piece]:
    """Split a text of the story ("body", "headline") into pieces that join to the whole.

    Of overlapping mentions the first wins; of two that begin together the longer; of a place and
    an entity with the same words the place.
    """
    text: str = document.get(field) or ""
    spans = [
        (mention["start"], mention["end"], "place", _place(place))
        for place in document.get("places", ())
        for mention in _mentions(place, field)
    ]
    spans += [
        (mention["start"], mention["end"], _mark(entity), _entity(entity))
        for entity in document.get("entities", ())
        for mention in _mentions(entity, field)
    ]
    result, at = [], 0
    for start, end, kind, says in sorted(spans, key=lambda s: (s[0], -s[1], s[2] != "place")):
        if start < at or not start < end <= len(text):
            continue
        result += [Piece(text[at:start]), Piece(text[start:end], kind, says)]
        at = end
    return [piece for piece in [*result, Piece(text[at:])] if piece.text]


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
