"""Places against the corpus of shared/geo-dev and against invented stories."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby
from unittest.mock import patch

from pipeline.enrich import enricher as steps
from pipeline.enrich.enricher import Enricher, toponyms
from pipeline.enrich.geo import outcome, verdict
from pipeline.enrich.geo import resolve as resolve_module
from pipeline.enrich.geo.gazetteer import Entry, Gazetteer
from pipeline.enrich.geo.home import divisions, learned, region
from pipeline.enrich.geo.outcome import places
from pipeline.enrich.geo.places import prominence
from pipeline.enrich.geo.records import haversine_km
from pipeline.enrich.geo.resolve import resolve
from pipeline.wire.story import Story
from tests.evaluation import corpus
from tests.evaluation.corpus import Document
from tests.evaluation.entities import agency
from tests.evaluation.geoparsing import NEAR_KM, Counts, Score, Toponym, add
from tests.evaluation.invented import Invented, Inventor

BINS = 5
Predicted = list[tuple[Toponym, float]]
"""Predicted toponyms, each with its confidence."""


def report(enricher: Enricher) -> str | None:
    """The section "Geography" of docs/quality.md; None without the corpus."""
    if not corpus.PATH.exists():
        return None
    docs = corpus.documents()
    predicted = {d.id: predict(enricher, d) for d in docs}
    halves = (
        ("developed on", [d for d in docs if not d.held_out]),
        ("held out", [d for d in docs if d.held_out]),
        ("all", docs),
    )
    lines = [
        "## Geography",
        "",
        "On GeoWebNews (200 articles of other people, shared/geo-dev), split in two by the hash of"
        " a document's id. The weights are fitted on one half. Exact and overlap: F1 of recognised"
        " spans. Accuracy: recognised gold toponyms with a point placed within 161 km. End to end:"
        " F1 of spans that overlap and lie within 161 km. Area: under the curve of log errors, 0 is"
        " best. Its authors also mark adjectives, and organisations that are called by a place.",
        "",
        "| | documents | exact | overlap | accuracy | or same id | end to end | mean km"
        " | median km | area |",
        "|---|---|---|---|---|---|---|---|---|---|",
        "| this model + largest city of the name | 200 | 0.644 | | 0.370 | | 0.290 | | | |",
    ]
    for name, part in halves:
        score = Score()
        for doc in part:
            add(score, doc.gold, [t for t, _ in predicted[doc.id]])
        lines.append(
            f"| {name} | {len(part)} | {score.exact.f1:.3f} | {score.overlap.f1:.3f}"
            f" | {score.accuracy:.3f} | {score.accuracy_or_id:.3f} | {score.end_to_end.f1:.3f}"
            f" | {score.mean_km:.0f} | {score.median_km:.1f} | {score.area:.3f} |"
        )
    held_out = halves[1][1]
    lines += ["", "Confidence on the held-out half, places in fifths of what they were given:", ""]
    lines += ["| given | places | right |", "|---|---|---|"]
    lines += _curve(held_out, [predicted[d.id] for d in held_out])
    lines += ["", *_without(enricher, held_out), "", *_in_agency_copy(enricher)]
    lines += [
        "",
        "Invented lists of places (`tests/evaluation/invented.py`), drawn with another seed than"
        " those that the weights were fitted with: the choice among namesakes alone.",
        "",
        "| | toponyms | within 161 km | of those that do not mean the most prominent namesake |",
        "|---|---|---|---|",
    ]
    inventor = Inventor(enricher.gazetteer, seed=2, evenness=0.25)
    lines.append(_row("local news", inventor.local(200)))
    lines.append(_row("world news", inventor.world(100)))
    lines += _papers(enricher.gazetteer, list(inventor.papers(60, 12)))
    return "\n".join([*lines, ""])


def _papers(gazetteer: Gazetteer, stories: Sequence[Invented]) -> Iterator[str]:
    """Yields the rows of invented local papers: with no home, the learned one, and their own."""
    yield _row("local papers, without home ground", stories)
    found = {
        paper: _learned(list(group), gazetteer)
        for paper, group in groupby(stories, key=lambda story: story.paper)
    }
    homes = {paper: region(name, gazetteer) for paper, name in found.items() if name}
    yield _row(
        f"the same, with the home that was learned ({len(homes)} of {len(found)} papers)",
        stories,
        lambda story: homes.get(story.paper),
    )
    yield _row("the same, with the right home", stories, lambda story: story.home)


def _learned(stories: Sequence[Invented], gazetteer: Gazetteer) -> str | None:
    """Returns the home that the resolved places of a paper speak for: no gold is used."""
    counts: Counter[str] = Counter()
    for story in stories:
        named = divisions(places(resolve(story.toponyms), 0, gazetteer, {}))
        counts.update({*named, *(name.partition("-")[0] for name in named)})
    return learned(counts, len(stories)).region


def _without(enricher: Enricher, docs: Sequence[Document]) -> Iterator[str]:
    """Yields a table of what each step after recognition is worth: the held-out half without it."""
    yield "The held-out half with one part switched off:"
    yield ""
    yield "| without | overlap | accuracy | end to end |"
    yield "|---|---|---|---|"
    parts: dict[str, tuple[object, str, object]] = {
        "nothing": (verdict, "PROBABILITY", verdict.PROBABILITY),
        "what the record's entities say": (steps, "revised", lambda found, *_: list(found)),
        "the same name elsewhere": (steps, "repeated", lambda found, *_: list(found)),
        "the least confidence": (outcome, "LEAST", 0.0),
        "the context of other places": (resolve_module, "ROUNDS", 0),
    }
    for name, (module, attribute, value) in parts.items():
        score = Score()
        with patch.object(module, attribute, value):
            for doc in docs:
                add(score, doc.gold, [t for t, _ in predict(enricher, doc)])
        yield (
            f"| {name} | {score.overlap.f1:.3f} | {score.accuracy:.3f}"
            f" | {score.end_to_end.f1:.3f} |"
        )


def _in_agency_copy(enricher: Enricher) -> Iterator[str]:
    """Yields a table of which names are taken for places in other people's agency copy."""
    corpora = {name: agency.documents(name) for name in agency.CORPORA}
    if not any(corpora.values()):
        return
    yield (
        "In agency copy whose names others marked (shared/entities-dev, which the weights of places"
        " have not seen): a toponym is right that overlaps a place; one inside a longer name, or an"
        " adjective, is not counted. Clubs called by their town are organisations there."
    )
    yield ""
    yield "| | precision | recall | F1 |"
    yield "|---|---|---|---|"
    for name, docs in corpora.items():
        counts = Counts()
        for doc in docs:
            _count(enricher, doc, counts)
        yield (
            f"| {agency.CORPORA[name]} | {counts.precision:.3f} | {counts.recall:.3f}"
            f" | {counts.f1:.3f} |"
        )


