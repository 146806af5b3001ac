"""The gazetteer: names in, places out, from one memory-mapped file.

The file is written by `pipeline.enrich.geo.build` and only read here. Its pages are shared by all
processes that map it, so another worker needs hardly any more memory. Layout: a magic line,
the length of the header, the header as JSON, then one array per column. Names are stored as
48-bit hashes of their folded form, sorted: among a million names the chance that any two
share a hash is below one in five hundred. A name of one language only is stored with it.
"""

from __future__ import annotations

import hashlib
import json
import mmap
from bisect import bisect_left
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, NamedTuple, get_args

from pipeline.enrich.folding import fold
from pipeline.wire.errors import SetupError

MAGIC = b"newswire gazetteer 2\n"

Kind = Literal["name", "abbreviation", "code", "former", "demonym", "alternate"]
KINDS: tuple[Kind, ...] = get_args(Kind)
"""Of several kinds of one name the first counts. A code is a postal one: "CO" of Colorado."""

COLUMNS = {
    "id": "i", "latitude": "f", "longitude": "f", "population": "I", "feature": "H",
    "country": "H", "admin1": "i", "admin2": "i", "label": "I",
    "name_hash": "Q", "name_row": "I", "name_kind": "B", "name_language": "B",
    "first_hash": "Q", "first_words": "B", "strings": "B",
}  # fmt: skip
"""Column name to its struct format, in the order of the file."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One place of the gazetteer. Coordinates are WGS 84 degrees."""

    row: int
    id: int
    """The GeoNames id; negative for a place that only newswire's own tables know."""
    name: str
    latitude: float
    longitude: float
    feature: str
    """GeoNames feature code."""
    population: int
    country: str | None
    """ISO 3166-1 alpha-2."""
    admin1: int | None
    """Row of the first administrative division that it lies in."""
    admin2: int | None


class Sense(NamedTuple):
    """A place that a name may mean, and what kind of name for it that is."""

    entry: Entry
    kind: Kind
    own: bool = False
    """The name is known to be one of the language that was asked for."""


def name_hash(folded: str) -> int:
    """Returns the hash under which a folded name is stored."""
    return int.from_bytes(hashlib.blake2b(folded.encode(), digest_size=6).digest(), "big")


class Gazetteer:
    """A gazetteer file, mapped into memory for the life of the process.

    Raises:
        SetupError: the file is missing, damaged, or of another version.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            with path.open("rb") as file:
                self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except (OSError, ValueError) as error:
            raise SetupError(
                f"there is no gazetteer at {path}: "
                "`newswire gazetteer build --geonames DUMP` makes one"
            ) from error
        data = memoryview(self._map)
        if bytes(data[: len(MAGIC)]) != MAGIC:
            raise SetupError(f"{path} is not a gazetteer of this version: build it again")
        start = len(MAGIC) + 8
        size = int.from_bytes(data[len(MAGIC) : start], "big")
        body = data[start + size :]
        damaged = f"the gazetteer at {path} is damaged: delete it, or build it again"
        try:
            self.header: dict[str, Any] = json.loads(bytes(data[start : start + size]))
        except ValueError as error:
            raise SetupError(damaged) from error
        if hashlib.blake2b(body, digest_size=16).hexdigest() != self.header["digest"]:
            raise SetupError(damaged)
        column: dict[str, Any] = {}
        for name, (offset, length) in self.header["columns"].items():
            part: Any = body[offset : offset + length]
            column[name] = part.cast(COLUMNS[name])
        self._column = column
        self._languages = {name: i for i, name in enumerate(self.header["languages"], 1)}
        self._features: list[str] = self.header["features"]
        self._countries: list[str | None] = [None, *self.header["countries"]]
        self.lookup = lru_cache(maxsize=1 << 15)(self._lookup)
        self.entry = lru_cache(maxsize=1 << 15)(self._entry)
        self.longest = lru_cache(maxsize=1 << 15)(self._longest)
        self.hashes = lru_cache(maxsize=64)(self._hashes)
        self.country_rows: dict[str, int] = self.header["country_rows"]

    @property
    def version(self) -> str:
        """Returns a text that names the sources and tables the file was built from."""
        version: str = self.header["version"]
        return version

    def country(self, code: str | None) -> Entry | None:
        """Returns the country of an ISO 3166-1 alpha-2 code, or None if there is none."""
        row = self.country_rows.get(code or "")
        return None if row is None else self.entry(row)

    def admin1_name(self, entry: Entry) -> str | None:
        """Returns the name of the first administrative division that the place lies in."""
        return None if entry.admin1 is None else self.entry(entry.admin1).name

    def _lookup(self, name: str, language: str = "en") -> tuple[Sense, ...]:
        """Returns the places that a name may mean in a language, the most populous first.

        GeoNames does not say which language an alternate name is of. In English, those that
        are known to be another language's are left out.
        """
        key = name_hash(fold(name))
        hashes, rows, kinds, languages = (
            self._column[c] for c in ("name_hash", "name_row", "name_kind", "name_language")
        )
        own = self._languages.get(language, 0)
        at = bisect_left(hashes, key)
        found: dict[int, int] = {}
        spoken: set[int] = set()
        foreign: set[int] = set()
        while at < len(hashes) and hashes[at] == key:
            if languages[at] in (0, own):
                found[rows[at]] = min(kinds[at], found.get(rows[at], len(KINDS)))
            if languages[at]:
                (spoken if languages[at] == own else foreign).add(rows[at])
            at += 1
        if language == "en":
            alternate = KINDS.index("alternate")
            found = {r: k for r, k in found.items() if k != alternate or r not in foreign}
        return tuple(Sense(self.entry(r), KINDS[k], r in spoken) for r, k in found.items())

    def _hashes(self, language: str) -> frozenset[int]:
        """Returns the hashes of the names that are known to be of one language."""
        own = self._languages.get(language)
        pairs = zip(self._column["name_hash"], self._column["name_language"], strict=True)
        return frozenset(hash_ for hash_, spoken in pairs if spoken == own)

    def _longest(self, word: str) -> int:
        """Returns the number of words of the longest name that begins with this word, or 0."""
        key = name_hash(fold(word))
        at = bisect_left(self._column["first_hash"], key)
        if at < len(self._column["first_hash"]) and self._column["first_hash"][at] == key:
            words: int = self._column["first_words"][at]
            return words
        return 0

    def _entry(self, row: int) -> Entry:
        """Returns the place in a row."""
        c = self._column
        label = c["label"][row]
        size = c["strings"][label]
        admin1, admin2 = c["admin1"][row], c["admin2"][row]
        return Entry(
            row=row,
            id=c["id"][row],
            name=bytes(c["strings"][label + 1 : label + 1 + size]).decode(),
            latitude=round(c["latitude"][row], 5),
            longitude=round(c["longitude"][row], 5),
            feature=self._features[c["feature"][row]],
            population=c["population"][row],
            country=self._countries[c["country"][row]],
            admin1=None if admin1 < 0 else admin1,
            admin2=None if admin2 < 0 else admin2,
        )
