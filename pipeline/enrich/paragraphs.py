"""Paragraphs: what is read by itself, and so remembered by itself.

A writethru keeps most paragraphs of the version before, agencies share them, and notes to
readers come again every day. What depends on a paragraph alone is worked out once.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache, wraps
from typing import Concatenate, ParamSpec, TypeVar

P = ParamSpec("P")
Answer = TypeVar("Answer")

CHUNK = 40_000
"""Characters that the model is given at once: its memory grows with the text."""
KEPT = 10_000
"""Paragraphs that a function's answers are kept for: the last few hundred stories, some 60 MB in
all for those that name places and runs of capitals."""
LONGEST_KEPT = 4_000
"""Characters of a paragraph that is: what is longer is a list or a table, and would cost memory."""

RECENT = 16
"""Texts whose paragraphs are kept: model, gazetteer and names read those of a story in turn."""

_GAP = re.compile(r"\n[^\S\n]*\n\s*")


def remembered(
    function: Callable[Concatenate[str, P], Answer],
) -> Callable[Concatenate[str, P], Answer]:
    """Returns the function of a paragraph with a cache of its most recent answers.

    The answers must not change, nor what else the function is given.
    """
    kept = lru_cache(maxsize=KEPT)(function)

    @wraps(function)
    def answer(text: str, /, *more: P.args, **named: P.kwargs) -> Answer:
        if len(text) > LONGEST_KEPT:
            return function(text, *more, **named)
        return kept(text, *more, **named)  # type: ignore[arg-type]

    return answer


@lru_cache(maxsize=RECENT)
def paragraphs(text: str) -> tuple[tuple[int, str], ...]:
    """Returns the paragraphs of a text, parted by empty lines, each with its offset.

    White space at their ends is left out; what is longer than a model should be given at
    once is cut, see `chunks`.
    """
    found: list[tuple[int, str]] = []
    at = 0
    for gap in _GAP.finditer(text):
        found += _parts(text, at, gap.start())
        at = gap.end()
    return (*found, *_parts(text, at, len(text)))


def _parts(text: str, start: int, end: int) -> Iterator[tuple[int, str]]:
    for offset, part in chunks(text[start:end]):
        yield start + offset, part


def chunks(text: str) -> Iterator[tuple[int, str]]:
    """Yields the text in parts of bounded size, each with its offset.

    It is cut between paragraphs, else between words. White space at the ends of the text is left
    out, so that it can't change what the model sees.
    """
    at = len(text) - len(text.lstrip())
    stop = len(text.rstrip())
    while at < stop:
        end = min(stop, at + CHUNK)
        if end < stop:
            for gap in ("\n\n", "\n", " "):
                cut = text.rfind(gap, at + CHUNK // 2, end)
                if cut > 0:
                    end = cut
                    break
        yield at, text[at:end]
        at = end
