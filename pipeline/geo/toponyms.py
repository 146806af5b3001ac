"""Toponyms of a text: spans that may name a place, and how likely each does.

Every run of capitalised words that the gazetteer knows is a candidate, and so is every span
that the model takes for a place. A logistic model over the features below, with the weights
in data/recognition.toml, says how likely a candidate is to be a toponym.
"""

from __future__ import annotations

import math
import re
import tomllib
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from pipeline.geo.gazetteer import Gazetteer, Sense
from pipeline.geo.names import WORD, fold
from pipeline.mentions import RawMention

PLACE_LABELS = frozenset({"GPE", "LOC", "FAC"})
_LONGEST = 7
_GAPS = frozenset(
    {" ", "-", "‐", "‑", "–", "\n", ". ", "\u00a0", "/", "'", "’", ".\n", "  ", ", ", " & ", "&"}
)
_SENTENCE_END = re.compile(r"(?:[.!?:;]['\"”’)]*\s+|\n\s*|^\s*|[“\"]\s*|[•*–—-]\s+)$")


@cache
def word_lists() -> Mapping[str, frozenset[str]]:
    """The word lists of data/words.toml."""
    raw = files("pipeline.geo").joinpath("data/words.toml").read_text(encoding="utf-8")
    return {name: frozenset(words) for name, words in tomllib.loads(raw).items()}


@cache
def weights(name: str) -> Mapping[str, float]:
    """The weights of a model, as `python -m tests.evaluation.train` wrote them."""
    raw = files("pipeline.geo").joinpath(f"data/{name}.toml").read_text(encoding="utf-8")
    table: dict[str, float] = tomllib.loads(raw)["weights"]
    return table


@dataclass(frozen=True, slots=True)
class Candidate:
    """A span that may be a toponym."""

    start: int
    end: int
    text: str
    senses: tuple[Sense, ...]
    """Empty for a span that only the model takes for a place."""
    features: tuple[str, ...] = ()
    probability: float = 0.0

    @property
    def demonym(self) -> bool:
        """True where the text names the people of a place, not the place."""
        return bool(self.senses) and all(s.kind == "demonym" for s in self.senses)


def recognise(
    text: str, named: Sequence[RawMention], gazetteer: Gazetteer, threshold: float = 0.5
) -> list[Candidate]:
    """The toponyms of one text, in order, none overlapping another."""
    table = weights("recognition")
    scored = []
    for candidate in candidates(text, named, gazetteer):
        z = sum(table.get(f, 0.0) for f in candidate.features)
        probability = 1 / (1 + math.exp(-max(-30.0, min(30.0, z))))
        if probability >= threshold:
            scored.append((probability, candidate))
    scored.sort(key=lambda pair: (-pair[0], -(pair[1].end - pair[1].start), pair[1].start))
    chosen: list[Candidate] = []
    taken: set[int] = set()
    for probability, c in scored:
        if taken.isdisjoint(range(c.start, c.end)):
            taken.update(range(c.start, c.end))
            chosen.append(Candidate(c.start, c.end, c.text, c.senses, c.features, probability))
    return sorted(chosen, key=lambda c: c.start)


def candidates(text: str, named: Sequence[RawMention], gazetteer: Gazetteer) -> list[Candidate]:
    """All spans of the text that may name a place, with their features."""
    view = _View(text, named)
    spans = {(s, e): senses for s, e, senses in _known(view, gazetteer)}
    for mention in named:
        if mention.label in PLACE_LABELS:
            spans.setdefault((mention.start, mention.end), ())
    ordered = sorted(spans.items())
    return [
        Candidate(s, e, text[s:e], senses, tuple(view.features(s, e, senses, spans, gazetteer)))
        for (s, e), senses in ordered
    ]


