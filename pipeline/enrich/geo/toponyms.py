"""Toponyms of a text: spans that may name a place, and how likely each does.

Every run of capitalised words that the gazetteer knows is a candidate, and so is every span
that the model takes for a place. A paragraph is looked at by itself, and remembered; what its
names are in the rest of the text is added. A logistic model over `pipeline.enrich.geo.cues`, with
the weights in data/recognition.toml, says how likely a candidate is to be a toponym.
"""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from pipeline.enrich import lexicon
from pipeline.enrich.folding import fold
from pipeline.enrich.geo.cues import Cues, Elsewhere, Span, View, cues
from pipeline.enrich.geo.gazetteer import Gazetteer, Sense
from pipeline.enrich.geo.places import gazetteer_class, holds
from pipeline.enrich.mentions import RawMention
from pipeline.enrich.mentions import Span as Found
from pipeline.enrich.paragraphs import paragraphs, remembered
from pipeline.wire.labels import PLACES

THRESHOLD = 0.5
_LONGEST = 7
_GAPS = frozenset(
    {" ", "\u00a0", "  ", "\n", "-", "‐", "‑", "–", "/", "'", "’", ". ", ".\n", ", ", " & ", "&"}
)
"""What may stand between two words of one name."""
_BEFORE_CODES = frozenset({", ", " ", ",\n", "\n"})
_SHORT = frozenset({"abbreviation", "code"})
_ELIDED = re.compile(r"[a-z]{1,2}['’][A-Z]")
"""The second word of "Coeur d'Alene"."""
_SAYS_PLACE = frozenset({"ner:GPE", "ner:LOC", "in container", "within"})
_POSSESSIVE = ("'s", "’s")
SHARED_HEAD = re.compile(
    r"(?:,? (?:and |or )?[A-Z][\w.'’-]*(?: [A-Z][\w.'’-]*)?){0,6} (?:counties|parishes)\b"
)
"""What follows "Pierce" in "Pierce and Wayne counties"."""
_INITIALS = re.compile(r"\b[A-Za-z]\.[A-Za-z]$")


@cache
def weights(name: str) -> Mapping[str, float]:
    """Returns the weights of a model, as `python -m tests.evaluation.train` wrote them."""
    raw = files("pipeline.enrich.geo").joinpath(f"data/{name}.toml").read_text(encoding="utf-8")
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
    cues: tuple[str, ...] = ()
    probability: float = 1.0

    @property
    def demonym(self) -> bool:
        """Returns True where the text names the people of a place, not the place."""
        return bool(self.senses) and all(s.kind == "demonym" for s in self.senses)

    @property
    def accepted(self) -> bool:
        """Returns False for a candidate that is only evidence of what the text is about."""
        return self.probability >= THRESHOLD


def recognise(
    text: str,
    named: Sequence[RawMention],
    gazetteer: Gazetteer,
    table: Mapping[str, float] | None = None,
) -> list[Candidate]:
    """Returns the toponyms of one text, in order, none overlapping another.

    Demonyms that are no toponyms ("thousands of Kenyans") are in the list too, not
    `accepted`: they say which country a text is about.
    """
    table = weights("recognition") if table is None else table
    scored = []
    for c in candidates(text, named, gazetteer):
        z = sum(table.get(cue, 0.0) for cue in c.cues)
        probability = 1 / (1 + math.exp(-max(-30, min(30, z))))
        if all(s.kind == "alternate" for s in c.senses) and c.senses and not _confirmed(c.cues):
            continue
        scored.append(Candidate(c.start, c.end, c.text, c.senses, c.cues, probability))
    scored.sort(key=lambda c: (-c.probability, c.start - c.end, c.start))
    chosen: list[Candidate] = []
    taken: set[int] = set()
    for c in scored:
        informative = c.accepted or any(s.kind == "demonym" for s in c.senses)
        if informative and taken.isdisjoint(range(c.start, c.end)):
            taken.update(range(c.start, c.end))
            chosen.append(c)
    return sorted(chosen, key=lambda c: c.start)


