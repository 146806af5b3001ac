"""Words that tell what a name names: the lists of data/words.toml, and given names.

This is the one place that reads word lists. The given names of data/given_names.txt come from
Faker's locales (MIT licence), some twenty thousand from sixty languages in Latin script;
`python -m tools.given_names` writes the file.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cache
from importlib.resources import files

Words = frozenset[str]


@dataclass(frozen=True, slots=True)
class Cues:
    """The word lists, in lower case. data/words.toml says what each one holds."""

    titles: Words
    roles: Words
    title_parts: Words
    kin: Words
    female: Words
    male: Words
    speech: Words
    bodies: Words
    organisations: Words
    offices: Words
    company_suffixes: Words
    facilities: Words
    waters_and_lands: Words
    before_lands: Words
    divisions: Words
    events: Words
    before_events: Words
    leagues: Words
    laws: Words
    works: Words
    vessels: Words
    nouns_product: Words
    nouns_organisation: Words
    nouns_place: Words
    nouns_work: Words
    nouns_event: Words
    after_organisation: Words
    firm_verbs: Words
    player_counts: Words
    after_place: Words
    after_land: Words
    after_kind_organisation: Words
    within: Words
    not_names: Words
    degrees: Words
    common: Words
    particles: Words
    generations: Words
    small: Words
    nobles: Words
    states: Words
    heads_before_of: Words
    owners: Words
    centers_of_work: Words
    before_facilities: Words
    headings: Words
    sport: Words
    notices: Words
    sports: Words
    sentence: Words
    scored: Words
    closed: Words
    place_titles: Words
    place_prepositions: Words
    place_within: Words
    place_organisations: Words
    place_facilities: Words
    place_types: Words
    directions: Words
    place_connectors: Words
    place_common: Words
    after_people: Words
    speaks: Words


@cache
def cues() -> Cues:
    """Returns the word lists."""
    table = tomllib.loads(_data("words.toml"))
    return Cues(**{field.name: _expanded(field.name, table) for field in fields(Cues)})


def _expanded(name: str, table: Mapping[str, str]) -> Words:
    """Returns a list with the words of the lists that it includes: "@titles"."""
    found: set[str] = set()
    for word in table[name].split():
        found |= _expanded(word[1:], table) if word.startswith("@") else {word}
    return frozenset(found)


@cache
def given_names() -> Words:
    """Returns given names in Latin script, in lower case."""
    lines = _data("given_names.txt").splitlines()
    return frozenset(line for line in lines if not line.startswith("#"))


def _data(name: str) -> str:
    return files("pipeline.enrich").joinpath(f"data/{name}").read_text(encoding="utf-8")
