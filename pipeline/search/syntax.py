"""The search box's syntax. Every text is a query; none is an error.

    flood rhine            both words
    "state of emergency"   the phrase, as written
    -football              not this; also NOT football
    macron OR scholz       either; binds its two neighbours only: a b OR c is a and (b or c)
    (a b) OR c             groups
    elect*                 words that begin so
    person:merkel          a field: see FIELDS; a value may be quoted, "person: merkel" works too

What can't be read is plain text: the name of an unknown field is a word, a quote or bracket
that is not closed ends with the query, an OR without a neighbour is dropped. Terms beyond the
first MAX_TERMS are ignored.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pipeline.search.facets import FACETS

MAX_TERMS = 64
"""More would exceed Elasticsearch's own limit on clauses."""
MAX_DEPTH = 8
"""Brackets nested deeper are ignored; their contents are not."""

FIELDS: Mapping[str, str] = {
    "headline": "headline",
    "title": "headline",
    "body": "body",
    "text": "body",
    "keyword": "keyword",
    "slug": "slug",
    "slugline": "slug",
    "byline": "byline",
    "dateline": "dateline",
    "said": "said",
    "by": "by",
    "after": "after",
    "since": "after",
    "before": "before",
    "until": "before",
    **{word: facet.name for facet in FACETS.values() for word in (facet.name, *facet.words)},
}
"""Query words before a colon, and the field that each means."""


@dataclass(frozen=True, slots=True)
class Term:
    """A word or phrase to find, anywhere or in one field."""

    text: str
    field: str | None = None
    phrase: bool = False
    prefix: bool = False
    """The text is the beginning of a word."""


@dataclass(frozen=True, slots=True)
class Not:
    """A node that must not match."""

    node: Node


@dataclass(frozen=True, slots=True)
class All:
    """Nodes that must all match."""

    nodes: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Any:
    """Nodes of which at least one must match."""

    nodes: tuple[Node, ...]


Node = Term | Not | All | Any

_TOKEN = re.compile(
    r"""(?P<space>\s+)
      | (?P<open>\() | (?P<close>\))
      | (?P<or>\|+|OR(?=[\s("]|$))
      | (?P<and>&+|AND(?=[\s("]|$))
      | (?P<not>NOT(?=[\s("])|[-\u2212\u2013]+(?=[^\s)\u2212\u2013-]))
      | (?P<plus>\+(?=\S))
      | (?P<field>[A-Za-z]+):(?!//)
      | "(?P<phrase>[^"]*)"?
      | (?P<word>[^\s"()]+)
    """,
    re.VERBOSE,
)
_QUOTES = str.maketrans(dict.fromkeys("“”„‟«»″", '"'))
_PLAIN = re.compile(r'(?!(?:OR|AND|NOT)$)[^\s"():|&+\u2212\u2013-][^\s"():|]*')
"""Words that need no quotes."""
_SAYS_SOMETHING = re.compile(r"\w")


def parse(text: str) -> Node | None:
    """Return a query's syntax tree; None if the query has no words."""
    return _Reader(text).sequence(0, None)


def notices(text: str) -> list[str]:
    """Return a sentence for each part of a query that is not read as it seems to be meant."""
    reader = _Reader(text)
    reader.sequence(0, None)
    return [*reader.notices, *reader.brackets()]


def terms(node: Node | None) -> Iterator[Term]:
    """Yield the terms of a tree, in their order."""
    if isinstance(node, Term):
        yield node
    elif isinstance(node, Not):
        yield from terms(node.node)
    elif node is not None:
        for each in node.nodes:
            yield from terms(each)


def render(node: Node) -> str:
    """Return a query that is read as the tree."""
    return _rendered(node, inner=False)


