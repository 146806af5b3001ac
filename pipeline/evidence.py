"""What tells what a name names, at the place where it stands.

Every span of a text that may be a name gets weights for each label: the model's vote, the
gazetteer's, its own head word, the words right before and after it, the alias table, a given
name in front. What the rest of the story adds is in `pipeline.forms`.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from dataclasses import field as filled
from functools import cache
from typing import NamedTuple

from pipeline.aliases import Aliases
from pipeline.geo.names import fold
from pipeline.lexicon import cues, given_names
from pipeline.mentions import Field, RawMention
from pipeline.runs import Piece, pieces, quoted_titles

MODEL = 1.0
HEAD = 3.0

Weights = dict[str, float]
Demonym = Callable[[str], float]
"""How much a name speaks for being a demonym: 0 where the gazetteer knows no such one."""
_AGE = re.compile(r", (?:now |then |aged? )?\d{1,3}(?:[,.;]|$)")
_AFTER = re.compile(r"(?:(['’]s?) |(-)|(,) ?| )?([A-Za-z]+)?")


class Named(NamedTuple):
    """A mention with its final label, before it is grouped."""

    start: int
    end: int
    text: str
    label: str
    field: Field
    title: str | None = None
    sex: str | None = None
    """ "f" or "m" where a title or a word of kinship says so."""


class Placed(NamedTuple):
    """What the gazetteer's recogniser says of a span."""

    start: int
    end: int
    text: str
    label: str
    """GPE, LOC or FAC; NORP for a demonym."""
    field: Field
    probability: float
    """That it is a toponym at all."""
    place: int | None = None
    """The GeoNames id of the place that it was resolved to."""


@dataclass(slots=True)
class Span:
    start: int
    end: int
    field: Field
    text: str
    key: str
    known: bool = False
    """The model or the gazetteer found it; else it is a run of capitals that may be nothing."""
    starts_sentence: bool = False
    weights: Weights = filled(default_factory=lambda: defaultdict(float))
    votes: Weights = filled(default_factory=lambda: defaultdict(float))
    """The model's, apart from the other evidence."""
    title: str | None = None
    sex: str | None = None


def spans(
    where: Field,
    text: str,
    model: Sequence[RawMention],
    places: Sequence[Placed],
    aliases: Aliases,
    demonym: Demonym,
) -> list[Span]:
    """Every span of a text that may be a name, with the evidence of its own place."""
    made = _Made(where, text)
    quotes = list(quoted_titles(text))
    quoted = Cover(quotes)
    for start, end in quotes:
        several = " " in text[start:end]
        made.at(start, end).weights["WORK_OF_ART"] += 2.5 if several else 1.2
    found = [p for p in pieces(text) if not quoted.holds(p.start, p.end)]
    found = _joined(found, text, places)
    found = _resized(found, text, model, places, aliases)
    for piece in found:
        span = made.at(piece.start, piece.end)
        span.title = piece.title
        span.starts_sentence = piece.starts_sentence
        if piece.label:
            span.weights[piece.label] += HEAD
            span.known = True
    covered = Cover([(p.start, p.end) for p in found] + quotes)
    for mention in model:
        _vote(mention, made, covered)
    for place in places:
        if (place.start, place.end) in made or not covered.touches(place.start, place.end):
            span = made.at(place.start, place.end)
            span.known = True
            sure = 3.2 if place.place is not None else 1.4
            span.weights[place.label] += sure * place.probability - 0.6
            if place.place is not None and place.label == "GPE":
                span.weights.pop("LOC", None)  # the town of Twin Falls, not its falls
    for span in made:
        _own_words(span, aliases)
        span.weights["NORP"] += demonym(span.text)
        _context(span, text)
        if span.key in not_names():
            span.weights.clear()
            span.votes.clear()
    return list(made)


