"""Fits the weights of the recognition and resolution models on the development half of geo-dev.

    python -m tests.evaluation.train
    python -m tests.evaluation.train names [measure]

The second fits those of names instead: see `tests.evaluation.entities.training`. The first
writes recognition.toml, resolution.toml and confidence.toml to pipeline/enrich/geo/data/. The
features are written by hand and hold no word of the corpus; half of its documents are never
seen here.
"""

from __future__ import annotations

import math
import sys
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from pipeline.enrich.enricher import Enricher
from pipeline.enrich.geo import resolve as resolution
from pipeline.enrich.geo.gazetteer import Entry, Gazetteer
from pipeline.enrich.geo.link import Toponym, link
from pipeline.enrich.geo.outcome import role_of, standing
from pipeline.enrich.geo.records import haversine_km
from pipeline.enrich.geo.resolve import Resolved, answers
from pipeline.enrich.geo.shipped import ensure
from pipeline.enrich.geo.toponyms import Candidate, candidates, recognise, weights
from pipeline.enrich.mentions import legible
from pipeline.wire.story import Story
from tests.evaluation.corpus import Document, documents
from tests.evaluation.entities import training
from tests.evaluation.geoparsing import NEAR_KM
from tests.evaluation.geoparsing import Toponym as Gold
from tests.evaluation.invented import Invented, Inventor

DATA = Path(resolution.__file__).parent / "data"
Vector = NDArray[np.float64]


def main(enricher: Enricher, docs: Sequence[Document]) -> None:
    """Fit both models and write their weights."""
    write("recognition", recognition_weights(enricher, docs))
    weights.cache_clear()
    inventor = Inventor(enricher.gazetteer, seed=1, evenness=0.25)
    invented = [*inventor.local(400), *inventor.world(200), *inventor.papers(60, 10)]
    write("resolution", resolution_weights(enricher, docs, invented))
    weights.cache_clear()
    write("confidence", confidence_weights(enricher, docs))
    weights.cache_clear()


def recognition_weights(
    enricher: Enricher, docs: Sequence[Document], l2: float = 1.0
) -> dict[str, float]:
    """Logistic regression: is the candidate a gold toponym, to the character?"""
    rows: list[tuple[str, ...]] = []
    labels: list[float] = []
    for doc in docs:
        gold = {(t.start, t.end) for t in doc.gold}
        named = enricher.named(doc.text, "en", "body")
        for c in candidates(legible(doc.text), named, enricher.gazetteer):
            rows.append(c.cues)
            labels.append(float((c.start, c.end) in gold))
    counts = Counter(f for row in rows for f in set(row))
    names = sorted(f for f, n in counts.items() if n >= 5)
    index = {name: i for i, name in enumerate(names)}
    x = np.zeros((len(rows), len(names)))
    for i, row in enumerate(rows):
        for f in row:
            if f in index:
                x[i, index[f]] = 1.0
    y = np.array(labels)

    def loss(w: Vector) -> tuple[float, Vector]:
        z = x @ w
        value = float(np.logaddexp(0, z).sum() - (y * z).sum() + l2 / 2 * (w @ w))
        return value, x.T @ (1 / (1 + np.exp(-z)) - y) + l2 * w

    return dict(zip(names, _minimum(loss, len(names)).tolist(), strict=True))


PRIOR = {
    "prominence": 1.2, "is name": 1.0, "is alternate": -1.0, "country": 1.0,
    "first division": -0.2, "division": -1.5, "capital": 0.7, "country share": 3.0,
    "division share": 4.0, "near": 2.5, "in container": 6.0, "outside container": -6.0,
    "type agrees": 3.0, "home": 3.0, "home country": 1.0,
}  # fmt: skip
"""What the weights are before any data: they stay so where the data is silent."""


def resolution_weights(
    enricher: Enricher, docs: Sequence[Document], invented: Sequence[Invented], l2: float = 5.0
) -> dict[str, float]:
    """A softmax over a question's places: which of them lies where the gold says?

    The features depend on the answers to the story's other questions, so they are worked
    out again after each fit.
    """
    stories: list[tuple[list[Toponym], dict[int, tuple[float, float]], Entry | None]] = [
        (_linked(enricher, doc), _gold(doc), None) for doc in docs
    ]
    for story in invented:
        points = {
            t.candidate.start: (e.latitude, e.longitude)
            for t, e in zip(story.toponyms, story.meant, strict=True)
        }
        stories.append((list(story.toponyms), points, story.home))
    table = dict(PRIOR)
    for _ in range(4):
        groups = []
        for toponyms, points, home in stories:
            for answer in answers(toponyms, home, table):
                question = answer.question
                known = (points.get(t.candidate.start) for t in question.toponyms)
                point = next((p for p in known if p is not None), None)
                if point is None or len(question.senses) < 2:
                    continue
                right = [
                    haversine_km(s.entry.latitude, s.entry.longitude, *point) <= NEAR_KM
                    for s in question.senses
                ]
                if any(right) and not all(right):
                    live = [answer.live(i) for i in range(len(question.senses))]
                    groups.append((live, np.array(right), len(question.toponyms)))
        table = _fit_choice(groups, l2)
    return table


