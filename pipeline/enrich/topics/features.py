"""What a topic is inferred from: a story's words and names, without its dateline."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

from pipeline.wire import dateline
from pipeline.wire.story import Story

MOST_WORDS = 400
"""Of a text: what a story is about stands at its beginning."""
HEADLINE = 1.5
"""What a word of the headline counts beside one of the body."""
_WORD = re.compile(r"[^\W\d_]{2,}")
_STEM = 6

Features = Mapping[str, float]


def features(story: Story) -> Features:
    """Returns the features of a story's headline and body, each with its weight."""
    filed = dateline.printed_in(story.body)
    found = text_features(story.body.removeprefix((filed and filed.dateline.text) or ""))
    for feature in text_features(story.headline or ""):
        found[feature] = HEADLINE
    return found


def text_features(text: str) -> dict[str, float]:
    """Returns the words of a text, the beginnings of long ones, and pairs of capitalised ones."""
    found: dict[str, float] = {}
    before, end = "", -2
    for number, match in enumerate(_WORD.finditer(text)):
        if number == MOST_WORDS:
            break
        word = _fold(match[0])
        if len(word) > _STEM:
            found[f"{word[:_STEM]}*"] = 1.0
        elif len(word) > 3 and word.endswith("s") and not word.endswith("ss"):
            word = word[:-1]
        found[word] = 1.0
        name = word if match[0][0].isupper() else ""
        if name and before and match.start() == end + 1:
            found[f"{before} {name}"] = 1.0
        before, end = name, match.end()
    return found


def _fold(word: str) -> str:
    if word.isascii():
        return word.lower()
    decomposed = unicodedata.normalize("NFKD", word.casefold())
    return "".join(c for c in decomposed if not unicodedata.combining(c))
