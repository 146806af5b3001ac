"""`python -m tests.bench [PART...] [--smoke]`: measure, print, and write docs/performance.md.

Each part is a function from where it runs and how much it does to Markdown. Naming parts
measures and prints only those, and writes nothing.
"""

from __future__ import annotations

import argparse
import os
import platform
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from pipeline.nlp import BLAS_THREADS

for _name in BLAS_THREADS:  # as the worker's processes, before numpy is loaded
    os.environ.setdefault(_name, "1")

from tests.bench import efficiency, latency, plain, scale  # noqa: E402
from tests.bench.rig import ROOT  # noqa: E402
from tests.bench.running import SMOKE, Sizes, Where  # noqa: E402
from tests.servers import engine  # noqa: E402
from tests.servers.process import folder_for_servers  # noqa: E402

Part = Callable[[Where, Sizes], str]
PARTS: Mapping[str, Part] = {
    "efficiency": efficiency.report,
    "plain": plain.report,
    "latency": latency.report,
    "scale": scale.report,
}
DOCUMENT = ROOT / "docs" / "performance.md"


def header() -> str:
    """What was measured on, and when."""
    cpu = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text(encoding="utf-8"))
    versions = ", ".join(f"{name} {version(name)}" for name in ("spacy", "faust-streaming"))
    cores = f"{os.cpu_count()} cores ({cpu[1] if cpu else platform.machine()})"
    return f"""# Performance, measured

Written by `make bench` on {datetime.now(UTC):%Y-%m-%d %H:%M} UTC: {cores},
load {os.getloadavg()[0]:.1f} at the start, Python {platform.python_version()}, {versions}. Broker
and index are real and share the cores with all that is measured. Every figure comes from that
run, good or bad.
"""


def main() -> None:
    """Measure the named parts, or all of them and write them down."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(PARTS))
    parser.add_argument("--smoke", action="store_true", help="a few stories only")
    parser.add_argument("--engine", choices=["real", "embedded"], default="real")
    options = parser.parse_args()
    sizes = SMOKE if options.smoke else Sizes()
    reports = [header()]
    with folder_for_servers() as folder, engine(options.engine, folder) as running:
        for name in options.parts or PARTS:
            report = PARTS[name](Where(running, folder), sizes)
            print(report, flush=True)
            reports.append(report)
    if not options.parts and not options.smoke and options.engine == "real":
        DOCUMENT.write_text("\n".join(reports), encoding="utf-8")


if __name__ == "__main__":
    main()
