"""Where a listing goes on: an opaque text that a client hands back. Pure."""

from __future__ import annotations

import base64
import binascii
import hashlib
from datetime import datetime
from typing import Any

import msgspec

from pipeline.search.request import SearchRequest


class CursorError(ValueError):
    """The cursor is damaged, or belongs to another search."""


class Cursor(msgspec.Struct, frozen=True, array_like=True):
    """A place in a listing that stays as it was when its first page was asked for."""

    pit: str
    """Elasticsearch's point in time."""
    after: list[Any]
    """Sort values of the last story shown."""
    now: datetime
    """The first page's: recency must not re-order the pages between two of them."""
    request: str
    """A digest of what was asked for."""


def digest(request: SearchRequest) -> str:
    """A short text that differs where two requests list other stories, or in another order."""
    asked = request.model_dump_json(exclude={"size", "facets"}, exclude_defaults=True)
    return hashlib.blake2b(asked.encode(), digest_size=9).hexdigest()


def encode(cursor: Cursor) -> str:
    """The cursor as text that may stand in a URL."""
    return base64.urlsafe_b64encode(msgspec.json.encode(cursor)).decode().rstrip("=")


def decode(text: str, request: SearchRequest) -> Cursor:
    """A cursor from its text.

    Raises:
        CursorError: it is damaged, or was made for another request.
    """
    try:
        raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        cursor = msgspec.json.decode(raw, type=Cursor)
    except (binascii.Error, msgspec.DecodeError, ValueError) as error:
        raise CursorError("the cursor is damaged: begin again without it") from error
    if cursor.request != digest(request):
        raise CursorError("the cursor belongs to another search: begin again without it")
    return cursor
