"""The words of the search box as an Elasticsearch clause.

Each word scores by the field that fits it best, weighted by the boosts below; words that stand
together in the headline add to the score.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import cache

from pipeline.enrich.names.aliases import Aliases, load
from pipeline.search import dates, syntax
from pipeline.search.facets import FACETS, any_of
from pipeline.search.visible import Clause, iso

HEADLINE_BOOST = 4.0
DATELINE_BOOST = 2.0
SLUGLINE_BOOST = 2.0
SUMMARY_BOOST = 1.5
BODY_BOOST = 1.0
BYLINE_BOOST = 0.5
HEADLINE_PHRASE_BOOST = 2.0
MAX_NAME_WORDS = 5
"""Of a name with aliases, such as "United States of America"."""
NAME_FIELDS = ("persons", "organisations", "place_names")
"""Fields with the names that enrichment gives to what a story names."""


def scoring(q: str, languages: Sequence[str], now: datetime) -> Clause | None:
    """Return the scored clause of a query's words; None if it has none.

    Args:
        q: in the syntax of `pipeline.search.syntax`.
        languages: those with an analyzer, and so a field `text.<language>`, of their own.
        now: what relative dates count from.
    """
    node = syntax.parse(q)
    return _clause(node, _text_fields(languages), now) if node else None


def notices(q: str, now: datetime) -> list[str]:
    """Return a sentence for each part of a query that is not understood."""
    found = syntax.notices(q)
    for term in syntax.terms(syntax.parse(q)):
        if term.field in ("after", "before") and dates.read(term.text, now) is None:
            found.append(f"“{term.text}” is not a date: it is searched for as words.")
        elif term.field == "urgency" and _urgency(term.text) is None:
            found.append(f"“{term.text}” is not an urgency: it is searched for as words.")
    return found


def _text_fields(languages: Sequence[str]) -> list[str]:
    return [
        f"headline^{HEADLINE_BOOST}",
        f"dateline.text^{DATELINE_BOOST}",
        f"dateline.place^{DATELINE_BOOST}",
        f"slugline^{SLUGLINE_BOOST}",
        f"summary^{SUMMARY_BOOST}",
        f"body^{BODY_BOOST}",
        f"byline^{BYLINE_BOOST}",
        *(f"text.{language}^{BODY_BOOST}" for language in languages),
    ]


_IN_FIELD = {
    "headline": ("headline", "headline.exact"),
    "body": ("body", "body.exact"),
    "slug": ("slugline", "slugline.exact"),
    "byline": ("byline", "byline.exact"),
    "keyword": ("keywords.text", "keywords.text"),
    **{facet.name: (facet.text, facet.text) for facet in FACETS.values() if facet.text},
}
"""Query words that search one text field: the field for words, and for a phrase as written."""

_INSIDE = re.compile(r"\w[^\w\s]+\w")


def _clause(node: syntax.Node, fields: list[str], now: datetime) -> Clause:
    if isinstance(node, syntax.All):
        wanted = [n for n in node.nodes if not isinstance(n, syntax.Not)]
        must = [_named(run, fields, now) for run in _runs(wanted)]
        must_not = [_clause(n.node, fields, now) for n in node.nodes if isinstance(n, syntax.Not)]
        result: Clause = {"must": must, "must_not": must_not}
        words = [n.text for n in node.nodes if isinstance(n, syntax.Term) and not n.field]
        if len(words) > 1:
            # Words that stand together in the headline are more relevant than the same words apart.
            together = {
                "query": " ".join(words),
                "slop": 2,
                "boost": HEADLINE_PHRASE_BOOST,
            }
            result["should"] = [{"match_phrase": {"headline": together}}]
        return {"bool": result}
    if isinstance(node, syntax.Any):
        return {
            "bool": {
                "should": [_clause(n, fields, now) for n in node.nodes],
                "minimum_should_match": 1,
            }
        }
    if isinstance(node, syntax.Not):
        return {"bool": {"must_not": [_clause(node.node, fields, now)]}}
    if node.field is None:
        return _named([node], fields, now)
    return _fielded(node, fields, now)


@cache
def _aliases() -> Aliases:
    return load()


def _runs(nodes: Sequence[syntax.Node]) -> Iterator[Sequence[syntax.Node]]:
    """Yield nodes in order, alone or as the longest run of words that is a name with aliases."""
    at = 0
    while at < len(nodes):
        for length in range(min(MAX_NAME_WORDS, len(nodes) - at), 0, -1):
            run = nodes[at : at + length]
            if length == 1 or _forms(run):
                yield run
                at += length
                break


def _forms(run: Sequence[syntax.Node]) -> tuple[str, ...]:
    """Return the names that mean the same as a run of words, its own included."""
    words = [n.text for n in run if isinstance(n, syntax.Term) and not (n.field or n.prefix)]
    if len(words) < len(run):
        return ()
    return _aliases().forms(" ".join(words))


def _named(run: Sequence[syntax.Node], fields: list[str], now: datetime) -> Clause:
    """Return the clause of a run of nodes: its words, or another name of what they name."""
    own = [
        _text(n, fields)
        if isinstance(n, syntax.Term) and n.field is None
        else _clause(n, fields, now)
        for n in run
    ]
    together: Clause = own[0] if len(own) == 1 else {"bool": {"must": own}}
    forms = _forms(run)
    if not forms:
        return together
    named = " ".join(n.text for n in run if isinstance(n, syntax.Term))
    # "US" would find every "us": of short names only the entity is searched for.
    others = [form for form in forms if form != named and len(form.replace(".", "")) > 2]
    phrases = [_text(syntax.Term(form, phrase=True), fields) for form in others]
    entity = [
        {"term": {field: {"value": forms[0], "case_insensitive": True}}} for field in NAME_FIELDS
    ]
    return any_of([together, *phrases, *entity])


def _text(term: syntax.Term, fields: list[str]) -> Clause:
    if term.phrase:
        fields = [_exact(field) for field in fields]
    elif term.prefix:
        return {"multi_match": {"query": term.text, "type": "phrase_prefix", "fields": fields}}
    # "Franco-German" is several words to an analyzer: they belong together.
    kind = "phrase" if term.phrase or _INSIDE.search(term.text) else "best_fields"
    match: Clause = {"query": term.text, "type": kind, "fields": fields}
    if kind == "best_fields":
        match["operator"] = "and"
    # A stop word alone ("the") has nothing to match: it must not empty the page.
    match["zero_terms_query"] = "all"
    return {"multi_match": match}


def _exact(field: str) -> str:
    name, _, boost = field.partition("^")
    return field if name.startswith("text.") else f"{name}.exact^{boost}"


def _fielded(term: syntax.Term, fields: list[str], now: datetime) -> Clause:
    text = term.text
    match term.field:
        case "dateline":
            return _text(term, ["dateline.text^1", "dateline.place^1"])
        case "urgency":
            return _urgency(text) or _text(term, fields)
        case "after" | "before":
            when = dates.read(text, now)
            if when is None:
                return _text(term, fields)
            side = "gte" if term.field == "after" else "lt"
            return {"range": {"published_at": {side: iso(when)}}}
        case "place" if text.isdecimal():  # a GeoNames id
            return FACETS["place"].clause((text,))
        case field if field in _IN_FIELD:
            return _text_in(term, _IN_FIELD[field][term.phrase])
        case field:
            return FACETS[field or ""].clause((text,))


def _text_in(term: syntax.Term, field: str) -> Clause:
    if term.prefix:
        return {"match_phrase_prefix": {field: {"query": term.text}}}
    return {"match_phrase": {field: {"query": term.text}}}


_URGENCY = re.compile(r"(?P<sign>[<>]=?|=)?(?P<low>[1-9])(?:(?:-|\.\.)(?P<high>[1-9]))?")


def _urgency(text: str) -> Clause | None:
    match = _URGENCY.fullmatch(text)
    if match is None:
        return None
    low, high, sign = int(match["low"]), match["high"], match["sign"]
    if high:
        return {"range": {"urgency": {"gte": low, "lte": int(high)}}}
    if sign and sign != "=":
        side = {"<": "lt", "<=": "lte", ">": "gt", ">=": "gte"}[sign]
        return {"range": {"urgency": {side: low}}}
    return {"term": {"urgency": low}}
