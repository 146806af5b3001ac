"""Toponyms of a text in another language than English, with or without a model for it.

Every run of words that begins with a capital and that the gazetteer knows in the language is a
candidate, and so is every place that a model finds. A candidate is scored by what the gazetteer
says of the name and by the words beside it. The word lists are in data/languages.toml, the scores
below: they are few, and set by hand on stories of our own.
"""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cache
from importlib.resources import files

from pipeline.enrich import lexicon
from pipeline.enrich.geo import peoples
from pipeline.enrich.geo.gazetteer import Gazetteer, Sense
from pipeline.enrich.geo.places import entry_class, prominence
from pipeline.enrich.geo.toponyms import Candidate
from pipeline.enrich.mentions import RawMention
from pipeline.wire import dateline
from pipeline.wire.labels import PLACES, Label

WORD = re.compile(r"[^\W_]+(?:\.[^\W_]+)*")
"""A word. An apostrophe parts two: "l'Allemagne"."""
LONGEST = 5
_GAPS = frozenset({" ", "\u00a0", "-", "‐", "‑", "–", "'", "’", ". ", ", "})
_APOSTROPHES = frozenset({"'", "’"})
_HYPHENS = frozenset({"-", "‐", "‑"})
_OPENING = re.compile(r"(?:^|[.!?:;][\"'»”’)\]]*\s+|\n\s*|[«„“\"‘(]\s*|[–—-]\s+)$")
_CLASSES = {"country": 2.5, "capital": 1.5, "first division": 0.8, "region": 0.5}
_SIZES = ((1e6, 1.2), (1e5, 0.7), (15e3, 0.0), (3e3, -1.0), (0, -2.0))
"""People from which on a town is so likely to be meant."""


@dataclass(frozen=True, slots=True)
class Language:
    """The word lists of one language; data/languages.toml says what each one holds."""

    home: frozenset[str]
    within: frozenset[str]
    titles: frozenset[str]
    bodies: frozenset[str]
    features: frozenset[str]
    openers: frozenset[str]
    genitive: frozenset[str] = frozenset()
    articles: frozenset[str] = frozenset()


@cache
def languages() -> Mapping[str, Language]:
    """Returns the word lists by language."""
    raw = files("pipeline.enrich.geo").joinpath("data/languages.toml").read_text(encoding="utf-8")
    return {
        name: Language(
            **{
                f.name: frozenset(value.split())
                for f in fields(Language)
                if (value := table.get(f.name)) is not None
            }
        )
        for name, table in tomllib.loads(raw).items()
    }


def recognise(
    text: str, language: str, named: Sequence[RawMention], gazetteer: Gazetteer
) -> list[Candidate]:
    """Returns the toponyms of a text, in order, none overlapping another.

    Args:
        text: one field of a story.
        language: a language of `languages`.
        named: what a model finds in the text; empty without a model.
        gazetteer: names and places.
    """
    reader = _Reader(text, language, named, gazetteer)
    scored = [c for c in reader.candidates() if c.accepted]
    scored += peoples.recognise(text, language, gazetteer)
    scored.sort(key=lambda c: (c.start - c.end, -c.probability, c.start))
    chosen: list[Candidate] = []
    taken: set[int] = set()
    for c in scored:
        if taken.isdisjoint(range(c.start, c.end)):
            taken.update(range(c.start, c.end))
            chosen.append(c)
    return sorted(chosen, key=lambda c: c.start)