class _Made:
    """The spans of a text so far, by where they stand."""

    def __init__(self, where: Field, text: str) -> None:
        self._where, self._text = where, text
        self._spans: dict[tuple[int, int], Span] = {}

    def __contains__(self, at: object) -> bool:
        return at in self._spans

    def __iter__(self) -> Iterator[Span]:
        return iter(self._spans.values())

    def at(self, start: int, end: int) -> Span:
        """The span there, made where there was none."""
        if (start, end) not in self._spans:
            text = self._text[start:end]
            key = fold(text).removeprefix("the ")
            self._spans[start, end] = Span(start, end, self._where, text, key)
        return self._spans[start, end]


def _vote(mention: RawMention, made: _Made, covered: Cover) -> None:
    """Give the model's vote to the span it means, or share it among those it runs over."""
    inside = covered.within(mention.start, mention.end)
    if (mention.start, mention.end) in made:
        targets, weight = [(mention.start, mention.end)], MODEL
    elif len(inside) == 1:
        targets, weight = inside, 0.7 * MODEL
    elif inside:
        for start, end in inside:
            made.at(start, end).votes[mention.label] += 0.4 * MODEL
        return
    elif covered.touches(mention.start, mention.end) or is_nothing(mention.text):
        return
    elif _has_capital(mention.text):
        targets, weight = [(mention.start, mention.end)], MODEL
    else:
        return
    for start, end in targets:
        span = made.at(start, end)
        span.known = True
        span.votes[mention.label] += weight


def _joined(found: Sequence[Piece], text: str, places: Sequence[Placed]) -> list[Piece]:
    """Pieces that the gazetteer knows as one name: "Trinidad and Tobago"."""
    whole = {p.start: p.end for p in places if p.place is not None and " and " in p.text}
    if not whole:
        return list(found)
    result: list[Piece] = []
    for piece in found:
        if result and result[-1].start in whole and piece.end <= whole[result[-1].start]:
            result[-1] = _part(result[-1], text, result[-1].start, piece.end)
        else:
            result.append(piece)
    return result


def _resized(
    found: Sequence[Piece],
    text: str,
    model: Sequence[RawMention],
    places: Sequence[Placed],
    aliases: Aliases,
) -> list[Piece]:
    """Pieces whose ends the model or the gazetteer knows better.

    A piece without a head word gives way where the gazetteer knows the whole of it in parts
    ("Asia-Europe"), and loses a number that no one takes for a part of it ("England 288").
    """
    at = {(m.start, m.end) for m in model} | {(c.start, c.end) for c in places}
    starts = defaultdict(list)
    for start, end in sorted(at):
        starts[start].append(end)
    place_ends = {c.start: c.end for c in places}
    plain = {text[p.start : p.end] for p in found} | {p.text for p in places}
    product = {(m.start, m.end) for m in model if m.label == "PRODUCT"}
    result = []
    for piece in found:
        start, end = piece.start, piece.end
        if piece.label:
            result.append(piece)
            continue
        last = piece.words[-1]
        if last.isdigit() and len(piece.words) > 1:
            cut = end - len(last) - 1
            part_of = (start, end) in product or (cut + 1, end) in product
            alone = (start, cut) in at or text[start:cut] in plain
            score = len(last) == 3 or last == "0" or (start, end) not in at
            if len(last) == 4 or (alone and score and not part_of):
                result.append(_part(piece, text, start, cut))
                continue
        if (start, end) in at and "-" not in text[start:end]:
            result.append(piece)
            continue
        parts = _tiled(start, end, text, place_ends)
        parts = parts or _compound(start, end, text, plain, aliases)
        if (start, end) not in at:
            parts = parts or _tiled_by_model(start, end, text, starts)
        if parts:
            result += [_part(piece, text, s, e) for s, e in parts]
        else:
            result.append(piece)
    return result


def _part(piece: Piece, text: str, start: int, end: int) -> Piece:
    """A piece with other ends, and so without what its head word said."""
    first = start == piece.start
    return Piece(
        start, end, tuple(text[start:end].split()), None,
        piece.title if first else None, piece.starts_sentence and first,
    )  # fmt: skip


