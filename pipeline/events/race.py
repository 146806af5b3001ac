"""How the source of each story stands in the race for its event, as data that can be counted.

The first story of each source runs for it: alone, first, or late by so many seconds. So "events
that AP had alone" is a number of stories. Later stories of the source, and stories without a source
or a time, do not run.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

ALONE, FIRST, LATE = "alone", "first", "late"


@dataclass(frozen=True, slots=True)
class Standing:
    """How a story stands in the race."""

    race: str | None = None
    """Whether its source had the event ALONE, FIRST or LATE; None for a story that does not run."""
    behind_seconds: int | None = None
    """Of LATE: how long after the first source."""
    ahead_seconds: int | None = None
    """Of FIRST: how long before the second source."""


OUT = Standing()


def standings(stories: Iterable[tuple[str | None, float | None]]) -> list[Standing]:
    """Returns how the stories of an event stand.

    Args:
        stories: of each its source and its time of publication in seconds, the earliest first.
    """
    found: list[Standing] = []
    runners: dict[str, tuple[int, float]] = {}
    for place, (source, at) in enumerate(stories):
        found.append(OUT)
        if source and at is not None and source not in runners:
            runners[source] = place, at
    ran = list(runners.values())
    if len(ran) == 1:
        found[ran[0][0]] = Standing(ALONE)
    elif ran:
        (winner, began), *late = ran
        found[winner] = Standing(FIRST, ahead_seconds=int(late[0][1] - began))
        for place, at in late:
            found[place] = Standing(LATE, behind_seconds=int(at - began))
    return found
