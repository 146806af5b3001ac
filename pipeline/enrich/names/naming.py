"""The names of a story, each with what it names.

The model reads a sentence; this reads the story. Every span that may be a name is a candidate
(`pipeline.enrich.names.candidates`). Its features at its own place
(`pipeline.enrich.names.features`) give it a first score, those of the whole story
(`pipeline.enrich.names.agreement`) the final one, and the best set of candidates that do not
overlap are the names (`pipeline.enrich.names.scoring`). In a headline in capitals, where capitals
tell nothing, the names are those that the body knows.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence, Set
from functools import cache, lru_cache
from typing import NamedTuple

import numpy as np

from pipeline.enrich.folding import fold
from pipeline.enrich.lexicon import cues
from pipeline.enrich.mentions import Field, Named, Placed, RawMention, Span
from pipeline.enrich.names.agreement import COUNTED, Row, agreement, known_forms
from pipeline.enrich.names.aliases import Aliases
from pipeline.enrich.names.candidates import candidates
from pipeline.enrich.names.cover import Cover
from pipeline.enrich.names.evident import evident, placed_over
from pipeline.enrich.names.features import Known, Part, PlacedSpan, View, features
from pipeline.enrich.names.scoring import (
    Scores,
    agreed_scores,
    certain,
    chosen,
    hopeful,
    local_scores,
)
from pipeline.enrich.names.tables import is_sport
from pipeline.enrich.names.titles import is_title, title_before, without_title
from pipeline.enrich.paragraphs import paragraphs, remembered
from pipeline.wire import dateline
from pipeline.wire.labels import Label

Words = tuple[str, ...]

_WORD = re.compile(r"[^\W_](?:[\w.&]|['’-](?=\w)(?![sS]\b))*")
_ARTICLE = re.compile(r"(?:the|an?) (?=\S)", re.IGNORECASE)
_WITH_ARTICLE = frozenset({"place GPE", "place LOC", "quoted"})
_EVIDENT = ("PERSON", "ORG")
_ORDER: Mapping[Field, int] = {"headline": 0, "dateline": 1, "body": 2}


class Read(NamedTuple):
    """A paragraph's candidates with their local features and scores."""

    rows: tuple[Row, ...]
    scores: Scores


def name(
    texts: Mapping[Field, str],
    model: Sequence[RawMention],
    toponyms: Iterable[Placed],
    aliases: Aliases,
    known: Known,
) -> list[Named]:
    """Returns the mentions of a story in the order of field and text, none overlapping another.

    Args:
        texts: the story's texts by field.
        model: the model's spans, cleaned.
        toponyms: what the gazetteer's recogniser takes for places.
        aliases: names with a label of their own.
        known: what the gazetteer knows a name as.
    """
    by_field: dict[Field, list[RawMention]] = defaultdict(list)
    for mention in model:
        by_field[mention.field].append(mention)
    places: dict[Field, list[Placed]] = defaultdict(list)
    for toponym in toponyms:
        places[toponym.field].append(toponym)
    named: list[Named] = []
    shouted: list[Field] = []
    legible: list[Field] = []
    for where, text in texts.items():
        if where != "dateline":
            (shouted if _shouts(where, text) else legible).append(where)
    joined, starts = _joined([(where, texts[where]) for where in legible])
    sport = is_sport(joined)
    rows: list[Row] = []
    parts: list[Scores] = []
    for where in legible:
        found = candidate_rows(
            texts[where], by_field[where], places[where], aliases, known, sport, starts[where]
        )
        rows += found[0]
        parts += found[1]
    filed = dateline.printed_in(texts.get("body", ""))
    heads = texts["body"][: filed.place_end] if filed and "body" in legible else ""
    decided = _decided(joined, rows, parts, starts)
    named += (n for n in decided if n.field != "body" or n.start >= len(heads))
    named += _dateline(heads, [p for p in places["body"] if p.end <= len(heads)], "body")
    forms = known_forms(named)
    for where in shouted:
        named += _matched(where, texts[where], by_field[where], places[where], forms)
    if "headline" in legible:
        named += _missed(texts["headline"], named, forms)
    if "dateline" in texts:
        named += _dateline(texts["dateline"], places["dateline"])
    return sorted(named, key=lambda n: (_ORDER[n.field], n.start))


def _joined(texts: Sequence[tuple[Field, str]]) -> tuple[str, dict[Field, int]]:
    """Returns the texts as one, and where each begins in it."""
    starts: dict[Field, int] = {}
    joined = ""
    for where, text in texts:
        starts[where] = len(joined)
        joined += text + "\n\n"
    return joined, starts


