"""The gazetteer file, built from records of places and from the project's own tables."""

from __future__ import annotations

import hashlib
import json
import logging
import tomllib
from array import array
from collections import defaultdict
from collections.abc import Iterable, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

from pipeline.enrich.folding import WORD, fold
from pipeline.enrich.geo import dump
from pipeline.enrich.geo.gazetteer import COLUMNS, KINDS, MAGIC, Gazetteer, Kind, name_hash
from pipeline.enrich.geo.records import Division, Record, derived_id, distance_km
from pipeline.enrich.geo.shipped import replace

log = logging.getLogger(__name__)

TABLES = ("abbreviations", "demonyms", "exonyms", "features", "names")
LICENCE = "Places: GeoNames (geonames.org), CC BY 4.0. Foreign names: CLDR, Unicode License V3."
_REGIONS = frozenset({"CONT", "RGN"})
_AREAS = frozenset({"ADM1", "ADM2", "ADMD", "PCLI", "PCLD", "ISL", "ISLS", "PEN"})


def table(name: str) -> dict[str, Any]:
    """Returns one of the project's own tables of place names."""
    raw = files("pipeline.enrich.geo").joinpath(f"data/{name}.toml").read_text(encoding="utf-8")
    return tomllib.loads(raw)


def tables_hash() -> str:
    """Returns a hash of the project's own tables."""
    digest = hashlib.blake2b(digest_size=6)
    for name in TABLES:
        digest.update(files("pipeline.enrich.geo").joinpath(f"data/{name}.toml").read_bytes())
    return digest.hexdigest()


def build(path: Path, geonames: Path) -> None:
    """Write a gazetteer file from a GeoNames dump.

    Args:
        path: the file to write; it is replaced only when the new one is whole.
        geonames: an allCountries.txt, or another dump in its format.

    Raises:
        SetupError: the dump can't be read or the file can't be written.
    """
    records = list(dump.read(geonames))
    replace(path, compiled(records, f"GeoNames dump {geonames.name} ({len(records)} places)"))


def compiled(records: list[Record], origin: str) -> bytes:
    """Returns the bytes of a gazetteer file.

    Args:
        records: the places; the project's own tables are worked into them.
        origin: names what the records come from.
    """
    tables = _Tables(records)
    tables.apply()
    if tables.unknown:
        log.info("places without a record", extra={"places": tables.unknown})
    return compile_records(records, f"{origin}, tables {tables_hash()}")


def info(gazetteer: Gazetteer) -> dict[str, Any]:
    """Returns what a gazetteer holds: its sources, counts and licence."""
    header = gazetteer.header
    return {
        "path": str(gazetteer.path),
        "version": header["version"],
        "places": header["places"],
        "names": header["names"],
        "languages": " ".join(header["languages"]),
        "bytes": gazetteer.path.stat().st_size,
        "features": header["counts"],
        "licence": header["licence"],
    }


