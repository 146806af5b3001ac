"""The key under which a place name is looked up, and the words that names are made of."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

# Letters that Unicode does not decompose, as English newsrooms write them.
_LETTERS = str.maketrans(
    {
        "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i",
        "ħ": "h", "ŧ": "t", "ə": "a",
        "'": "", "’": "", "‘": "", "ʻ": "", "ʼ": "", "`": "", "´": "", "ʹ": "", "′": "",
        ".": "",
        "-": " ", "‐": " ", "‑": " ", "–": " ", "—": " ", "/": " ", ",": " ", "_": " ",
    }
)  # fmt: skip
_SHORT = {"saint": "st", "sainte": "ste", "mount": "mt", "fort": "ft"}

WORD = re.compile(r"[^\W_]+(?:(?:\.|['’ʻʼ](?![sS]\b))[^\W_]+)*")
"""A word of a name: "O'Fallon" and the "U.S" of "U.S." are one, "Winston-Salem" is two,
and a possessive's "s" stands alone."""


@lru_cache(maxsize=1 << 16)
def fold(name: str) -> str:
    """Returns the name without case, diacritics, apostrophes and points; "St." equals "Saint".

    Equal keys are the same name to the gazetteer: "CÓRDOBA" and "Cordoba", "Hawai‘i" and
    "Hawaii", "Gilgit-Baltistan" and "Gilgit Baltistan".
    """
    if name.isascii():
        plain = name.lower()
    else:
        decomposed = unicodedata.normalize("NFKD", name.casefold())
        plain = "".join(c for c in decomposed if not unicodedata.combining(c))
    words = plain.translate(_LETTERS).split()
    return " ".join(_SHORT.get(word, word) for word in words)
