"""`python -m tests.evaluation [SECTION...]`: measure, print, and write docs/quality.md.

Each section is a function from an enricher to Markdown, or to None where what it needs is not
there. Naming sections measures and prints only those, and writes nothing.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from pipeline.enrich.enricher import Enricher
from pipeline.enrich.geo.gazetteer import Gazetteer
from pipeline.enrich.geo.shipped import ensure
from tests.evaluation import (
    cost,
    duplicates,
    entities,
    events,
    figures,
    geography,
    languages,
    search,
    topics,
    trending,
)
from tests.evaluation.entities import validation

ROOT = Path(__file__).resolve().parents[2]
QUALITY = ROOT / "docs" / "quality.md"
HEADER = """# Quality, measured

Written by `make evaluate`; every figure comes from a run of that command.
"""

Section = Callable[[Enricher], str | None]
SECTIONS: Mapping[str, Section] = {
    "entities": entities.report,
    "agency copy": validation.report,
    "geography": geography.report,
    "languages": languages.report,
    "duplicates": duplicates.report,
    "search": search.report,
    "events": events.report,
    "figures": figures.report,
    "trending": trending.report,
    "topics": topics.report,
    "cost": cost.report,
}


def main(names: list[str]) -> None:
    """Measure the named sections, or all of them and write them down."""
    enricher = Enricher(Gazetteer(ensure(ROOT / "var" / "gazetteer")))
    reports = []
    for name in names or SECTIONS:
        report = SECTIONS[name](enricher)
        if report is None:
            print(f"{name}: not measured, what it needs is not there", file=sys.stderr)
            report = written(name)
        print(report, flush=True)
        reports.append(report)
    if not names:
        QUALITY.write_text("\n".join([HEADER, *reports]), encoding="utf-8")


def written(name: str) -> str:
    """The section as it stands in docs/quality.md, from the last run that could measure it."""
    text = QUALITY.read_text(encoding="utf-8") if QUALITY.exists() else ""
    _, heading, rest = text.partition(f"## {name.capitalize()}\n")
    return heading + rest.partition("\n## ")[0]


if __name__ == "__main__":
    main(sys.argv[1:])
