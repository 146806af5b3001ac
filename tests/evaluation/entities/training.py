"""Fits the weights of names on agency copy with gold names and on our own stories.

    python -m tests.evaluation.train names          fit and write data/local.toml, agreement.toml
    python -m tests.evaluation.train names measure  cross-validate by story and by corpus

Features are made by `pipeline.enrich.names` and hold no word of a text. Our stories that are held
out are never seen here.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.sparse import csr_matrix

from pipeline.enrich.enricher import Enricher
from pipeline.enrich.mentions import RawMention
from pipeline.enrich.names import scoring
from pipeline.enrich.names.agreement import agreement
from pipeline.enrich.names.candidates import candidates
from pipeline.enrich.names.features import View, features
from pipeline.enrich.names.naming import label_of
from pipeline.enrich.names.scoring import (
    KINDS,
    Scores,
    Weights,
    agreed_scores,
    chosen,
    hopeful,
    local_scores,
)
from pipeline.enrich.names.tables import is_sport
from pipeline.enrich.paragraphs import paragraphs
from pipeline.wire.labels import PLACES, Label
from pipeline.wire.story import Story
from tests.evaluation.entities import agency
from tests.evaluation.entities.annotation import stories

DATA = Path(scoring.__file__).parent / "data"
KINDS_OF_NAMES = Path(__file__).parent / "kinds.txt"
LEAST = 4
"""Candidates that must have a feature before it gets a weight, unless it has one before data."""
FOLDS = 5
OURS = 3.0
"""Weight of our own stories: they are few, and the only ones with our conventions."""
LOCAL_L2, AGREEMENT_L2 = 2.0, 10.0
"""The second is larger, as features of the story repeat for all mentions of a name."""
OTHERS = ("NORP", "EVENT", "WORK_OF_ART", "LAW", "PRODUCT")

Table = dict[str, NDArray[np.float64]]
Span = tuple[int, int]
Row = tuple[int, int, tuple[str, ...]]
Found = dict[str, list[tuple[int, int, str]]]


@dataclass(frozen=True)
class Example:
    """A text with all its candidates."""

    corpus: str
    id: str
    text: str
    rows: Sequence[Row]
    allowed: NDArray[np.bool_]
    """For each candidate the kinds that it may be by gold."""
    weight: NDArray[np.float64]
    labels: Mapping[Span, str]
    """Gold of our own stories, which alone have all labels."""
    held_out: bool = False


def _before_data() -> dict[str, dict[str, float]]:
    """Returns what weights are before any data, and stay where the data is silent."""
    kinds = {str(label): label.value for label in (Label.PERSON, Label.ORG)}
    kinds |= {str(label): "PLACE" for label in PLACES} | dict.fromkeys(OTHERS, "MISC")
    prior: dict[str, dict[str, float]] = {"bias": {"NONE": 3.0}}

    def put(kind: str, weight: float, *names: str) -> None:
        for name in names:
            prior.setdefault(name, {})[kind] = weight

    for label, kind in kinds.items():
        put(kind, 3.0, f"head {label}", f"alias {label}")
        put(kind, 2.0, f"piece {label}")
        put(kind, 1.5, f"model {label}")
        put("NONE", 2.0, f"in piece {label}")
        put("NONE", 1.0, f"over piece {label}", f"in {label}, inner")
        put("NONE", 0.5, f"in {label}, first", f"in {label}, last")
    put("NONE", 1.0, "no piece", "P Cap 1", "P Cap n", "N Cap 1", "N Cap n")
    put("NONE", 2.0, "across piece")
    put("NONE", 3.0, "1 not_names", "1 common", "1 titles", "F titles", "F common")
    put("PERSON", 2.5, "piece title", "P titles", "P Cap titles", "P roles", "P kin")
    put("PERSON", 3.0, "N , age")
    put("PERSON", 2.0, "given + word")
    put("PERSON", 1.0, "person shape", "N speech", "P speech")
    put("ORG", 0.5, "N speech", "P speech")
    put("ORG", 1.5, "N after_organisation", "N 's after_organisation", "N after_kind_organisation")
    put("ORG", 2.5, "P nouns_organisation")
    put("ORG", 3.0, "L company_suffixes")
    put("PLACE", 2.0, "N after_place", "F before_facilities")
    put("PLACE", 1.5, "N after_land")
    put("PLACE", 2.5, "place GPE", "place LOC", "F before_lands")
    put("MISC", 3.5, "P nouns_product", "quoted")
    put("MISC", 2.5, "P nouns_work", "P nouns_event", "1 gaz demonym", "gaz demonym")
    put("MISC", 1.7, "quoted word")
    put("MISC", 1.5, "L shape number", "L shape number+", "place NORP")
    put("MISC", 2.0, "F vessels")
    put("MISC", 3.0, "F before_events")
    put("PERSON", 2.0, "L generations")
    put("PERSON", 2.5, "P Cap gaz demonym")
    put("PLACE", 3.0, "place of words GPE", "place of words LOC")
    put("NONE", 2.0, "in place GPE", "in place LOC")
    put("NONE", -2.5, "P opener -ing", "P opener gaz demonym", "P opener common")
    put("NONE", 2.0, "N Cap generations", "F generations", "1 generations", "opens -ing …")
    put("NONE", 3.0, "gaz demonym, given …", "gaz demonym … given")
    put("NONE", 2.0, "P particle")
    put("PERSON", 2.0, "F particle", "has particle")
    put("PERSON", 2.5, "given + particles")
    put("PERSON", 5.0, "has nickname")
    put("ORG", 5.0, "has comma, &")
    return prior


PRIOR = _before_data()


def main(enricher: Enricher, measure: bool = False) -> None:
    """Fit the weights and write them, or print what cross-validation says of them."""
    examples = list(all_examples(enricher))
    if measure:
        for line in measured(examples):
            print(line)
        return
    seen = [e for e in examples if not e.held_out]
    local, agreed = fitted(seen)
    write("local", local)
    write("agreement", agreed)


def fitted(
    examples: Sequence[Example], dropped: re.Pattern[str] | None = None
) -> tuple[Table, Table]:
    """Returns both tables of weights.

    The second is fitted on scores of candidates that the first was not fitted on.

    Args:
        dropped: features of the story that are not used.
    """
    scores = crossed(examples)
    return local_weights(examples), agreement_weights(examples, scores, dropped)


def without(example: Example, dropped: re.Pattern[str] | None) -> Example:
    """Returns an example without some of the features of its candidates."""
    if dropped is None:
        return example
    rows = [
        (start, end, tuple(f for f in names if not dropped.search(f)))
        for start, end, names in example.rows
    ]
    return replace(example, rows=rows)


def _of_story(
    example: Example, rows: Sequence[Row], scores: Scores, dropped: re.Pattern[str] | None
) -> list[dict[str, float]]:
    """Returns the features that a story gives some of its candidates."""
    found = agreement(example.text, rows, scores)
    if dropped is None:
        return found
    return [{f: v for f, v in row.items() if not dropped.search(f)} for row in found]


def crossed(examples: Sequence[Example]) -> list[Scores]:
    """Returns the local scores of each example by weights that it had no part in."""
    folds = [fold(e.id) for e in examples]
    tables = [
        Weights(local_weights([e for e, f in zip(examples, folds, strict=True) if f != fold]))
        for fold in range(FOLDS)
    ]
    return [
        local_scores(([row[2]] for row in e.rows), tables[fold])
        for e, fold in zip(examples, folds, strict=True)
    ]


def measured(examples: Sequence[Example]) -> Iterable[str]:
    """Yields lines of scores: each story, or each corpus, by weights fitted without it."""
    for name, folds in (
        ("by story", [fold(e.id) for e in examples]),
        ("by corpus", [sorted({e.corpus for e in examples}).index(e.corpus) for e in examples]),
    ):
        found: dict[str, Found] = {}
        for part in sorted(set(folds)):
            rest = [e for e, f in zip(examples, folds, strict=True) if f != part and not e.held_out]
            tables = fitted(rest)
            for example, f in zip(examples, folds, strict=True):
                if f == part:
                    names = found.setdefault(example.corpus, {})
                    names[example.id] = decided(example, tables)
        yield f"cross-validated {name}:"
        for corpus in agency.CORPORA:
            docs = agency.documents(corpus)
            for kind, figures in agency.scores(docs, found[corpus], agency.scorer()).items():
                row = "  ".join(f"{label} {f1:.3f}" for label, f1 in figures.items())
                yield f"  {corpus:8}{kind:6}{row}"
        for held_out in (False, True):
            ours = [e for e in examples if e.corpus == "own" and e.held_out == held_out]
            f1 = typed_f1((e, found["own"][e.id]) for e in ours)
            yield f"  own     {'held out' if held_out else 'tuned   '}  typed {f1:.3f} (bodies)"


def decided(
    example: Example, tables: tuple[Table, Table], dropped: re.Pattern[str] | None = None
) -> list[tuple[int, int, str]]:
    """Returns the names of an example by some weights."""
    local, agreed = (Weights(table) for table in tables)
    scores = local_scores(([row[2]] for row in example.rows), local)
    kept = hopeful(scores)
    rows = [example.rows[i] for i in kept]
    scores = agreed_scores(_of_story(example, rows, scores[kept], dropped), agreed)
    return [
        (*rows[i][:2], label_of(kind, rows[i][2]))
        for i, kind in chosen([row[:2] for row in rows], scores)
    ]


def all_examples(enricher: Enricher) -> Iterable[Example]:
    """Yields the agency copy and our own stories, the bodies of both, and the kinds of names."""
    cut = agency.scorer().cut
    for corpus in agency.CORPORA:
        for doc in agency.documents(corpus):
            gold, optional = {}, set()
            for entity in doc.record["entities"]:
                span = cut(doc.text, entity["start"], entity["end"])
                if entity.get("optional"):
                    optional.add(span)
                else:
                    gold[span] = agency.KINDS[entity["label"]]
            story = Story(id=doc.id, body=doc.text, language="en")
            yield _example(enricher, story, corpus, gold, optional, cut)
    for annotated in stories():
        body = annotated.story.body
        labels = {cut(body, s.start, s.end): s.label for s in annotated.spans if s.field == "body"}
        gold = {span: _kind(label) for span, label in labels.items()}
        yield _example(
            enricher, annotated.story, "own", gold, set(), cut, labels, annotated.held_out
        )

    for n, (text, marked) in enumerate(kinds()):
        names = {cut(text, start, end): label for start, end, label in marked}
        story = Story(id=f"kind:{n}", body=text, language="en")
        gold = {span: _kind(label) for span, label in names.items()}
        yield _example(enricher, story, "kinds", gold, set(), cut, names)


_MARKED = re.compile(r"\[([^\]|]+)\|([A-Z_]+)\]")


def kinds() -> Iterable[tuple[str, list[tuple[int, int, str]]]]:
    """Yields the texts of kinds.txt with their names: start, end and label."""
    for line in KINDS_OF_NAMES.read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            continue
        text, at, names = "", 0, []
        for mark in _MARKED.finditer(line := line.replace("\\n", "\n")):
            text += line[at : mark.start()]
            names.append((len(text), len(text) + len(mark[1]), str(Label[mark[2]])))
            text, at = text + mark[1], mark.end()
        yield text + line[at:], names


def _example(
    enricher: Enricher,
    story: Story,
    corpus: str,
    gold: Mapping[Span, str],
    optional: set[Span],
    cut: Callable[[str, int, int], Span],
    labels: Mapping[Span, str] | None = None,
    held_out: bool = False,
) -> Example:
    texts, model, placed = enricher.evidence(story)
    rows = list(_rows(enricher, texts["body"], model, placed))
    covered = {at for span in (*gold, *optional) for at in range(*span)}
    allowed = np.zeros((len(rows), len(KINDS)), dtype=bool)
    weight = np.full(len(rows), OURS if corpus == "own" else 1.0)
    for i, (start, end, local) in enumerate(rows):
        span = cut(story.body, start, end)
        if span in optional:
            weight[i] = 0.0
            allowed[i, :] = True
        elif span in gold:
            allowed[i, KINDS.index(gold[span])] = True
        else:
            allowed[i, 0] = True
            # IE-ER has no peoples, events, works or products: what looks like one may be one.
            if corpus == "ieer" and covered.isdisjoint(range(start, end)):
                allowed[i, KINDS.index("MISC")] = _looks_other(local)
    return Example(
        corpus, story.id.removeprefix("eval:"), story.body, rows, allowed, weight, labels or {},
        held_out,
    )  # fmt: skip


def _rows(
    enricher: Enricher, text: str, model: Sequence[RawMention], placed: Sequence[object]
) -> Iterable[Row]:
    """Yields the candidates of a body with all their local features."""
    sport = is_sport(text)
    for offset, part in paragraphs(text):
        inside = range(offset, offset + len(part))
        found = tuple(
            (m.start - offset, m.end - offset, m.label)
            for m in model
            if m.field == "body" and m.start in inside
        )
        here = tuple(
            (p.start - offset, p.end - offset, p.label, p.probability, p.place is not None)  # type: ignore[attr-defined]
            for p in placed
            if p.field == "body" and p.start in inside  # type: ignore[attr-defined]
        )
        view = View(part, found, here, enricher.aliases, enricher.known, sport)
        for c in candidates(part, [*found, *((s, e, label) for s, e, label, _, _ in here)]):
            parts = features(view, c)
            yield offset + c.start, offset + c.end, tuple(f for part in parts for f in part)


def local_weights(examples: Sequence[Example]) -> Table:
    """Returns the weights of what candidates show at their own places."""
    counts = Counter(f for e in examples for row in e.rows for f in set(row[2]))
    names = sorted({f for f, n in counts.items() if n >= LEAST} | set(PRIOR))
    prior = np.zeros((len(names), len(KINDS)))
    for i, name in enumerate(names):
        for kind, weight in PRIOR.get(name, {}).items():
            prior[i, KINDS.index(kind)] = weight
    rows = [dict.fromkeys(row[2], 1.0) for e in examples for row in e.rows]
    return _fit(names, rows, examples, prior, LOCAL_L2, 100)


def agreement_weights(
    examples: Sequence[Example],
    scores: Sequence[Scores],
    dropped: re.Pattern[str] | None = None,
) -> Table:
    """Returns the weights of what the rest of a story says, given local scores."""
    rows: list[dict[str, float]] = []
    hoped: list[Example] = []
    for example, own in zip(examples, scores, strict=True):
        kept = hopeful(own)
        left = replace(
            example,
            rows=[example.rows[i] for i in kept],
            allowed=example.allowed[kept],
            weight=example.weight[kept],
        )
        hoped.append(left)
        rows += _of_story(left, left.rows, own[kept], dropped)
    counts = Counter(f for row in rows for f in row)
    names = sorted(f for f, n in counts.items() if n >= 10)
    prior = np.zeros((len(names), len(KINDS)))
    for k, kind in enumerate(KINDS):
        prior[names.index(f"own {kind}"), k] = 0.8
    return _fit(names, rows, hoped, prior, AGREEMENT_L2, 120)


def _fit(
    names: Sequence[str],
    rows: Sequence[Mapping[str, float]],
    examples: Sequence[Example],
    prior: NDArray[np.float64],
    l2: float,
    most: int,
) -> Table:
    """Returns the weights of a softmax over kinds: the allowed ones share what is right."""
    index = {name: i for i, name in enumerate(names)}
    starts, columns, values = [0], [], []
    for row in rows:
        for feature, value in row.items():
            if feature in index:
                columns.append(index[feature])
                values.append(value)
        starts.append(len(columns))
    x = csr_matrix((values, columns, starts), shape=(len(rows), len(names)))
    transposed = x.T.tocsr()
    allowed = np.vstack([e.allowed for e in examples])
    weight = np.concatenate([e.weight for e in examples])

    def loss(flat: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        table = flat.reshape(prior.shape)
        z = x @ table
        odds = np.exp(z - z.max(axis=1, keepdims=True))
        total, right = odds.sum(axis=1), (odds * allowed).sum(axis=1) + 1e-300
        away = table - prior
        value = float((weight * (np.log(total) - np.log(right))).sum() + l2 / 2 * (away**2).sum())
        slope = (odds / total[:, None] - odds * allowed / right[:, None]) * weight[:, None]
        return value, (transposed @ slope + l2 * away).ravel()

    best = minimize(loss, prior.ravel(), jac=True, method="L-BFGS-B", options={"maxiter": most})
    return dict(zip(names, best.x.reshape(prior.shape), strict=True))


def fold(name: str) -> int:
    return hashlib.sha256(name.encode()).digest()[0] % FOLDS


def _kind(label: str) -> str:
    if label in (Label.PERSON, Label.ORG):
        return label
    return "PLACE" if label in PLACES else "MISC"


def _looks_other(local: Sequence[str]) -> bool:
    signs = {f"{sign} {label}" for sign in ("model", "head", "alias") for label in OTHERS}
    return bool((signs | {"1 gaz demonym", "gaz demonym", "quoted"}) & set(local))


def typed_f1(found: Iterable[tuple[Example, list[tuple[int, int, str]]]]) -> float:
    cut = agency.scorer().cut
    hits = said = gold = 0
    for example, names in found:
        labels = {cut(example.text, s, e): label for s, e, label in names}
        hits += sum(example.labels.get(span) == label for span, label in labels.items())
        said += len(labels)
        gold += len(example.labels)
    return 2 * hits / (said + gold)


def write(name: str, table: Table) -> None:
    """Write a table of weights as TOML, the same text for the same weights."""
    lines = [
        "# Fitted by `python -m tests.evaluation.train names`; weights of "
        + ", ".join(KINDS)
        + ".",
        "[weights]",
    ]
    for feature, row in sorted(table.items()):
        if np.abs(row).max() >= 0.02:
            quoted = feature.replace("\\", "\\\\").replace('"', '\\"')
            lines.append(f'"{quoted}" = [' + ", ".join(f"{w:.2f}" for w in row) + "]")
    (DATA / f"{name}.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")
