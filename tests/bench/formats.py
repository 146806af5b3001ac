"""Stories a second for each format, on one core: python -m tests.bench.formats [SECONDS].

Over the project's own fixtures and demo feed, and the shared wire samples where they stand
beside the checkout. Prints a table and writes nothing.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable
from pathlib import Path

from connectors.formats import FORMATS, KNOWN, Context
from connectors.formats.auto import recognise
from pipeline.wire.errors import ParseError
from tests.contracts.golden import FIXTURES

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = ROOT / ".." / "shared" / "wire-samples"
SECONDS = 1.0


def deliveries() -> dict[str, list[bytes]]:
    """The deliveries of each format that hold a story, by the format they are recognised as."""
    found: dict[str, list[bytes]] = {}
    folders = [*FIXTURES.glob("*/*"), *(ROOT / "config" / "demo").iterdir(), *SAMPLES.glob("*/*")]
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


def main() -> None:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else SECONDS
    sys.stdout.write(f"{'format':12}{'files':>6}{'stories/s':>12}{'MB/s':>8}{'ms/story':>10}\n")
    for name, raws in sorted(deliveries().items()):
        stories, megabytes = rate(name, raws, seconds)
        sys.stdout.write(
            f"{name:12}{len(raws):6}{stories:12.0f}{megabytes:8.1f}{1000 / stories:10.2f}\n"
        )


if __name__ == "__main__":
    main()