class _Tables:
    """The project's own tables, worked into a list of records."""

    def __init__(self, records: list[Record]) -> None:
        self.records = records
        self.unknown: list[str] = []
        """Places of exonyms.toml that the records do not have."""
        self.countries = {r.country: r for r in records if r.feature.startswith("PCL")}
        self.named: dict[str, list[Record]] = defaultdict(list)
        for record in records:
            for name in {fold(record.name), *map(fold, record.names)}:
                self.named[name].append(record)

    def apply(self) -> None:
        for feature, rows in table("features").items():
            for name, (latitude, longitude, country, *others) in rows.items():
                self._feature(
                    Record(
                        derived_id(feature, name), name, latitude, longitude, feature,
                        country or None, names=dict.fromkeys(others, "name"),
                    )
                )  # fmt: skip
        further = table("names")
        for code, extra in further["countries"].items():
            self._add(self.countries.get(code), extra, "name")
        for level, finder in (("divisions", self._division), ("cities", self._city)):
            for key, extra in further[level].items():
                self._add(finder(key), extra, "name")
        for code, states in table("abbreviations").items():
            for state, short in states.items():
                long = [s for s in short if len(s) > 6 and "." not in s]
                self._add(self._division(f"{code}/{state}"), long, "name")
                short = [s for s in short if s not in long]
                codes = [s for s in short if s.isupper() and "." not in s]
                self._add(self._division(f"{code}/{state}"), codes, "code")
                short = [s for s in short if s not in codes]
                self._add(self._division(f"{code}/{state}"), short, "abbreviation")
        demonyms = table("demonyms")
        for code, words in demonyms["countries"].items():
            self._add(self.countries.get(code), _plurals(words), "demonym")
        for key, words in demonyms["divisions"].items():
            self._add(self._division(key), _plurals(words), "demonym")
        for key, words in demonyms["cities"].items():
            self._add(self._city(key), _plurals(words), "demonym")
        for name, words in demonyms["regions"].items():
            self._add(self._region(name), _plurals(words), "demonym")
        self._exonyms(table("exonyms"))

    def _exonyms(self, exonyms: Mapping[str, Mapping[str, str]]) -> None:
        for code, names in exonyms["countries"].items():
            _add_foreign(self.countries.get(code), names)
        for key, names in exonyms["places"].items():
            record = self._place(key)
            if record is None:
                self.unknown.append(key)
            _add_foreign(record, names)

    def _place(self, key: str) -> Record | None:
        """Returns a town or division of "Kraków/PL", a sea, river or region of "Baltic Sea"."""
        if "/" not in key:
            return self._region(key)
        key = "/".join(reversed(key.split("/")))
        city, state = self._city(key), self._find(key, ("ADM1",))
        if city and not (state and city.population < 0.3 * state.population):
            return city
        return state or self._division(key) or self._find(key, ("",))

    def _feature(self, record: Record) -> None:
        """Add a feature, or its names to GeoNames' own entry of it."""
        for known in self.named[fold(record.name)]:
            same = (
                known.feature == record.feature
                or (known.feature in _REGIONS and record.feature in _REGIONS)
                or (known.feature in _AREAS and record.feature in _AREAS | _REGIONS)
            )
            limit = 3500 if known.feature in _REGIONS and not known.country else 400
            if same and distance_km(known, record) < limit:
                known.names |= {record.name: "name", **record.names}
                for name in record.names:
                    self.named[fold(name)].append(known)
                return
        self.records.append(record)
        for name in (record.name, *record.names):
            self.named[fold(name)].append(record)

    def _add(self, record: Record | None, names: Iterable[str], kind: Kind) -> None:
        if record is None:
            return
        for name in names:
            if name.startswith("!"):
                record.names[name[1:]] = "former"
            else:
                record.names[name] = kind

    def _find(self, key: str, features: tuple[str, ...]) -> Record | None:
        country, name = key.split("/", 1)
        found = [
            r for r in self.named[fold(name)]
            if r.country == country and r.feature.startswith(features)
        ]  # fmt: skip
        return max(found, key=lambda r: r.population, default=None)

    def _division(self, key: str) -> Record | None:
        return self._find(key, ("ADM1",)) or self._find(key, ("RGN", "ADM", "ISL", "PEN"))

    def _city(self, key: str) -> Record | None:
        return self._find(key, ("PPL",))

    def _region(self, name: str) -> Record | None:
        found = [r for r in self.named[fold(name)] if not r.feature.startswith(("PPL", "ADM"))]
        return max(found, key=lambda r: r.population, default=None)


def _add_foreign(record: Record | None, names: str) -> None:
    """Adds names to a place, each with its language: "de Wien; it Vienna, Viena"."""
    if record is None:
        return
    for part in names.split(";"):
        language, _, listed = part.strip().partition(" ")
        for name in listed.split(","):
            record.foreign.add((language, name.strip()))


def _plurals(words: list[str]) -> list[str]:
    """Returns the words, and their plurals in -s where English forms one: "Iranian", "Iranians"."""
    return words + [
        word + "s" for word in words if word.endswith(("n", "k", "r", "t", "b", "ch", "ni"))
        and word not in ("French", "Dutch")
    ]  # fmt: skip


