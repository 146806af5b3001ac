"""What a story is compared by: its names, figures and rarer words, as a vector of whole numbers.

Whole numbers, so that sums are exact and no result depends on the order of an addition.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from pipeline.events.weights import fold, is_known, rarity, word_hash

TERMS = 40
"""The heaviest terms of a story; the rest is noise."""
UNIT = 2048
"""The length of a vector. Its square stays below 2^24, so that float32 products are exact."""
LEAD_WORDS = 60
LEAD = 2.5
"""How often a word among the first LEAD_WORDS counts."""
PLAIN = 0.1
"""The weight of a word in small letters beside that of a name."""
KNOWN, KNOWN_RARITY = 0.7, 0.5
"""Weight and rarity of an id: it stands beside the name that it was found by."""
NAME, FIGURE = 1, 2
"""Bits of a term's key: it is a name or figure; it is a figure."""
SHOUTED, NAMED = 4, 0.75
"""In a line of so many words that are all in capitals, a capital says nothing: a word is a name if
it is so rare, or has its capital in another line."""
RARITY = 255
"""The `rarity` of the rarest name."""

REMEMBERED, LONGEST = 1 << 16, 64
"""Words, with the marks beside them, that are kept at a time, and how long one is at most."""

_MARKS = '.!?:;\n"“”(•*–—-'
"""What may begin a sentence or a part of one."""
_WORD = re.compile(rf"""([{_MARKS}]\s*)?(\d+(?:[.,:]\d+)*|[^\W\d_]+(?:['’][^\W\d_]+)*)""")
"""A word or figure, and the mark before it."""
_ENDS = re.compile(rf"[{_MARKS}]\s*$")
_MARK, _GAP = ".", ","
_LINE = " \n "
_LETTERS = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_UNSPACED = re.compile("([\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]+)")
"""Scripts that put no space between words: Thai, Lao, Burmese, Khmer, Japanese, Chinese."""


@dataclass(frozen=True, slots=True)
class Terms:
    """A story's terms, in the order of their keys."""

    keys: NDArray[np.uint32]
    """A hash of each term, with the bits NAME and FIGURE."""
    weights: NDArray[np.uint16]
    """Of each term; together of length UNIT at most."""
    rarity: NDArray[np.uint8]
    """Of each name, in RARITY steps, however often the story repeats it."""

    def __len__(self) -> int:
        return len(self.keys)


def terms(text: str, headline: str | None = None, ids: Iterable[str] = ()) -> Terms:
    """Returns the terms of a story.

    Args:
        text: The story's text.
        headline: Its headline.
        ids: Of the places and entities that it names, the same in all languages.
    """
    words = _words(f"{headline}\n{text}" if headline else text)
    counts: dict[int, float] = {}
    rare: dict[int, float] = {}
    for word, count in Counter(words).items():
        key, rareness = _term(word)
        if rareness:
            counts[key] = counts.get(key, 0.0) + count
            rare[key] = rareness
    for key, rareness in map(_term, words[:LEAD_WORDS]):
        if rareness:
            counts[key] += LEAD - 1.0
    weighed = {
        key: rare[key] * (1.0 if key & 1 else PLAIN) * count**0.5 for key, count in counts.items()
    }
    for key in {word_hash(id) & ~(NAME | FIGURE) | NAME for id in ids}:
        weighed[key], rare[key] = KNOWN, KNOWN_RARITY
    heaviest = sorted(sorted(weighed), key=weighed.__getitem__, reverse=True)[:TERMS]
    chosen = sorted(heaviest)
    weights = np.array([weighed[key] for key in chosen], np.float64)
    length = float(np.sqrt(np.square(weights).sum())) or 1.0
    return Terms(
        np.array(chosen, np.uint32),
        np.floor(weights * (UNIT / length)).astype(np.uint16),
        np.array([round(rare[key] * RARITY) for key in chosen], np.uint8),
    )


@lru_cache(maxsize=1 << 17)
def _term(word: str) -> tuple[int, float]:
    """Returns the key of a word as it stands in the text, and its rarity; 0 for one to ignore."""
    folded = fold(word)
    if not folded:
        return 0, 0.0
    key = word_hash(folded) & ~(NAME | FIGURE)
    if word[0].isdigit():
        key |= NAME | FIGURE
    elif word[0].isupper():
        key |= NAME
    return key, rarity(folded)


@lru_cache(maxsize=1 << 15)
def _is_known(word: str) -> bool:
    """Returns whether the table holds a word as it stands in the text."""
    return is_known(fold(word))


def _words(text: str) -> list[str]:
    text = unicodedata.normalize("NFKC", text)
    words: list[str] = []
    for number, part in enumerate(_UNSPACED.split(text)):
        if number % 2:
            words += [part[n : n + 2] for n in range(max(1, len(part) - 1))]
        else:
            words += _cased("\n" + _calmed(part))
    return words


def _calmed(text: str) -> str:
    """Returns the text with the common words of its lines in capitals in small letters."""
    lines = text.strip().split("\n")
    if len(lines) == 1 or not any(map(_is_shouted, lines)):  # all that a flash has is its capitals
        return text
    names = {
        fold(word[0])
        for line in lines
        if not _is_shouted(line)
        for word in _LETTERS.finditer(line)
        if word[0][0].isupper()
    }

    def calmed(word: re.Match[str]) -> str:
        folded = fold(word[0])
        common = is_known(folded) and rarity(folded) < NAMED and folded not in names
        return word[0].lower() if common else word[0]

    return "\n".join(_LETTERS.sub(calmed, line) if _is_shouted(line) else line for line in lines)


def _is_shouted(line: str) -> bool:
    return line.isupper() and len(_LETTERS.findall(line)) >= SHOUTED


def _cased(text: str) -> list[str]:
    """Returns the words; those that have a capital only as the first of a sentence, without it.

    It may be a name where the text has it inside a sentence too, where a capital follows, or where
    the table lacks it.
    """
    words: list[str] = []
    firsts: list[int] = []
    begins = False
    for token in chain.from_iterable(
        map(_TOKENS.__getitem__, text.replace("\n", _LINE).split(" "))
    ):
        if token == _MARK:
            begins = True
        elif token == _GAP:
            begins = False
        else:
            if begins:
                firsts.append(len(words))
                begins = False
            words.append(token)
    others = [*words, ""]
    for n in firsts:
        others[n] = ""
    inside = set(others)
    for n in firsts:
        word, runs_on = words[n], others[n + 1][:1].isupper()
        if word[0].isupper() and not (word in inside or runs_on) and _is_known(word):
            words[n] = word.lower()
    return words


class _Tokens(dict[str, tuple[str, ...]]):
    """What stands between two blanks, by its text: its words, and what is between them.

    A _MARK stands for a mark right before a word or at the end, a _GAP for anything else in front
    of the first word: it stands between that word and a mark before the blank.
    """

    def __missing__(self, chunk: str) -> tuple[str, ...]:
        if len(self) >= REMEMBERED:
            self.clear()
        found: list[str] = []
        end = 0
        for match in _WORD.finditer(chunk):
            start, word = match.groups()
            if start:
                found.append(_MARK)
            elif not found and chunk[: match.start()].strip():
                found.append(_GAP)
            found.append(word)
            end = match.end()
        rest = chunk[end:]
        if _ENDS.search(rest):
            found.append(_MARK)
        elif rest.strip() and not found:
            found.append(_GAP)
        tokens = tuple(found)
        return tokens if len(chunk) > LONGEST else self.setdefault(chunk, tokens)


_TOKENS = _Tokens()
