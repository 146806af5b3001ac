"""`python -m tools.aliases [FILE...]`: names that stand for two things in tables of aliases.

Looks at config/aliases.toml and the files given, which lie over it: a name or alias that stands for
two things, and an id that two names share or that is of no name. Each is one line, and the exit
code is then 1. Names that a country or a large city has too are listed behind them.
"""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path

from pipeline.enrich.geo.gazetteer import Gazetteer
from pipeline.enrich.geo.shipped import ensure
from pipeline.enrich.names import aliases
from pipeline.wire.labels import Label

ROOT = Path(__file__).parents[1]
LARGE = 1_000_000
"""People of a city whose name should be nothing else's."""


def clashes(paths: Sequence[Path]) -> Iterator[str]:
    """Yields what clashes in tables that lie over each other, one line each."""
    names: dict[str, tuple[str, ...]] = {}
    ids: dict[str, str] = {}
    for path in paths:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        for label in Label:
            names |= {name: tuple(forms) for name, forms in table.get(label, {}).items()}
        for name, id_ in table.get("kb", {}).items():
            if ids.setdefault(id_, name) != name:
                yield f"{id_} is the id of {name} and of {ids[id_]}"
    for name in ids.values():
        if name not in names:
            yield f"{name} has an id and is in no table"
    stands_for: dict[str, str] = {}
    for name, forms in names.items():
        for form in (name, *forms):
            other = stands_for.setdefault(aliases.key(form), name)
            if other != name:
                yield f"{form} stands for {name} and for {other}"


def places(paths: Sequence[Path], gazetteer: Gazetteer) -> Iterator[str]:
    """Yields names of organisations and people that a country or a large city has too."""
    for path in paths:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        for label in (Label.PERSON, Label.ORG):
            for name, forms in table.get(label, {}).items():
                for form in (name, *forms):
                    for sense in gazetteer.lookup(form):
                        entry = sense.entry
                        country = entry.feature.startswith("PCL") and sense.kind == "name"
                        if country or (sense.kind == "name" and entry.population > LARGE):
                            yield f"{form} ({name}) is also {entry.name}, {entry.country}"
                            break


def main(files: list[str]) -> int:
    """Print what clashes, and return how a process that found something ends."""
    paths = [aliases.DEFAULT_FILE, *map(Path, files)]
    gazetteer = Gazetteer(ensure(ROOT / "var" / "gazetteer"))
    found = list(clashes(paths))
    for line in (*found, *places(paths, gazetteer)):
        sys.stdout.write(line + "\n")
    return bool(found)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
