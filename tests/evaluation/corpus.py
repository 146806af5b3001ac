"""Documents of geo-dev, where the folder shared/ lies beside the checkout."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from tests.evaluation.geoparsing import Toponym

PATH = Path(__file__).resolve().parents[2] / ".." / "shared" / "geo-dev" / "geowebnews.jsonl"


@dataclass(frozen=True, slots=True)
class Document:
    """A text with its gold toponyms."""

    id: str
    text: str
    gold: tuple[Toponym, ...]

    @property
    def held_out(self) -> bool:
        """True for the half that nothing may be developed on: fixed by the hash of the id."""
        return hashlib.sha256(self.id.encode()).digest()[0] % 2 == 1


def documents() -> list[Document]:
    """All documents of the corpus."""
    with PATH.open(encoding="utf-8") as file:
        records = [json.loads(line) for line in file]
    return [
        Document(
            record["id"],
            record["text"],
            tuple(
                Toponym(
                    t["start"], t["end"], t["lat"], t["lon"],
                    int(t["geonames_id"]) if t.get("geonames_id") else None,
                )
                for t in record["toponyms"]
            ),
        )
        for record in records
    ]  # fmt: skip
