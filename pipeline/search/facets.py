"""Facets: what stories are counted by and filtered by.

A facet is declared once, in `FACETS`. The search request takes its parameters from there, the
search box its query words, the page its panels (in this order), the command line its options,
and Kibana the titles of its panels.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field

from pipeline.search.codes import category_name, language_name
from pipeline.search.countries import country_code, country_name
from pipeline.search.visible import Clause

MAX_VALUES = 50
"""Of one filter."""

Values = Sequence[str | int]


def any_of(clauses: Sequence[Clause]) -> Clause:
    """Return the clause that one of the clauses suffices for; without clauses nothing matches."""
    if len(clauses) == 1:
        return clauses[0]
    if not clauses:
        return {"match_none": {}}
    return {"bool": {"should": list(clauses), "minimum_should_match": 1}}


def _terms(field: str, values: Values) -> list[Clause]:
    return [{"term": {field: {"value": str(v), "case_insensitive": True}}} for v in values]


def _place(values: Values) -> Clause:
    """Match places by GeoNames id, or by their own name or that of what contains them."""
    ids = [int(v) for v in values if str(v).isdecimal() and len(str(v)) < 18]
    names = [v for v in values if not str(v).isdecimal()]
    codes = [c for name in names if len(str(name)) > 2 and (c := country_code(str(name)))]
    return any_of(
        [
            *([{"terms": {"place_ids": ids}}] if ids else []),
            *_terms("place_names", names),
            *_terms("within", names),
            *_terms("countries", codes),
        ]
    )


def _country(values: Values) -> Clause:
    """Match countries by code or English name; a name without a code as the gazetteer spells it."""
    codes = {str(value): country_code(str(value)) for value in values}
    spelt = _terms("places.country", [value for value, code in codes.items() if not code])
    return any_of([*_terms("countries", [code or value for value, code in codes.items()]), *spelt])


def _subject(values: Values) -> Clause:
    """Match subjects by name or code."""
    return any_of([*_terms("subjects.name", values), *_terms("subjects.code", values)])


def _topic(values: Values) -> Clause:
    """Match topics by name or code, of either level."""
    return any_of([*_terms("topics.name", values), *_terms("topics.code", values)])


def _language(values: Values) -> Clause:
    """Match languages: "en" also matches "en-GB"."""
    regions = [
        {"prefix": {"language": {"value": f"{v}-", "case_insensitive": True}}} for v in values
    ]
    return any_of([*_terms("language", values), *regions])


@dataclass(frozen=True, slots=True)
class Facet:
    """One facet, with all that the search request, query, page, CLI, docs and Kibana need."""

    name: str
    """The filter's parameter, query word and option."""
    field: str
    """The field that is counted."""
    label: str
    """The panel's title."""
    help: str
    """The filter's values, in one sentence."""
    words: tuple[str, ...] = ()
    """Query words that mean the same as the name."""
    text: tuple[str, ...] = ()
    """The fields of folded names that the query word searches; none if the word is a filter."""
    value: Any = str
    """The type of the filter's values."""
    matching: Callable[[Values], Clause] | None = None
    """Makes the filter's clause; None for one that compares the values with `field`."""
    merged: bool = False
    """Whether values may be forms of one name: "Obama" beside "Barack Obama"."""
    shown: Callable[[str], str] = str
    """Returns a value as the page shows it."""

    def clause(self, values: Values) -> Clause:
        """Return the clause that matches any of the values."""
        if self.matching:
            return self.matching(values)
        if self.value is not str:  # Elasticsearch compares only keywords regardless of case
            return {"terms": {self.field: list(values)}}
        return any_of(_terms(self.field, values))


FACETS: Mapping[str, Facet] = {
    facet.name: facet
    for facet in (
        Facet(
            "person",
            field="persons",
            label="People",
            help="A person's full name.",
            words=("people",),
            text=("folded.persons",),
            merged=True,
        ),
        Facet(
            "place",
            field="place_names",
            label="Places",
            help="A place's name or GeoNames id.",
            text=("folded.place_names", "folded.within"),
            matching=_place,
        ),
        Facet(
            "organisation",
            field="organisations",
            label="Organisations",
            help="An organisation's name.",
            words=("org", "organization"),
            text=("folded.organisations",),
        ),
        Facet(
            "country",
            field="countries",
            label="Countries",
            help="A country's ISO 3166-1 alpha-2 code or English name.",
            matching=_country,
            shown=country_name,
        ),
        Facet(
            "source",
            field="source",
            label="Sources",
            help="An agency: AP, AFP, dpa.",
            words=("agency",),
        ),
        Facet(
            "category",
            field="categories",
            label="Categories",
            help="A category as the wire sends it.",
            shown=category_name,
        ),
        Facet(
            "topic",
            field="top_topics",
            label="Topics",
            help="A topic of the IPTC, or one below it, by name or code.",
            matching=_topic,
        ),
        Facet(
            "subject",
            field="subjects.name",
            label="Subjects",
            help="A subject's name or code.",
            matching=_subject,
        ),
        Facet(
            "urgency",
            field="urgency",
            label="Urgency",
            help="An urgency, from 1 (highest) to 9.",
            value=Annotated[int, Field(ge=0, le=9)],
        ),
        Facet(
            "language",
            field="language",
            label="Languages",
            help='A language code; "en" also finds "en-GB".',
            words=("lang",),
            matching=_language,
            shown=language_name,
        ),
        Facet(
            "signal",
            field="signal",
            label="Signals",
            help="What the agency says of this version: update, correction.",
        ),
        Facet(
            "changed",
            field="changed",
            label="Changed facts",
            help="What changed from the version before: figures, names, places, dates, quotes.",
        ),
    )
}
