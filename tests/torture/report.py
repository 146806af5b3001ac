"""The figures of runs, as a line for the terminal and as a part of docs/reliability.md.

What people wrote there stays; what stands between the two marks is replaced.
"""

from __future__ import annotations

import json
import os
import platform
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from tests.torture.run import Result

MARKS = {"storms": "figures", "cluster": "figures of a cluster"}
"""What stands in the two marks around the figures of a kind of run."""


def read(results: Path) -> list[Result]:
    """The results that runs have appended to a file."""
    lines = results.read_text(encoding="utf-8").splitlines()
    return [Result(**json.loads(line)) for line in lines]


def summary(results: Sequence[Result]) -> str:
    """Both figures that count, and what they rest on."""
    faults = sum(sum(result.faults.values()) for result in results)
    differences = sum(len(result.differences) for result in results)
    return (
        f"{differences} differences after {faults} faults over {len(results)} seeds "
        f"({sum(r.stories for r in results):,} stories, "
        f"{sum(r.versions for r in results):,} versions, "
        f"{sum(r.deliveries for r in results):,} deliveries)"
    )


def write(page: Path, results: Sequence[Result], what: str) -> None:
    """Replace the figures of a kind of run on a page.

    Raises:
        ValueError: the page does not have the two marks.
    """
    begin, end = (f"<!-- {MARKS[what]}: {mark} -->" for mark in ("begin", "end"))
    text = page.read_text(encoding="utf-8")
    before, began, rest = text.partition(begin)
    _, ended, after = rest.partition(end)
    if not (began and ended):
        raise ValueError(f"{page} has no {begin} ... {end}")
    body = "\n".join(_figures(results))
    page.write_text(f"{before}{begin}\n{body}\n{end}{after}", encoding="utf-8")


def _figures(results: Sequence[Result]) -> Iterable[str]:
    kinds: Counter[str] = Counter()
    for result in results:
        kinds.update(result.faults)
    seeds = sorted({result.seed for result in results})
    commits = ", ".join(dict.fromkeys(result.commit for result in results))
    yield f"**{summary(results)}.**"
    yield ""
    yield (
        f"{datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores, {platform.system()} "
        f"{platform.machine()}, Python {platform.python_version()}, "
        f"commit {commits}. Seeds {_ranges(seeds)}. "
        f"{sum(r.restarts for r in results):,} restarts by the supervisor, "
        f"{sum(r.repairs for r in results):,} indices rebuilt while stories came in. "
        f"Longest time from the last fault to rest: "
        f"{max((r.settled_seconds for r in results), default=0):.0f} s."
    )
    yield ""
    if any(result.pauses for result in results):
        yield "| fault | times | longest pause, s |"
        yield "| --- | ---: | ---: |"
        for kind, times in sorted(kinds.items()):
            pauses = [result.pauses[kind] for result in results if kind in result.pauses]
            yield f"| {kind} | {times} | {f'{max(pauses):.1f}' if pauses else 'no limit'} |"
    else:
        yield "| fault | times |"
        yield "| --- | ---: |"
        for kind, times in sorted(kinds.items()):
            yield f"| {kind} | {times} |"
    yield ""
    operations: Counter[str] = Counter()
    for result in results:
        operations.update(result.operations)
    if operations:
        yield "In the middle of it: " + ", ".join(
            f"{what} ({times} times)" for what, times in sorted(operations.items())
        )
        yield ""
    yield "| process | memory, MB | threads | files |"
    yield "| --- | ---: | ---: | ---: |"
    for kind in sorted({kind for result in results for kind in result.peaks}):
        peaks = [result.peaks[kind] for result in results if kind in result.peaks]
        most = (max(peak[what] for peak in peaks) for what in ("megabytes", "threads", "files"))
        yield f"| {kind}, at most | " + " | ".join(f"{value:.0f}" for value in most) + " |"
    for result in results:
        for difference in result.differences:
            yield f"\nSeed {result.seed}: {difference}"


def _ranges(seeds: Sequence[int]) -> str:
    if seeds and seeds[-1] - seeds[0] + 1 == len(seeds):
        return f"{seeds[0]} to {seeds[-1]}" if len(seeds) > 1 else str(seeds[0])
    return ", ".join(map(str, seeds))
