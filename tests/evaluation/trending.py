"""Trends among planted bursts: how many are found, and how many false alarms a day.

The wire is made up: 400 names whose stories come by a weekly rhythm, unevenly as news does (a
Poisson process whose rate varies), some of them every Saturday, with hours in which twice as much
comes of everything. Into its fifth week bursts are planted.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.enrich.enricher import Enricher
from pipeline.search.trending import LEAST, WEEKS, Habit, Window, growth, is_trend

NAMES, WEEKLY, BURSTS, WEEK = 400, 20, 60, 7 * 24
HOURS = (WEEKS + 1) * WEEK
LASTS = 4
"""Hours of a burst; half as much comes in each hour as in the one before."""
SHAPE = 3.0
"""Of the gamma distribution by which rates vary: the lower the more uneven."""

Counts = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Wire:
    """Stories of each name in each hour, and the bursts among them."""

    counts: Counts
    bursts: tuple[tuple[int, int, int], ...]
    """Name, hour, and stories of the first hour beyond the usual."""


@dataclass(frozen=True, slots=True)
class Found:
    """What was found on the fifth week."""

    recall: float
    alarms_a_day: float


def wire(seed: int) -> Wire:
    """Make a wire."""
    random = np.random.default_rng(seed)
    rates = 6.0 / np.arange(1, NAMES + 1) ** 0.8
    hours = np.arange(HOURS)
    rhythm = 1 + 0.8 * np.sin((hours % 24 - 9) / 24 * 2 * np.pi)
    rhythm *= np.where(hours // 24 % 7 >= 5, 0.6, 1.0)
    means = rates[:, None] * rhythm[None, :]
    saturday = (hours // 24 % 7 == 5) & (hours % 24 >= 15) & (hours % 24 < 18)
    means[10 : 10 + WEEKLY, saturday] += 6.0
    means[:, random.choice(HOURS, HOURS // 50, replace=False)] *= 2.0
    uneven = random.gamma(SHAPE, 1 / SHAPE, means.shape)
    counts = random.poisson(means * uneven)
    bursts = []
    begin = WEEKS * WEEK
    for name in random.choice(NAMES, BURSTS, replace=False):
        at = int(random.integers(begin, HOURS - LASTS))
        size = int(random.integers(8, 26))
        for hour in range(LASTS):
            counts[name, at + hour] += random.poisson(size / 2**hour)
        bursts.append((int(name), at, size))
    return Wire(counts, tuple(bursts))


def look(made: Wire, window: Window) -> Found:
    """Look at every hour of the fifth week as the reader would."""
    length = int(window.span.total_seconds() // 3600)
    sums = np.cumsum(np.pad(made.counts, ((0, 0), (1, 0))), axis=1)

    def within(begin: int, end: int) -> Counts:
        return sums[:, end] - sums[:, begin]

    flagged = np.zeros_like(made.counts, dtype=bool)
    for end in range(WEEKS * WEEK + 1, HOURS + 1):
        now = within(end - length, end)
        weeks = [
            within(end - n * WEEK - length, end - n * WEEK)
            for n in range(1, WEEKS + 1)
            if end - n * WEEK - length >= 0
        ]
        since = end - max(24, length)
        lately = within(end - WEEK, since) * length / (since - (end - WEEK))
        whole = Habit(tuple(float(each.sum()) for each in weeks), float(lately.sum()))
        more = growth(int(now.sum()), whole)
        for name in np.flatnonzero(now >= LEAST):
            own = Habit(tuple(float(each[name]) for each in weeks), float(lately[name]))
            flagged[name, end - 1] = is_trend(int(now[name]), own, more)
    return _found(made, flagged, length)


def _found(made: Wire, flagged: NDArray[np.bool_], length: int) -> Found:
    hit = 0
    rest = flagged.copy()
    for name, at, _ in made.bursts:
        hit += bool(flagged[name, at : at + LASTS].any())
        rest[name, at : at + LASTS + length] = False
    # An alarm that goes on is one.
    starts = rest & ~np.pad(rest[:, :-1], ((0, 0), (1, 0)))
    return Found(hit / len(made.bursts), float(starts.sum()) / 7)


def measured(window: Window, seeds: int = 5) -> Found:
    """Return the means over some wires."""
    each = [look(wire(seed), window) for seed in range(seeds)]
    return Found(
        sum(one.recall for one in each) / seeds, sum(one.alarms_a_day for one in each) / seeds
    )


def report(enricher: Enricher) -> str:
    """Return the section on trends."""
    lines = [
        "## Trending\n",
        "Bursts of 8 to 25 stories in their first hour, planted into the names of a wire that is",
        f"made up (`tests/evaluation/trending.py`): {NAMES} names, a weekly rhythm, uneven rates,",
        f"hours with twice as much of everything. Means of 5 wires with {BURSTS} bursts in a week",
        f"each. A burst is found if it is a trend within {LASTS} hours; an alarm that goes on is",
        "one.\n",
        "| window | recall | false alarms a day |",
        "| --- | --- | --- |",
    ]
    for window in Window:
        found = measured(window)
        lines.append(f"| {window.value} | {found.recall:.3f} | {found.alarms_a_day:.2f} |")
    return "\n".join(lines) + "\n"
