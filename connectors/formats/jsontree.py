"""The one way in for JSON: strict, bounded, and forgiving only about envelopes.

RFC 8259 decides: no NaN, no lone surrogates, UTF-8 only. Size, depth and the number of elements
are bounded, so that the worst document is refused within a second. Agencies wrap their items in
many ways (a list, {"items": [...]}, {"data": {"item": {...}}}, JSON Lines): `objects` unwraps.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson

from connectors.fields import printed, values, wrapping
from connectors.fields.charset import sanitise
from connectors.fields.markup import looks_like_markup
from connectors.formats import inline
from pipeline.wire.errors import ParseError
from pipeline.wire.story import Located

MAX_BYTES = 16 * 1024 * 1024
MAX_ELEMENTS = 400_000
MAX_ARRAY = 2_000  # subjects, places or associations of one item
MAX_TAGS = 40_000
_ENVELOPES = (
    "item", "items", "_items", "data", "results", "stories", "articles", "hits", "_source",
    "content", "entries", "newsitems", "payload",
)  # fmt: skip
_DEEPEST_ENVELOPE = 6

Object = dict[str, Any]


def objects(raw: bytes, marks: frozenset[str]) -> Iterator[tuple[str, Object | ParseError]]:
    """Yields the news items of a delivery, each with where it stands.

    Args:
        marks: keys, in lower case, of which an item has at least one and an envelope none.

    Raises:
        ParseError: empty, too large, or not JSON; names line and column.
    """
    for where, document in documents(raw):
        if isinstance(document, ParseError):
            yield where, document
        else:
            yield from unwrap(document, marks, where)


def documents(raw: bytes) -> Iterator[tuple[str, Any]]:
    """Yields the JSON documents of a delivery: one, or one for each line of JSON Lines.

    A bad line is yielded as its error.

    Raises:
        ParseError: empty, too large, or not JSON; names line and column.
    """
    raw = raw.removeprefix(b"\xef\xbb\xbf")
    if len(raw) > MAX_BYTES:
        raise ParseError(f"larger than {MAX_BYTES} bytes", f"byte {MAX_BYTES}")
    if raw.count(b",") > MAX_ELEMENTS:
        raise ParseError(f"more than {MAX_ELEMENTS} elements", "the document")
    if not raw.strip():
        raise ParseError("the delivery is empty", "byte 0")
    try:
        yield "", orjson.loads(raw)
        return
    except orjson.JSONDecodeError as error:
        whole = _not_json(error)
    lines = raw.splitlines()
    try:  # JSON Lines: each line is a document, and a bad one does not stop the others
        if len(lines) < 2 or not isinstance(orjson.loads(lines[0]), dict):
            raise whole
    except orjson.JSONDecodeError:
        raise whole from None
    printed.check_count(len(lines))
    for number, line in enumerate(lines, start=1):
        if line.strip():
            try:
                yield f"line {number}", orjson.loads(line)
            except orjson.JSONDecodeError as error:
                yield f"line {number}", ParseError(f"not JSON: {error.msg}", f"line {number}")


def _not_json(error: orjson.JSONDecodeError) -> ParseError:
    return ParseError(f"not JSON: {error.msg}", f"line {error.lineno}, column {error.colno}")


def unwrap(
    value: Any, marks: frozenset[str], where: str = "", depth: int = 0
) -> Iterator[tuple[str, Object | ParseError]]:
    """Yields the news items inside a document, each with where it stands.

    An element of a list that is no item is yielded as its error; an empty list yields nothing.

    Raises:
        ParseError: the document is neither an item nor an envelope that is known.
    """
    if isinstance(value, list):
        printed.check_count(len(value))
        for number, element in enumerate(value):
            try:
                yield from unwrap(element, marks, f"{where}[{number}]", depth + 1)
            except ParseError as error:
                yield f"{where}[{number}]", error
        return
    item = lowered(value) if isinstance(value, dict) else {}
    if not marks.isdisjoint(item):
        yield where, item
        return
    inside = next((key for key in _ENVELOPES if isinstance(item.get(key), dict | list)), None)
    if inside is None or depth > _DEEPEST_ENVELOPE:
        raise ParseError("no news item: none of its keys is known", where or "the document")
    yield from unwrap(item[inside], marks, f"{where}.{inside}".lstrip("."), depth + 1)


def lowered(value: Object) -> Object:
    """Returns an object with lower-case keys: ninjs 3 writes pubStatus, ninjs 2 pubstatus."""
    return {key.lower(): inner for key, inner in value.items()}


def text(value: Any) -> str | None:
    """Returns a value as one line of text; numbers as they are written; None for anything else."""
    if isinstance(value, str):
        return values.line(value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(int(value)) if value == int(value) else str(value)
    return None


def word(value: Any) -> str | None:
    """Returns a status word: the text, or that of an object or a list; None for none.

    What is present and no text is returned as it is written: it is in no table of words.
    """
    if isinstance(value, dict) and value:
        keys = ("code", "qcode", "literal", "name", "uri", "value")
        named = lowered(value)
        return next(filter(None, (text(named.get(key)) for key in keys)), None) or text(str(value))
    if isinstance(value, list):
        return " ".join(filter(None, map(word, value))) or None
    return str(value).lower() if isinstance(value, bool) else text(value)


def prose(value: Any) -> str | None:
    """Returns a value as text with its lines kept; None for anything but a text."""
    return (sanitise(value).strip() or None) if isinstance(value, str) else None


def paragraphs(value: Any) -> str | None:
    """Returns a value, plain or HTML, as paragraphs; None for anything without a text."""
    if not isinstance(value, str):
        return None
    printed.check_story(len(value), "the body")
    if value.count("<") > MAX_TAGS:
        raise ParseError(f"a text of more than {MAX_TAGS} tags", "the body")
    if not looks_like_markup(value):
        return wrapping.paragraphs(value) or None
    nitf = inline.of_markup(value, None)
    return (nitf.body if nitf else inline.of_text(value)) or None


def texts(value: Any) -> tuple[str, ...]:
    """Returns the texts of a list, or one text alone."""
    listed = value if isinstance(value, list) else [value]
    return values.distinct(text(each) for each in listed)


def dicts(value: Any) -> list[Object]:
    """Returns the objects of a list or of an object's values, or one object; keys in lower case.

    Raises:
        ParseError: there are more than any item has.
    """
    if isinstance(value, dict):
        inner = list(value.values())
        value = inner if inner and all(isinstance(each, dict) for each in inner) else [value]
    values = value if isinstance(value, list) else []
    if len(values) > MAX_ARRAY:
        raise ParseError(f"an array of more than {MAX_ARRAY} elements", "the item")
    return [lowered(each) for each in values if isinstance(each, dict)]


def point(geometry: Any) -> tuple[float, float] | None:
    """Returns latitude and longitude of a GeoJSON point (longitude first, RFC 7946 3.1.1)."""
    if not isinstance(geometry, dict):
        return None
    coordinates = geometry.get("coordinates")
    if geometry.get("type") == "Feature":
        return point(geometry.get("geometry"))
    if geometry.get("type") != "Point" or not isinstance(coordinates, list):
        return None
    if len(coordinates) < 2 or not all(_is_number(each) for each in coordinates[:2]):
        return None
    longitude, latitude = map(float, coordinates[:2])
    return (latitude, longitude) if abs(latitude) <= 90 and abs(longitude) <= 180 else None


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def located(place: Object, role: str | None = None) -> Located | None:
    """Returns a place of the metadata; None for one with neither name, code nor position."""
    at = point(
        next((inner for key, inner in place.items() if key.startswith("geometry_")), None)
        or place.get("geojson")
    )
    found = Located(
        name=text(place.get("name")),
        code=text(place.get("code")) or text(place.get("literal")),
        scheme=text(place.get("scheme")),
        admin1=text(place.get("state")),
        country=text(place.get("country")),
        latitude=at[0] if at else None,
        longitude=at[1] if at else None,
        role=role,
    )
    return found if found.name or found.code or at else None
