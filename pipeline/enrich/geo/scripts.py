"""Places of a text in another script than Latin, by their names in its language.

The names are CLDR's: countries, continents, and the cities that time zones are named after; a few
that it lacks stand in data/scripts.toml. They are found as they are written, and behind the endings
of Slavic cases, the prefixes of Arabic and Hebrew, and before the particles of Korean. Nothing else
is known of these languages.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from pipeline.enrich.folding import fold
from pipeline.enrich.geo.gazetteer import Gazetteer, Sense, name_hash
from pipeline.enrich.geo.toponyms import Candidate

PROBABILITY = 0.85
LONGEST = 4
"""Words of a name."""
_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
_RUN = re.compile(r"[\u3005\u3040-\u30ff\u3400-\u9fff]{2,}")
"""Chinese and Japanese: no spaces."""
_KATAKANA = re.compile(r"[\u30a0-\u30ff]")
_LONGEST_RUN = 12
_SENTENCE = re.compile(r"(?:^|[.!?…:»\n]\s*|[«„\"(]\s*|[—–-]\s+)$")


@dataclass(frozen=True, slots=True)
class Script:
    """How names are written in a language; data/scripts.toml says what each field holds."""

    endings: tuple[str, ...] = ()
    cut: int = 0
    prefixes: tuple[str, ...] = ()
    particles: tuple[str, ...] = ()
    spaces: bool = True
    common: frozenset[str] = frozenset()
    names: Mapping[str, str] | None = None


@cache
def languages() -> Mapping[str, Script]:
    """Returns how names are written, by language."""
    raw = files("pipeline.enrich.geo").joinpath("data/scripts.toml").read_text(encoding="utf-8")
    return {
        language: Script(
            endings=tuple(table.get("endings", ())),
            cut=table.get("cut", 0),
            prefixes=tuple(table.get("prefixes", "").split()),
            particles=tuple(table.get("particles", "").split()),
            spaces=table.get("spaces", True),
            common=frozenset(map(fold, table.get("common", "").split())),
            names={fold(name): place for name, place in table.get("names", {}).items()},
        )
        for language, table in tomllib.loads(raw).items()
    }


def recognise(text: str, language: str, gazetteer: Gazetteer) -> list[Candidate]:
    """Returns the toponyms of a text in a language of `languages`, in order."""
    names = _Names(language, gazetteer)
    spans = _in_words(text, names) if names.script.spaces else _in_runs(text, names)
    return [
        Candidate(start, end, text[start:end], senses, ("script",), PROBABILITY)
        for start, end, senses in spans
    ]


Found = Iterator[tuple[int, int, tuple[Sense, ...]]]


class _Names:
    """The names of one language."""

    def __init__(self, language: str, gazetteer: Gazetteer) -> None:
        self.script = languages()[language]
        self._language, self._gazetteer = language, gazetteer
        self._hashes = gazetteer.hashes(language)

    def senses(self, name: str) -> tuple[Sense, ...]:
        """Returns the places of a name as it stands in a dictionary."""
        folded = fold(name)
        place = (self.script.names or {}).get(folded)
        if place is not None:
            return self._named(place)
        if name_hash(folded) not in self._hashes:
            return ()
        return tuple(s for s in self._gazetteer.lookup(name, self._language) if s.own)

    def _named(self, place: str) -> tuple[Sense, ...]:
        """Returns the place of "US" or "Beijing/CN"."""
        name, _, country = place.rpartition("/")
        if not name:
            entry = self._gazetteer.country(country)
            return (Sense(entry, "name", True),) if entry else ()
        found = [s for s in self._gazetteer.lookup(name) if s.entry.country == country]
        towns = [s for s in found if s.entry.feature.startswith("PPL")]
        return tuple((towns or found)[:1])

    def forms(self, word: str) -> Iterator[str]:
        """Yields a word without prefix, particle or case: first as it is written."""
        yield word
        script = self.script
        for cut in range(min(script.cut, len(word) - 3) + 1):
            stem = word[: len(word) - cut]
            yield from (stem + ending for ending in script.endings)
        for prefix in script.prefixes:
            if word.startswith(prefix) and len(word) > len(prefix) + 2:
                yield word[len(prefix) :]
                yield f"ال{word[len(prefix) :]}"
        for particle in script.particles:
            if word.endswith(particle) and len(word) > len(particle) + 1:
                yield word[: -len(particle)]


def _in_words(text: str, names: _Names) -> Found:
    """Yields the names of a text that parts its words by spaces, the longest first."""
    words = list(_WORD.finditer(text))
    cased = any(word[0][0].isupper() for word in words)
    at = 0
    while at < len(words):
        word = words[at]
        if (cased and not word[0][0].isupper()) or _follows_a_name(text, words, at, cased):
            at += 1
            continue
        last, senses = _longest(text, words, at, names)
        if senses:
            yield word.start(), words[last].end(), senses
            at = last
        at += 1


def _follows_a_name(text: str, words: list[re.Match[str]], at: int, cased: bool) -> bool:
    """Returns True for a surname: behind a word with a capital that opens no sentence."""
    if not cased or not at or text[words[at - 1].end() : words[at].start()] != " ":
        return False
    before = words[at - 1]
    return before[0][0].isupper() and not _SENTENCE.search(text[: before.start()][-6:])


def _longest(
    text: str, words: list[re.Match[str]], at: int, names: _Names
) -> tuple[int, tuple[Sense, ...]]:
    """Returns the index of the last word of a name that begins at a word, and its places."""
    for last in range(min(at + LONGEST, len(words)) - 1, at - 1, -1):
        gaps = (
            text[a.end() : b.start()] for a, b in zip(words[at:last], words[at + 1 :], strict=False)
        )
        if any(gap not in (" ", "\u00a0", "-") for gap in gaps):
            continue
        whole = text[words[at].start() : words[last].end()]
        if at == last and fold(whole) in names.script.common:
            continue
        for form in _phrases([word[0] for word in words[at : last + 1]], names):
            if senses := names.senses(form):
                return last, senses
    return at, ()


def _phrases(words: list[str], names: _Names) -> Iterator[str]:
    """Yields what a phrase may be in a dictionary: one word changed, or the first and the last."""
    if len(words) == 1:
        yield from names.forms(words[0])
        return
    yield " ".join(words)
    first = list(names.forms(words[0]))
    rest = " ".join(words[1:-1])
    middle = f" {rest} " if rest else " "
    for last in names.forms(words[-1]):
        yield from (f"{form}{middle}{last}" for form in first)


def _in_runs(text: str, names: _Names) -> Found:
    """Yields the names of a text without spaces, the longest first."""
    for run in _RUN.finditer(text):
        at, end = run.span()
        while at < end - 1:
            for stop in range(min(end, at + _LONGEST_RUN), at + 1, -1):
                if _is_torn(text, at, stop):
                    continue
                if senses := names.senses(text[at:stop]):
                    yield at, stop, senses
                    at = stop - 1
                    break
            at += 1


def _is_torn(text: str, start: int, end: int) -> bool:
    """Returns True where a word in katakana goes on beyond a span."""
    before, first = text[start - 1 : start] if start else "", text[start]
    last, after = text[end - 1], text[end : end + 1]
    return bool(
        (_KATAKANA.match(before) and _KATAKANA.match(first))
        or (_KATAKANA.match(last) and _KATAKANA.match(after))
    )
