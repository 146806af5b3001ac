"""The race of the sources: who has events first, alone or late, and what each would be missed for.

An event counts if its first story is among the rows, so if it began in the period. A source that
did not have it is not late. Times are those of first publication.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import msgspec

from pipeline.index.fingerprint import Fingerprint, are_near
from pipeline.wire.story import Signal

COMPARED = 20
"""Earlier stories of an event that a story may be a copy of: the last before it."""
LISTED = 50
"""Events listed that only one source had."""


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One visible story of the period."""

    id: str
    source: str
    event: str
    """The id of the event's first story; the story's own where it is alone."""
    at: datetime
    """When it was first published."""
    signal: str | None = None
    headline: str | None = None
    fingerprint: Fingerprint | None = None


class Runner(msgspec.Struct, frozen=True, kw_only=True):
    """How one source did."""

    source: str
    stories: int
    events: int
    """Events that began in the period and that it had."""
    first: int
    """Of these, the ones that it had before all others, or alone."""
    alone: int
    """The ones that no other source had."""
    late: int
    """The ones that another had before it."""
    late_p50_seconds: float | None = None
    late_p95_seconds: float | None = None
    """How far it was behind the first, where it was late."""
    corrections_per_1000: float
    kills_per_1000: float
    """Of the stories that it sent in the period."""
    copies: int
    """Stories that are near-duplicates of an earlier one of another source in the same event."""


class Loss(msgspec.Struct, frozen=True, kw_only=True):
    """What would be missing without a source."""

    source: str
    events: int
    """Events of the period that nobody else had."""
    later: int
    """Events that it had first, and another source later."""
    later_p50_seconds: float | None = None
    later_p95_seconds: float | None = None
    """How much later these would have been known."""
    only_here: tuple[Missed, ...] = ()
    """The newest of the events that nobody else had."""


class Missed(msgspec.Struct, frozen=True, kw_only=True):
    """An event that only one source had."""

    id: str
    headline: str | None = None
    at: datetime
    stories: int


class Race(msgspec.Struct, frozen=True, kw_only=True):
    """The race over a period."""

    since: datetime
    until: datetime
    events: int
    """Events that began in the period."""
    sources: tuple[Runner, ...]
    """The one with most first events first."""
    complete: bool = True
    """False where the period has more stories than were read: its beginning is left out."""
    loss: Loss | None = None


def race(
    rows: Iterable[Row],
    kills: Mapping[str, int],
    since: datetime,
    until: datetime,
    complete: bool = True,
    without: str | None = None,
) -> Race:
    """Return the race.

    Args:
        rows: the visible stories of the period.
        kills: how many stories of each source were withdrawn.
        since: where the period begins.
        until: where it ends.
        complete: whether these are all stories of the period.
        without: a source whose loss is to be told.
    """
    by_event: dict[str, list[Row]] = defaultdict(list)
    stories: dict[str, int] = defaultdict(int)
    corrections: dict[str, int] = defaultdict(int)
    for row in rows:
        by_event[row.event].append(row)
        stories[row.source] += 1
        corrections[row.source] += row.signal == Signal.CORRECTION
    began = {}
    copies: dict[str, int] = defaultdict(int)
    for event, found in by_event.items():
        found.sort(key=lambda row: (row.at, row.id))
        for row in _copies(found):
            copies[row.source] += 1
        if any(row.id == event for row in found):
            began[event] = found
    arrivals = [_arrivals(found) for found in began.values()]
    runners = []
    for source in stories.keys() | kills.keys():
        own = [times for times in arrivals if source in times]
        behind = [
            (times[source] - min(times.values())).total_seconds()
            for times in own
            if next(iter(times)) != source
        ]
        sent = stories[source] + kills.get(source, 0)
        runners.append(
            Runner(
                source=source,
                stories=stories[source],
                events=len(own),
                first=len(own) - len(behind),
                alone=sum(len(times) == 1 for times in own),
                late=len(behind),
                late_p50_seconds=percentile(behind, 0.5),
                late_p95_seconds=percentile(behind, 0.95),
                corrections_per_1000=round(1000 * corrections[source] / max(1, sent), 1),
                kills_per_1000=round(1000 * kills.get(source, 0) / max(1, sent), 1),
                copies=copies[source],
            )
        )
    return Race(
        since=since,
        until=until,
        events=len(began),
        sources=tuple(sorted(runners, key=lambda one: (-one.first, -one.stories, one.source))),
        complete=complete,
        loss=loss(without, began) if without else None,
    )


def loss(source: str, began: Mapping[str, Sequence[Row]]) -> Loss:
    """Return what would be missing without a source, in any case.

    Args:
        source: its name.
        began: the stories of each event of the period, the earliest first.
    """
    missed, later = [], []
    for event, found in began.items():
        names = {name.lower(): at for name, at in reversed(list(_arrivals(found).items()))}
        own = names.pop(source.lower(), None)
        if own is None:
            continue
        if not names:
            newest = found[-1]
            missed.append(
                Missed(id=event, headline=newest.headline, at=found[0].at, stories=len(found))
            )
        elif found[0].source.lower() == source.lower():
            later.append((min(names.values()) - own).total_seconds())
    missed.sort(key=lambda one: (one.at, one.id), reverse=True)
    return Loss(
        source=source,
        events=len(missed),
        later=len(later),
        later_p50_seconds=percentile(later, 0.5),
        later_p95_seconds=percentile(later, 0.95),
        only_here=tuple(missed[:LISTED]),
    )


def percentile(values: Sequence[float], share: float) -> float | None:
    """Return the value below which a share of the values lies; None without values."""
    if not values:
        return None
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def _arrivals(found: Sequence[Row]) -> dict[str, datetime]:
    """Return when each source first had an event, the earliest first."""
    times: dict[str, datetime] = {}
    for row in found:
        times.setdefault(row.source, row.at)
    return times


def _copies(found: Sequence[Row]) -> list[Row]:
    """Return the stories of an event that repeat an earlier one of another source."""
    copies = []
    for n, row in enumerate(found):
        own = row.fingerprint
        if own and any(
            other.source != row.source and other.fingerprint and are_near(other.fingerprint, own)
            for other in found[max(0, n - COMPARED) : n]
        ):
            copies.append(row)
    return copies