class _Reader:
    """One text, read word by word."""

    def __init__(
        self, text: str, language: str, named: Sequence[RawMention], gazetteer: Gazetteer
    ) -> None:
        self.text, self.language, self.gazetteer = text, language, gazetteer
        self.lists = languages()[language]
        self.named = named
        self.words = [m.span() for m in WORD.finditer(text)]
        self.lower = {w for w in map(self.word, range(len(self.words))) if w.islower()}
        self.cover = {
            at: mention
            for mention in named
            for at, (start, _) in enumerate(self.words)
            if mention.start <= start < mention.end
        }
        self.people = self._people()
        filed = dateline.printed_in(text)
        self.dateline = filed.place_end if filed else 0

    def word(self, i: int) -> str:
        if 0 <= i < len(self.words):
            start, end = self.words[i]
            return self.text[start:end]
        return ""

    def gap(self, i: int) -> str:
        """Returns what stands before a word."""
        return self.text[self.words[i - 1][1] : self.words[i][0]] if i else "\n"

    def opens(self, i: int) -> bool:
        """Returns True where a sentence, line or quotation begins with the word."""
        start = self.words[i][0]
        return bool(_OPENING.search(self.text[max(0, start - 6) : start]))

    def _people(self) -> set[str]:
        """Returns the surnames of people whom the text names in full, or with a title."""
        found = {
            m.text.split()[-1].lower()
            for m in self.named
            if m.label == Label.PERSON and " " in m.text
        }
        for i in range(1, len(self.words)):
            word = self.word(i)
            if word[0].isupper() and self.gap(i) == " " and self._names_a_person(i - 1):
                found.add(word.lower())
        return found

    def _names_a_person(self, i: int) -> bool:
        """Returns True for a given name or a title, after which a surname may stand."""
        word = self.word(i)
        low = word.lower()
        if low in self.lists.titles:
            return True
        return (
            word[:1].isupper()
            and low in lexicon.given_names()
            and not self._is_place(word)
            and low not in self.lists.openers
        )

    def _is_place(self, word: str) -> bool:
        """Returns True for the name of a country or of a city of a million inhabitants."""
        return any(
            s.entry.feature.startswith("PCL") or s.entry.population > 1_000_000
            for s in self.gazetteer.lookup(word, self.language)
            if s.kind == "name"
        )

    def candidates(self) -> Iterator[Candidate]:
        """Yields every span that may name a place, nested ones too."""
        found: set[tuple[int, int]] = set()
        for i in range(len(self.words)):
            word = self.word(i)
            if not (word[0].isupper() or word in self.lists.features):
                continue
            for j in self._ends(i):
                start, end = self.words[i][0], self.words[j][1]
                surface = self.text[start:end]
                senses = self._senses(surface, single=i == j)
                if "." in surface and self.text[end : end + 1] == ".":
                    end += 1
                if senses and (word[0].isupper() or any(s.own for s in senses)):
                    found.add((start, end))
                    yield self._candidate(i, j, start, end, senses)
        for mention in self.named:
            span = mention.start, mention.end
            if mention.label in PLACES and span not in found:
                yield Candidate(*span, mention.text, (), ("model",), 0.7)

    def _ends(self, i: int) -> Iterator[int]:
        """Yields the last words that a name which begins with a word may have."""
        start = self.words[i][0]
        longest = self.gazetteer.longest(self.word(i))
        if i + 1 < len(self.words) and self.gap(i + 1) in _APOSTROPHES:
            longest = max(
                longest + 1, self.gazetteer.longest(self.text[start : self.words[i + 1][1]]) + 1
            )
        if self.lists.genitive and self.word(i).endswith("s"):
            longest = max(longest, self.gazetteer.longest(self.word(i)[:-1]))
        yield i
        for j in range(i + 1, min(i + max(longest, 1) + 1, i + LONGEST, len(self.words))):
            if self.gap(j) not in _GAPS:
                return
            yield j

    def _senses(self, surface: str, single: bool) -> tuple[Sense, ...]:
        senses = self._read(surface)
        if self.lists.genitive and surface.endswith("s") and not any(s.own for s in senses):
            bare = self._read(surface[:-1].rstrip("'’"))
            senses += tuple(s for s in bare if prominence(s.entry) > 4)
        last = surface.split()[-1]
        if last[0].islower() and last not in lexicon.cues().place_connectors:
            senses = tuple(s for s in senses if s.own)
        if single and len(surface.replace(".", "")) <= 3 and surface.isupper():
            senses = tuple(s for s in senses if s.entry.feature.startswith(("PCL", "RGN")))
        return senses

    def _read(self, surface: str) -> tuple[Sense, ...]:
        return tuple(
            s
            for s in self.gazetteer.lookup(surface, self.language)
            if s.kind in ("name", "former", "alternate")
        )

    def _candidate(
        self, i: int, j: int, start: int, end: int, senses: tuple[Sense, ...]
    ) -> Candidate:
        score = self._name(senses, i, j) + self._beside(i, j) + self._model(i, j)
        probability = 1 / (1 + math.exp(-max(-30.0, min(30.0, score))))
        return Candidate(start, end, self.text[start:end], senses, ("foreign",), probability)

    def _name(self, senses: Sequence[Sense], i: int, j: int) -> float:
        """Returns what the gazetteer says of the name."""
        score = max(map(self._sense, senses))
        if i < j:
            return score + 1.0
        low = self.word(i).lower()
        own = any(s.own for s in senses)
        if low in self.lists.openers:
            score -= 6.0
        if low in self.lower:
            score -= 2.0
        if low in lexicon.given_names() and not own:
            score -= 0.8
        if self.lists.articles and not own:
            plain = self.word(i - 1).lower() not in self.lists.within
            score -= 0.6 if plain else 0.0
            score -= 1.5 if self.word(i - 1).lower() in self.lists.articles else 0.0
        if len(low) <= 3 and not own:
            score -= 1.5
        return score

    def _sense(self, sense: Sense) -> float:
        """Returns how likely a place is to be in the news, in log odds."""
        entry = sense.entry
        score = _CLASSES.get(entry_class(entry), 0.0)
        if entry.feature.startswith(("PPL", "ADM2", "ADM3", "ADM4", "ADMD")):
            score += next(worth for least, worth in _SIZES if entry.population >= least)
            if entry.country in self.lists.home:
                score += 0.7
        if sense.own:
            score += 1.5
        elif sense.kind == "alternate":
            score -= 0.6
        return score

    def _beside(self, i: int, j: int) -> float:
        """Returns what the words beside the name say."""
        if self.words[i][0] < self.dateline:
            return 2.5
        score = self._before(i) + self._after(i, j)
        if self.word(j).lower() in self.people and self.word(j).lower() not in self.lists.within:
            score -= 2.5
        return score

    def _before(self, i: int) -> float:
        lists, word, gap = self.lists, self.word(i - 1), self.gap(i)
        low = word.lower()
        if gap in _APOSTROPHES:
            return 0.7 if len(word) <= 5 else 0.0
        if gap in _HYPHENS:
            return -2.0
        if gap == ". " and len(word) <= 2 and word[:1].isupper():
            return -3.0
        score = -0.7 if self.opens(i) else 0.0
        if gap != " ":
            return score
        if low in lists.within:
            score += 1.5
        if low in lists.titles:
            score -= 3.0
        elif low in lists.bodies:
            score -= 2.5
        elif word[:1].isupper() and low not in lists.openers:
            score -= 3.0 if self._names_a_person(i - 1) else 0.5 if lists.articles else 2.0
        return score

    def _after(self, i: int, j: int) -> float:
        lists, word = self.lists, self.word(j + 1)
        gap = self.gap(j + 1) if word else "\n"
        if gap in _HYPHENS:
            return -2.0
        if gap != " " or not word[:1].isupper():
            return 0.0
        if word.lower() in lists.bodies:
            return -2.5
        if i == j and self.word(i).lower() in lexicon.given_names():
            return -3.0
        return -0.5 if lists.articles else -1.5

    def _model(self, i: int, j: int) -> float:
        """Returns what the model says of the span; nothing without a model."""
        if not self.named:
            return 0.0
        found = {id(self.cover[k]): self.cover[k] for k in range(i, j + 1) if k in self.cover}
        if not found:
            return -0.3
        [mention, *more] = found.values()
        same = mention.start == self.words[i][0] and mention.end >= self.words[j][1]
        if mention.label in PLACES:
            return 3.0 if same and not more else 0.0
        return -2.0
