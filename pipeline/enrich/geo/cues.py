"""Cues: what speaks for or against a span being a toponym, as names of features.

The cues are made of the gazetteer's class of the name, the model's label of the span, the
words beside it, and what the same name is elsewhere in the text. None is a word of a text.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass
from sys import intern
from typing import NamedTuple

from pipeline.enrich import lexicon
from pipeline.enrich.folding import WORD, fold
from pipeline.enrich.geo.gazetteer import Sense
from pipeline.enrich.mentions import RawMention
from pipeline.enrich.mentions import Span as Found
from pipeline.wire.labels import PLACES, Label

_SENTENCE_END = re.compile(r"(?:[.!?:;]['\"”’)]*\s+|\n\s*|[“\"]\s*|[•*–—-]\s+)$")
_AND = frozenset({"and", "or"})


@dataclass(frozen=True, slots=True)
class Span:
    """Words of the text that may name a place."""

    first: int
    last: int
    start: int
    end: int
    senses: tuple[Sense, ...]
    kind: str
    """The gazetteer's class of the name."""
    inner: bool = False
    """Part of a longer name that the gazetteer knows: "York" of "New York"."""


class View:
    """One paragraph with the model's spans in it, looked at word by word."""

    def __init__(self, text: str, named: Sequence[Found]) -> None:
        self.text = text
        self.words = [m.span() for m in WORD.finditer(text)]
        self.starts = [start for start, _ in self.words]
        self.begins = len(text) - len(text.lstrip())
        self.cover: dict[int, Found] = {}
        """The model's span that each word is in."""
        for found in named:
            for i in self.within(found[0], found[1]):
                self.cover[i] = found
        self.classes: dict[int, str] = {}
        """The gazetteer's class of the known name that ends at a word."""

    def within(self, start: int, end: int) -> range:
        """Returns the indices of the words that begin between two offsets."""
        return range(bisect_left(self.starts, start), bisect_left(self.starts, end))

    def word(self, i: int) -> str:
        """Returns the i-th word, or an empty string outside the text."""
        if 0 <= i < len(self.words):
            start, end = self.words[i]
            return self.text[start:end]
        return ""

    def gap_before(self, i: int) -> str:
        """Returns the characters between a word and the one before it."""
        return self.text[self.words[i - 1][1] : self.words[i][0]] if i else "\n"

    def opens(self, start: int) -> bool:
        """Returns whether a sentence, line or quotation begins at an offset."""
        return start <= self.begins or bool(
            _SENTENCE_END.search(self.text[max(0, start - 6) : start])
        )

    def lower(self) -> frozenset[str]:
        """Returns the words of the text in lower case."""
        words = (self.text[start:end] for start, end in self.words)
        return frozenset(intern(word) for word in words if word.islower())


class Cues(NamedTuple):
    """The names of the cues that a span's paragraph gives, but for what is elsewhere."""

    near: tuple[str, ...]
    shape: tuple[str, ...]
    label: str
    """How the model labels the span."""
    single: bool
    """It is one word."""


def cues(view: View, span: Span, inside_next: str | None) -> Cues:
    """Returns the cues that hold for a span where it stands.

    Args:
        inside_next: what follows a comma after the span: "in container", "comma place",
            "comma capital", or None.
    """
    kind = span.kind
    label = _label(view, span)
    out = ["bias", f"ner:{label}", f"gaz:{kind}", f"gaz:{kind}|{label}"]
    if span.last > span.first:
        out += ["words", f"words|{label}"]
    if span.senses and all(s.kind in ("alternate", "former") for s in span.senses):
        out += ["alternate", f"alternate|{label}"]
    if span.inner:
        out += ["inner", f"inner|{label}"]
    if kind == "demonym":
        out.append(_demonym(view, span))
    if inside_next is not None:
        out.append(inside_next)
    _before(view, span, kind, out)
    _after(view, span, kind, label, out)
    _listed(view, span, out)
    # Kept for long, and made of few words: see `pipeline.enrich.paragraphs`.
    shape = tuple(map(intern, _shape(view, span, "comma before" in out)))
    return Cues(tuple(map(intern, out)), shape, intern(label), span.first == span.last)


class Elsewhere:
    """What names are in the rest of a text.

    Args:
        named: the model's mentions.
        lower: the text's words in small letters.
    """

    def __init__(self, named: Iterable[RawMention], lower: Set[str]) -> None:
        self._lower = lower
        self._labels: dict[str, Counter[str]] = defaultdict(Counter)
        """How often the model gives each name each label."""
        self._given_names: set[str] = set()
        self._surnames: set[str] = set()
        for mention in named:
            self._labels[fold(mention.text)][mention.label] += 1
            if mention.label == Label.PERSON and " " in mention.text:
                *given, surname = mention.text.lower().split()
                self._given_names.update(given)
                self._surnames.add(surname)

    def cues(self, surface: str, here: Cues) -> list[str]:
        """Returns the names of the cues that hold for a span, by its words and own cues."""
        out: list[str] = []
        if here.single:
            low = surface.lower()
            if low in self._lower:
                out.append("lower elsewhere")
            if low in self._surnames:
                out += ["surname", f"surname|{here.label}"]
                # "in Lincoln", "Lincoln, Nebraska": placed by what stands beside it.
                if "within" not in here.near and "in container" not in here.near:
                    out.append("surname, not within")
            elif low in self._given_names:
                out += ["given name", f"given name|{here.label}"]
        seen = self._labels.get(fold(surface))
        if seen:
            placed = sum(n for name, n in seen.items() if name in PLACES or name == Label.NORP)
            share = placed / seen.total()
            out.append(
                "seen as place"
                if share > 0.6
                else "seen as other"
                if share < 0.3
                else "seen as both"
            )
            if seen[Label.PERSON] > seen.total() / 2:
                out.append("seen as person")
        return out


