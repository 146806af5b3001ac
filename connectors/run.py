"""Feeds side by side: a thread each, so that one that hangs or floods slows no other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from threading import Event, Thread

from config.feeds import Feed, load_feeds
from config.settings import ConfigError, Settings
from config.status import StatusFile
from connectors.cursor import Cursor
from connectors.feed import Counts, FeedLoop
from connectors.formats import FORMATS
from connectors.publish import Publisher
from connectors.sources import open_source
from pipeline.topics import Topics


def feed_loops(
    settings: Settings,
    names: Sequence[str] = (),
    on_change: Callable[[str, Counts], None] = lambda name, counts: None,
) -> list[FeedLoop]:
    """The loops of the feeds named, or of all that are enabled.

    Raises:
        ConfigError: no such feed, source, format or option.
    """
    file = settings.connectors.feeds_file
    feeds = load_feeds(file)
    if unknown := [name for name in names if name not in feeds]:
        known = ", ".join(feeds) or "none"
        raise ConfigError(f"feeds.{unknown[0]} in {file}: no such feed (declared: {known})")
    chosen = [feed for feed in feeds.values() if feed.name in names or (not names and feed.enabled)]
    return [_loop(settings, feed, on_change) for feed in chosen]


def _loop(settings: Settings, feed: Feed, on_change: Callable[[str, Counts], None]) -> FeedLoop:
    file = settings.connectors.feeds_file
    if feed.format not in FORMATS:
        known = ", ".join(sorted(FORMATS))
        raise ConfigError(
            f"feeds.{feed.name}.format in {file}: unknown format {feed.format!r} (known: {known})"
        )
    return FeedLoop(
        feed,
        open_source(feed, str(file)),
        Cursor(cursor_path(settings.data_dir, feed.name)),
        Publisher(settings.kafka),
        Topics(settings.topics.prefix),
        (settings.connectors.retry_base_seconds, settings.connectors.retry_max_seconds),
        lambda counts: on_change(feed.name, counts),
    )


def cursor_path(data_dir: Path, feed: str) -> Path:
    """Where a feed's cursor stands."""
    return data_dir / "cursors" / f"{feed}.sqlite"


def run_feeds(
    settings: Settings,
    stop: Event,
    names: Sequence[str] = (),
    once: bool = False,
    on_change: Callable[[str, Counts], None] = lambda name, counts: None,
) -> dict[str, Counts]:
    """Run feeds until `stop` is set, or with `once` until none has more.

    Returns:
        What each feed has done.

    Raises:
        ConfigError: before anything is read.
    """
    status = StatusFile(settings.data_dir, "connectors")
    totals: dict[str, Counts] = {}

    def changed(name: str, counts: Counts) -> None:
        totals[name] = counts
        status.write({"feeds": {feed: asdict(total) for feed, total in totals.items()}})
        on_change(name, counts)

    loops = feed_loops(settings, names, changed)
    threads = [
        Thread(target=loop.run, args=(stop, once), name=f"feed-{loop.feed.name}", daemon=True)
        for loop in loops
    ]
    for thread in threads:
        thread.start()
    try:
        while any(thread.is_alive() for thread in threads) and not stop.wait(0.2):
            pass
        for thread in threads:
            thread.join(timeout=10)
    finally:
        status.remove()
        for loop in loops:
            loop.close()
    return {loop.feed.name: loop.counts for loop in loops}
