"""Cursors: opaque texts with which a client requests the next page of a listing.

A cursor is not signed. It holds nothing that its reader may not see, and `decode` checks
what a client could make up.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from datetime import UTC, datetime
from typing import Any

import msgspec

from pipeline.search.request import SearchRequest

_DAMAGED = "The cursor is damaged. Search again without it."


class CursorError(ValueError):
    """A cursor is damaged, or belongs to another search."""


class Cursor(msgspec.Struct, frozen=True, array_like=True):
    """A place in a listing, which stays as it was when its first page was requested."""

    pit: str
    """Elasticsearch's point in time."""
    after: list[Any]
    """Sort values of the last story of the page before; empty only before the first page."""
    now: datetime
    """The time of the first page, so that recency does not reorder stories between pages."""
    request: str
    """A digest of the search."""
    q: str | None = None
    """The words that are searched for in place of the request's, which find nothing."""


def digest(request: SearchRequest) -> str:
    """Return a short text that differs where the lists of two requests differ."""
    asked = request.model_dump_json(exclude={"size", "facets"}, exclude_defaults=True)
    return hashlib.blake2b(asked.encode(), digest_size=9).hexdigest()


def encode(cursor: Cursor) -> str:
    """Return the cursor as text for a URL."""
    return base64.urlsafe_b64encode(msgspec.json.encode(cursor)).decode().rstrip("=")


def decode(text: str, request: SearchRequest) -> Cursor:
    """Read a cursor from its text.

    Raises:
        CursorError: the cursor is damaged, or was made for another request.
    """
    try:
        raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        cursor = msgspec.json.decode(raw, type=Cursor)
    except (binascii.Error, msgspec.DecodeError, ValueError) as error:
        raise CursorError(_DAMAGED) from error
    # Made up: without `after` the reader would not check again what may be shown.
    if not cursor.after or cursor.now.tzinfo is None:
        raise CursorError(_DAMAGED)
    if cursor.request != digest(request):
        raise CursorError("The cursor belongs to another search. Search again without it.")
    # A time to come would show embargoed stories.
    return msgspec.structs.replace(cursor, now=min(cursor.now, datetime.now(UTC)))