def candidate_rows(
    text: str,
    model: Sequence[RawMention],
    places: Sequence[Placed],
    aliases: Aliases,
    known: Known,
    sport: bool,
    start: int = 0,
) -> tuple[list[Row], list[Scores]]:
    """Returns the candidates of a text with their local features and scores.

    Args:
        sport: whether the story is about sport.
        start: where the text begins in the story's texts as one.
    """
    rows: list[Row] = []
    scores: list[Scores] = []
    waiting, placed = sorted(model), sorted(places)
    m = p = 0
    for offset, part in paragraphs(text):
        end = offset + len(part)
        found: list[Span] = []
        while m < len(waiting) and waiting[m].start < end:
            found.append((waiting[m].start - offset, waiting[m].end - offset, waiting[m].label))
            m += 1
        here: list[PlacedSpan] = []
        while p < len(placed) and placed[p].start < end:
            one = placed[p]
            here.append(
                (
                    one.start - offset, one.end - offset, one.label, round(one.probability, 2),
                    one.place is not None,
                )
            )  # fmt: skip
            p += 1
        read = _read(part, tuple(found), tuple(here), aliases, known, sport)
        rows += ((start + offset + s, start + offset + e, f) for s, e, f in read.rows)
        scores.append(read.scores)
    return rows, scores


@remembered
def _read(
    text: str,
    model: tuple[Span, ...],
    places: tuple[PlacedSpan, ...],
    aliases: Aliases,
    known: Known,
    sport: bool,
) -> Read:
    """Returns one paragraph read by itself, given what the model and the gazetteer found in it."""
    sure = evident(text, aliases)
    model = tuple(placed_over(model, sure)) if sure else model
    view = View(text, model, places, aliases, known, sport)
    spans = candidates(text, [*model, *((s, e, label) for s, e, label, _, _ in places)])
    found = [features(view, c) for c in spans]
    scores = local_scores(found)
    for i, span in enumerate(spans):
        if (label := sure.get(span)) is not None:
            found[i].append((f"evident {label}",))
            scores[i] = certain(label)
    kept = hopeful(scores)
    return Read(
        tuple((*spans[i], tuple(f for part in found[i] for f in _carried(part))) for i in kept),
        scores[kept],
    )


@lru_cache(maxsize=1 << 14)
def _carried(part: Part) -> Part:
    """Returns the features of a part that are asked about again."""
    return tuple(f for f in part if f in CARRIED)


def _decided(
    text: str, rows: Sequence[Row], parts: Sequence[Scores], starts: Mapping[Field, int]
) -> list[Named]:
    """Returns the mentions among the candidates of a story's texts."""
    if not rows:
        return []
    scores = agreed_scores(agreement(text, rows, np.concatenate(parts)))
    for i, (_, _, local) in enumerate(rows):
        if (kind := next((k for k in _EVIDENT if f"evident {k}" in local), None)) is not None:
            scores[i] = certain(kind)
    fields = sorted(((at, where) for where, at in starts.items()), reverse=True)
    named: list[Named] = []
    for i, kind in chosen([(start, end) for start, end, _ in rows], scores):
        start, end, local = rows[i]
        at, where = next((at, where) for at, where in fields if at <= start)
        surface = text[start:end]
        if fold(surface) in not_names() or surface.lower().rstrip(".") in cues().degrees:
            continue
        title, sex = None, None
        # The article is no part of a name but of a place's or a title's: "The Hague".
        article = _ARTICLE.match(text, start, end)
        if article and not _WITH_ARTICLE.intersection(local):
            start = article.end()
        if kind == "PERSON":
            inside = None
            if "alias PERSON" not in local:
                start, inside = without_title(text, start, end)
            title, sex = title_before(text, start)
            title = inside or title
        named.append(
            Named(start - at, end - at, text[start:end], label_of(kind, local), where, title, sex)
        )
    return named


_PLACES = (Label.GPE, Label.LOC, Label.FAC)
_OTHERS = (Label.NORP, Label.EVENT, Label.WORK_OF_ART, Label.LAW, Label.PRODUCT)


CARRIED = frozenset((
    *COUNTED,
    *(f"{sign} {label}" for sign in ("alias", "head", "place", "model") for label in Label),
    "quoted", "gaz demonym", "1 gaz demonym", "n1", "L shape number", "L shape number+",
    "P nouns_product", "F vessels", "evident PERSON", "evident ORG",
))  # fmt: skip
"""Local features that are asked about after a paragraph was scored."""


def label_of(kind: str, local: Sequence[str]) -> str:
    """Returns the label of a name of a kind by its local features, the surest first."""
    found = set(local)
    if kind in ("PLACE", "ORG") and "n1" not in found:
        # Of several words a known name is one thing: the White House is no place.
        known = _said(found, ("alias",), (Label.ORG, *_PLACES))
        if known is not None:
            return known
    if kind == "PLACE":
        return _said(found, ("alias", "head", "place", "model"), _PLACES) or Label.GPE
    return _other(found) if kind == "MISC" else kind


