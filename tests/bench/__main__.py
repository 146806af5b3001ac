"""`python -m tests.bench [PART...] [--smoke] [--million]`: measure, and write it down.

Each part is a function from where it runs and how much it does to Markdown, which stands in
docs/performance.md or docs/capacity.md. Parts that are not named keep the section that they have
there. A smoke run, or one on the embedded engine, prints and writes nothing.
"""

from __future__ import annotations

import argparse
import os
import platform
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from pipeline.enrich.pool import BLAS_THREADS

for _name in BLAS_THREADS:  # as the worker's processes, before numpy is loaded
    os.environ.setdefault(_name, "1")

from newswire.servers.process import folder_for_servers  # noqa: E402
from tests.bench import (  # noqa: E402
    efficiency,
    events,
    formats,
    indexing,
    latency,
    memory,
    page,
    periods,
    plain,
    pressure,
    queries,
    reading,
    rebuild,
    requests,
    scale,
    steps,
)
from tests.bench.rig import ROOT  # noqa: E402
from tests.bench.running import SMOKE, Sizes, Where  # noqa: E402
from tests.servers import engine  # noqa: E402
from tools import capacity  # noqa: E402

Part = Callable[[Where, Sizes], str]
PARTS: Mapping[str, Part] = {
    "efficiency": efficiency.report,
    "index": indexing.report,
    "reading": reading.report,
    "plain": plain.report,
    "steps": steps.report,
    "latency": latency.report,
    "scale": scale.report,
    "memory": memory.report,
    "pressure": pressure.report,
    "rebuild": rebuild.report,
    "queries": queries.report,
    "page": page.report,
    "events": events.report,
    "formats": formats.report,
    "requests": requests.report,
    "periods": periods.report,
}
ORDER = (*PARTS, "profile")
"""Of the sections in the document; the last one is written by hand."""
MARK = re.compile(r"<!-- (\w+) -->")
DOCUMENT = ROOT / "docs" / "performance.md"


HEADER = """# Performance, measured

Written by `make bench`, a part at a time by `python -m tests.bench PART`. Broker and index are
real and share the cores with all that is measured. Every figure comes from the run that its
section names, good or bad.
"""


def measured() -> str:
    """What was measured on, and when."""
    cpu = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text(encoding="utf-8"))
    versions = ", ".join(f"{name} {version(name)}" for name in ("spacy", "faust-streaming"))
    return (
        f"Measured {datetime.now(UTC):%Y-%m-%d %H:%M} UTC on {os.cpu_count()} cores"
        f" ({cpu[1] if cpu else platform.machine()}), load before it {os.getloadavg()[0]:.1f};"
        f" Python {platform.python_version()}, {versions}.\n"
    )


def main() -> None:
    """Measure the named parts, or all of them, and write them down."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(PARTS))
    parser.add_argument(
        "--million", action="store_true", help="searches over a million stories too: half an hour"
    )
    parser.add_argument(
        "--stories", type=int, metavar="N", help="search over N stories instead of 100,000"
    )
    parser.add_argument("--smoke", action="store_true", help="a few stories only")
    parser.add_argument("--engine", choices=["real", "embedded"], default="real")
    options = parser.parse_args()
    sizes = SMOKE if options.smoke else Sizes()
    if options.stories:
        sizes = replace(sizes, searched=(options.stories,))
    if options.million:
        sizes = replace(sizes, searched=(*sizes.searched, 1_000_000))
    with folder_for_servers() as folder, engine(options.engine, folder) as running:
        for name in options.parts or PARTS:
            when = measured()
            report = f"{PARTS[name](Where(running, folder), sizes)}\n{when}"
            print(report, flush=True)
            if options.engine == "real" and not options.smoke:
                write(name, report)


def write(part: str, report: str) -> None:
    """Put a part's section in its place in the document."""
    if f"<!-- {part} -->" in (page := capacity.PAGE.read_text(encoding="utf-8")):
        place = re.compile(rf"(?<=<!-- {part} -->\n).*?(?=\n<!-- |\Z)", re.S)
        capacity.PAGE.write_text(place.sub(lambda _: report, page), encoding="utf-8")
    else:
        _perform(part, report)
    capacity.main()  # it is reckoned from some of these figures


def _perform(part: str, report: str) -> None:
    sections: dict[str, str] = {}
    if DOCUMENT.exists():
        _, *rest = MARK.split(DOCUMENT.read_text(encoding="utf-8"))
        sections = dict(zip(rest[::2], rest[1::2], strict=True))
    sections[part] = report
    marked = [f"<!-- {name} -->\n{sections[name].strip()}\n" for name in ORDER if name in sections]
    DOCUMENT.write_text("\n".join([HEADER, *marked]).rstrip() + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
