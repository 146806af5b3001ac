"""Installed spaCy pipelines: which there are, and which one reads a language."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import spacy.util

from pipeline.enrich.language import primary
from pipeline.wire.errors import SetupError


@dataclass(frozen=True, slots=True)
class Installed:
    """An installed pipeline, as its meta.json describes it."""

    name: str
    """The package's name, "fr_core_news_sm"."""
    language: str
    """Primary subtag of BCP 47; Norwegian is "no"."""
    version: str
    finds_names: bool
    """It has a component `ner`; pipelines that only parse have none."""
    size: int
    """Bytes on disk."""


def installed() -> list[Installed]:
    """Return the installed pipelines in the order of language and name."""
    found = [_described(name) for name in spacy.util.get_installed_models()]
    return sorted(found, key=lambda m: (m.language, m.name))


def _described(name: str) -> Installed:
    folder = Path(spacy.util.get_package_path(name))
    try:
        meta = json.loads(next(iter(sorted(folder.rglob("meta.json")))).read_bytes())
        names = "ner" in meta["pipeline"]
        code, version = primary(meta["lang"]) or "", meta["version"]
    except (StopIteration, OSError, ValueError, KeyError) as error:
        raise SetupError(f"the spaCy pipeline {name} in {folder} is damaged: {error}") from error
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    return Installed(name, code, version, names, size)


def chosen(
    languages: Mapping[str, str] | Literal["auto"], found: Sequence[Installed]
) -> dict[str, str]:
    """Return the pipelines of other languages than English, by language.

    Args:
        languages: pipelines by language, or "auto" for the largest of each language that finds
            names.
        found: the installed pipelines.
    """
    if languages != "auto":
        return {primary(code) or code: name for code, name in languages.items()}
    ranked = sorted(found, key=lambda m: (m.size, m.name))
    return {m.language: m.name for m in ranked if m.finds_names and m.language not in ("en", "xx")}
