"""The alias table: names that mean one thing, from TOML files that users extend."""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache
from pathlib import Path
from typing import Any

from pipeline.enrich.folding import fold
from pipeline.wire.errors import SetupError
from pipeline.wire.labels import Label

SPELLING = 0.7
"""How alike two surnames are that are spellings of one."""
DEFAULT_FILE = Path(__file__).parents[3] / "config" / "aliases.toml"


@dataclass(frozen=True, slots=True)
class Alias:
    """What a name stands for."""

    name: str
    """The name to show."""
    label: str
    kb: str | None = None
    """Its entry in a knowledge base: "wikidata:Q1065"."""


class Aliases:
    """Names to what they stand for. Equal tables have the same `version`."""

    def __init__(
        self,
        table: dict[str, Alias],
        version: str,
        others: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        self._table = table
        self._others = others or {}
        self._surnames = _surnames(
            [(alias.name, *self._others.get(alias.name, ())) for alias in {*table.values()}
             if alias.label == Label.PERSON]
        )  # fmt: skip
        self.find = lru_cache(maxsize=1 << 14)(self._find)
        self.version = version

    def forms(self, name: str) -> tuple[str, ...]:
        """Return every name of what a name stands for, its own included; empty if it is unknown."""
        found = self._find(name)
        return (found.name, *self._others.get(found.name, ())) if found else ()

    def surnames(self, name: str) -> tuple[str, ...]:
        """Return the spellings of a person's surname: "Zelensky", "Zelenskyy", "Selenskyj"."""
        return self._surnames.get(fold(name), ())

    def _find(self, name: str) -> Alias | None:
        """Returns the alias of a name, or None. Initialisms are found in capitals only."""
        return self._table.get(key(name))


def load(more: Sequence[Path] = (), default: Path = DEFAULT_FILE) -> Aliases:
    """Returns the default table with further files merged into it; the last one wins.

    Raises:
        SetupError: a file can't be read, is not TOML, or does not have the form of the default.
    """
    names: dict[str, tuple[str, list[str]]] = {}
    kb: dict[str, str] = {}
    digest = hashlib.blake2b(digest_size=4)
    version = 0
    for path in (default, *more):
        raw, table = _read(path)
        digest.update(raw)
        version = max(version, table.pop("version", 0))
        kb.update(_strings(table.pop("kb", {}), path))
        for label, entries in table.items():
            if label not in list(Label) or not isinstance(entries, dict):
                raise SetupError(f"{path}: {label} is no type of entity")
            for name, others in entries.items():
                if not isinstance(others, list) or not all(isinstance(o, str) for o in others):
                    raise SetupError(f"{path}: {label}.{name!r} must be a list of names")
                names[name] = (label, others)
    result: dict[str, Alias] = {}
    for name, (label, others) in names.items():
        alias = Alias(name, label, kb.get(name))
        for form in (*others, name):  # a name's own entry goes before another's alias
            result[key(form)] = alias
    others = {name: forms for name, (_, forms) in names.items()}
    return Aliases(result, f"{version}.{digest.hexdigest()}", others)


_ARTICLE = re.compile(r"^[ae]l-")
"""Of "al-Sisi", whom many call Sisi."""


def _surnames(people: Sequence[Sequence[str]]) -> dict[str, tuple[str, ...]]:
    """Return the spellings of each surname that has several, by each of them."""
    found: dict[str, dict[str, None]] = {}
    for forms in people:
        last = [_ARTICLE.sub("", form.split()[-1]) for form in forms if " " in form]
        # Another surname is another name: "Lula" is no spelling of "da Silva".
        alike = [each for each in last if _alike(fold(last[0]), fold(each))]
        if len({fold(each) for each in alike}) > 1:
            for each in alike:
                found.setdefault(fold(each), {}).update(dict.fromkeys(alike))
    return {name: tuple(spellings) for name, spellings in found.items()}


def _alike(one: str, other: str) -> bool:
    return SequenceMatcher(None, one, other, autojunk=False).ratio() >= SPELLING


def key(name: str) -> str:
    """Returns the key under which a name stands: initialisms keep their capitals, "and" is "&"."""
    plain = name.replace(".", "")
    if plain.isupper() and len(plain) <= 6:
        return plain
    return fold(name).removeprefix("the ").replace(" and ", " & ")


def _read(path: Path) -> tuple[bytes, dict[str, Any]]:
    try:
        raw = path.read_bytes()
        return raw, tomllib.loads(raw.decode("utf-8"))
    except OSError as error:
        raise SetupError(f"the alias table {path} can't be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SetupError(f"the alias table {path} is not valid TOML: {error}") from error


def _strings(table: object, path: Path) -> dict[str, str]:
    if isinstance(table, dict) and all(isinstance(v, str) for v in table.values()):
        return table
    raise SetupError(f"{path}: kb must tie names to ids, as text")
