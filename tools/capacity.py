"""`python -m tools.capacity`: take the costs of a story from what the benchmark has written.

They go into newswire/data/capacity.toml, and the tables of docs/capacity.md are written anew.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from newswire import capacity
from newswire.capacity import Load, Measured

ROOT = Path(__file__).parents[1]
PERFORMANCE = ROOT / "docs" / "performance.md"
COSTS = ROOT / "newswire" / "data" / "capacity.toml"
PAGE = ROOT / "docs" / "capacity.md"

_CPU = {
    "nlp": "NLP process",
    "worker": "worker",
    "connectors": "publisher",
    "kafka": "Kafka",
    "elasticsearch": "Elasticsearch",
}
_BYTES = {
    "stories": r"topic\.stories",
    "enriched": r"topic\.enriched",
    "index": "index",
    "history": "history",
}
_REQUESTS = {
    "alone": "a story that comes alone",
    "crowd": "a story of a crowd",
    "idle_minute": "an idle worker, a minute",
}
HEAD = "# Written by `python -m tools.capacity`: what a story of 6.4 kB costs.\n"
AGENCIES = Load()
"""Three big agencies in one language, each with 2,000 stories a day, versions counted."""
RATES = (10, 1_000, 100_000)
MANY = 100_000_000
PART = re.compile(r"(?<=<!-- reckoned -->\n).*?(?=<!-- end -->)", re.S)


def costs(document: str, page: str) -> str:
    """Returns the file of costs, from the sections that the benchmark wrote into both documents."""
    measured = _found(r"<!-- efficiency -->.*?\nMeasured ([-0-9: ]+ UTC)", document)
    cpu = _found(r"\nCPU milliseconds a story: (NLP.*?)\n\n", document)
    kept = _found(r"\nBytes a story,(.*?)\n\n", document)
    tables = {
        "cpu_ms": {
            name: _number(rf"\b{words} (\d+(?:\.\d+)?)", cpu) for name, words in _CPU.items()
        },
        "bytes": {name: _number(rf"\b{words} ([\d,]+)", kept) for name, words in _BYTES.items()},
        "requests": {
            name: _number(rf"\| {words} \| ([\d.]+) \|", page) for name, words in _REQUESTS.items()
        },
    }
    lines = [HEAD, f'measured = "{measured}"']
    for name, values in tables.items():
        lines += ["", f"[{name}]", *(f"{key} = {value:g}" for key, value in values.items())]
    return "\n".join(lines) + "\n"


def page(text: str, cost: Measured) -> str:
    """Returns docs/capacity.md with its tables reckoned from these costs."""
    return PART.sub(lambda _: _tables(cost), text)


def _tables(cost: Measured) -> str:
    month = capacity.month(cost, AGENCIES)
    rows = [
        f"| {name} | {ms:.2f} ms of CPU | {month.work_core_hours[name]:,.1f} core-hours of work |"
        for name, ms in cost.cpu_ms.items()
    ]
    rows += [
        f"| {name} | {size:,.0f} bytes | {month.gigabyte_months[name]:,.1f} gigabyte-months |"
        for name, size in cost.bytes.items()
    ]
    listed = "\n".join(rows)
    return f"""
Measured {cost.measured}.

| part | a story | the month |
|---|---|---|
{listed}
| requests to Elasticsearch | {cost.requests["alone"]:g} | {month.requests:,.0f}, \
most of them of two idle workers |
| **in all** | | **{_sum(month.work_core_hours):,.1f}** core-hours of work, \
**{month.core_hours:,}** kept ready ({month.cores} cores), \
**{_sum(month.gigabyte_months):,.1f}** gigabyte-months, **{month.requests / 1e6:,.2f}** million \
requests |

| | {" | ".join(f"{rate:,}/s" for rate in RATES)} |
|---|{"---|" * len(RATES)}
{_rates(cost)}
| {MANY / 1e6:,.0f} million stories, one copy | {_many(cost)} |{" |" * (len(RATES) - 1)}

"""


def _rates(cost: Measured) -> str:
    cores = {
        "NLP cores": cost.cpu_ms["nlp"],
        "cores of the workers": cost.cpu_ms["worker"],
        "cores of Kafka": cost.cpu_ms["kafka"],
        "cores of Elasticsearch, no replica": cost.cpu_ms["elasticsearch"],
    }
    disks = {
        "Kafka's disk a day, GB, no copies": cost.bytes["stories"] + cost.bytes["enriched"],
        "Elasticsearch's disk a day, GB, no replica": cost.bytes["index"] + cost.bytes["history"],
    }
    rows = [(name, [rate * ms / 1e3 for rate in RATES]) for name, ms in cores.items()]
    rows += [(name, [rate * 86_400 * size / 1e9 for rate in RATES]) for name, size in disks.items()]
    return "\n".join(f"| {name} | {' | '.join(map(_short, values))} |" for name, values in rows)


def _short(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 else f"{value:.1f}"


def _many(cost: Measured) -> str:
    terabytes = MANY * cost.bytes["index"] / 1e12
    return f"index {terabytes:,.1f} TB: {terabytes * 1000 / 50:,.0f} shards of 50 GB"


def _sum(amounts: Mapping[str, float]) -> float:
    return sum(amounts.values())


def _found(pattern: str, text: str) -> str:
    found = re.search(pattern, text, re.S)
    if found is None:
        raise LookupError(f"docs/performance.md has no {pattern!r}")
    return found[1]


def _number(pattern: str, text: str) -> float:
    return float(_found(pattern, text).replace(",", ""))


def main() -> None:
    """Write both files."""
    text = PAGE.read_text(encoding="utf-8")
    COSTS.write_text(costs(PERFORMANCE.read_text(encoding="utf-8"), text), encoding="utf-8")
    PAGE.write_text(page(text, capacity.measured()), encoding="utf-8")


if __name__ == "__main__":
    main()
