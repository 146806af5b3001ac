"""What grows against its own habit: names, places and events with far more stories than usual.

The habit of a name is how many stories had it in the same hours of the last four weeks, and in the
week until yesterday. Its score is how many standard deviations the stories of now lie above that.
A deviation counts at least as much as chance makes of such numbers and at least FLOOR, and a trend
has at least LEAST stories, so that 1 to 3 is none. Where more stories come altogether than usual,
the habit grows in the same proportion.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from math import sqrt
from statistics import stdev
from typing import Any

import msgspec

from pipeline.search.visible import Body, Clause, iso

LEAST = 5
"""Stories of a trend."""
SCORE = 4.0
"""The least score of a trend."""
FLOOR = 1.25
"""The least standard deviation, in stories."""
WEEKS = 4
"""Of the habit: the same hours of so many weeks before."""
CANDIDATES = 100
"""Names of each kind that are looked at: those with the most stories now."""
LISTED = 30
"""Trends of an answer: those with the highest scores."""

FIELDS: Mapping[str, str] = {
    "person": "persons",
    "organisation": "organisations",
    "place": "place_names",
}
"""The kinds of names, and the field of each."""


class Window(StrEnum):
    """Over which time stories are counted."""

    HOUR = "hour"
    SIX_HOURS = "six_hours"
    DAY = "day"

    @property
    def span(self) -> timedelta:
        """Return its length."""
        return timedelta(hours={"hour": 1, "six_hours": 6, "day": 24}[self.value])


class Trend(msgspec.Struct, frozen=True, kw_only=True):
    """A name, place or event that grows."""

    kind: str
    """"person", "organisation", "place" or "event"."""
    name: str
    """The name; of an event its headline."""
    stories: int
    """Visible stories of the window that have it."""
    usual: float
    """How many it usually has at this hour of the week."""
    score: float
    """Standard deviations above the usual."""
    story: str | None = None
    """The newest of these stories; of an event its id."""


class Trends(msgspec.Struct, frozen=True, kw_only=True):
    """What grows, the highest score first."""

    window: Window
    at: datetime
    stories: int
    """Visible stories of the window."""
    trends: tuple[Trend, ...]


class Habit(msgspec.Struct, frozen=True):
    """How many stories a name, or the whole wire, had before, each in a span as long as now's."""

    weeks: tuple[float, ...] = ()
    """In the same hours of the weeks before, as far as the index goes back."""
    lately: float = 0.0
    """On average, in the week until yesterday."""

    @property
    def usual(self) -> float:
        """Return how many stories are usual: the larger of both, since news goes on for days."""
        return max(sum(self.weeks) / len(self.weeks) if self.weeks else 0.0, self.lately)


def score(stories: int, habit: Habit, growth: float = 1.0) -> float:
    """Return how many standard deviations a number of stories lies above the habit.

    Args:
        stories: of now.
        habit: of the name.
        growth: how many more stories come altogether than usual; below 1 it counts as 1.
    """
    usual = habit.usual * max(1.0, growth)
    spread = stdev(habit.weeks) if len(habit.weeks) > 1 else 0.0
    return (stories - usual) / max(spread, sqrt(usual), FLOOR)


def is_trend(stories: int, habit: Habit, growth: float = 1.0) -> bool:
    """Return whether a name grows."""
    return stories >= LEAST and score(stories, habit, growth) >= SCORE


def growth(stories: int, habit: Habit) -> float:
    """Return how many times as many stories come altogether as usual; 1 where none were usual."""
    return stories / habit.usual if habit.usual else 1.0


def spans(window: Window, now: datetime) -> dict[str, tuple[datetime, datetime]]:
    """Return the spans of the habit, by name: "week1" to "week4", "lately" and "today"."""
    weeks = {
        f"week{n}": (now - n * timedelta(days=7) - window.span, now - n * timedelta(days=7))
        for n in range(1, WEEKS + 1)
    }
    day = timedelta(days=1)
    yesterday = max(day, window.span)
    return {
        **weeks,
        "lately": (now - 7 * day, now - yesterday),
        # For an index of a day's age: what came today before the window.
        "today": (now - yesterday - window.span, now - window.span),
    }