def _tiled(start: int, end: int, text: str, ends: Mapping[int, int]) -> list[tuple[int, int]]:
    """A compound of places, in its parts: "Asia-Europe", "AMSTERDAM/TOKYO"."""
    parts = []
    at = start
    while at in ends and ends[at] <= end:
        parts.append((at, ends[at]))
        if ends[at] == end:
            return parts if len(parts) > 1 else []
        if text[ends[at]] not in "-–/":
            return []
        at = ends[at] + 1
    return []


def _compound(
    start: int, end: int, text: str, plain: Set[str], aliases: Aliases
) -> list[tuple[int, int]]:
    """A compound of two names that are known, or stand alone elsewhere: "Kim-Putin"."""
    left, hyphen, right = text[start:end].partition("-")
    if hyphen and all(part in plain or aliases.find(part) for part in (left, right)):
        return [(start, start + len(left)), (start + len(left) + 1, end)]
    return []


def _tiled_by_model(
    start: int, end: int, text: str, starts: Mapping[int, Sequence[int]]
) -> list[tuple[int, int]]:
    """Two names in a row, or a compound ("Kim-Putin"), as the model parted them."""
    words = text[start:end].split()
    if any(c.isdigit() for c in text[start:end]) or (
        len(words) == 2 and words[0].lower() in given_names()  # "London Pruitt"
    ):
        return []
    parts = []
    at = start
    while at < end:
        inner = [e for e in starts.get(at, ()) if e <= end and e > at]
        if not inner:
            return []
        parts.append((at, inner[-1]))
        at = inner[-1]
        while at < end and text[at] in " -–/":
            at += 1
    return parts if len(parts) > 1 else []


def _own_words(span: Span, aliases: Aliases) -> None:
    """What the name itself says: a known alias, a given name, initials, a model number."""
    text, weights = span.text, span.weights
    entry = aliases.find(text)
    if entry is not None:
        # Of one word a place may be a person's surname too; the gazetteer knows it anyway.
        plain_place = entry.label == "GPE" and " " not in text and not text.isupper()
        weights[entry.label] += 0.5 if plain_place else HEAD
        span.known = True
    words = text.split()
    if len(words) > 1 and not weights:
        span_given = words[0].lower() in given_names() or (
            len(words[0]) == 2 and words[0][1] == "."
        )
        if span_given and words[-1][0].isupper():
            weights["PERSON"] += 1.6
    elif len(words) > 1 and words[0].lower() in given_names() and len(words) <= 4:
        weights["PERSON"] += 1.2
    if len(words) == 1:
        if text.isupper() and 2 <= len(text) <= 6 and text.isalpha():
            weights["ORG"] += 0.8
            weights["PERSON"] -= 0.5
        elif text.lower() in given_names():
            weights["PERSON"] += 0.3
        if any(ch.isdigit() for ch in text) and text[0].isupper() and "." not in text:
            weights["PRODUCT"] += 0.8
    elif any(w[0].isdigit() or (w[0].isupper() and w[-1].isdigit()) for w in words[1:]):
        weights["PRODUCT"] += 1.5
    if text.startswith(("USS ", "HMS ", "MV ", "MSC ")):
        weights["PRODUCT"] += 1.5


def _context(span: Span, text: str) -> None:
    """What the words right before and after say."""
    c = cues()
    w = span.weights
    before = text[max(0, span.start - 44) : span.start]
    after = text[span.end : span.end + 32]
    if span.title:
        last = span.title.split()[-1].lower().rstrip(".")
        w["PERSON"] += 2.5
        span.sex = _sex(last)
    _words_before(span, before)
    if _AGE.match(after):
        w["PERSON"] += 3.0
    follow = _AFTER.match(after)
    if follow:
        possessive, hyphen, comma_after, word = follow.groups()
        word = (word or "").lower()
        if hyphen:
            if word in ("based", "flagged", "born"):
                w["GPE"] += 2.0
        elif comma_after:
            if word == "who":
                w["PERSON"] += 1.5
            elif word == "which":
                w["ORG"] += 0.6
        elif word:
            if word in c.speech:
                w["PERSON"] += 1.0
                w["ORG"] += 0.5
            elif word in c.after_organisation or (
                not possessive and word in c.after_kind_organisation
            ):
                w["ORG"] += 1.5
            elif not possessive and word in c.after_place:
                w["GPE"] += 2.0
            elif not possessive and word in c.after_land:
                w["LOC"] += 1.5


