"""`python -m tools.given_names`: writes the list of given names that enrichment reads.

Takes the given names of all of Faker's locales in Latin script. Faker is in the dependency group
`data`; nothing at run time needs it.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Iterator
from importlib import import_module
from importlib.metadata import version
from pathlib import Path

import faker.providers.person

TARGET = Path(__file__).resolve().parents[1] / "pipeline" / "enrich" / "data" / "given_names.txt"


def given_names() -> Iterator[str]:
    """Yields the given names of every locale, as printed there."""
    for locale in pkgutil.iter_modules(faker.providers.person.__path__):
        provider = import_module(f"faker.providers.person.{locale.name}").Provider
        for attribute in dir(provider):
            names = getattr(provider, attribute)
            if attribute.startswith("first_names") and not isinstance(names, property):
                yield from (n for n in names if n.isalpha() and n[0] < "\u0250")


def main() -> None:
    """Write the file."""
    names = sorted({name.lower() for name in given_names()})
    header = [
        "# Given names in Latin script, in lower case, from the locales of Faker "
        f"{version('faker')}.",
        "# Written by `python -m tools.given_names`. Faker: (c) 2012 Daniele Faraglia and",
        "# individual contributors, MIT licence, https://github.com/joke2k/faker",
    ]
    TARGET.write_text("\n".join([*header, *names]) + "\n", encoding="utf-8")
    print(f"{len(names)} names in {TARGET}")


if __name__ == "__main__":
    main()
