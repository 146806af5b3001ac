"""Whether a story that shares words with another is about the same thing."""

from __future__ import annotations

import re

from pipeline.index.document import Document
from pipeline.search.results import Hit
from pipeline.search.suggestions import folded

SHARED_WORDS, SHARED_NAMES = 2, 2
"""So many words of the headlines, or names, two stories on one subject share at least."""
LONG_ENOUGH = 4
"""Letters: shorter words say little."""

_ENDING = re.compile(r"(?<=\w{3})(?:ing|ed|es|en|er|s|e|n)$")
_WORD = re.compile(r"[^\W\d_]+")


def are_alike(story: Document, hit: Hit) -> bool:
    """Return whether both headlines share words, or both texts name the same people and places.

    Elasticsearch's likeness of texts alone also finds stories that share a manner of writing.
    """
    words = _words(story.get("headline")) & _words(hit.headline.text)
    persons = set(story.get("persons", ())) & set(hit.persons)
    places = {place["name"] for place in story.get("places", ())} & {p.name for p in hit.places}
    names = len(persons) + len(places)
    return len(words) >= SHARED_WORDS or names >= SHARED_NAMES or bool(words and names)


def _words(text: str | None) -> set[str]:
    """Return a text's longer words without their endings: "floods" is "flooded"."""
    words = (folded(word) for word in _WORD.findall(text or "") if len(word) >= LONG_ENOUGH)
    return {_ENDING.sub("", word) for word in words}
