"""Words as they are searched: without accents, possessives and endings, by the story's language.

The same code runs when a story is indexed and when it is searched, so every engine finds the
same, without plugins. A term is the two letters of its language and the stem: "enfire". So an
English word is compared with English stems only, and a Spanish stem never meets an English word
that looks like it.

The stems are those of the Snowball project (https://snowballstem.org), after `plurals` has made
irregular forms regular. Chinese, Japanese, Korean and Thai are compared by pairs of characters, as
Lucene's CJKAnalyzer does.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from functools import cache, lru_cache

import Stemmer

from pipeline.index.plurals import regular

ALGORITHMS: Mapping[str, str] = {
    "en": "english",
    "de": "german",
    "fr": "french",
    "es": "spanish",
    "it": "italian",
    "pt": "portuguese",
    "nl": "dutch",
    "da": "danish",
    "no": "norwegian",
    "sv": "swedish",
    "fi": "finnish",
    "ru": "russian",
    "el": "greek",
    "ar": "arabic",
    "fa": "persian",
    "hi": "hindi",
}
"""Languages with stems, and Snowball's name for each."""
SAME: Mapping[str, str] = {"nb": "no", "nn": "no"}
OTHER = "xx"
"""Of a language without stems, and of numbers: words are folded only."""

REMEMBERED, LONGEST = 1 << 16, 64
"""Words of a language, with the marks beside them, whose terms are kept at a time; and how long
one is at most: a sentence in Chinese has no blank, and does not come again."""

_SCRIPTS: Mapping[str, tuple[str, ...]] = {
    "LATIN": ("en", "de", "fr", "es", "it", "pt", "nl", "da", "no", "sv", "fi", OTHER),
    "CYRILLIC": ("ru", OTHER),
    "GREEK": ("el", OTHER),
    "ARABIC": ("ar", "fa", OTHER),
    "DEVANAGARI": ("hi", OTHER),
}
"""The languages that a word may be of, by its first letter's script."""

_PAIRED = "\u0e00-\u0e7f\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff"
"""Characters of scripts that are compared in pairs."""
_IS_PAIRED = re.compile(f"[{_PAIRED}]")
_WORD = re.compile(
    rf"""(?P<paired>[{_PAIRED}]+)
      | (?P<letters>(?:[^\W\d_]\.){{2,}})                    # U.S.
      | (?P<number>\d+(?:[.,]\d+)*(?![^\W\d_]))
      | (?P<word>(?:(?![{_PAIRED}])[^\W_])[^\W_{_PAIRED}]*(?:['’ʼ][^\W_]+)*)
    """,
    re.VERBOSE,
)
_POSSESSIVE = re.compile(r"['’ʼ]s?$", re.IGNORECASE)
_ELISION = re.compile(
    r"^(?:[cdjlmnst]|qu|jusqu|lorsqu|puisqu|un|all|dall|dell|nell|sull|quest|quell)['’ʼ](?=.)"
)
"""French "l'état" and Italian "dell'Italia" without their article."""
_ELIDING = ("fr", "it")
_APART = str.maketrans(
    {
        "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i",
        "ħ": "h", "ŧ": "t", "ə": "a", "'": "", "’": "", "ʼ": "", "ё": "е",
        "أ": "ا", "إ": "ا", "آ": "ا",
    }
)  # fmt: skip
"""Letters that Unicode does not take apart, and what they are searched as."""
_OWN = {"de": "äöü", "da": "åæø", "no": "åæø", "sv": "åäö", "fi": "åäö"}
"""Letters of a language that its rules need: an English text's are all folded first."""
_ARTICLE = "ال"
_ACCENTED = ("fr", "es", "it", "pt", "nl", "el")
"""Languages whose rules need accents."""


def base_language(tag: str | None) -> str:
    """Return the two letters of a language tag under which its words stand: "de-AT" is "de"."""
    base = (tag or "").split("-")[0].lower()
    base = SAME.get(base, base)
    return base if base in ALGORITHMS else OTHER


def words(text: str) -> Iterator[re.Match[str]]:
    """Yield the words of a text, in order; a run of Chinese characters is one."""
    return _WORD.finditer(text)


def folded(text: str, language: str) -> str:
    """Return the terms of a text, separated by blanks, as the index holds them.

    Args:
        text: in one language.
        language: see `base_language`.
    """
    return " ".join(filter(None, map(_chunks(language).__getitem__, text.split())))


