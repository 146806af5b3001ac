"""Stories a second for each format, on one core: over the project's own fixtures and demo feed."""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path

from connectors.formats import FORMATS, KNOWN, Context
from connectors.formats.auto import recognise
from pipeline.wire.errors import ParseError
from tests.bench.running import Sizes, Where
from tests.contracts.golden import FIXTURES

ROOT = Path(__file__).resolve().parents[2]


def deliveries() -> dict[str, list[bytes]]:
    """The deliveries of each format that hold a story, by the format they are recognised as."""
    found: dict[str, list[bytes]] = {}
    folders = [*FIXTURES.glob("*/*"), *(ROOT / "config" / "demo").iterdir()]
    for path in sorted(folders):
        if path.name.endswith(".golden.json") or not path.is_file():
            continue
        raw = path.read_bytes()
        try:
            name = recognise(raw, KNOWN).name
            if FORMATS[name](raw, Context()).stories:
                found.setdefault(name, []).append(raw)
        except ParseError:
            continue
    return found


def rate(name: str, raws: Iterable[bytes], seconds: float) -> tuple[float, float]:
    """Stories and megabytes a second of processor time, so that a busy machine does not matter."""
    parse, context = FORMATS[name], Context()
    stories = size = 0
    start = time.process_time()
    while (spent := time.process_time() - start) < seconds:
        for raw in raws:
            stories += len(parse(raw, context).stories)
            size += len(raw)
    return stories / spent, size / spent / 1e6


def report(where: Where, sizes: Sizes) -> str:
    """Return the section on the formats."""
    rows = []
    for name, raws in sorted(deliveries().items()):
        stories, megabytes = rate(name, raws, sizes.format_seconds)
        cells = (
            name,
            f"{len(raws)}",
            f"{stories:,.0f}",
            f"{megabytes:.1f}",
            f"{1000 / stories:.2f}",
        )
        rows.append(f"| {' | '.join(cells)} |")
    table = "\n".join(rows)
    return f"""## Formats

`python -m tests.bench formats`

Processor time of one core, from a delivery's bytes to its stories, over the project's fixtures.

| format | deliveries | stories/s | MB/s | ms a story |
|---|---|---|---|---|
{table}
"""
