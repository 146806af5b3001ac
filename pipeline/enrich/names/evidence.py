"""What tells what a name names, at the place where it stands.

Every span of a text that may be a name gets weights for each label: the model's vote, the
gazetteer's, its own head word, the words right before and after it, the alias table, a given
name in front. What the rest of the story adds is in `pipeline.enrich.names.agreement`.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from dataclasses import field as filled
from functools import cache

from pipeline.enrich.folding import fold
from pipeline.enrich.lexicon import cues, given_names
from pipeline.enrich.mentions import Field, Placed, RawMention
from pipeline.enrich.names.aliases import Aliases
from pipeline.enrich.names.boundaries import Cover, joined, resized
from pipeline.enrich.names.capitals import pieces, quoted_titles

MODEL = 1.0
HEAD = 3.0

Weights = dict[str, float]
Demonym = Callable[[str], float]
"""How much a name speaks for being a demonym: 0 where the gazetteer knows no such one."""
_AGE = re.compile(r", (?:now |then |aged? )?\d{1,3}(?:[,.;]|$)")
_AFTER = re.compile(r"(?:(['’]s?) |(-)|(,) ?| )?([A-Za-z]+)?")


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
    found = joined(found, text, places)
    found = resized(found, text, model, places, aliases)
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


def _words_before(span: Span, before: str) -> None:  # noqa: C901, PLR0912 (rules in order)
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