def _words_before(span: Span, before: str) -> None:
    c, w = cues(), span.weights
    near = before.rpartition("\n")[2].rstrip(' "“‘')
    comma = near.endswith(",")
    words = near.rstrip(",").split()
    if not words or not (near[-1].isalnum() or near[-1] in ".,'’"):
        return
    word = words[-1].lower().rstrip(".")
    previous = words[-2].lower() if len(words) > 1 else ""
    if word in ("the", "a", "an"):
        # "the Senate"; people's names take no article.
        w["PERSON"] -= 1.5
        w["ORG"] += 0.7
        if word == "the" and "GPE" in w:
            w["GPE"] -= 0.7
            w["LOC"] += 0.7
    elif word in c.titles or word in c.roles:
        w["PERSON"] += 0.0 if comma else 2.5
        if not comma:
            span.title = span.title or words[-1]
            span.sex = span.sex or _sex(word)
    elif word in c.kin:
        w["PERSON"] += 2.0
        span.sex = span.sex or _sex(word)
    elif word in c.nouns_product:
        w["PRODUCT"] += 3.5
    elif comma:
        return
    elif word in c.speech:
        w["PERSON"] += 1.0
        w["ORG"] += 0.5
    elif word in c.nouns_organisation:
        w["ORG"] += 2.5
    elif word in c.nouns_work:
        w["WORK_OF_ART"] += 2.5
    elif word in c.nouns_event:
        w["EVENT"] += 2.5
    elif word == "of" and previous in c.nouns_place:
        w["GPE"] += 2.5
    elif word in c.nouns_place:
        w["GPE"] += 0.5
    elif word in c.within:
        w["GPE"] += 0.8
        w["LOC"] += 0.4
        w["FAC"] += 0.3
    elif word in ("of", "from", "to") and previous in ("north", "south", "east", "west", "outside"):
        w["GPE"] += 1.2


def _sex(word: str) -> str | None:
    c = cues()
    return "f" if word in c.female else "m" if word in c.male else None


@cache
def not_names() -> frozenset[str]:
    return frozenset(fold(word) for word in cues().not_names)


def is_nothing(text: str) -> bool:
    """Whether the words are no name: a title or a part of one ("Pope"), a date ("March 4")."""
    c, words = cues(), text.lower().split()
    if words[-1][0].isdigit() and len(words) > 1 and words[0] in c.not_names | c.common:
        return True
    return all(w in c.titles or w in c.title_parts for w in words)


def _has_capital(text: str) -> bool:
    return any(c.isupper() for c in text)


class Cover:
    """Spans that do not overlap, asked what they cover."""

    def __init__(self, spans: Iterable[tuple[int, int]]) -> None:
        self._spans = sorted(spans)
        self._starts = [s for s, _ in self._spans]

    def within(self, start: int, end: int) -> list[tuple[int, int]]:
        """The spans that lie wholly in a stretch."""
        return [s for s in self._near(start, end) if start <= s[0] and s[1] <= end]

    def touches(self, start: int, end: int) -> bool:
        """Whether any span overlaps the stretch."""
        return bool(self._near(start, end))

    def holds(self, start: int, end: int) -> bool:
        """Whether the stretch lies wholly in a span."""
        return any(s <= start and end <= e for s, e in self._near(start, end))

    def _near(self, start: int, end: int) -> list[tuple[int, int]]:
        i = max(0, bisect_left(self._starts, start) - 1)
        found = []
        while i < len(self._spans) and self._spans[i][0] < end:
            if self._spans[i][1] > start:
                found.append(self._spans[i])
            i += 1
        return found
