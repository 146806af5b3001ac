"""What to do when no story has all the words: take another spelling, or leave some words out.

The index is asked how many stories have each part, which words of it are spelt like those that no
story has, and what the query finds without each part. Only what the viewer may see is counted, and
a word is suggested only if a visible story has it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from pipeline.index import stems
from pipeline.search import syntax
from pipeline.search.filters import facet_filters, other_filters
from pipeline.search.request import SearchRequest
from pipeline.search.visible import Body, Clause, Viewer, visible
from pipeline.search.words import is_little, runs, scoring

MAX_PARTS = 10
"""A longer query is not taken apart."""
MIN_CHARS = 4
"""Shorter words are not corrected: too many others are spelt like them."""
LETTERS_PER_MISTAKE = 4
CANDIDATES = 3
"""Spellings considered of each word in each field."""
_SPELT_IN = {
    "persons": "folded.persons",
    "places": "folded.place_names",
    "organisations": "folded.organisations",
    "headline": "headline",
    "body": "body",
}
"""Fields whose words may be meant, names first."""

Ask = Callable[[Body], Awaitable[Mapping[str, Any]]]


@dataclass(frozen=True, slots=True)
class Recovery:
    """A query that finds something in place of one that does not."""

    q: str | None = None
    """The query without what was left out; None if nothing helps."""
    left_out: tuple[str, ...] = ()
    """The parts of the query that were left out, as typed."""
    meant: str | None = None
    """The query with other spellings, which may be what was meant; `q` if that finds something."""


async def recovered(
    request: SearchRequest,
    now: datetime,
    languages: Sequence[str],
    viewer: Viewer,
    ask: Ask,
) -> Recovery:
    """Return what can be found instead of a search that finds nothing.

    Args:
        request: the search.
        now: decides embargoes.
        languages: see `pipeline.search.words.scoring`.
        viewer: whom the stories are shown to.
        ask: sends a body to the index and returns its answer.
    """
    node = syntax.parse(request.q)
    if node is None:
        return Recovery()
    filters = [*other_filters(request), *facet_filters(request).values()]
    asking = _Asking(now, languages, viewer, ask)
    parts = _parts(node)
    if not any(_is_word(part) for part in parts) or len(parts) > MAX_PARTS:
        return Recovery()
    alone = await asking.counted([asking.clause(part) for part in parts], [])
    known = dict(zip(parts, alone, strict=True))
    missing = [part for part in parts if not known[part] and isinstance(part, syntax.Term)]
    meant = await _meant(asking, missing)
    if meant:
        corrected = _replaced(node, meant)
        (count,) = await asking.counted([asking.clause(corrected)], filters)
        rendered = syntax.render(corrected)
        if count:
            return Recovery(rendered, meant=rendered)
        return replace(await _left_out(asking, node, known, filters), meant=rendered)
    return await _left_out(asking, node, known, filters)


async def _left_out(
    asking: _Asking,
    node: syntax.Node,
    known: Mapping[syntax.Node, int],
    filters: list[Clause],
) -> Recovery:
    """Leave out the words that no story has, then frequent ones: the rare say what is wanted.

    Args:
        asking: asks the index.
        node: the query.
        known: its parts, with the number of stories that have each.
        filters: of the search, which stay.
    """
    kept = [part for part in known if _is_word(part)]
    dropped = [part for part in kept if not known[part]]
    kept = [part for part in kept if known[part]]
    if dropped and kept:
        (count,) = await asking.counted([asking.clause(_without(node, dropped))], filters)
        if count:
            return _recovery(node, dropped)
    while len(kept) > 1:
        kept.sort(key=lambda part: known[part], reverse=True)
        clauses = [asking.clause(_without(node, [*dropped, each])) for each in kept]
        counts = await asking.counted(clauses, filters)
        enough = next((n for n, count in enumerate(counts) if count), None)
        dropped.append(kept.pop(enough or 0))
        if enough is not None:
            return _recovery(node, dropped)
    return Recovery()


class _Asking:
    """Asks the index about parts of a query."""

    def __init__(self, now: datetime, languages: Sequence[str], viewer: Viewer, ask: Ask) -> None:
        self._now, self._languages, self._viewer, self._ask = now, languages, viewer, ask

    def clause(self, node: syntax.Node | None) -> Clause:
        """Return the clause of a part of a query."""
        q = syntax.render(node) if node else ""
        return scoring(q, self._languages, self._now) or {"match_all": {}}

    async def counted(self, clauses: Sequence[Clause], filters: list[Clause]) -> list[int]:
        """Return how many visible stories each clause finds."""
        if not clauses:
            return []
        counts = {str(n): {"filter": clause} for n, clause in enumerate(clauses)}
        answer = await self._ask(
            {
                "size": 0,
                "track_total_hits": False,
                "query": {"bool": {"filter": [visible(self._now, self._viewer), *filters]}},
                "aggs": counts,
            }
        )
        return [answer["aggregations"][name]["doc_count"] for name in counts]

    async def spelt(self, words: Sequence[str]) -> dict[str, list[str]]:
        """Return words of the index that are spelt like some words, the best first."""
        asked = {
            f"{number} {name}": {
                "text": stems.fold(word) if field.startswith("folded.") else word.lower(),
                "term": {
                    "field": field,
                    "size": CANDIDATES,
                    "suggest_mode": "always",
                    "sort": "score",
                },
            }
            for number, word in enumerate(words)
            for name, field in _SPELT_IN.items()
        }
        answer = await self._ask({"size": 0, "track_total_hits": False, "suggest": asked})
        found: dict[str, list[str]] = {word: [] for word in words}
        for key, entries in answer["suggest"].items():
            word = words[int(key.split(" ")[0])]
            found[word] += [each["text"] for entry in entries for each in entry["options"]]
        return {word: list(dict.fromkeys(spellings)) for word, spellings in found.items()}


async def _meant(asking: _Asking, missing: Sequence[syntax.Term]) -> dict[str, str]:
    """Return, for words that no story has, the most frequent word that is spelt like them."""
    words = list(
        dict.fromkeys(
            match.group()
            for term in missing
            for match in stems.words(term.text)
            if len(match.group()) >= MIN_CHARS and not term.prefix
        )
    )
    if not words:
        return {}
    spelt = await asking.spelt(words)
    pairs = [(word, each) for word, spellings in spelt.items() for each in spellings]
    counts = await asking.counted([asking.clause(syntax.Term(each)) for _, each in pairs], [])
    best: dict[str, tuple[int, int, str]] = {}
    for (word, spelling), count in zip(pairs, counts, strict=True):
        distance = _distance(word.lower(), spelling)
        if count and 0 < distance <= len(word) // LETTERS_PER_MISTAKE:
            best[word] = max(best.get(word, (-distance, 0, "")), (-distance, count, spelling))
    meant = {word: spelling for word, (_, _, spelling) in best.items()}
    # The words of a phrase may be spelt otherwise in the index, and stand together nowhere.
    respelt = [asking.clause(_replaced(term, meant)) for term in missing]
    for term, count in zip(missing, await asking.counted(respelt, []), strict=True):
        for match in () if count else stems.words(term.text):
            meant.pop(match.group(), None)
    return meant


def _distance(one: str, other: str) -> int:
    """Return how many letters differ; a pair of letters that changed places counts once."""
    rows = [list(range(len(other) + 1))]
    for i, a in enumerate(one, 1):
        row = [i]
        for j, b in enumerate(other, 1):
            cost = min(rows[-1][j] + 1, row[-1] + 1, rows[-1][j - 1] + (a != b))
            if i > 1 and j > 1 and a == other[j - 2] and one[i - 2] == b:
                cost = min(cost, rows[-2][j - 2] + 1)
            row.append(cost)
        rows.append(row)
    return rows[-1][-1]


def _parts(node: syntax.Node) -> list[syntax.Node]:
    """Return the parts of a query that a story must have, names of several words as one."""
    if not isinstance(node, syntax.All):
        return [] if isinstance(node, syntax.Not) else [node]
    grouped = [run[0] if len(run) == 1 else syntax.All(tuple(run)) for run in runs(node)]
    return [part for part in grouped if not is_little(part)]


def _is_word(node: syntax.Node) -> bool:
    """Return whether a part is words: a filter such as `source:AP` is never left out."""
    words = syntax.terms(node)
    return not isinstance(node, syntax.Not) and all(
        term.field in (None, "headline", "body", "person", "place", "organisation")
        for term in words
    )


def _without(node: syntax.Node, dropped: Sequence[syntax.Node]) -> syntax.Node | None:
    """Return a query without some of its parts."""
    if not isinstance(node, syntax.All):
        return None if node in dropped else node
    gone = [each for part in dropped for each in _members(part)]
    kept = []
    for each in node.nodes:
        if each in gone:
            gone.remove(each)
        else:
            kept.append(each)
    return syntax.All(tuple(kept)) if kept else None


def _members(part: syntax.Node) -> tuple[syntax.Node, ...]:
    return part.nodes if isinstance(part, syntax.All) else (part,)


def _recovery(node: syntax.Node, dropped: Sequence[syntax.Node]) -> Recovery:
    kept = _without(node, dropped)
    if kept is None:
        return Recovery()
    return Recovery(syntax.render(kept), tuple(syntax.render(part) for part in dropped))


def _replaced(node: syntax.Node, words: Mapping[str, str]) -> syntax.Node:
    """Return a query with other words in place of some."""
    if isinstance(node, syntax.Term):
        text = node.text
        for match in reversed(list(stems.words(text))):
            if match.group() in words:
                text = text[: match.start()] + words[match.group()] + text[match.end() :]
        return replace(node, text=text)
    if isinstance(node, syntax.Not):
        return node
    return replace(node, nodes=tuple(_replaced(each, words) for each in node.nodes))
