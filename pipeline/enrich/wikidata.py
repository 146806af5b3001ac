"""Entries of a knowledge base from an extract of Wikidata, as JSON or as CSV.

JSON: entities as the dumps have them, one a line (a dump's "[", "]" and commas are skipped), or
one object with "entities", as the API returns it. CSV: columns id, name, aliases (parted by "|"),
type, links and description, also under the names that the query service gives (item, itemLabel,
itemDescription, sitelinks). Files may be compressed (.gz, .bz2).
"""

from __future__ import annotations

import bz2
import csv
import gzip
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from pipeline.enrich.knowledge import Entry, words_of
from pipeline.wire.errors import SetupError
from pipeline.wire.labels import Label

_CLASSES = {
    Label.PERSON: "Q5",
    Label.ORG: (
        "Q43229 Q4830453 Q6881511 Q783794 Q891723 Q7278 Q476028 Q3918 Q163740 Q327333 Q484652"
        " Q11032 Q22687 Q192350 Q2659904 Q215380 Q12973014 Q4438121 Q1110794"
    ),
    Label.PRODUCT: "Q2424752",
    Label.WORK_OF_ART: "Q11424 Q571 Q7725634 Q5398426 Q482994",
    Label.EVENT: "Q1656682 Q40231 Q16510064",
}
_LABEL_OF = {item: label for label, items in _CLASSES.items() for item in items.split()}
"""Types as items of Wikidata (P31, "instance of"): Q5 is a human, Q43229 an organisation."""
_WORDS = {
    Label.PERSON: "person human per",
    Label.ORG: "org organization organisation company business enterprise party university agency",
    Label.PRODUCT: "product",
    Label.WORK_OF_ART: "work_of_art work film book",
    Label.EVENT: "event",
}
_LABEL_CALLED = {word: label for label, words in _WORDS.items() for word in words.split()}
_COLUMNS = {
    "id": ("id", "item", "qid"),
    "name": ("name", "label", "itemlabel"),
    "aliases": ("aliases", "alias", "itemaltlabel", "altlabels"),
    "type": ("type", "instance_of", "p31"),
    "links": ("links", "sitelinks"),
    "description": ("description", "itemdescription"),
}


class Extract:
    """The entries of a file, read one by one.

    Raises:
        SetupError: while it is read, with the line that can't be.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.left_out = 0
        """Items without a name, or of a type that has no label here."""

    def __iter__(self) -> Iterator[tuple[Entry, Sequence[str]]]:
        """Yields each entry with its further names."""
        csv_file = ".csv" in self.path.suffixes
        try:
            with _open(self.path) as file:
                rows = _from_csv(file, self.path) if csv_file else _from_json(file, self.path)
                for found in rows:
                    if found is None:
                        self.left_out += 1
                    else:
                        yield found
        except (OSError, EOFError, UnicodeDecodeError) as error:
            raise SetupError(f"{self.path} can't be read: {error}") from error


def _open(path: Path) -> IO[str]:
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding="utf-8", newline="")
    if path.suffix == ".bz2":
        return bz2.open(path, "rt", encoding="utf-8", newline="")
    return path.open(encoding="utf-8-sig", newline="")


def _from_json(file: IO[str], path: Path) -> Iterator[tuple[Entry, Sequence[str]] | None]:
    for number, line in enumerate(file, 1):
        line = line.strip().rstrip(",")
        if line in ("", "[", "]"):
            continue
        try:
            value = json.loads(line)
            if isinstance(value, dict) and isinstance(value.get("entities"), dict):
                items: Sequence[Any] = list(value["entities"].values())
            else:
                items = value if isinstance(value, list) else [value]
            for item in items:
                yield _item(item)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise SetupError(f"{path}, line {number}: no item of Wikidata: {error}") from error


def _item(item: Mapping[str, Any]) -> tuple[Entry, Sequence[str]] | None:
    """Returns the entry of an item, with its names in all languages."""
    names = {code: value["value"] for code, value in (item.get("labels") or {}).items()}
    name = names.get("en") or names.get("mul") or next(iter(names.values()), None)
    kinds = (
        _LABEL_OF.get(claim["mainsnak"].get("datavalue", {}).get("value", {}).get("id"))
        for claim in (item.get("claims") or {}).get("P31", ())
    )
    label = next((kind for kind in kinds if kind is not None), None)
    if name is None or label is None:
        return None
    aliases = [a["value"] for listed in (item.get("aliases") or {}).values() for a in listed]
    told = [value["value"] for value in (item.get("descriptions") or {}).values()]
    links = len(item.get("sitelinks") or ())
    entry = Entry(f"wikidata:{item['id']}", name, label, links, words_of(*told))
    return entry, [*names.values(), *aliases]


def _from_csv(file: IO[str], path: Path) -> Iterator[tuple[Entry, Sequence[str]] | None]:
    reader = csv.DictReader(file)
    given = {name.strip().lower(): name for name in reader.fieldnames or ()}
    column = {
        field: next((given[name] for name in names if name in given), None)
        for field, names in _COLUMNS.items()
    }
    if missing := [field for field in ("id", "name", "type") if column[field] is None]:
        raise SetupError(f"{path} has no column {' and no column '.join(missing)}")

    for row in reader:
        values = {field: (row.get(name or "") or "").strip() for field, name in column.items()}
        kind = values["type"].rpartition("/")[2]
        label = _LABEL_OF.get(kind) or _LABEL_CALLED.get(kind.lower().replace(" ", "_"))
        id_ = values["id"].rpartition("/")[2]
        if not (id_ and values["name"] and label):
            yield None
            continue
        links = values["links"] or "0"
        if not links.isdecimal():
            raise SetupError(f"{path}, line {reader.line_num}: links {links!r} is no number")
        names = [alias.strip() for alias in values["aliases"].split("|") if alias.strip()]
        known = ":" in id_ or not id_.startswith("Q")
        entry = Entry(
            id_ if known else f"wikidata:{id_}",
            values["name"], label, int(links), words_of(values["description"]),
        )  # fmt: skip
        yield entry, names
