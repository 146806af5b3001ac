"""The names of a story, each with what it names.

The model reads a sentence; this reads the story. A name's label is the one with the most
weight from all evidence: its own (`pipeline.enrich.names.evidence`) and that of the story's other
names (`pipeline.enrich.names.agreement`). Names that the model missed are found the same way. In a
headline in capitals, where capitals tell nothing, the names are those that the body knows.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from pipeline.enrich.folding import fold
from pipeline.enrich.mentions import Field, Named, Placed, RawMention
from pipeline.enrich.names.agreement import Forms, known_forms
from pipeline.enrich.names.aliases import Aliases
from pipeline.enrich.names.boundaries import Cover
from pipeline.enrich.names.evidence import Demonym, Span, is_nothing, not_names, spans

Words = tuple[str, ...]

_WORD = re.compile(r"[^\W_](?:[\w.&]|['’-](?=\w)(?![sS]\b))*")
_ORDER: Mapping[Field, int] = {"headline": 0, "dateline": 1, "body": 2}


def name(
    texts: Mapping[Field, str],
    model: Sequence[RawMention],
    toponyms: Iterable[Placed],
    aliases: Aliases,
    demonym: Demonym,
) -> list[Named]:
    """The mentions of a story in the order of field and text, none overlapping another.

    Args:
        texts: the story's texts by field.
        model: the model's spans, cleaned.
        toponyms: what the gazetteer's recogniser takes for places.
        aliases: names with a label of their own.
        demonym: how much a name speaks for being a demonym.
    """
    by_field: dict[Field, list[RawMention]] = defaultdict(list)
    for mention in model:
        by_field[mention.field].append(mention)
    places: dict[Field, list[Placed]] = defaultdict(list)
    for toponym in toponyms:
        places[toponym.field].append(toponym)
    found: list[Span] = []
    shouted: list[Field] = []
    for where, text in texts.items():
        if where == "dateline":
            continue
        if _shouts(where, text):
            shouted.append(where)
        else:
            found += spans(where, text, by_field[where], places[where], aliases, demonym)
    forms = Forms(found, texts)
    named = [n for span in found if (n := forms.decide(span))]
    known = known_forms(named)
    for where in shouted:
        named += _matched(where, texts[where], by_field[where], places[where], known)
    if "headline" in texts and "headline" not in shouted:
        named += _missed(texts["headline"], named, known)
    if "dateline" in texts:
        named += _dateline(texts["dateline"], places["dateline"])
    return sorted(named, key=lambda n: (_ORDER[n.field], n.start))


def names_as_found(
    texts: Mapping[Field, str], model: Sequence[RawMention], toponyms: Iterable[Placed]
) -> list[Named]:
    """The mentions of a story in a language that there are no word lists for."""
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


def _shouts(where: Field, text: str) -> bool:
    """Whether capitals tell nothing here: a text in capitals, or a headline in title case."""
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
    """The names of a text whose capitals tell nothing: known ones, places, the model's."""
    taken = _known_names(where, text, known)
    cover = Cover([(n.start, n.end) for n in taken])
    for candidate in places:
        if not cover.touches(candidate.start, candidate.end):
            taken.append(
                Named(candidate.start, candidate.end, candidate.text, candidate.label, where)
            )
    cover = Cover([(n.start, n.end) for n in taken])
    for mention in model:
        nothing = fold(mention.text) in not_names() or is_nothing(mention.text)
        if not nothing and not cover.touches(mention.start, mention.end):
            taken.append(Named(mention.start, mention.end, mention.text, mention.label, where))
    return taken


def _missed(headline: str, named: Sequence[Named], known: Mapping[Words, str]) -> list[Named]:
    """Names of the body that a headline has too: "Ex-banker Moreau denies fraud"."""
    cover = Cover([(n.start, n.end) for n in named if n.field == "headline"])
    found = _known_names("headline", headline, known)
    return [n for n in found if not cover.touches(n.start, n.end)]


def _known_names(where: Field, text: str, known: Mapping[Words, str]) -> list[Named]:
    """Where a text has names that are known, the longest first at each word."""
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


def _dateline(text: str, places: Sequence[Placed]) -> list[Named]:
    """Every part of a dateline's place that the gazetteer knows, else the parts themselves."""
    if places:
        return [Named(c.start, c.end, c.text, c.label, "dateline") for c in places]
    parts = re.finditer(r"[^,/;()]*[^,/;()\s]", text)
    named = []
    for part in parts:
        start = part.start() + len(part[0]) - len(part[0].lstrip())
        if part[0].strip() and part[0].strip()[0].isupper():
            named.append(Named(start, part.end(), text[start : part.end()], "GPE", "dateline"))
    return named
