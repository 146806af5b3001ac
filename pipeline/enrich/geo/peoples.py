"""Adjectives of countries in German, French and Spanish: "französische", "allemands", "rusa"."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from pipeline.enrich.geo.gazetteer import Gazetteer, Sense
from pipeline.enrich.geo.toponyms import Candidate

PROBABILITY = 0.9
_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
_ENDINGS: Mapping[str, tuple[str, ...]] = {
    "de": ("", "e", "en", "er", "es", "em"),
    "fr": ("", "s"),
    "es": ("", "s", "es"),
}


@cache
def adjectives(language: str) -> Mapping[str, str]:
    """Returns the adjectives of a language in all their forms, each with its country's code."""
    raw = files("pipeline.enrich.geo").joinpath("data/peoples.toml").read_text(encoding="utf-8")
    found: dict[str, str] = {}
    for country, listed in tomllib.loads(raw).items():
        for part in listed.split("; "):
            code, _, words = part.partition(" ")
            if code == language:
                for word in words.split(", "):
                    found |= {_plural(word, ending): country for ending in _ENDINGS[language]}
    return found


def _plural(word: str, ending: str) -> str:
    """Returns a word with an ending: Spanish "francés" loses its accent, "franceses"."""
    if ending == "es" and word[-2:-1] in "áéíóú" and word[-1] in "sn":
        word = word[:-2] + word[-2].translate(str.maketrans("áéíóú", "aeiou")) + word[-1]
    return word + ending


def recognise(text: str, language: str, gazetteer: Gazetteer) -> list[Candidate]:
    """Returns the adjectives of countries in a text, in order, as demonyms.

    They are written small: with a capital, "Suisse" is a country and "Français" its people.
    """
    if language not in _ENDINGS:
        return []
    known = adjectives(language)
    return [
        Candidate(*m.span(), m[0], (Sense(country, "demonym", True),), ("people",), PROBABILITY)
        for m in _WORD.finditer(text)
        if (code := known.get(m[0])) and (country := gazetteer.country(code))
    ]