def _rendered(node: Node, inner: bool) -> str:
    if isinstance(node, Term):
        field = f"{node.field}:" if node.field else ""
        plain = _PLAIN.fullmatch(node.text) and not node.phrase
        return field + (node.text + "*" * node.prefix if plain else f'"{node.text}"')
    if isinstance(node, Not):
        return f"-{_rendered(node.node, inner=True)}"
    joint = " OR " if isinstance(node, Any) else " "
    text = joint.join(_rendered(each, inner=True) for each in node.nodes)
    return f"({text})" if inner else text


class _Reader:
    """Reads one query's tokens, once, from left to right."""

    def __init__(self, text: str) -> None:
        # Controls and lone surrogates mean nothing here and would not travel as JSON.
        clean = "".join(
            " " if ord(c) < 32 or ord(c) == 127 else c
            for c in text.translate(_QUOTES)
            if not 0xD800 <= ord(c) <= 0xDFFF
        )
        self.notices: list[str] = []
        self._tokens = list(_tokens(clean, self.notices))
        self._at = 0
        self._terms = 0

    def sequence(self, depth: int, field: str | None) -> Node | None:
        """Read up to a closing bracket or the end."""
        units: list[list[Node]] = []
        join, negate, named, ignored = False, False, field, 0
        while self._at < len(self._tokens):
            kind, value = self._tokens[self._at]
            self._at += 1
            node: Node | None = None
            if kind == "close":
                if ignored:
                    ignored -= 1
                elif depth:
                    break
            elif kind == "or":
                join = bool(units)
            elif kind == "not":
                negate = not negate
            elif kind == "field":
                named = FIELDS[value]
            elif kind == "open" and depth == MAX_DEPTH:
                ignored += 1
            elif kind == "open":
                node, named = self.sequence(depth + 1, named), field
            elif kind in ("phrase", "word"):
                node, named = self._term(kind, value, named), field
            if node is None:
                continue
            node = Not(node) if negate else node
            if join:
                units[-1].append(node)
            else:
                units.append([node])
            join = negate = False
        return _one(All, [_one(Any, unit) for unit in units])

    def brackets(self) -> Iterator[str]:
        """Yield a sentence for brackets that do not match."""
        depth = 0
        for kind, _ in self._tokens:
            if kind == "open":
                depth += 1
            elif kind == "close":
                if not depth:
                    yield "A closing bracket without an opening one is ignored."
                depth = max(0, depth - 1)
        if depth:
            yield "A bracket is not closed: the group ends with the query."

    def _term(self, kind: str, value: str, field: str | None) -> Node | None:
        if not _SAYS_SOMETHING.search(value):
            return None
        if self._terms >= MAX_TERMS:
            if self._terms == MAX_TERMS:
                self.notices.append(f"Words after the {MAX_TERMS}th are ignored.")
            self._terms += 1
            return None
        self._terms += 1
        if kind == "phrase":
            return Term(value.strip(), field, phrase=True)
        stem = value.rstrip("*")
        return Term(stem, field, prefix=stem != value and len(stem) > 1)


def _tokens(text: str, notices: list[str]) -> Iterator[tuple[str, str]]:
    at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:  # pragma: no cover - the alternatives cover every character
            break
        at = match.end()
        kind = match.lastgroup or "space"
        value = match[kind] or ""
        if kind == "field":
            if value.lower() in FIELDS:
                yield "field", value.lower()
            else:
                # "Ukraine: what next" or an unknown field: words like any other.
                if text[at : at + 1].strip():
                    notices.append(f"There is no field “{value}”: it is searched for as a word.")
                yield "word", value
        elif kind == "phrase":
            if not match.group().endswith('"') or len(match.group()) < 2:
                notices.append("A quote is not closed: the phrase ends with the query.")
            yield kind, value
        elif kind != "space":
            yield kind, value


def _one(kind: type[All] | type[Any], nodes: list[Node] | list[Node | None]) -> Node | None:
    kept = tuple(node for node in nodes if node is not None)
    if not kept:
        return None
    return kept[0] if len(kept) == 1 else kind(kept)
