"""The words between quotation marks in a text."""

from __future__ import annotations

import re

LEAST_WORDS = 3
"""Fewer are a term or a title: the so-called "soft landing"."""
MAX_QUOTES = 60

_QUOTED = re.compile(r"“([^“”]+)”|„([^„“”]+)[“”]|«([^«»]+)»|»([^«»]+)«|\"([^\"\n]+)\"")


def quotes(text: str) -> tuple[str, ...]:
    """Return the quotes of a text in order, each once, without their marks."""
    found = (next(filter(None, match.groups())) for match in _QUOTED.finditer(text))
    told = (" ".join(quote.split()).strip(" ,.;:") for quote in found)
    return tuple(dict.fromkeys(q for q in told if len(q.split()) >= LEAST_WORDS))[:MAX_QUOTES]
