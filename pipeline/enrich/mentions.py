"""Raw mentions: the model's spans, cleaned, before they are grouped or placed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Literal, NamedTuple

from pipeline.enrich.paragraphs import RECENT
from pipeline.wire.labels import Label

Field = Literal["body", "headline", "dateline"]
Span = tuple[int, int, str]
"""Start, end and label, as a model gives them."""

_LEAD = re.compile(r"(?:(?:the|a|an)\s+|[\s\"'“”‘’(\[,;:—–-]+)+", re.IGNORECASE)
_TAIL = re.compile(r"(?:['’][sS]|['’](?=$)|[\s\"“”‘’)\],;:!?—–-]+)+$")
_PART = re.compile(r"[^\W\d_][^\s,()]*")
_SHOUTED = re.compile(r"^[^a-z\n]*[A-Z]{2}[^a-z\n]*$", re.MULTILINE)
_SMALL = frozenset(
    [
        "A",
        "AN",
        "AND",
        "AS",
        "AT",
        "BY",
        "FOR",
        "FROM",
        "IN",
        "INTO",
        "OF",
        "ON",
        "OR",
        "OVER",
        "THE",
        "TO",
        "WITH",
    ]
)


class RawMention(NamedTuple):
    """A span of one field of a story that the model, or the gazetteer, takes for a name."""

    start: int
    end: int
    text: str
    label: str
    field: Field = "body"


class Named(NamedTuple):
    """A mention with its final label, before it is grouped."""

    start: int
    end: int
    text: str
    label: str
    field: Field
    title: str | None = None
    sex: str | None = None
    """ "f" or "m" where a title or a word of kinship says so."""


class Placed(NamedTuple):
    """What the gazetteer's recogniser says of a span."""

    start: int
    end: int
    text: str
    label: str
    """GPE, LOC or FAC; NORP for a demonym."""
    field: Field
    probability: float
    """That it is a toponym at all."""
    place: int | None = None
    """The GeoNames id of the place that it was resolved to."""


def trim(text: str, start: int, end: int) -> tuple[int, int]:
    """Returns the span without article, possessive, quotes and white space at its ends."""
    while start < end:
        lead = _LEAD.match(text, start, end)
        tail = _TAIL.search(text[start:end])
        if lead is not None and lead.end() < end:
            start = lead.end()
        elif tail is not None and tail.start() > 0:
            end = start + tail.start()
        else:
            break
    return start, end


@lru_cache(maxsize=RECENT)
def legible(text: str) -> str:
    """Returns the text with its lines in capitals set in title case, every offset unchanged.

    The model reads "TORNADO HITS TULSA" as one organisation, "Tornado Hits Tulsa" rightly.
    """
    return _SHOUTED.sub(_title, text)


def _title(line: re.Match[str]) -> str:
    words = line[0].split(" ")
    if len(line[0].split()) < 4:  # a dateline or a heading of one name reads well enough
        return line[0]
    title = " ".join(w.lower() if w in _SMALL else w.capitalize() for w in words)
    return title if len(title) == len(line[0]) else line[0]


def cleaned(found: Iterable[Span], text: str) -> Iterator[Span]:
    """Yields a paragraph's spans without article, possessive, quotes and white space around."""
    for first, last, label in found:
        start, end = trim(text, first, last)
        if start < end and any(c.isalnum() for c in text[start:end]):
            yield start, end, label


def people_cut(found: Iterable[Span], text: str) -> Iterator[Span]:
    """Yields spans, those of people without words at their ends that are no name.

    Small pipelines take "président de la Rada" and the result in "Sofia Ilic 15 - 14" for names.
    """
    for start, end, label in found:
        if label != Label.PERSON:
            yield start, end, label
            continue
        words = [m for m in _PART.finditer(text, start, end) if m[0][0].isupper()]
        if words:
            yield words[0].start(), words[-1].end(), label


def spans(found: Iterable[Span], offset: int, field: Field, text: str) -> Iterator[RawMention]:
    """Yields the spans of a paragraph of a field's text, at their offsets in that text."""
    for first, last, label in found:
        start, end = offset + first, offset + last
        yield RawMention(start, end, text[start:end], label, field)
