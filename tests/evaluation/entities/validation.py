"""Names on agency copy, where it lies beside the checkout, cross-validated and by component.

Fitting needs SciPy (dependency group `data`).
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence

from pipeline.enrich.enricher import Enricher
from pipeline.wire.story import Story
from tests.evaluation.entities import Plain, agency

Names = list[tuple[int, int, str]]
COMPONENTS: Mapping[str, str] = {
    "the model": r"model|\||^(in|over|across)( [A-Z]|$)",
    "the gazetteer": r"gaz |^(R )?(in |over |across )?place|story place",
    "the alias table": r"alias",
    "the words around": r"^(P|N|PP) |^table [PN] |listed|opens|in brackets",
    "runs of capitals and head words": r"piece|head [A-Z]",
    "given names": r"given|person shape",
    "tables and sport": r"^(R |table)",
    "the rest of the story": r"^(story|others|last|first|inner|outer|rest|begin|initials|introduced"
    r"|namesake|family|lower|alone|free|is) ?",
}
"""The features of each component, by a pattern of their names."""


def report(enricher: Enricher) -> str | None:
    """The section "Agency copy" of docs/quality.md, or None where there is none."""
    if not all(agency.documents(corpus) for corpus in agency.CORPORA):
        return None
    plain = Plain(enricher)

    def trimmed(story: Story) -> Names:
        return [(m.start, m.end, m.label) for m in plain.trimmed(story)]

    rows: Mapping[str, Callable[[Story], Names]] = {
        "plain en_core_web_sm, articles and possessives cut off": trimmed,
        "newswire, its weights fitted on these stories too": lambda s: _found(enricher, s),
    }
    lines = [
        "## Agency copy",
        "",
        "On stories of agencies with names marked by others (`shared/entities-dev`, which is no"
        " part of the project): 43 of AP and NYT (IE-ER, 1998) and 114 of Reuters (CoNLL++, 1996),"
        " 63 of them news. Typed F1 by the scorer that lies beside them. The weights are fitted on"
        " these stories, so that the cross-validated rows are what to expect on others: each story,"
        " or each corpus, by weights fitted without it.",
        "",
        "| | IE-ER | its ORG | CoNLL++ news | its ORG | CoNLL++, all | own, bodies, held out |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, system in rows.items():
        found = {
            corpus: {d.id: system(Story(id=d.id, body=d.text, language="en")) for d in docs}
            for corpus, docs in ((c, agency.documents(c)) for c in agency.CORPORA)
        }
        lines.append(_row(name, found, None))
    return "\n".join([*lines, *_validated(enricher), ""])


def _found(enricher: Enricher, story: Story) -> Names:
    [record] = enricher.enrich([story])
    return [(m.start, m.end, e.label) for e in record.entities for m in e.mentions]


def _row(name: str, found: Mapping[str, Mapping[str, Names]], own: float | None) -> str:
    scorer = agency.scorer()
    ieer, reuters = (
        agency.scores(agency.documents(corpus), dict(found[corpus]), scorer)
        for corpus in agency.CORPORA
    )
    figures = [
        ieer["all"]["typed"], ieer["all"]["ORGANIZATION"], reuters["news"]["typed"],
        reuters["news"]["ORG"], reuters["all"]["typed"],
    ]  # fmt: skip
    last = "" if own is None else f"{own:.3f}"
    return f"| {name} | " + " | ".join(f"{f:.3f}" for f in figures) + f" | {last} |"


def _validated(enricher: Enricher) -> Sequence[str]:
    """Returns the rows of cross-validation, whole and without each component."""
    try:
        from tests.evaluation.entities import training
    except ImportError:
        return ["", "Not cross-validated: SciPy is not installed (dependency group `data`)."]

    examples = list(training.all_examples(enricher))
    stories = [training.fold(e.id) for e in examples]
    corpora = [sorted({e.corpus for e in examples}).index(e.corpus) for e in examples]
    runs = {
        "cross-validated by story": (None, stories),
        "cross-validated by corpus": (None, corpora),
    } | {f"by story, without {name}": (pattern, stories) for name, pattern in COMPONENTS.items()}
    lines = []
    for name, (names, folds) in runs.items():
        pattern = re.compile(names) if names else None
        found: dict[str, dict[str, Names]] = defaultdict(dict)
        kept = [training.without(e, pattern) for e in examples]
        for fold in sorted(set(folds)):
            rest = [e for e, f in zip(kept, folds, strict=True) if f != fold and not e.held_out]
            tables = training.fitted(rest, pattern)
            for example, f in zip(kept, folds, strict=True):
                if f == fold:
                    found[example.corpus][example.id] = training.decided(example, tables, pattern)
        own = training.typed_f1(
            (e, found["own"][e.id]) for e in kept if e.corpus == "own" and e.held_out
        )
        lines.append(_row(name, found, own))
    return lines
