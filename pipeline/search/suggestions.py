"""Suggestions: people, places and slugs that begin with the typed text."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache
from itertools import islice
from typing import Any

import msgspec

from pipeline.search.visible import ANYBODY, Body, Viewer, visible

MAX_CHARS = 40
VALUES = 6
CANDIDATES = 1000
"""Terms requested: an engine that ignores `include` returns its most frequent ones."""
_RESERVED = frozenset('.?+*|{}[]()"\\#@&<>~^$-')
_BETWEEN = " -'’.(/"
_WORD_START = r"(.*[ \-'’.(/])?"


class Suggestion(msgspec.Struct, frozen=True, kw_only=True):
    """A name to search for, and the number of stories that have it."""

    value: str
    count: int
    country_code: str | None = None
    geonames_id: int | None = None


class Suggestions(msgspec.Struct, frozen=True, kw_only=True):
    """Completions of the typed text, the most frequent first."""

    people: tuple[Suggestion, ...] = ()
    places: tuple[Suggestion, ...] = ()
    slugs: tuple[Suggestion, ...] = ()


def body(typed: str, now: datetime, viewer: Viewer = ANYBODY) -> Body | None:
    """Return the search for a text's completions; None if the text is empty.

    Any word of a name may begin with the text, in any case, with or without accents: "sao" finds
    "São Paulo".
    """
    beginning = pattern(typed.strip()[:MAX_CHARS])
    if not beginning:
        return None
    starts = f"{_WORD_START}{beginning}.*"
    return {
        "size": 0,
        "track_total_hits": False,
        "query": {"bool": {"filter": [visible(now, viewer)]}},
        "aggs": {
            "people": _terms("persons", starts),
            # A place's key continues with its country and id: match only the name.
            "places": _terms("place_points", f"{_WORD_START}{beginning}[^|]*\\|.*"),
            "slugs": _terms("slugline.keyword", starts),
        },
    }


def suggestions(typed: str, response: Mapping[str, Any]) -> Suggestions:
    """Return the completions in a response."""
    start = folded(typed.strip()[:MAX_CHARS])

    def kept(name: str, read: Callable[[Mapping[str, Any]], Suggestion]) -> tuple[Suggestion, ...]:
        read_all = map(read, response["aggregations"][name]["buckets"])
        return tuple(islice((s for s in read_all if _begins(folded(s.value), start)), VALUES))

    return Suggestions(
        people=kept("people", _plain), places=kept("places", _place), slugs=kept("slugs", _plain)
    )


def _begins(name: str, start: str) -> bool:
    """Return whether the name, from the start of one of its words, begins with the text."""
    return any(
        name.startswith(start, at) and (at == 0 or name[at - 1] in _BETWEEN)
        for at in range(len(name) - len(start) + 1)
    )


def folded(text: str) -> str:
    """Return a text without case and accents, letter by letter."""
    return "".join(_base(character) for character in text)


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
    return {"terms": {"field": field, "include": include, "size": CANDIDATES}}


def pattern(typed: str) -> str:
    """Return the text as a Lucene regular expression that ignores case and accents."""
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
    """Return Latin letters by the letter that they are without accents."""
    letters: dict[str, str] = defaultdict(str)
    for code in range(0xC0, 0x180):
        if chr(code).isalpha():
            letters[_base(chr(code))] += chr(code)
    for code in range(ord("a"), ord("z") + 1):
        letters[chr(code)] += chr(code) + chr(code).upper()
    return letters