def compile_records(records: list[Record], version: str) -> bytes:
    """Returns the bytes of a gazetteer file with these records."""
    columns: dict[str, array[Any]] = {name: array(code) for name, code in COLUMNS.items()}
    strings = columns["strings"]
    features = {f: i for i, f in enumerate(sorted({r.feature for r in records}))}
    codes = {c: i for i, c in enumerate(sorted({r.country for r in records if r.country}), 1)}
    row_of: dict[Division | None, int] = {
        r.division: row for row, r in enumerate(records) if r.division
    }
    labels: dict[str, int] = {}
    pairs: dict[tuple[int, int, int], int] = {}
    spoken = {x: i for i, x in enumerate(sorted({x for r in records for x, _ in r.foreign}), 1)}
    first: dict[int, int] = {}
    for row, record in enumerate(records):
        columns["id"].append(record.id)
        columns["latitude"].append(record.latitude)
        columns["longitude"].append(record.longitude)
        columns["population"].append(record.population)
        columns["feature"].append(features[record.feature])
        columns["country"].append(codes.get(record.country or "", 0))
        columns["admin1"].append(row_of.get(record.admin1, -1))
        columns["admin2"].append(row_of.get(record.admin2, -1))
        if record.name not in labels:
            labels[record.name] = len(strings)
            raw = record.name.encode()[:255]
            strings.append(len(raw))
            strings.extend(raw)
        columns["label"].append(labels[record.name])
        _index_names(record, row, pairs, first, spoken)
    order = sorted(
        pairs,
        key=lambda pair: (pair[0], -records[pair[1]].population, records[pair[1]].id, pair[2]),
    )
    for key, row, language in order:
        columns["name_hash"].append(key)
        columns["name_row"].append(row)
        columns["name_kind"].append(pairs[key, row, language])
        columns["name_language"].append(language)
    for key in sorted(first):
        columns["first_hash"].append(key)
        columns["first_words"].append(first[key])
    header = {
        "version": version,
        "licence": LICENCE,
        "places": len(records),
        "names": len(order),
        "features": list(features),
        "countries": list(codes),
        "languages": list(spoken),
        "tables": tables_hash(),
        "country_rows": {
            r.country: row for row, r in enumerate(records) if r.division == (r.country,)
        },
        "counts": _counts(records),
    }
    return _assemble(header, columns)


def _index_names(
    record: Record,
    row: int,
    pairs: dict[tuple[int, int, int], int],
    first: dict[int, int],
    languages: Mapping[str, int],
) -> None:
    named: Mapping[str, Kind] = {**record.names, record.name: "name"}
    spoken: Iterable[tuple[str, Kind, int]] = [
        *((name, kind, 0) for name, kind in named.items()),
        *((name, "name", languages[language]) for language, name in sorted(record.foreign)),
    ]
    for name, kind, language in spoken:
        folded = fold(name)
        if not folded:
            continue
        key = (name_hash(folded), row, language)
        pairs[key] = min(pairs.get(key, len(KINDS)), KINDS.index(kind))
        words = WORD.findall(name)
        start = name_hash(fold(words[0])) if words else 0
        first[start] = max(first.get(start, 0), min(len(words), 255))


def _counts(records: list[Record]) -> dict[str, int]:
    counts: dict[str, int] = defaultdict(int)
    for record in records:
        counts[record.feature] += 1
    return dict(sorted(counts.items()))


def _assemble(header: dict[str, Any], columns: dict[str, array[Any]]) -> bytes:
    body = bytearray()
    places = {}
    for name, column in columns.items():
        body.extend(b"\0" * (-len(body) % 8))
        raw = column.tobytes()
        places[name] = [len(body), len(raw)]
        body.extend(raw)
    header["columns"] = places
    header["digest"] = hashlib.blake2b(body, digest_size=16).hexdigest()
    encoded = json.dumps(header, sort_keys=True).encode()
    # The columns are cast in place, so the body must start on a multiple of eight.
    encoded += b" " * (-(len(MAGIC) + 8 + len(encoded)) % 8)
    return MAGIC + len(encoded).to_bytes(8, "big") + encoded + bytes(body)
