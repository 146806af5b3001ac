"""The words of the search box as an Elasticsearch clause.

A word is looked for by its stems in every language (`pipeline.index.stems`), and scores more where
it stands as typed. Each word scores by the field that fits it best, weighted by the boosts below;
words that stand together in the headline add to the score.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from pipeline.enrich.names.aliases import Aliases, load
from pipeline.index import stems
from pipeline.index.mapping import APART
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
PROMINENT_BOOST = 2.0
"""Of a word that names what the story is mostly about: a person by the surname, a company."""
PLACE_BOOST = 0.5
WITHIN_BOOST = 0.25
"""Of a word that names a place of the story in English, or what contains it: its text may not."""
MAX_NAME_WORDS = 5
"""Of a name with aliases, such as "United States of America"."""
NAME_FIELDS = ("persons", "organisations", "place_names")
"""Fields with the names that enrichment gives to what a story names."""

_LITTLE = """
a an and as at by for from in into is of on or the to with
about are be been can could did do does had has have how it its many much say says said than that
there they this was were what when where which who whom whose why will would
der das den dem des ein eine und im am an auf bei für mit nach von vom zu zum zur
die es gab gibt hat haben ist sagt sagte sich sie sind war waren wann warum was welche wer wie
wieso wird wo über
le la les un une des du de et en au aux dans pour par sur avec
a ce cette combien comment est il elle ont où pourquoi qu quand que quel quelle qui quoi sont
el los las una y del al con por para il lo gli di da dal della nel
cómo como cuándo cuánto cuántos dijo dónde es está fue ha han hay quién qué se son su
che chi come cosa dove è ha ho non perché quale quando quanto quanti sono si
o os um uma do dos na nos nas em het een van voor op och att i på av og til fra
é está foi onde porque quantos quem são wat waar wanneer waarom hoe zijn werd vad var när hvor hva
в во и на с со по из к ко о об от за для
что кто где когда почему как сколько какой это был была были
في من على إلى عن ما ماذا هل أين متى لماذا كيف كم هذا هذه
"""
LITTLE_WORDS = frozenset(_LITTLE.split())
"""Words that add to the score, and that a story may lack: "what did Lagarde say about rates?"."""


@dataclass(frozen=True, slots=True)
class Fields:
    """Where a word is looked for, with boosts."""

    folded: tuple[str, ...]
    """By its stems."""
    exact: tuple[str, ...]
    """As written."""
    server: tuple[str, ...] = ()
    """With an analyzer of the server."""
    names: tuple[tuple[str, float], ...] = ()
    """Fields of what enrichment finds in the story, with boosts: its words need not stand there."""

    def named(self, text: str) -> list[Clause]:
        """Return the clauses of stories in which enrichment finds what a text names."""
        name = stems.folded_name(text)
        return [
            {"match_phrase": {field: {"query": name, "boost": boost}}}
            for field, boost in self.names
        ]


def scoring(q: str, languages: Sequence[str], now: datetime) -> Clause | None:
    """Return the scored clause of a query's words; None if it has none.

    Args:
        q: in the syntax of `pipeline.search.syntax`.
        languages: those with a field `text.<language>`, see `pipeline.index.analysis`.
        now: what relative dates count from.
    """
    node = syntax.parse(q)
    return _clause(node, _everywhere(languages), now) if node else None


def notices(q: str, now: datetime) -> list[str]:
    """Return a sentence for each part of a query that is not understood."""
    found = syntax.notices(q)
    for term in syntax.terms(syntax.parse(q)):
        if term.field in ("after", "before") and dates.read(term.text, now) is None:
            found.append(f"“{term.text}” is not a date: it is searched for as words.")
        elif term.field == "urgency" and _urgency(term.text) is None:
            found.append(f"“{term.text}” is not an urgency: it is searched for as words.")
    return found


_BOOSTS = {
    "headline": HEADLINE_BOOST,
    "dateline": DATELINE_BOOST,
    "slugline": SLUGLINE_BOOST,
    "summary": SUMMARY_BOOST,
    "body": BODY_BOOST,
    "byline": BYLINE_BOOST,
}
_FOUND = (
    ("folded.prominent", PROMINENT_BOOST),
    ("folded.place_names", PLACE_BOOST),
    ("folded.within", WITHIN_BOOST),
)
_EXACT = {"dateline": ("dateline.text", "dateline.place")}
"""The fields of a text as written, where it is not one of the same name."""


def _fields(*names: str) -> Fields:
    return Fields(
        tuple(f"folded.{name}^{_BOOSTS[name]}" for name in names),
        tuple(f"{each}^{_BOOSTS[name]}" for name in names for each in _EXACT.get(name, (name,))),
    )


def _everywhere(languages: Sequence[str]) -> Fields:
    found = _fields(*_BOOSTS)
    server = tuple(f"text.{language}^{BODY_BOOST}" for language in languages)
    return Fields(found.folded, found.exact, server, _FOUND)


_TEXTS = {
    "headline": _fields("headline"),
    "body": _fields("body"),
    "slug": _fields("slugline"),
    "byline": _fields("byline"),
    "dateline": _fields("dateline"),
}
"""Query words that search one text."""
_NAMES: dict[str, tuple[str, ...]] = {
    "keyword": ("folded.keywords",),
    **{facet.name: facet.text for facet in FACETS.values() if facet.text},
}
"""Query words that search names by their words."""
_QUOTES = "folded.quotes"
_OF_QUOTES = ("said", "by")
"""Query words that search quotes, all of them the same one."""


def _clause(node: syntax.Node, fields: Fields, now: datetime) -> Clause:
    if isinstance(node, syntax.All):
        return _all(node, fields, now)
    if isinstance(node, syntax.Any):
        return any_of([_clause(each, fields, now) for each in node.nodes])
    if isinstance(node, syntax.Not):
        return {"bool": {"must_not": [_clause(node.node, fields, now)]}}
    if node.field is None:
        return _named([node], fields, now)
    if node.field in _OF_QUOTES:
        return _quoted([node])
    return _fielded(node, fields, now)


def _all(node: syntax.All, fields: Fields, now: datetime) -> Clause:
    quoted = [n for n in node.nodes if isinstance(n, syntax.Term) and _of_quote(n)]
    must: list[Clause] = []
    should: list[Clause] = []
    units = list(runs(node))
    little = [len(run) == 1 and is_little(run[0]) for run in units]
    for run, is_optional in zip(units, little, strict=True):
        (should if is_optional and not all(little) else must).append(_named(run, fields, now))
    if quoted:
        must.append(_quoted(quoted))
    words = [n.text for n in node.nodes if isinstance(n, syntax.Term) and not n.field]
    if len(words) > 1:
        # Words that stand together in the headline are more relevant than the same words apart.
        together = {"query": " ".join(words), "slop": 2, "boost": HEADLINE_PHRASE_BOOST}
        should.append({"match_phrase": {"headline": together}})
    must_not = [_clause(n.node, fields, now) for n in node.nodes if isinstance(n, syntax.Not)]
    result: Clause = {"must": must, "must_not": must_not}
    return {"bool": {**result, "should": should} if should else result}


def _of_quote(node: syntax.Node) -> bool:
    return isinstance(node, syntax.Term) and node.field in _OF_QUOTES


def is_little(node: syntax.Node) -> bool:
    """Return whether a node is a word that a story need not have, in a query of several words."""
    if not isinstance(node, syntax.Term) or node.field or node.phrase or node.prefix:
        return False
    if node.text.isupper():  # "IN" may be Indiana, "US" is no "us"
        return False
    return all(each.group().lower() in LITTLE_WORDS for each in stems.words(node.text))


@cache
def _aliases() -> Aliases:
    return load()


def runs(node: syntax.All) -> Iterator[Sequence[syntax.Node]]:
    """Yield the wanted nodes, but those of quotes, alone or as the longest run that has aliases."""
    nodes = [each for each in node.nodes if not (isinstance(each, syntax.Not) or _of_quote(each))]
    at = 0
    while at < len(nodes):
        for length in range(min(MAX_NAME_WORDS, len(nodes) - at), 0, -1):
            run = nodes[at : at + length]
            if length == 1 or forms(run):
                yield run
                at += length
                break


def forms(run: Sequence[syntax.Node]) -> tuple[str, ...]:
    """Return the names that mean the same as a run of words, its own included."""
    words = [n.text for n in run if isinstance(n, syntax.Term) and not (n.field or n.prefix)]
    if len(words) < len(run):
        return ()
    return _aliases().forms(" ".join(words))


def other_forms(run: Sequence[syntax.Node]) -> list[str]:
    """Return the other names of what a run of words names, as they are looked for.

    "US" would find every "us": of short names only the entity is searched for.
    """
    named = " ".join(n.text for n in run if isinstance(n, syntax.Term))
    known = forms(run) or (_aliases().surnames(named) if len(run) == 1 else ())
    return [form for form in known if form != named and len(form.replace(".", "")) > 2]


def _named(run: Sequence[syntax.Node], fields: Fields, now: datetime) -> Clause:
    """Return the clause of a run of nodes: its words, or another name of what they name."""
    own = [
        _text(n, fields)
        if isinstance(n, syntax.Term) and n.field is None
        else _clause(n, fields, now)
        for n in run
    ]
    together: Clause = own[0] if len(own) == 1 else {"bool": {"must": own}}
    phrases = [_phrase(form, fields) for form in other_forms(run)]
    entity = [
        {"term": {field: {"value": known, "case_insensitive": True}}}
        for known in forms(run)[:1]
        for field in NAME_FIELDS
    ]
    return any_of([together, *phrases, *entity])


def _phrase(name: str, fields: Fields) -> Clause:
    """Return the clause of a name as written, and of its words in an English text."""
    exact = _multi(name, "phrase", fields.exact)
    return any_of([exact, _multi(stems.folded(name, "en"), "phrase", fields.folded)])


def _text(term: syntax.Term, fields: Fields) -> Clause:
    """Return the clause of a word or phrase in some texts."""
    found = [match.group() for match in stems.words(term.text)]
    if not found:
        return {"match_all": {}}
    server = [_multi(term.text, "phrase", fields.server)] if fields.server else []
    if term.prefix:
        return any_of([*_begins(term.text, fields), *server])
    if term.phrase:
        return any_of([_multi(term.text, "phrase", fields.exact), *server])
    several = len(found) > 1 or stems.is_paired(found[0])
    written = _multi(term.text, "phrase" if several else "best_fields", fields.exact)
    if len(found) > 1:  # "Franco-German" is several words that belong together
        languages = zip(*map(stems.by_language, found), strict=False)
        stemmed = [_multi(" ".join(each), "phrase", fields.folded) for each in languages]
    else:
        kind = "phrase" if several else "best_fields"
        stemmed = [_multi(" ".join(stems.wanted(found[0])), kind, fields.folded)]
    return any_of([*stemmed, written, *fields.named(term.text), *server])


def _multi(text: str, kind: str, fields: Sequence[str]) -> Clause:
    return {"multi_match": {"query": text, "type": kind, "fields": list(fields)}}


def _begins(text: str, fields: Fields) -> list[Clause]:
    starts = [
        {"prefix": {field.partition("^")[0]: {"value": beginning}}}
        for beginning in stems.beginnings(text)
        for field in fields.folded
    ]
    return [_multi(text, "phrase_prefix", fields.exact), *starts]


def _quoted(terms: Sequence[syntax.Term]) -> Clause:
    """Return the clause of one quote with some words, by a speaker."""
    wanted: list[Clause] = []
    places: list[Clause] = []
    words = [w.group() for t in terms if t.field == "said" for w in stems.words(t.text)]
    # Once each: of a word that is asked for twice, intervals want two in the quote.
    for forms in dict.fromkeys(map(stems.wanted, words)):
        wanted.append({"match": {_QUOTES: {"query": " ".join(forms)}}})
        places.append({"any_of": {"intervals": [{"match": {"query": form}} for form in forms]}})
    names = dict.fromkeys(stems.spoken_by(term.text) for term in terms if term.field == "by")
    for name in names:
        wanted.append({"match_phrase": {_QUOTES: {"query": name}}})
        places.append({"match": {"query": name, "ordered": True, "max_gaps": 0}})
    if len(wanted) == 1:
        return wanted[0]
    # What is looked for is no gap, also where two of it are the same word of the quote.
    most = APART - len(words) - sum(len(name.split()) for name in names)
    together = {"all_of": {"intervals": places, "max_gaps": most}}
    return {"bool": {"must": wanted, "filter": [{"intervals": {_QUOTES: together}}]}}


def _fielded(term: syntax.Term, fields: Fields, now: datetime) -> Clause:
    text = term.text
    match term.field:
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
        case field if field in _TEXTS:
            return _text(term, _TEXTS[field])
        case field if field in _NAMES:
            return any_of([_name(term, each) for each in _NAMES[field]])
        case field:
            return FACETS[field or ""].clause((text,))


def _name(term: syntax.Term, field: str) -> Clause:
    kind = "match_phrase_prefix" if term.prefix else "match_phrase"
    names = [term.text] if term.prefix else [term.text, *other_forms([syntax.Term(term.text)])]
    return any_of([{kind: {field: {"query": stems.folded_name(name)}}} for name in names])


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
