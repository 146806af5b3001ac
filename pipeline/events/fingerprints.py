"""What is compared of a story, small enough to keep a month of: the record on `wire.fingerprints`.

It is made from the story's document, so that whoever has the document makes the same one. A killed
story's has no words. An embargoed story's has them, hashed, and the time at which the embargo ends.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec
import numpy as np

from pipeline.events import weights
from pipeline.events.terms import Terms, terms
from pipeline.wire.errors import CodecError
from pipeline.wire.story import Instant, Status

PLACED, SURE = ("dateline", "mentioned"), 0.5
"""Places that count: their roles, and the least confidence."""
_UNDATED = datetime.fromtimestamp(0, UTC)


class Fingerprint(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One version of a story, as far as events depend on it."""

    version: int
    """The index version: of two records of a story the higher counts."""
    at: Instant
    """The story's time in the window: of this version, or of the receipt where it has none."""
    published_at: Instant | None = None
    """When the story was first published, which decides who names an event."""
    source: str | None = None
    """Whom it came from, which decides who had an event first."""
    packed: bytes = b""
    """The terms; none for a story that is withheld until a later version."""
    until: Instant | None = None
    """When an embargo ends: until then the story is withheld."""
    table: int = weights.VERSION
    """Which table its terms were weighed by."""

    @property
    def terms(self) -> Terms | None:
        """Returns the terms; None for a story that is withheld.

        Terms of another table of weights can't be compared: such a story stands alone.
        """
        if not self.packed or self.until is not None:
            return None
        return unpack(self.packed if self.table == weights.VERSION else _MARK)


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Fingerprint)
_MARK = b"\0"
"""In front of the terms, so that a story without any differs from one that is withheld."""


def fingerprint(document: Mapping[str, Any], version: int, now: datetime) -> Fingerprint:
    """Returns the fingerprint of a document.

    Args:
        document: a story as the index has it.
        version: its index version.
        now: an embargo that has ended by then is none.
    """
    until = _instant(document, "embargoed_until")
    if until is not None and until <= now:
        until = None
    status = document.get("status")
    embargoed = status == Status.EMBARGOED and document.get("embargoed_until") is None
    packed = b""
    if status != Status.WITHDRAWN and not embargoed:
        text = document.get("body") or document.get("summary") or ""
        packed = pack(terms(text, document.get("headline"), known_ids(document)))
    return Fingerprint(
        version=version,
        at=_instant(document, "published_at") or _UNDATED,
        published_at=first_published(document),
        source=document.get("source") if packed else None,
        packed=packed,
        until=until if packed else None,
    )


def known_ids(document: Mapping[str, Any]) -> list[str]:
    """Returns the ids of the places and entities of a story that any language gives them."""
    places = [
        f"geonames:{place['geonames_id']}"
        for place in document.get("places", ())
        if place.get("role") in PLACED and place.get("confidence", 0.0) >= SURE
    ]
    return places + [entity["kb"] for entity in document.get("entities", ()) if entity.get("kb")]


def first_published(document: Mapping[str, Any]) -> datetime | None:
    """Returns when a story was first published; None where its agency does not say."""
    if not (document.get("first_created") or document.get("version_created")):
        return None
    dates = (_instant(document, "first_created"), _instant(document, "published_at"))
    return min((date for date in dates if date), default=None)


def released(record: Fingerprint) -> Fingerprint:
    """Returns the fingerprint of an embargoed story once its embargo has ended."""
    return msgspec.structs.replace(record, until=None)


def encode(record: Fingerprint) -> bytes:
    """Returns the record as JSON."""
    return _encoder.encode(record)


def decode(raw: bytes) -> Fingerprint:
    """Returns the record of some JSON.

    Raises:
        CodecError: it is none.
    """
    try:
        return _decoder.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise CodecError(f"not a fingerprint: {error}") from error


def pack(found: Terms) -> bytes:
    """Returns terms as bytes: a mark, all keys, all weights, all rarities, little-endian."""
    keys, amounts = found.keys.astype("<u4"), found.weights.astype("<u2")
    return _MARK + keys.tobytes() + amounts.tobytes() + found.rarity.tobytes()


def unpack(packed: bytes) -> Terms:
    """Returns the terms that `pack` has packed."""
    count = len(packed) // 7
    return Terms(
        np.frombuffer(packed, "<u4", count, 1).astype(np.uint32),
        np.frombuffer(packed, "<u2", count, 1 + 4 * count).astype(np.uint16),
        np.frombuffer(packed, np.uint8, count, 1 + 6 * count),
    )


def _instant(document: Mapping[str, Any], name: str) -> datetime | None:
    value = document.get(name)
    return datetime.fromisoformat(value) if value else None