def _confirmed(cues: Sequence[str]) -> bool:
    """Returns True where the text itself says that an alternate name is one of a place.

    GeoNames does not say which language an alternate name is of.
    """
    if "the" in cues:
        return "in container" in cues
    return not _SAYS_PLACE.isdisjoint(cues)


def candidates(text: str, named: Sequence[RawMention], gazetteer: Gazetteer) -> list[Candidate]:
    """Returns all spans of the text that may name a place, with their cues."""
    read = [
        (offset, passage(part, found, gazetteer))
        for offset, part, found in _by_paragraph(text, named)
    ]
    elsewhere = Elsewhere(named, set().union(*(here.lower for _, here in read)))
    return [
        Candidate(
            offset + start, offset + end, surface, senses,
            (*here.near, *elsewhere.cues(surface, here), *here.shape),
        )
        for offset, part in read
        for start, end, surface, senses, here in part.spans
    ]  # fmt: skip


def _by_paragraph(
    text: str, named: Sequence[RawMention]
) -> Iterator[tuple[int, str, tuple[Found, ...]]]:
    """Yields the paragraphs of a text, each with its offset and the mentions that begin in it."""
    waiting = sorted(named)
    at = 0
    for offset, part in paragraphs(text):
        found = []
        while at < len(waiting) and waiting[at].start < offset + len(part):
            mention = waiting[at]
            found.append((mention.start - offset, mention.end - offset, mention.label))
            at += 1
        yield offset, part, tuple(found)


class Passage(NamedTuple):
    """What one paragraph tells of the places that it may name."""

    spans: tuple[tuple[int, int, str, tuple[Sense, ...], Cues], ...]
    """Start, end, text, senses and cues of each."""
    lower: frozenset[str]
    """Its words in small letters."""


@remembered
def passage(text: str, named: tuple[Found, ...], gazetteer: Gazetteer) -> Passage:
    """Returns one paragraph read by itself, given the model's spans in it."""
    view = View(text, named)
    spans = known(view, gazetteer)
    found = {(s.start, s.end) for s in spans}
    for start, end, label in named:
        if label in PLACES and (start, end) not in found:
            words = view.within(start, end)
            if words:
                spans.append(Span(words[0], words[-1], start, end, (), gazetteer_class(())))
    for span in spans:
        if not span.inner and span.senses:
            view.classes[span.last] = span.kind
            view.classes.setdefault(span.first, span.kind)
    return Passage(
        tuple(
            (
                s.start, s.end, text[s.start : s.end], s.senses,
                cues(view, s, _after_comma(view, s, gazetteer)),
            )
            for s in sorted(spans, key=lambda s: (s.start, s.end))
        ),
        view.lower(),
    )  # fmt: skip


def known(view: View, gazetteer: Gazetteer) -> list[Span]:
    """Returns the spans of capitalised words that the gazetteer knows, nested ones too."""
    text, words = view.text, view.words
    common = lexicon.cues().place_common
    found: list[Span] = []
    shared = "counties" in text or "parishes" in text
    reach = -1
    for i, (start, first_end) in enumerate(words):
        if not text[start].isupper():
            continue
        longest = gazetteer.longest(text[start:first_end])
        inner = False
        for j in range(_last_word(view, i, longest), i - 1, -1):
            end = words[j][1]
            surface = text[start:end]
            point = text[end : end + 1] == "."
            senses = readings(surface, point, gazetteer)
            if j == i and surface.lower() in common:
                senses = tuple(s for s in senses if s.kind == "abbreviation")
            if view.word(i - 1).lower() == "the":  # Casablanca is also listed as "White House"
                senses = tuple(s for s in senses if s.kind != "alternate") or senses
            if shared and SHARED_HEAD.match(text, end):
                senses = _counties(surface, gazetteer)
            if _is_code(surface, senses) and not _after_a_name(view, i):
                senses = ()
            if senses:
                if point and (senses[0].kind == "abbreviation" or _INITIALS.search(surface)):
                    end += 1
                kind = gazetteer_class(senses)
                found.append(Span(i, j, start, end, senses, kind, inner or j <= reach))
                inner = True
                reach = max(reach, j)
    return found


