"""Places of other languages than English, against the corpora of shared/languages-dev."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pipeline.enrich.enricher import Enricher, toponyms
from pipeline.wire.story import Story
from tests.evaluation.entities.agency import scorer
from tests.evaluation.geoparsing import Counts

FOLDER = Path(__file__).resolve().parents[2] / ".." / "shared" / "languages-dev"
LANGUAGES = ("de", "es", "fr", "it", "nl", "no", "pt", "sv")


def report(enricher: Enricher) -> str | None:
    """Return the section "Languages" of docs/quality.md, or None without the corpora."""
    if not FOLDER.exists():
        return None
    lines = [
        "## Languages",
        "",
        "Places without a model, on texts of other people that the word lists were developed on"
        " (shared/languages-dev): expect less on others. A place is found if a toponym has exactly"
        " the span; one inside the name of an organisation is not counted.",
        "",
        "| | precision | recall | F1 |",
        "|---|---|---|---|",
    ]
    for language in LANGUAGES:
        c = counts(enricher, FOLDER / f"{language}.jsonl")
        lines.append(f"| {language} | {c.precision:.3f} | {c.recall:.3f} | {c.f1:.3f} |")
    lines += ["", *_exonyms(enricher)]
    return "\n".join([*lines, ""])


def _exonyms(enricher: Enricher) -> Iterator[str]:
    """Yields how many foreign names of places lie where they should, by language."""
    score = scorer(FOLDER / "score.py")
    rows = score.exonyms(FOLDER / "exonyms.tsv")
    found = {}
    for row in rows:
        story = Story(id=row["id"], body=row["text"], language=row["language"])
        [enriched] = enricher.enrich([story])
        found[row["id"]] = {"toponyms": toponyms(enriched)}
    judged = score.judged(rows, found)
    whole = judged.pop("all")
    listed = (f"{language} {one['right']} of {one['names']}" for language, one in judged.items())
    yield (
        f"Of {whole['names']} names of countries, cities, seas and regions that were written down"
        f" from general knowledge, {whole['right']} lie where they should: {', '.join(listed)}."
    )


def counts(enricher: Enricher, path: Path) -> Counts:
    """Return what is found of the places of one corpus."""
    found = Counts()
    records = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    for record in records:
        story = Story(id=record["id"], body=record["text"], language=record["language"])
        [enriched] = enricher.enrich([story])
        spans = {(t["start"], t["end"]) for t in toponyms(enriched) if t["role"] != "demonym"}
        gold = _spans(record, "LOC")
        bodies = _spans(record, "ORG")
        right = spans & gold
        inside = {s for s in spans - right if any(o[0] <= s[0] and s[1] <= o[1] for o in bodies)}
        found.hits += len(right)
        found.predicted += len(spans - inside)
        found.gold += len(gold)
    return found


def _spans(record: dict[str, Any], label: str) -> set[tuple[int, int]]:
    return {(e["start"], e["end"]) for e in record["entities"] if e["label"] == label}