def _label(view: View, span: Span) -> str:
    """Returns how the model labels the span: exactly, as part of a longer one, or not at all."""
    covering = {view.cover[i] for i in range(span.first, span.last + 1) if i in view.cover}
    if not covering:
        return "none"
    if len(covering) > 1:
        return "across"
    start, end, name = covering.pop()
    if start >= span.start and end <= span.end + 1:
        # A mention has lost its possessive, and with it the end of "St. John's".
        rest = view.text[end : span.end]
        same = start == span.start and (len(rest) <= 1 or rest in ("'s", "’s"))
        return name if same else f"over {name}"
    position = "first" if start == span.start else "last" if end <= span.end + 1 else "mid"
    return f"{position} in {name}"


def _demonym(view: View, span: Span) -> str:
    """Returns how a demonym is used: as an adjective, "Kenyan police", or a noun, "Kenyans"."""
    surface = view.text[span.start : span.end]
    if surface.endswith("s") and not surface.endswith(("ss", "ois")):
        return "people"
    after = view.word(span.last + 1)
    noun = after.lower() in lexicon.cues().after_people
    if after and not noun and view.gap_before(span.last + 1) in (" ", "-", "\n"):
        return "adjective"
    return "people or adjective"


def _before(view: View, span: Span, kind: str, out: list[str]) -> None:
    lists = lexicon.cues()
    before, gap = view.word(span.first - 1), view.gap_before(span.first)
    at = span.first - 1
    if view.opens(span.start):
        out.append("opens")
    if gap == " " and before.lower() == "the":
        out.append("the")
        at -= 1
        before = view.word(at)
    low = before.lower()
    if gap == " ":
        if low in lists.place_within:
            out += ["within", f"within|{kind}"]
        elif low in lists.place_prepositions:
            out.append("preposition")
        elif low in lists.directions:
            out.append("direction")
        if before[:1].isupper():
            opening = at >= 0 and view.opens(view.words[at][0])
            out.append("opening capital before" if opening else "capital before")
    if gap in (" ", ". ") and low in lists.place_titles and before[:1].isupper():
        out.append("title")
    elif gap == ". " and len(before) <= 3:
        out.append("initial before")
    elif gap == "-":
        out.append("hyphen before")
    elif gap == ", ":
        out.append("comma before")


def _after(view: View, span: Span, kind: str, label: str, out: list[str]) -> None:
    lists = lexicon.cues()
    after = view.word(span.last + 1)
    gap = view.text[span.end : view.words[span.last + 1][0]] if after else "\n"
    low = after.lower()
    if gap == " " and after[:1].isupper():
        out += ["capital after", f"capital after|{label}"]
        for name, words in (
            ("organisations", lists.place_organisations),
            ("facilities", lists.place_facilities),
            ("place_types", lists.place_types),
        ):
            if low in words:
                out += [f"{name} after", f"{name} after|{label}"]
    elif gap == " ":
        if low in lists.place_types:
            out.append("type after")
        elif low in lists.speaks:
            out.append(f"speaks|{kind}")
    elif gap == "-":
        out.append("hyphen after")
    elif gap.startswith(("'", "’")):
        out.append("possessive")


def _listed(view: View, span: Span, out: list[str]) -> None:
    """Adds the cue of a neighbour in a list that is a place: "Hama and Daraa", "Hama, Idlib"."""
    at, gap = span.first - 1, view.gap_before(span.first)
    if gap == " " and view.word(at).lower() in _AND and at > 0:
        gap = view.gap_before(at)
        at -= 1
        gap = ", " if gap in (" ", ", ") else gap
    if at >= 0 and gap == ", ":
        _neighbour(view, at, "after", out)
    at = span.last + 1
    if at < len(view.words):
        gap = view.text[span.end : view.words[at][0]]
        if gap in (" ", ", ") and view.word(at).lower() in _AND:
            at += 1
            gap = ", "
        if at < len(view.words) and gap == ", ":
            _neighbour(view, at, "before", out)


def _neighbour(view: View, i: int, side: str, out: list[str]) -> None:
    found = view.cover.get(i)
    if found is not None:
        what = "a place" if found[2] in PLACES else found[2]
        out.append(f"listed {side} {what}")
    elif view.classes.get(i) in ("country", "first division", "metropolis", "city"):
        out.append(f"listed {side} a place")


def _shape(view: View, span: Span, after_comma: bool) -> list[str]:
    surface = view.text[span.start : span.end]
    out: list[str] = []
    if len(surface) == 2 and surface.isupper():
        out.append("code after comma" if after_comma else "code")
    elif surface.isupper() and len(surface) > 3:
        out.append("upper")
    if span.last > span.first:
        final = view.word(span.last).lower()
        lists = lexicon.cues()
        for name, words in (
            ("facilities", lists.place_facilities),
            ("place_types", lists.place_types),
        ):
            if final in words:
                out.append(f"ends in {name}")
    return out
