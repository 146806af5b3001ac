"""How many stories a feed usually brings in each hour of the week, and when it is too silent."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

HOUR = 3600
WEEK = 168 * HOUR
WEEKS = 8
"""The most weeks that a habit is taken from."""

LEAST_WEEKS = 3
"""With a shorter history a feed has no habit."""

SILENT_AFTER = 7.0
"""So many stories expected and none received: by chance less than once in a thousand times."""

Received = Mapping[int, int]
"""The number of new stories by the hour that they were received in, in hours since 1970."""


def expected(received: Received, since: datetime, at: datetime) -> float | None:
    """Return how many stories the feed would usually have brought between two times.

    Each hour counts as the mean of the same hour of the week in up to WEEKS weeks before, without
    the week with the most stories, so that one day of great news is no habit.

    Returns:
        None for a feed that has run for less than LEAST_WEEKS weeks.
    """
    if not received:
        return None
    first = min(received) * HOUR
    weeks = min(WEEKS, int((since.timestamp() - first) // WEEK))
    if weeks < LEAST_WEEKS:
        return None
    total, moment = 0.0, since
    longest = since + timedelta(weeks=1)
    while moment < min(at, longest):
        hour = int(moment.timestamp()) // HOUR
        end = min(at, datetime.fromtimestamp((hour + 1) * HOUR, at.tzinfo))
        counts = sorted(received.get(hour - 168 * week, 0) for week in range(1, weeks + 1))
        total += sum(counts[:-1]) / (weeks - 1) * (end - moment).total_seconds() / HOUR
        moment = end
    return total
