"""How rare a word is: a fixed table, so that the weight of a word never depends on what arrived.

The table holds the words of seven languages that occur at least once in a million, each with its
frequency in the language that uses it most. It is built from wordfreq's lists by
`python tools/word_weights.py` (data/NOTICE.md names their origin and terms). Change VERSION with
the table or the rules below: events of two versions can't be compared.
"""

from __future__ import annotations

import re
import unicodedata
import zlib
from functools import cache
from importlib.resources import files
from io import BytesIO

import numpy as np

VERSION = 3
COMMON = 7.0
"""Zipf frequency (log10 of occurrences in 10^9 words) at which a word tells nothing."""
RAREST = 3.0
"""Zipf frequency of a word that the table does not hold."""
STEPS = 20
"""The table counts frequencies in steps of 1/20."""
_DIGIT, _YEAR = 6.0, 5.0
"""Zipf frequencies of figures that say little; others are as rare as a word can be."""
_YEARS = re.compile(r"(?:19|20)\d\d")


def fold(word: str) -> str:
    """Returns the word without case, diacritics, apostrophes and a possessive's s."""
    if not word.isascii():
        decomposed = unicodedata.normalize("NFKD", word.casefold())
        word = "".join(c for c in decomposed if not unicodedata.combining(c))
    return word.lower().replace("’", "'").removesuffix("'s").replace("'", "")


def word_hash(word: str) -> int:
    """Returns the 32 bits by which a folded word is known."""
    return zlib.crc32(word.encode())


def rarity(word: str) -> float:
    """Returns the weight of a folded word or figure, from 0 (tells nothing) to 1 (rare)."""
    if word.isdigit() and len(word) == 1:
        zipf = _DIGIT
    elif _YEARS.fullmatch(word):
        zipf = _YEAR
    else:
        zipf = max(RAREST, _table().get(word_hash(word), RAREST))
    return max(0.0, (COMMON - zipf) / (COMMON - RAREST))


def is_known(word: str) -> bool:
    """Returns whether the table holds a folded word."""
    return word_hash(word) in _table()


@cache
def _table() -> dict[int, float]:
    packed = (files(__package__) / "data" / "words.npz").read_bytes()
    with np.load(BytesIO(packed)) as table:
        zipf = (table["steps"] / STEPS).tolist()
        return dict(zip(table["hashes"].tolist(), zipf, strict=True))
