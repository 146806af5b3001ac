"""Which words of a text a search looked for, and the snippets that show them.

The words are compared as the index compares them, so that "fires" is marked for "fire", and
"Erdoğan" for "Erdogan", on every engine.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import msgspec

from pipeline.index import stems
from pipeline.search import syntax
from pipeline.search.facets import FACETS
from pipeline.search.words import is_little, other_forms, runs

SNIPPET_CHARS = 220
SNIPPETS = 2
MAX_MARKED_CHARS = 200_000
"""Of a longer text only the beginning is marked."""

Span = tuple[int, int]

_MARKED_FIELDS = frozenset(
    {None, "headline", "body", "slug", "byline", "dateline", "keyword", "said"}
    | {facet.name for facet in FACETS.values() if facet.text}
)
"""Query words whose values can stand in a text."""
_SENTENCE = re.compile(r"(?<=[.!?…])\s+|\n+")


class Text(msgspec.Struct, frozen=True, kw_only=True):
    """Plain text, never markup, with the spans that matched."""

    text: str
    marks: tuple[Span, ...] = ()
    """Pairs of character offsets, start and end."""

    def parts(self) -> list[tuple[str, bool]]:
        """Return the text in pieces, and whether each matched."""
        pieces, at = [], 0
        for start, end in self.marks:
            pieces += [(self.text[at:start], False), (self.text[start:end], True)]
            at = end
        return [piece for piece in [*pieces, (self.text[at:], False)] if piece[0]]


@dataclass(frozen=True, slots=True)
class _Word:
    """A word of a text: where it stands, as written, and its terms."""

    span: Span
    written: str
    terms: frozenset[str]


class Marker:
    """Marks the words of one query in texts."""

    def __init__(self, q: str) -> None:
        self._terms: set[str] = set()
        self._beginnings: list[str] = []
        self._phrases: list[list[str]] = []
        """As written."""
        self._names: list[list[frozenset[str]]] = []
        """Words that belong together, each by its terms."""
        node = syntax.parse(q)
        wanted = [term for term in _wanted(node) if term.field in _MARKED_FIELDS]
        several = [term for term in wanted if not is_little(term)]
        for term in several or wanted:
            self._add(term)
        for form in _forms(node):
            self._names.append(_by_terms(form))

    def marked(self, text: str, language: str | None) -> Text:
        """Return a whole text with its marks."""
        return Text(text=text, marks=tuple(self._spans(text, language)))

    def snippets(self, text: str, language: str | None) -> tuple[Text, ...]:
        """Return the parts of a text that show the words best, in order; else its beginning."""
        if not text:
            return ()
        spans = list(self._spans(text, language))
        if not spans:
            return (Text(text=_cut(text, 0)),)
        found: list[Span] = []
        for start in _best(text, spans):
            end = start + len(_cut(text, start))
            if all(end <= other or start >= other_end for other, other_end in found):
                found.append((start, end))
            if len(found) == SNIPPETS:
                break
        return tuple(
            Text(
                text=text[start:end],
                marks=tuple((a - start, b - start) for a, b in spans if start <= a and b <= end),
            )
            for start, end in sorted(found)
        )

    def _add(self, term: syntax.Term) -> None:
        words = [match.group() for match in stems.words(term.text)]
        if term.phrase:
            self._phrases.append([word.casefold() for word in words])
        elif term.prefix:
            self._beginnings += stems.beginnings(words[-1]) if words else ()
        elif len(words) > 1 or term.field in FACETS:
            self._names.append(_by_terms(term.text))
        else:
            self._terms.update(term for word in words for term in stems.wanted(word))

    def _spans(self, text: str, language: str | None) -> Iterator[Span]:
        """Yield the spans of the words and phrases, in order, without overlaps."""
        if not (self._terms or self._beginnings or self._phrases or self._names):
            return
        base = stems.base_language(language)
        words = [
            _Word(match.span(), match.group(), frozenset(stems.terms(match.group(), base)))
            for match in stems.words(text[:MAX_MARKED_CHARS])
        ]
        at = 0
        while at < len(words):
            length = self._length(words, at)
            if length:
                yield words[at].span[0], words[at + length - 1].span[1]
            at += length or 1

    def _length(self, words: list[_Word], at: int) -> int:
        """Return how many words from here on are what is looked for; 0 if this one is not."""
        longest = 0
        for phrase in self._phrases:
            here = words[at : at + len(phrase)]
            if phrase == [word.written.casefold() for word in here]:
                longest = max(longest, len(phrase))
        for name in self._names:
            here = words[at : at + len(name)]
            if len(here) == len(name) and all(
                word.terms & terms for word, terms in zip(here, name, strict=True)
            ):
                longest = max(longest, len(name))
        word = words[at]
        if not longest and (word.terms & self._terms or self._begins(word)):
            longest = 1
        return longest

    def _begins(self, word: _Word) -> bool:
        if not self._beginnings:
            return False
        plain = stems.fold(word.written)
        return any(plain.startswith(start[2:]) for start in self._beginnings)


def _wanted(node: syntax.Node | None) -> Iterator[syntax.Term]:
    """Yield the terms of a query that a story should have."""
    if isinstance(node, syntax.Term):
        yield node
    elif isinstance(node, syntax.All | syntax.Any):
        for each in node.nodes:
            yield from _wanted(each)


def _forms(node: syntax.Node | None) -> Iterator[str]:
    """Yield the other names of what a query names."""
    if isinstance(node, syntax.Term):
        yield from other_forms([node])
    elif isinstance(node, syntax.Any):
        for each in node.nodes:
            yield from _forms(each)
    elif isinstance(node, syntax.All):
        for run in runs(node):
            yield from other_forms(run) if len(run) > 1 else _forms(run[0])


def _by_terms(name: str) -> list[frozenset[str]]:
    return [frozenset(stems.wanted(match.group())) for match in stems.words(name)]


def _best(text: str, spans: list[Span]) -> list[int]:
    """Return where snippets may begin, the one with the most different words first."""
    starts = [0, *(match.end() for match in _SENTENCE.finditer(text[:MAX_MARKED_CHARS]))]
    ranked = []
    sentence = 0
    for number, (at, _) in enumerate(spans):
        while sentence + 1 < len(starts) and starts[sentence + 1] <= at:
            sentence += 1
        start = starts[sentence]
        if at - start > SNIPPET_CHARS // 2:  # a long sentence: some words before the mark
            start = text.rfind(" ", start, at - SNIPPET_CHARS // 4) + 1 or at
        inside = [text[a:b].casefold() for a, b in spans[number:] if b <= start + SNIPPET_CHARS]
        ranked.append((-len(set(inside)), -len(inside), start))
    return [start for _, _, start in sorted(ranked)]


def _cut(text: str, start: int) -> str:
    """Return the part of a text from a place on that fits a snippet, without half a word."""
    part = text[start : start + SNIPPET_CHARS]
    if start + SNIPPET_CHARS < len(text) and (blank := part.rfind(" ")) > SNIPPET_CHARS // 2:
        part = part[:blank]
    return part.rstrip()
