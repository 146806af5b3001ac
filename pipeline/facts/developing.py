"""How the figures of an event developed: what each agency said, when, and where they disagree."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import msgspec

from pipeline.facts.figures import figures

MAX_SERIES, MAX_POINTS = 12, 60


class Telling(msgspec.Struct, frozen=True, kw_only=True):
    """One version of one story, as far as its figures are concerned."""

    story: str
    source: str | None = None
    at: datetime | None = None
    text: str
    language: str | None = None


class Point(msgspec.Struct, frozen=True, kw_only=True):
    """A figure as one version has it."""

    value: str
    """In plain decimals; see `pipeline.facts.figures.Figure`."""
    bound: str | None = None
    """"at least", "about" or "at most"."""
    story: str
    source: str | None = None
    at: datetime | None = None


class Series(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is counted, through all versions."""

    counts: str
    """What is counted: "dead", "homes"."""
    unit: str | None = None
    points: tuple[Point, ...]
    """In the order of their times, without what an agency only repeats."""
    newest: tuple[Point, ...]
    """The last of each agency."""
    disagree: bool
    """True where the newest of two agencies differ."""
    stories: int
    """How many stories have the figure."""


def developed(tellings: Iterable[Telling]) -> tuple[Series, ...]:
    """Return the figures that two stories have, or two versions with different values.

    Of several figures of one thing in a version the first counts: later ones are parts of it. What
    a version says that it was before ("rose from 12") is left out.

    Args:
        tellings: versions in the order in which they came; the newest of a story is the last.
    """
    found: dict[tuple[str | None, str], list[Point]] = {}
    for telling in tellings:
        had: set[tuple[str | None, str]] = set()
        for figure in figures(telling.text, telling.language):
            if figure.former or figure.counts is None:
                continue
            key = figure.unit, figure.counts
            if key not in had:
                had.add(key)
                point = Point(
                    value=figure.value,
                    bound=figure.bound,
                    story=telling.story,
                    source=telling.source,
                    at=telling.at,
                )
                found.setdefault(key, []).append(point)
    series = [_series(*key, points) for key, points in found.items() if _develops(points)]
    series.sort(key=lambda each: -each.stories)
    return tuple(series[:MAX_SERIES])


def _develops(points: list[Point]) -> bool:
    return len({p.story for p in points}) > 1 or len({p.value for p in points}) > 1


def _series(unit: str | None, counts: str, points: list[Point]) -> Series:
    newest: dict[str | None, Point] = {}
    told: list[Point] = []
    for point in points:
        before = newest.get(point.source)
        if before is None or (before.value, before.bound) != (point.value, point.bound):
            told.append(point)
            newest[point.source] = point
    return Series(
        counts=counts,
        unit=unit,
        points=tuple(told[-MAX_POINTS:]),
        newest=tuple(newest.values()),
        disagree=len({point.value for point in newest.values()}) > 1,
        stories=len({point.story for point in points}),
    )
