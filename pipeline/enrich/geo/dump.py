"""Records of places from a full GeoNames dump."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pipeline.enrich.geo.records import Division, Record, printable_alternate
from pipeline.wire.errors import SetupError


def read(path: Path) -> Iterator[Record]:
    """Yields the places of a full GeoNames dump (allCountries.txt, 19 columns, tab-separated).

    Divisions, populated places, waters, parks, mountains and islands; not spots such as
    schools, nor roads, sea-beds and forests.

    Raises:
        SetupError: the file can't be read or is not such a dump.
    """
    try:
        with path.open(encoding="utf-8", newline="\n") as file:
            for number, line in enumerate(file, 1):
                fields = line.rstrip("\n").split("\t")
                if len(fields) != 19:
                    raise SetupError(f"{path} line {number} has {len(fields)} fields, not 19")
                record = _dumped(fields)
                if record is not None:
                    yield record
    except (OSError, UnicodeDecodeError, ValueError) as error:
        raise SetupError(f"the dump {path} can't be read: {error}") from error


def _dumped(fields: list[str]) -> Record | None:
    class_, feature, country = fields[6], fields[7], fields[8] or None
    if class_ not in "APHTL" or not class_ or feature.endswith("H"):
        return None
    code1, code2 = fields[10], fields[11]
    first = (country, code1) if country and code1 not in ("", "00") else None
    second = (*first, code2) if first and code2 else None
    division: Division | None = None
    if feature.startswith("PCL") and country:
        division = (country,)
    elif feature in ("ADM1", "ADM2"):
        division = first if feature == "ADM1" else second
    return Record(
        int(fields[0]), fields[1], float(fields[4]), float(fields[5]), feature, country,
        min(int(fields[14] or 0), 0xFFFFFFFF),
        admin1=first if feature != "ADM1" else None,
        admin2=second if feature not in ("ADM1", "ADM2") else None,
        names={
            n: "alternate"
            for n in (fields[2], *fields[3].split(","))
            if printable_alternate(n)
        },
        division=division,
    )  # fmt: skip
