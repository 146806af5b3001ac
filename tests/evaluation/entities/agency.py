"""Agency copy with gold names, where the folder shared/ lies beside the checkout.

The texts belong to their agencies: they are read in place, for development and measurement. The
scorer is the one that lies beside them.
"""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

FOLDER = Path(__file__).resolve().parents[3] / ".." / "shared" / "entities-dev"
CORPORA = {"ieer": "IE-ER (AP, NYT 1998)", "conllpp": "CoNLL++ (Reuters 1996)"}
KINDS: Mapping[str, str] = {
    "PERSON": "PERSON", "PER": "PERSON", "ORG": "ORG", "ORGANIZATION": "ORG", "LOC": "PLACE",
    "LOCATION": "PLACE", "MISC": "MISC",
}  # fmt: skip
"""The corpora's labels as kinds of `pipeline.enrich.names.scoring`."""


@dataclass(frozen=True, slots=True)
class Document:
    """A text with its gold names, as the corpus has them."""

    corpus: str
    id: str
    kind: str
    text: str
    record: Mapping[str, Any]


def documents(corpus: str) -> list[Document]:
    """Returns the documents of a corpus in order; none where the folder is not there."""
    path = FOLDER / f"{corpus}-dev.jsonl"
    if not path.exists():
        return []
    with path.open(encoding="utf-8") as file:
        records = [json.loads(line) for line in file]
    return [Document(corpus, r["id"], r["kind"], r["text"], r) for r in records]


def scorer(path: Path = FOLDER / "score.py") -> ModuleType:
    """Returns the scorer that lies beside corpora: these ones by default."""
    spec = importlib.util.spec_from_file_location(f"score_of_{path.parent.name}", path)
    if spec is None or spec.loader is None:
        raise FileNotFoundError(path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def scores(
    docs: list[Document], found: Mapping[str, list[tuple[int, int, str]]], score: ModuleType
) -> dict[str, dict[str, float]]:
    """Returns F1 by kind of story ("all", "news", "sport"): typed, span and by label.

    Args:
        found: by id the names of a text: start, end and label.
    """
    scheme = {"ieer": "ieer", "conllpp": "conll"}[docs[0].corpus]
    pairs: dict[str, list[Any]] = {"all": []}
    for doc in docs:
        must, may = score.gold_spans(doc.record, score.cut)
        entities = [{"label": k, "mentions": [{"start": s, "end": e}]} for s, e, k in found[doc.id]]
        said = score.pred_spans(doc.record, {"entities": entities}, scheme, score.cut)
        pair = must, score.settle(must, may, said)
        pairs["all"].append(pair)
        pairs.setdefault(doc.kind, []).append(pair)
    result = {}
    for kind, some in sorted(pairs.items()):
        tally = score.tally(some, score.ORDER[scheme])
        result[kind] = {"typed": tally["typed"]["f1"], "span": tally["span"]["f1"]} | {
            label: figures["f1"] for label, figures in tally["types"].items()
        }
    return result
