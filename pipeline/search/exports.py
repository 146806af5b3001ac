"""Export formats: JSON Lines, CSV, ninjs, GeoJSON.

Writers take pages of documents and yield pieces of bytes, so that an export of any length
needs the memory of one page.
"""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from pipeline.index.document import Document
from pipeline.index.mapping import UNREAD

INTERNAL = frozenset(
    {"place_points", "place_ids", "record", "unseen"}
    | {"fingerprint", "withdrawn_fingerprint", *UNREAD}
)
"""Fields that only the index needs."""

COLUMNS = (
    "id",
    "source",
    "published_at",
    "headline",
    "slugline",
    "byline",
    "dateline",
    "language",
    "urgency",
    "version",
    "signal",
    "categories",
    "subjects",
    "persons",
    "organisations",
    "place_names",
    "countries",
    "url",
    "page",
    "body",
)


@dataclass(frozen=True, slots=True)
class Export:
    """One format: how it writes a story, and what stands before, between and after stories."""

    media_type: str
    extension: str
    write: Callable[[Document], Iterable[bytes]]
    before: bytes = b""
    between: bytes = b""
    after: bytes = b""


async def pieces(
    export: Export, pages: AsyncIterator[Sequence[Document]], page_of: Callable[[str], str]
) -> AsyncIterator[bytes]:
    """Yield an export's bytes, a page of stories at a time.

    Args:
        export: the format.
        pages: the stories.
        page_of: returns the address of a story's page by the story's id.
    """
    yield export.before
    first = True
    async for page in pages:
        parts: list[bytes] = []
        for document in page:
            addresses = {"url": publishers_url(document), "page": page_of(document["id"])}
            for part in export.write({**document, **addresses}):
                parts += [part] if first else [export.between, part]
                first = False
        yield b"".join(parts)
    yield export.after


_PUBLISHED_AT = ("canonical", "alternate", None)
"""Relations of links that lead to the story at its publisher, the best first."""


def publishers_url(document: Document) -> str | None:
    """Return the address of the story at its publisher, if the wire gives one."""
    links = [
        link
        for link in document.get("links", ())
        if link["href"].startswith(("https://", "http://"))
    ]
    for relation in _PUBLISHED_AT:
        for link in links:
            if link.get("rel") == relation and link.get("type") in (None, "text/html"):
                return str(link["href"])
    source: str | None = document.get("text_source")
    return source


def public(document: Document) -> Document:
    """Return a document without the fields that only the index needs."""
    return {key: value for key, value in document.items() if key not in INTERNAL}


def json_line(document: Document) -> Iterator[bytes]:
    """Write a story as one line of JSON."""
    yield orjson.dumps(public(document)) + b"\n"


def csv_row(document: Document) -> Iterator[bytes]:
    """Write a story as one row: lists joined by "; ", and text safe for spreadsheets."""
    row = {**document, "dateline": (document.get("dateline") or {}).get("place")}
    row["subjects"] = [s.get("name") or s.get("code") for s in document.get("subjects", ())]
    yield _row(_cell(row.get(column)) for column in COLUMNS)


def ninjs(document: Document) -> Iterator[bytes]:
    """Write a story as an item of the IPTC's ninjs 1.3 (https://iptc.org/std/ninjs/)."""
    dateline = document.get("dateline") or {}
    item = {
        "uri": f"urn:newswire:{document['id']}",
        "type": "text",
        "representationtype": "complete",
        "version": _text(document.get("version")),
        "versioncreated": document.get("version_created") or document.get("published_at"),
        "pubstatus": "usable",
        "urgency": document.get("urgency"),
        "language": document.get("language"),
        "infosource": [{"name": document["source"]}] if document.get("source") else None,
        "copyrightnotice": document.get("copyright"),
        "usageterms": document.get("usage_terms"),
        "headline": document.get("headline"),
        "slugline": document.get("slugline"),
        "byline": document.get("byline"),
        "located": dateline.get("place"),
        "description_text": document.get("summary"),
        "body_text": document.get("body"),
        "subject": [_named(s.get("name"), s) for s in document.get("subjects", ())],
        "person": [{"name": name} for name in document.get("persons", ())],
        "organisation": [{"name": name} for name in document.get("organisations", ())],
        "place": [
            {
                "name": place["name"],
                "scheme": "https://www.geonames.org/",
                "code": str(place["geonames_id"]),
                "geometry_geojson": _point(place),
            }
            for place in document.get("places", ())
        ],
    }
    yield orjson.dumps({key: value for key, value in item.items() if value not in (None, [])})


def features(document: Document) -> Iterator[bytes]:
    """Write a story as GeoJSON features (RFC 7946), one for each of its places."""
    about = {
        key: document.get(key)
        for key in ("id", "headline", "slugline", "source", "published_at", "urgency", "language")
    } | {"url": document.get("url"), "page": document.get("page")}
    for place in document.get("places", ()):
        properties = {
            **about,
            "place": place["name"],
            "geonames_id": place["geonames_id"],
            "country_code": place.get("country_code"),
            "role": place.get("role"),
            "confidence": place.get("confidence"),
        }
        yield orjson.dumps({"type": "Feature", "geometry": _point(place), "properties": properties})


def _point(place: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "Point", "coordinates": [place["location"]["lon"], place["location"]["lat"]]}


def _named(name: str | None, subject: Mapping[str, Any]) -> dict[str, Any]:
    pairs = {"name": name, "code": subject.get("code"), "scheme": subject.get("scheme")}
    return {key: value for key, value in pairs.items() if value}


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return safe_cell("; ".join(map(str, value)) if isinstance(value, list) else str(value))


def safe_cell(text: str) -> str:
    """Return the text of a cell that no spreadsheet takes for a formula."""
    # A spreadsheet would run a wire's "=HYPERLINK(...)" as a formula.
    return f"'{text}" if text[:1] in "=+-@\t\r" and text else text


def _row(cells: Iterable[str]) -> bytes:
    line = io.StringIO()
    csv.writer(line).writerow(cells)
    return line.getvalue().encode()


EXPORTS: Mapping[str, Export] = {
    "jsonl": Export("application/jsonl", "jsonl", json_line),
    "csv": Export("text/csv; charset=utf-8", "csv", csv_row, before=_row(COLUMNS)),
    "ninjs": Export(
        "application/json", "ninjs.json", ninjs, before=b"[", between=b",\n", after=b"]\n"
    ),
    "geojson": Export(
        "application/geo+json",
        "geojson",
        features,
        before=b'{"type":"FeatureCollection","features":[',
        between=b",\n",
        after=b"]}\n",
    ),
}