def _count(enricher: Enricher, doc: agency.Document, counts: Counts) -> None:
    spans = [(e["start"], e["end"], agency.KINDS[e["label"]]) for e in doc.record["entities"]]
    gold = [(start, end) for start, end, kind in spans if kind == "PLACE"]
    longer = [(start, end) for start, end, kind in spans if kind in ("ORG", "MISC")]
    [enriched] = enricher.enrich([Story(id=doc.id, body=doc.text, language="en")])
    found = [(t["start"], t["end"]) for t in toponyms(enriched) if t["role"] != "demonym"]
    counts.gold += len(gold)
    counts.hits += sum(any(a < end and start < b for a, b in found) for start, end in gold)
    counts.predicted += sum(
        any(a < end and start < b for a, b in gold)
        or not any(a <= start and end <= b and end - start < b - a - 2 for a, b in longer)
        for start, end in found
    )


def predict(enricher: Enricher, doc: Document) -> Predicted:
    """What `newswire enrich` says of a document."""
    [enriched] = enricher.enrich([Story(id=doc.id, body=doc.text)])
    return [
        (
            Toponym(t["start"], t["end"], t["lat"], t["lon"], t["geonames_id"]),
            float(t["confidence"]),
        )
        for t in toponyms(enriched)
    ]


def right(doc: Document, found: Toponym) -> bool:
    """Whether a predicted toponym overlaps a gold one and lies within 161 km of it."""
    return any(
        gold.start < found.end
        and found.start < gold.end
        and gold.latitude is not None
        and gold.longitude is not None
        and found.latitude is not None
        and found.longitude is not None
        and haversine_km(gold.latitude, gold.longitude, found.latitude, found.longitude) <= NEAR_KM
        for gold in doc.gold
    )


def _curve(docs: Sequence[Document], predicted: Sequence[Predicted]) -> list[str]:
    rated = sorted(
        (confidence, right(doc, found))
        for doc, places in zip(docs, predicted, strict=True)
        for found, confidence in places
    )
    rows = []
    for i in range(BINS):
        part = rated[len(rated) * i // BINS : len(rated) * (i + 1) // BINS]
        given = sum(c for c, _ in part) / len(part)
        true = sum(ok for _, ok in part) / len(part)
        rows.append(f"| {given:.2f} | {len(part)} | {true:.2f} |")
    return rows


def _row(
    name: str,
    stories: Iterable[Invented],
    home: Callable[[Invented], Entry | None] = lambda _: None,
) -> str:
    near, total, hard_near, hard = 0, 0, 0, 0
    for story in stories:
        meant = dict(zip((t.candidate.start for t in story.toponyms), story.meant, strict=True))
        for found in resolve(story.toponyms, home(story)):
            entry = meant[found.toponym.candidate.start]
            ok = _km(entry, found.entry) <= NEAR_KM
            largest = max((s.entry for s in found.toponym.candidate.senses), key=prominence)
            total += 1
            near += ok
            if _km(entry, largest) > NEAR_KM:
                hard += 1
                hard_near += ok
    return f"| {name} | {total} | {near / total:.3f} | {hard_near / max(1, hard):.3f} of {hard} |"


def _km(a: Entry, b: Entry) -> float:
    return haversine_km(a.latitude, a.longitude, b.latitude, b.longitude)