def habit(counts: Mapping[str, int], whole: Mapping[str, int], window: Window) -> Habit:
    """Return a habit.

    Args:
        counts: stories of the name in each of `spans`.
        whole: all stories of each, which tell how far the index goes back.
        window: whose length the numbers are for.
    """
    weeks = tuple(
        float(counts.get(f"week{n}", 0)) for n in range(1, WEEKS + 1) if whole.get(f"week{n}", 0)
    )
    days = {"lately": timedelta(days=7) - max(timedelta(days=1), window.span)}
    days["today"] = max(timedelta(days=1), window.span)
    name = "lately" if whole.get("lately", 0) else "today"
    return Habit(weeks, counts.get(name, 0) * (window.span / days[name]))


def candidates(window: Window, now: datetime, clauses: Sequence[Clause]) -> Body:
    """Return the search for the names with the most stories now, and the newest story of each."""
    newest = {"top_hits": {"size": 1, "sort": [{"published_at": "desc"}], "_source": ["id"]}}
    return {
        "size": 0,
        "track_total_hits": True,
        "query": {"bool": {"filter": [*clauses, _within(now - window.span, now)]}},
        "aggs": {
            kind: {
                "terms": {"field": field, "size": CANDIDATES, "min_doc_count": LEAST},
                "aggs": {"newest": newest},
            }
            for kind, field in FIELDS.items()
        },
    }


def before(
    window: Window, now: datetime, clauses: Sequence[Clause], names: Mapping[str, Sequence[str]]
) -> Body:
    """Return the search for how many stories some names had in each span of the habit."""
    times = spans(window, now)
    counted = {
        kind: {"terms": {"field": FIELDS[kind], "include": list(given), "size": len(given)}}
        for kind, given in names.items()
        if given
    }
    begin = min(start for start, _ in times.values())
    return {
        "size": 0,
        "query": {"bool": {"filter": [*clauses, _within(begin, now)]}},
        "aggs": {
            name: {"filter": _within(start, end), "aggs": counted}
            for name, (start, end) in times.items()
        },
    }


def found(
    window: Window, now: datetime, current: Mapping[str, Any], past: Mapping[str, Any]
) -> Trends:
    """Return the trends among names.

    Args:
        window: that was counted.
        now: where it ends.
        current: the response to `candidates`.
        past: the response to `before`.
    """
    total = current["hits"]["total"]["value"]
    times: Mapping[str, Any] = past["aggregations"]
    whole = {name: span["doc_count"] for name, span in times.items()}
    more = growth(total, habit(whole, whole, window))
    trends = []
    for kind in FIELDS:
        counts: dict[str, dict[str, int]] = {}
        for name, span in times.items():
            for bucket in span.get(kind, {}).get("buckets", ()):
                counts.setdefault(str(bucket["key"]), {})[name] = bucket["doc_count"]
        for bucket in current["aggregations"][kind]["buckets"]:
            own = habit(counts.get(bucket["key"], {}), whole, window)
            if is_trend(bucket["doc_count"], own, more):
                hits = bucket["newest"]["hits"]["hits"]
                trends.append(
                    Trend(
                        kind=kind,
                        name=bucket["key"],
                        stories=bucket["doc_count"],
                        usual=round(own.usual, 1),
                        score=round(score(bucket["doc_count"], own, more), 1),
                        story=hits[0]["_source"]["id"] if hits else None,
                    )
                )
    return Trends(window=window, at=now, stories=total, trends=ranked(trends))


def ranked(trends: Sequence[Trend]) -> tuple[Trend, ...]:
    """Return the trends with the highest scores, the highest first."""
    return tuple(sorted(trends, key=lambda one: (-one.score, one.kind, one.name))[:LISTED])


def _within(start: datetime, end: datetime) -> Clause:
    return {"range": {"published_at": {"gt": iso(start), "lte": iso(end)}}}