def _other(found: Set[str]) -> str:
    """Returns the label of a name that is neither a person nor a body nor a place."""
    label = _said(found, ("alias", "head"), _OTHERS)
    if label is not None:
        return label
    if "quoted" in found:
        return Label.WORK_OF_ART
    if "gaz demonym" in found or "1 gaz demonym" in found:
        return Label.NORP
    label = _said(found, ("model",), _OTHERS)
    if label is not None:
        return label
    if {"L shape number", "L shape number+", "P nouns_product", "F vessels"} & found:
        return Label.PRODUCT
    return Label.NORP if "n1" in found else Label.EVENT


def _said(found: Set[str], signs: Sequence[str], labels: Sequence[Label]) -> Label | None:
    """Returns the first of some labels that the first of some signs gives."""
    return next((x for sign in signs for x in labels if f"{sign} {x}" in found), None)


def names_as_found(
    texts: Mapping[Field, str], model: Sequence[RawMention], toponyms: Iterable[Placed]
) -> list[Named]:
    """Returns the mentions of a story in a language that there are no word lists for."""
    places = list(toponyms)
    named: list[Named] = []
    for where in sorted(texts, key=lambda where: where != "body"):
        text, here = texts[where], [p for p in places if p.field == where]
        if where == "dateline":
            named += _dateline(text, here)
        else:
            found = [m for m in model if m.field == where]
            named += _matched(where, text, found, here, known_forms(named))
    return sorted(named, key=lambda n: (_ORDER[n.field], n.start))


@cache
def not_names() -> frozenset[str]:
    """Returns words that are written like names and are none, folded."""
    return frozenset(fold(word) for word in cues().not_names)


def _shouts(where: Field, text: str) -> bool:
    """Returns whether capitals say nothing: a text in capitals, or a headline in title case."""
    start = text[:600]
    letters = sum(map(str.isalpha, start))
    if letters > 20 and sum(map(str.isupper, start)) > 0.7 * letters:
        return True
    if where != "headline":
        return False
    words = [w for w in start.split() if w[0].isalpha()]
    capitalised = sum(w[0].isupper() for w in words)
    return len(words) >= 4 and capitalised > 0.75 * len(words)


def _matched(
    where: Field,
    text: str,
    model: Sequence[RawMention],
    places: Sequence[Placed],
    known: Mapping[Words, str],
) -> list[Named]:
    """Returns the names of a text whose capitals say nothing: known ones, places, the model's."""
    taken = _known_names(where, text, known)
    cover = Cover([(n.start, n.end) for n in taken])
    for candidate in places:
        if not cover.touches(candidate.start, candidate.end):
            taken.append(
                Named(candidate.start, candidate.end, candidate.text, candidate.label, where)
            )
    cover = Cover([(n.start, n.end) for n in taken])
    for mention in model:
        nothing = fold(mention.text) in not_names() or is_title(mention.text)
        if not nothing and not cover.touches(mention.start, mention.end):
            taken.append(Named(mention.start, mention.end, mention.text, mention.label, where))
    return taken


def _missed(headline: str, named: Sequence[Named], known: Mapping[Words, str]) -> list[Named]:
    """Returns the names of the body that a headline has too: "Ex-banker Moreau denies fraud"."""
    cover = Cover([(n.start, n.end) for n in named if n.field == "headline"])
    found = _known_names("headline", headline, known)
    return [n for n in found if not cover.touches(n.start, n.end)]


def _known_names(where: Field, text: str, known: Mapping[Words, str]) -> list[Named]:
    """Returns the known names in a text, preferring the longest at each word."""
    words = [(m.start(), m.end()) for m in _WORD.finditer(text)]
    longest = max((len(k) for k in known), default=0)
    taken: list[Named] = []
    i = 0
    while i < len(words):
        for length in range(min(longest, len(words) - i), 0, -1):
            start, end = words[i][0], words[i + length - 1][1]
            key = tuple(fold(text[start:end]).split())
            if text[start].isupper() and key in known:
                taken.append(Named(start, end, text[start:end], known[key], where))
                i += length
                break
        else:
            i += 1
    return taken


def _dateline(text: str, places: Sequence[Placed], field: Field = "dateline") -> list[Named]:
    """Returns each part of a dateline's place that the gazetteer knows, else the parts."""
    if places:
        return [Named(c.start, c.end, c.text, c.label, field) for c in places]
    parts = re.finditer(r"[^,/;()]*[^,/;()\s]", text)
    named = []
    for part in parts:
        start = part.start() + len(part[0]) - len(part[0].lstrip())
        if part[0].strip() and part[0].strip()[0].isupper():
            named.append(Named(start, part.end(), text[start : part.end()], Label.GPE, field))
    return named
