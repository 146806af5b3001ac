"""Countries' English names and ISO 3166-1 alpha-2 codes.

`python -m tools.gazetteer` writes data/countries.tsv with the names of the gazetteer.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files


@cache
def _names() -> dict[str, str]:
    text = files("pipeline.search").joinpath("data/countries.tsv").read_text(encoding="utf-8")
    return dict(line.split("\t") for line in text.splitlines())


@cache
def _codes() -> dict[str, str]:
    return {name.casefold(): code for code, name in _names().items()}


def country_name(code: str | None) -> str:
    """Return the English name of a country, or the code itself if it is not known."""
    return _names().get(code or "", code or "")


def country_code(name: str) -> str | None:
    """Return the code of a country that is given by its code or English name."""
    if len(name) == 2:
        return name.upper()
    return _codes().get(name.strip().casefold())