class _Chunks(dict[str, str]):
    """The terms of what stands between two blanks, by its text: no word has a blank in it."""

    def __init__(self, language: str) -> None:
        self._language = language

    def __missing__(self, chunk: str) -> str:
        if len(self) >= REMEMBERED:
            self.clear()
        parts = (term for match in words(chunk) for term in terms(match.group(), self._language))
        found = " ".join(parts)
        return found if len(chunk) > LONGEST else self.setdefault(chunk, found)


_chunks = cache(_Chunks)


def folded_name(text: str) -> str:
    """Return a name without case and accents, as the index holds names: "recep tayyip erdogan"."""
    return " ".join(fold(_POSSESSIVE.sub("", match.group())) for match in words(text))


BREAK = "|"
"""A term that no text has: no phrase goes beyond it."""


def spoken_by(name: str) -> str:
    """Return the terms of a speaker's name, which differ from those of any text: "@angela"."""
    return " ".join(f"@{word}" for word in folded_name(name).split())


def terms(word: str, language: str) -> tuple[str, ...]:
    """Return the terms of one of `words` in a language.

    They are two where the accents make a difference to the stem, so that a word is found with
    accents and without: the stem of the word, and the stem of the word without accents.
    """
    if word[0].isdigit():
        return (OTHER + word.casefold().replace(",", ""),)
    if is_paired(word):
        pairs = [word[n : n + 2] for n in range(max(1, len(word) - 1))]
        return tuple(OTHER + pair for pair in pairs)
    return _spelt(word, language) if len(word) <= LONGEST else _spelt.__wrapped__(word, language)


@lru_cache(maxsize=1 << 17)
def _spelt(word: str, language: str) -> tuple[str, ...]:
    """Return the terms of a word in letters."""
    plain = _POSSESSIVE.sub("", word.casefold().replace(".", ""))
    if language in _ELIDING:
        plain = _ELISION.sub("", plain)
    if language == OTHER:
        return (OTHER + fold(plain),)
    stem = _stemmer(language)
    forms = (regular(form, language) for form in _forms(plain, language))
    return tuple(dict.fromkeys(language + fold(stem(form)) for form in forms))


def _forms(word: str, language: str) -> tuple[str, str]:
    """Return a word as its language's rules need it, and as people may also write it."""
    bare = fold(word)
    if language == "ar":  # Snowball cuts "elections" shorter with the article than without
        return bare, bare if bare.startswith(_ARTICLE) else _ARTICLE + bare
    return word if language in _ACCENTED else fold(word, _OWN.get(language, "")), bare


@lru_cache(maxsize=1 << 14)
def wanted(word: str) -> tuple[str, ...]:
    """Return the terms of a typed word in every language that is written with its letters."""
    languages = _languages(word)
    return tuple(dict.fromkeys(term for each in languages for term in terms(word, each)))


def by_language(word: str) -> tuple[str, ...]:
    """Return one term of a typed word in each language of its script, always in the same order."""
    return tuple(terms(word, each)[0] for each in _languages(word))


def is_paired(word: str) -> bool:
    """Return whether a word is of a script that is compared by pairs of characters."""
    return bool(_IS_PAIRED.match(word))


def beginnings(word: str) -> tuple[str, ...]:
    """Return what the terms of words that begin with a typed text begin with."""
    plain = fold(word.casefold().replace(".", ""))
    return tuple(language + plain for language in _languages(word))


def fold(word: str, keep: str = "") -> str:
    """Return a word without case and accents.

    Args:
        word: in any script; only Latin, Greek and Arabic lose their marks.
        keep: letters that stay as they are.
    """
    word = word.casefold()
    if word.isascii():
        return word.replace("'", "")
    return "".join(c if c in keep else _folded(c) for c in unicodedata.normalize("NFC", word))


@cache
def _folded(character: str) -> str:
    apart = unicodedata.normalize("NFKD", character)
    marked = "CYRILLIC" in unicodedata.name(character, "")  # й is a letter of its own
    plain = character if marked else "".join(c for c in apart if not unicodedata.combining(c))
    return plain.translate(_APART)


def _languages(word: str) -> tuple[str, ...]:
    """Return the languages that a typed word may be of; for numbers as many as for Latin words."""
    script = unicodedata.name(word[0], "").partition(" ")[0]
    if script in _SCRIPTS:
        return _SCRIPTS[script]
    return _SCRIPTS["LATIN"] if word[0].isdigit() else (OTHER,)


@cache
def _stemmer(language: str) -> Callable[[str], str]:
    stem: Callable[[str], str] = Stemmer.Stemmer(ALGORITHMS[language]).stemWord
    return stem
