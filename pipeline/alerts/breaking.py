"""Alerts on what is breaking: names, places and events that grow, among what a search finds.

Each is told once in QUIET, with the newest story about it; those with the same story together.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta

from pipeline.alerts.outbox import Outbox
from pipeline.alerts.saved import Saved
from pipeline.search.query import matching
from pipeline.search.reader import Reader
from pipeline.search.trending import Trend, Window
from pipeline.wire.errors import NewswireError
from pipeline.wire.versions import REVISIONS

log = logging.getLogger(__name__)

LOOK_SECONDS = 60.0
QUIET = timedelta(hours=24)


async def watch(
    saved: Callable[[], Iterable[Saved]],
    outbox: Outbox,
    reader: Reader,
    languages: Iterable[str],
) -> None:
    """Look at what is trending without end, for the alerts that ask for it."""
    named = tuple(languages)
    while True:
        try:
            for each in [each for each in saved() if each.breaking]:
                await look(each, outbox, reader, named)
        except NewswireError as error:
            log.warning("alerts: trends can't be read", extra={"reason": str(error)})
        await asyncio.sleep(LOOK_SECONDS)


async def look(saved: Saved, outbox: Outbox, reader: Reader, languages: Sequence[str]) -> int:
    """Add what an alert has not told yet of what is trending; return the number of deliveries.

    Raises:
        IndexUnavailable: the index does not answer.
    """
    assert saved.breaking is not None
    now = datetime.now(UTC)
    seen = reader.seen_by(saved.viewer)
    search = matching(saved.request, now, languages, saved.viewer)
    found = await seen.reports.trending(saved.breaking, now, [search])
    since = (now - QUIET).timestamp()
    news: dict[str, list[Trend]] = {}
    for one in found.trends:
        if one.story and not outbox.has_trend(saved.alert.name, key(one), since):
            news.setdefault(one.story, []).append(one)
    held = await reader.held(list(news))
    return sum(
        outbox.add_trend(
            saved.alert.name,
            saved.destinations,
            story,
            held[story][0] // REVISIONS,
            time.time(),
            about(trends, saved.breaking),
        )
        for story, trends in news.items()
        if story in held
    )


def key(trend: Trend) -> str:
    """Return what names a trend for as long as it goes on: an event's headline changes."""
    return f"{trend.kind}:{trend.story if trend.kind == 'event' else trend.name}"


def about(trends: Sequence[Trend], window: Window) -> dict[str, object]:
    """Return what is told of trends with the same newest story: of the first, and the others."""
    first, *others = trends
    return {
        "kind": first.kind,
        "name": first.name,
        "stories": first.stories,
        "usual": first.usual,
        "score": first.score,
        "window": window.value,
        "also": [one.name for one in others],
        "keys": [key(one) for one in trends],
    }
