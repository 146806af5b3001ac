"""`python -m tools.notice > NOTICE`: write the licences of all that requirements.lock installs."""

from __future__ import annotations

import re
import sys
from importlib.metadata import PackageMetadata, PackageNotFoundError, metadata
from pathlib import Path

ROOT = Path(__file__).parents[1]
PIN = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", re.MULTILINE)
WEAK = re.compile(r"lgpl|lesser general public|\bmpl\b|mozilla", re.IGNORECASE)
"""Licences whose own files stay under them: their source must be offered with changed copies."""

HEAD = """newswire
Copyright the newswire authors. Licensed under the Apache License 2.0, see LICENSE.

Written from requirements.lock by `python -m tools.notice`.

DATA

Place names and coordinates: GeoNames (https://www.geonames.org), CC BY 4.0; see docs/gazetteer.md.
Names of countries and languages: Unicode CLDR, Unicode License v3.
Land and borders: Natural Earth, public domain, by way of world-atlas 2, ISC.

SCRIPTS OF THE PAGE

Leaflet 1.9.4, BSD-2-Clause; see pipeline/web/static/leaflet.LICENSE.txt.

PACKAGES UNDER A LICENCE THAT BINDS CHANGES OF THEIR OWN FILES

They are installed unchanged, as files of their own, and can be replaced. Their source is on the
Python Package Index under the same name and version.

"""


def packages() -> list[tuple[str, str, str]]:
    """Return name, version and licence of each locked package that is installed here."""
    found = []
    for name, version in PIN.findall((ROOT / "requirements.lock").read_text(encoding="utf-8")):
        try:
            found.append((name, version, licence(metadata(name))))
        except PackageNotFoundError:
            found.append((name, version, "installed on other platforms only"))
    return found


def licence(about: PackageMetadata) -> str:
    """Return a package's licence as an SPDX expression, or in the words of its metadata."""
    if expression := about["License-Expression"]:
        return str(expression)
    classified = [
        name.rpartition(" :: ")[2]
        for name in about.get_all("Classifier") or []
        if name.startswith("License :: ") and name != "License :: OSI Approved"
    ]
    if classified:
        return ", ".join(classified)
    lines = str(about["License"] or "").strip().splitlines()
    return lines[0][:80] if lines else "not stated in the package's metadata"


def notice() -> str:
    """Return the text of NOTICE."""
    found = packages()
    weak = [each for each in found if WEAK.search(each[2])]
    others = [each for each in found if each not in weak]
    return HEAD + _lines(weak) + "\nOTHER PACKAGES\n\n" + _lines(others)


def _lines(found: list[tuple[str, str, str]]) -> str:
    return "".join(f"{name} {version}: {licence}\n" for name, version, licence in found)


if __name__ == "__main__":
    sys.stdout.write(notice())
