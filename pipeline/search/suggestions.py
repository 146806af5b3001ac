"""People, places and slugs that begin as typed: the aggregations, and what they give. Pure."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import Any

from pydantic import BaseModel, ConfigDict

from pipeline.search.query import Body, visible

MAX_CHARS = 40
VALUES = 6
_RESERVED = frozenset('.?+*|{}[]()"\\#@&<>~^$-')
_WORD_START = r"(.*[ \-'’.(/])?"


class Suggestion(BaseModel):
    """A name to search for, and how many stories have it."""

    model_config = ConfigDict(frozen=True)

    value: str
    count: int
    country_code: str | None = None
    geonames_id: int | None = None


class Suggestions(BaseModel):
    """What the typed text may become, the most frequent first."""

    model_config = ConfigDict(frozen=True)

    people: tuple[Suggestion, ...] = ()
    places: tuple[Suggestion, ...] = ()
    slugs: tuple[Suggestion, ...] = ()


def body(typed: str, now: datetime) -> Body | None:
    """The search for a text's completions; None where nothing is typed yet.

    Any word of a name may begin so, in either case, accented or not: "sao" is "São Paulo".
    """
    pattern = _pattern(typed.strip()[:MAX_CHARS])
    if not pattern:
        return None
    starts = f"{_WORD_START}{pattern}.*"
    return {
        "size": 0,
        "track_total_hits": False,
        "query": {"bool": {"filter": [visible(now)]}},
        "aggs": {
            "people": _terms("persons", starts),
            # A place's key goes on with its country and id: only its name is matched.
            "places": _terms("place_points", f"{_WORD_START}{pattern}[^|]*\\|.*"),
            "slugs": _terms("slugline.keyword", starts),
        },
    }


def suggestions(response: Mapping[str, Any]) -> Suggestions:
    """The completions that a response holds."""
    found = response["aggregations"]
    return Suggestions(
        people=tuple(_plain(bucket) for bucket in found["people"]["buckets"]),
        places=tuple(_place(bucket) for bucket in found["places"]["buckets"]),
        slugs=tuple(_plain(bucket) for bucket in found["slugs"]["buckets"]),
    )


def _plain(bucket: Mapping[str, Any]) -> Suggestion:
    return Suggestion(value=bucket["key"], count=bucket["doc_count"])


def _place(bucket: Mapping[str, Any]) -> Suggestion:
    name, country, geonames_id, _ = bucket["key"].rsplit("|", 3)
    return Suggestion(
        value=name,
        count=bucket["doc_count"],
        country_code=country or None,
        geonames_id=int(geonames_id),
    )


def _terms(field: str, include: str) -> Body:
    return {"terms": {"field": field, "include": include, "size": VALUES}}


def _pattern(typed: str) -> str:
    """The text as a regular expression of Lucene's that folds case and accents."""
    parts = []
    for character in typed:
        alike = _alike().get(_base(character), "")
        either = "".join(sorted({*alike, character, character.lower(), character.upper()}))
        if len(either) > 1 and all(c.isalpha() for c in either):
            parts.append(f"[{either}]")
        elif character in _RESERVED:
            parts.append(f"\\{character}")
        elif character.isprintable():
            parts.append(character)
    return "".join(parts)


def _base(character: str) -> str:
    return unicodedata.normalize("NFD", character)[0].lower()


@cache
def _alike() -> Mapping[str, str]:
    """Latin letters by the one that they are without their accents."""
    letters: dict[str, str] = defaultdict(str)
    for code in range(0xC0, 0x180):
        if chr(code).isalpha():
            letters[_base(chr(code))] += chr(code)
    for code in range(ord("a"), ord("z") + 1):
        letters[chr(code)] += chr(code) + chr(code).upper()
    return letters