def _counties(surface: str, gazetteer: Gazetteer) -> tuple[Sense, ...]:
    """Returns the counties of a name that stands before a shared head."""
    found = (s for head in ("County", "Parish") for s in gazetteer.lookup(f"{surface} {head}"))
    return tuple(s for s in found if s.entry.feature == "ADM2" and s.kind == "name")


def _is_code(surface: str, senses: Sequence[Sense]) -> bool:
    """Returns True for a division's code in capitals: "ID" of Idaho, "AP" of Andhra Pradesh."""
    return surface.isupper() and "." not in surface and bool(senses) and senses[0].kind in _SHORT


def _after_a_name(view: View, i: int) -> bool:
    """Returns True where a postal code may stand: "Boise, ID", not "met AP reporters"."""
    return view.gap_before(i) in _BEFORE_CODES and view.word(i - 1)[:1].isupper()


def _last_word(view: View, i: int, longest: int) -> int:
    """Returns the index of the last word of the longest name that can begin at the i-th word."""
    connectors = lexicon.cues().place_connectors
    last = i
    while last + 1 < len(view.words) and last + 1 - i < min(longest, _LONGEST):
        word, gap = view.word(last + 1), view.gap_before(last + 1)
        if gap == ", " and word not in ("D.C", "DC"):
            break
        capital = word[0].isupper() or _ELIDED.match(word)
        if gap not in _GAPS or not (capital or word.lower() in connectors):
            break
        last += 1
    return last


def readings(surface: str, point: bool, gazetteer: Gazetteer) -> tuple[Sense, ...]:
    """Returns what a surface may mean, given its case and whether a point follows it.

    "In" is not Indiana and "Us" not the country, but "Ga." is Georgia and "Ulm" Ulm.
    """
    senses = gazetteer.lookup(surface)
    if surface.endswith(_POSSESSIVE):  # "St. John's" is a town, "America's" not the Americas
        senses = tuple(s for s in senses if s.entry.name.endswith(_POSSESSIVE))
    if not senses:
        return ()
    bare = surface.replace(".", "")
    short = tuple(s for s in senses if s.kind in _SHORT)
    if len(bare) > 3:
        return senses if point and len(bare) <= 5 else tuple(s for s in senses if s not in short)
    if bare != surface:  # "N.Y." and "D.C." are initials, "M.D." is none of Maryland's
        short = tuple(s for s in short if " " in s.entry.name)
    if bare.isupper():
        return short or tuple(s for s in senses if s.kind not in _SHORT)
    if point:  # "Ga." is written so, and "Co." is a company
        short = tuple(s for s in short if s.kind == "abbreviation")
        if short:
            return short
    return tuple(
        s for s in senses
        if s.kind == "demonym" or (len(bare) == 3 and fold(s.entry.name) == fold(surface))
    )  # fmt: skip


def _after_comma(view: View, span: Span, gazetteer: Gazetteer) -> str | None:
    """Returns what the words after a comma name: a place that holds this one, another, or None."""
    i = span.last + 1
    if i >= len(view.words) or view.text[span.end : view.words[i][0]] != ", ":
        return None
    if not view.word(i)[0].isupper():
        return None
    for length in (3, 2, 1):
        if i + length <= len(view.words):
            start, end = view.words[i][0], view.words[i + length - 1][1]
            point = view.text[end : end + 1] == "."
            around = readings(view.text[start:end], point, gazetteer)
            if any(holds(a.entry, b.entry) for a in around for b in span.senses):
                return "in container"
            if around:
                return "comma place"
    return "comma capital"