def confidence_weights(enricher: Enricher, docs: Sequence[Document]) -> dict[str, float]:
    """A logistic function of what is known of a mention: is its place within 161 km of the gold?

    The mentions are those of whole enrichment, wrong ones included. The recognition model was
    fitted on the same documents, so what it says of them is bolder than what it says of others;
    cross-fitting it in two parts keeps the curve honest.
    """
    rows: list[dict[str, float]] = []
    labels: list[float] = []
    for part in (0, 1):
        rest = [d for i, d in enumerate(docs) if i % 2 != part]
        other = Enricher(enricher.gazetteer, recognition=recognition_weights(enricher, rest))
        for doc in (d for i, d in enumerate(docs) if i % 2 == part):
            settled = other.settled(Story(id=doc.id, body=doc.text))
            for r in settled.resolved:
                role = role_of(r, settled.dateline_end)
                rows.append(standing(r, role, settled.verdicts))
                span = r.toponym.candidate
                labels.append(float(any(_right(t, span, r) for t in doc.gold)))
    names = sorted({name for row in rows for name in row})
    x = np.array([[row.get(name, 0.0) for name in names] for row in rows])
    y = np.array(labels)

    def loss(w: Vector) -> tuple[float, Vector]:
        z = x @ w
        value = float(np.logaddexp(0, z).sum() - (y * z).sum() + 0.5 * (w @ w))
        return value, x.T @ (1 / (1 + np.exp(-z)) - y) + w

    return dict(zip(names, _minimum(loss, len(names)).tolist(), strict=True))


def _right(gold: Gold, span: Candidate, resolved: Resolved) -> bool:
    if gold.latitude is None or gold.longitude is None:
        return False
    if gold.end <= span.start or span.end <= gold.start:
        return False
    entry = resolved.entry
    return haversine_km(gold.latitude, gold.longitude, entry.latitude, entry.longitude) <= NEAR_KM


def _fit_choice(
    groups: Sequence[tuple[list[dict[str, float]], NDArray[np.bool_], int]], l2: float
) -> dict[str, float]:
    names = sorted({f for live, _, _ in groups for features in live for f in features} | set(PRIOR))
    index = {name: i for i, name in enumerate(names)}
    prior = np.array([PRIOR.get(name, 0.0) for name in names])
    matrices = []
    for live, right, times in groups:
        x = np.zeros((len(live), len(names)))
        for i, features in enumerate(live):
            for f, value in features.items():
                x[i, index[f]] = value
        matrices.append((x, right, min(3.0, 1 + math.log(times))))

    def loss(w: Vector) -> tuple[float, Vector]:
        value = float(l2 / 2 * ((w - prior) @ (w - prior)))
        gradient = l2 * (w - prior)
        for x, right, weight in matrices:
            p = _softmax(x @ w)
            hit = max(float(p[right].sum()), 1e-12)
            value -= weight * math.log(hit)
            gradient -= weight * (x.T @ (p * right) / hit - x.T @ p)
        return value, gradient

    return dict(zip(names, _minimum(loss, len(names), prior).tolist(), strict=True))


def _softmax(z: Vector) -> Vector:
    e = np.exp(z - z.max())
    return np.asarray(e / e.sum())


def _linked(
    enricher: Enricher, doc: Document, table: Mapping[str, float] | None = None
) -> list[Toponym]:
    named = enricher.named(doc.text, "en", "body")
    return link(recognise(legible(doc.text), named, enricher.gazetteer, table), doc.text)


def _gold(doc: Document) -> dict[int, tuple[float, float]]:
    return {
        t.start: (t.latitude, t.longitude)
        for t in doc.gold
        if t.latitude is not None and t.longitude is not None
    }


def _minimum(
    loss: Callable[[Vector], tuple[float, Vector]], size: int, start: Vector | None = None
) -> Vector:
    begin = np.zeros(size) if start is None else start
    found = minimize(loss, begin, jac=True, method="L-BFGS-B", options={"maxiter": 500})
    return np.asarray(found.x)


def write(name: str, table: dict[str, float]) -> None:
    """The weights as TOML, the same text for the same weights."""
    lines = [
        "# Fitted by `python -m tests.evaluation.train` on the development half of geo-dev.",
        "[weights]",
    ]
    for feature, weight in sorted(table.items()):
        if abs(weight) >= 0.005:
            lines.append(f'"{feature}" = {weight:.3f}')
    (DATA / f"{name}.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    folder = Path(__file__).resolve().parents[2] / "var" / "gazetteer"
    enricher = Enricher(Gazetteer(ensure(folder)))
    if "names" in sys.argv:
        training.main(enricher, "measure" in sys.argv)
    else:
        main(enricher, [d for d in documents() if not d.held_out])
