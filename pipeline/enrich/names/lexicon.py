"""Words that tell what a name names: the lists of data/cues.toml, and given names.

The given names are those of Faker's locales (MIT licence), some twenty thousand from sixty
languages in Latin script, read once per process.
"""

from __future__ import annotations

import pkgutil
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, fields
from functools import cache
from importlib import import_module
from importlib.resources import files

import faker.providers.person

Words = frozenset[str]


@dataclass(frozen=True, slots=True)
class Cues:
    """The word lists, in lower case. What each holds is said in data/cues.toml."""

    titles: Words
    roles: Words
    title_parts: Words
    kin: Words
    female: Words
    male: Words
    speech: Words
    bodies: Words
    organisations: Words
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
    after_place: Words
    after_land: Words
    after_kind_organisation: Words
    within: Words
    not_names: Words
    common: Words
    particles: Words
    small: Words
    nobles: Words
    states: Words
    heads_before_of: Words
    owners: Words
    centers_of_work: Words
    before_facilities: Words


@cache
def cues() -> Cues:
    """The word lists."""
    text = files("pipeline.enrich.names").joinpath("data/cues.toml").read_text(encoding="utf-8")
    table = tomllib.loads(text)
    return Cues(**{field.name: frozenset(table[field.name].split()) for field in fields(Cues)})


@cache
def given_names() -> Words:
    """Given names in Latin script, in lower case."""
    return frozenset(name.lower() for name in _given_names())


def _given_names() -> Iterator[str]:
    for locale in pkgutil.iter_modules(faker.providers.person.__path__):
        provider = import_module(f"faker.providers.person.{locale.name}").Provider
        for attribute in dir(provider):
            names = getattr(provider, attribute)
            if attribute.startswith("first_names") and not isinstance(names, property):
                yield from (n for n in names if n.isalpha() and n[0] < "\u0250")