def _known(view: _View, gazetteer: Gazetteer) -> list[tuple[int, int, tuple[Sense, ...]]]:
    """Spans of capitalised words that the gazetteer knows."""
    text, words = view.text, view.words
    connectors, common = word_lists()["connectors"], word_lists()["common"]
    found = []
    for i, (start, first_end) in enumerate(words):
        if not text[start].isupper():
            continue
        longest = min(_LONGEST, gazetteer.longest(text[start:first_end]))
        last = i
        while last + 1 < len(words) and last + 1 - i < longest:
            gap_start, (next_start, next_end) = words[last][1], words[last + 1]
            word = text[next_start:next_end]
            gap = text[gap_start:next_start]
            if gap == ", " and word not in ("D.C", "DC"):
                break
            if gap not in _GAPS or not (word[0].isupper() or word.lower() in connectors):
                break
            last += 1
        for j in range(last, i - 1, -1):
            end = words[j][1]
            surface = text[start:end]
            senses = _senses(surface, text[end : end + 1] == ".", gazetteer)
            if j == i and surface.lower() in common:
                senses = tuple(s for s in senses if s.kind == "abbreviation")
            if senses:
                initials = re.search(r"\b[A-Za-z]\.[A-Za-z]$", surface)
                if text[end : end + 1] == "." and (initials or senses[0].kind == "abbreviation"):
                    end += 1
                found.append((start, end, senses))
    return found


def _senses(surface: str, point: bool, gazetteer: Gazetteer) -> tuple[Sense, ...]:
    """What the surface may mean, given its case and whether a point follows it."""
    senses = gazetteer.lookup(surface)
    if not senses:
        return ()
    bare = surface.replace(".", "")
    if len(bare) <= 3 and not bare.isupper():
        # "In" is not Indiana and "Us" not the country, but "Ga." is Georgia, "Ulm" Ulm.
        short = [s for s in senses if s.kind == "abbreviation" and point]
        whole = [
            s for s in senses
            if s.kind == "demonym" or (len(bare) == 3 and fold(s.entry.name) == fold(surface))
        ]  # fmt: skip
        return tuple(short or whole)
    if len(bare) <= 3 and bare.isupper():
        short = [s for s in senses if s.kind == "abbreviation"]
        return tuple(short) or senses
    if not point or len(bare) > 5:
        senses = tuple(s for s in senses if s.kind != "abbreviation") or senses
    return senses


def prominence(sense: Sense) -> float:
    """How likely a place is to be meant, all else unknown: a population, in powers of ten."""
    entry = sense.entry
    floor = {"PCLI": 6.5, "PCLD": 4.5, "CONT": 8.5, "OCN": 7.5, "SEA": 6.5, "ADM1": 5.5}
    base = math.log10(entry.population + 1)
    if entry.feature in floor:
        base = max(base, floor[entry.feature])
    elif entry.feature == "PPLC" and entry.population > 50_000:
        base = max(base, 6.3)
    elif entry.feature == "RGN":
        base = max(base, 6.0 if entry.id < 0 else 2.0)
    elif entry.population == 0 and not entry.feature.startswith(("PPL", "ADM")):
        base = 5.5
    return base


class _View:
    """One text, with what the features need to know of it as a whole."""

    def __init__(self, text: str, named: Sequence[RawMention]) -> None:
        self.text = text
        self.words = [m.span() for m in WORD.finditer(text)]
        self.word_at = {start: i for i, (start, _) in enumerate(self.words)}
        self.word_ending = {end: i for i, (_, end) in enumerate(self.words)}
        self.named = sorted(named)
        self.starts = [m.start for m in self.named]
        self.labels: dict[str, Counter[str]] = defaultdict(Counter)
        self.person_words: set[str] = set()
        for mention in named:
            self.labels[fold(mention.text)][mention.label] += 1
            if mention.label == "PERSON" and " " in mention.text:
                self.person_words.update(w.lower() for w in mention.text.split())
        self.lower = {text[s:e] for s, e in self.words if text[s].islower()}
        letters = [c for c in text[:2000] if c.isalpha()]
        self.shouting = bool(letters) and sum(c.isupper() for c in letters) > 0.8 * len(letters)
        self.cover: dict[int, RawMention] = {}
        for mention in self.named:
            for s, _ in self.words_in(mention.start, mention.end):
                self.cover[s] = mention

    def words_in(self, start: int, end: int) -> list[tuple[int, int]]:
        """The words of a span."""
        from bisect import bisect_left

        i = bisect_left(self.words, (start, 0))
        found = []
        while i < len(self.words) and self.words[i][0] < end:
            found.append(self.words[i])
            i += 1
        return found

    def word(self, i: int) -> str:
        """The i-th word, or nothing outside the text."""
        if 0 <= i < len(self.words):
            s, e = self.words[i]
            return self.text[s:e]
        return ""

    def features(
        self, start: int, end: int, senses: tuple[Sense, ...],
        spans: Mapping[tuple[int, int], Any], gazetteer: Gazetteer,
    ) -> list[str]:  # fmt: skip
        """Names of the features that hold for a span."""
        lists = word_lists()
        text, surface = self.text, self.text[start:end]
        inside = self.words_in(start, end)
        if not inside:
            return ["bias", "empty"]
        first, last = self.word_at[inside[0][0]], self.word_at[inside[-1][0]]
        out = ["bias"]
        ner = self._ner(start, end, inside)
        gaz = _gazetteer_class(senses)
        out += [f"ner:{ner}", f"gaz:{gaz}", f"gaz:{gaz}|{ner}"]
        if gaz == "demonym":
            out += self._demonym(last, end)
        if len(inside) > 1:
            out += ["words", f"words|{ner}"]
        if senses and all(s.kind in ("alternate", "former") for s in senses):
            out += ["alternate", f"alternate|{ner}"]
        before, after = self.word(first - 1), self.word(last + 1)
        gap_before = text[self.words[first - 1][1] : start] if first else "\n"
        gap_after = text[end : self.words[last + 1][0]] if last + 1 < len(self.words) else "\n"
        low_before, low_after = before.lower(), after.lower()
        starts = bool(_SENTENCE_END.search(text[max(0, start - 6) : start])) or start == 0
        if starts:
            out.append("starts")
        if low_before == "the" and gap_before == " ":
            out.append("the")
            low_before = self.word(first - 2).lower()
        if gap_before == " " or out[-1] == "the":
            if low_before in lists["within"]:
                out += ["within", f"within|{gaz}"]
            elif low_before in lists["prepositions"]:
                out += ["preposition"]
            if low_before in lists["titles"] and before[:1].isupper():
                out += ["title"]
            if low_before in lists["directions"]:
                out += ["direction"]
        if gap_before == " " and before[:1].isupper() and not self.shouting:
            out.append(
                "capital before"
                if first - 1 >= 0 and not self._initial(first - 1)
                else "initial before"
            )
        if gap_before in (". ", ".") and len(before) <= 3:
            out.append("point before")
        if gap_after == " " and after[:1].isupper() and not self.shouting:
            out.append("capital after")
            for kind in ("organisations", "facilities", "place_types"):
                if low_after in lists[kind]:
                    out += [f"{kind} after", f"{kind} after|{ner}"]
        elif gap_after == " " and low_after in lists["place_types"]:
            out.append("type after")
        if low_after in ("said", "says", "told", "added", "who", "whose") and gap_after == " ":
            out.append(f"speaks|{gaz}")
        if gap_before == "-":
            out.append("hyphen before")
        if gap_after == "-":
            out.append("hyphen after")
        if gap_after.startswith(("'", "’")):
            out.append("possessive")
        if gap_after == ", " and after[:1].isupper():
            out.append(self._container(last + 1, senses, gazetteer))
        if gap_before == ", ":
            out.append("comma before")
            if len(surface) == 2 and surface.isupper():
                out.append("code after comma")
        if len(surface) == 2 and surface.isupper():
            out.append("code")
        if surface.isupper() and len(surface) > 3 and not self.shouting:
            out.append("upper")
        key = surface.lower()
        if len(inside) == 1 and key in self.lower:
            out.append("lower elsewhere")
        if len(inside) == 1 and key in self.person_words:
            out += ["person's", f"person's|{ner}"]
        seen = self.labels.get(fold(surface))
        if seen:
            total = sum(seen.values())
            share = sum(seen[label] for label in ("GPE", "LOC", "NORP", "FAC")) / total
            out.append(
                "seen as place"
                if share > 0.6
                else "seen as other"
                if share < 0.3
                else "seen as both"
            )
            if seen["PERSON"] > total / 2:
                out.append("seen as person")
        final = inside[-1]
        if len(inside) > 1 and text[final[0] : final[1]].lower() in lists["facilities"]:
            out += ["ends as facility"]
        if len(inside) > 1 and text[final[0] : final[1]].lower() in lists["place_types"]:
            out += ["ends as place"]
        if any(
            s <= start and end <= e and (s, e) != (start, end)
            for s, e in self._longer(start, end, spans)
        ):
            out += ["inner", f"inner|{ner}"]
        return out

    def _demonym(self, last: int, end: int) -> list[str]:
        """Whether a demonym is an adjective, "Kenyan police", or a noun, "Kenyans"."""
        after = self.word(last + 1)
        gap = self.text[end : self.words[last + 1][0]] if after else ""
        plural = self.text[end - 1] == "s" and self.text[end - 2] not in "ies"
        if plural:
            return ["people"]
        if gap in (" ", "-", "\n") and after not in word_lists()["function"]:
            return ["adjective"]
        return ["people or adjective"]

    def _longer(
        self, start: int, end: int, spans: Mapping[tuple[int, int], Any]
    ) -> list[tuple[int, int]]:
        """Known spans that hold this one, from starts close by."""
        inside = self.words_in(start, end)
        first = self.word_at[inside[0][0]]
        last = self.word_at[inside[-1][0]]
        found = []
        for i in range(max(0, first - 3), first + 1):
            for j in range(last, min(len(self.words), last + 4)):
                s, e = self.words[i][0], self.words[j][1]
                if spans.get((s, e)):
                    found.append((s, e))
        return found

    def _initial(self, i: int) -> bool:
        """Whether a word stands at the start of a sentence."""
        start = self.words[i][0]
        return bool(_SENTENCE_END.search(self.text[max(0, start - 6) : start])) or start == 0

    def _ner(self, start: int, end: int, inside: list[tuple[int, int]]) -> str:
        """How the model labels the span: exactly, as part of a longer one, or not at all."""
        covering = {self.cover[s] for s, _ in inside if s in self.cover}
        if not covering:
            return "none"
        if len(covering) > 1:
            return "across"
        mention = covering.pop()
        if mention.start >= start and mention.end <= end:
            same = mention.start == start and mention.end in (end, end - 1, end + 1)
            return mention.label if same else f"over {mention.label}"
        position = "first" if mention.start == start else "last" if mention.end <= end else "mid"
        return f"{position} in {mention.label}"

    def _container(self, i: int, senses: tuple[Sense, ...], gazetteer: Gazetteer) -> str:
        """Whether the words after a comma name a division or country that holds the place."""
        for length in (3, 2, 1):
            if i + length <= len(self.words):
                s, e = self.words[i][0], self.words[i + length - 1][1]
                around = _senses(self.text[s:e], self.text[e : e + 1] == ".", gazetteer)
                if any(holds(a, b) for a in around for b in senses):
                    return "in container"
                if around:
                    return "comma place"
        return "comma capital"


def holds(outer: Sense, inner: Sense) -> bool:
    """Whether one place lies in the other, by the gazetteer's divisions."""
    a, b = outer.entry, inner.entry
    if a.feature.startswith("PCL"):
        return a.country == b.country and a.row != b.row
    return a.row in (b.admin1, b.admin2)


def _gazetteer_class(senses: tuple[Sense, ...]) -> str:
    if not senses:
        return "unknown"
    if all(s.kind == "demonym" for s in senses):
        return "demonym"
    best = max((s for s in senses if s.kind != "demonym"), key=prominence)
    feature, population = best.entry.feature, best.entry.population
    if feature.startswith("PCL"):
        return "country"
    if feature == "ADM1":
        return "first division" if best.kind != "alternate" else "first division's other name"
    if feature.startswith("ADM"):
        return "division"
    if feature.startswith("PPL"):
        for limit, name in ((1e6, "metropolis"), (1e5, "city"), (15e3, "town")):
            if population >= limit:
                return name
        return "village"
    if feature in ("RGN", "CONT"):
        return "region" if best.entry.population or best.entry.id < 0 else "small region"
    return "natural"
