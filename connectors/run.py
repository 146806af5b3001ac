"""Runs feeds, each in a thread of its own, so that one that hangs or floods slows no other."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Event, Thread

from config.feeds import Feed, load_feeds, retention
from config.settings import Settings
from connectors.cursor import FILE, Cursor
from connectors.feed import fulltext, health
from connectors.feed.archive import Archive
from connectors.feed.claims import Claims
from connectors.feed.health import Counts
from connectors.feed.loop import FeedLoop
from connectors.feed.metrics import FeedMetrics
from connectors.feed.pages import Hosts, Pages
from connectors.formats import FORMATS, mapped
from connectors.sources import Source, open_source
from connectors.sources.base import now
from pipeline.kafka.errors import require_admission
from pipeline.kafka.publisher import Publisher
from pipeline.kafka.tracing import NO_TRACER, Tracer, open_tracer
from pipeline.process.databases import explained, set_aside
from pipeline.process.health import HealthServer
from pipeline.process.status import StatusFile
from pipeline.wire.errors import ConfigError, SetupError
from pipeline.wire.topics import Topics

log = logging.getLogger(__name__)

STATUS_SECONDS = 1.0
STOP_SECONDS = 10.0
"""How long the feeds may take to end; one that hangs ends with the process."""


def chosen_feeds(
    settings: Settings, names: Sequence[str] = (), all_declared: bool = False
) -> list[Feed]:
    """Return the feeds named, or else all that are enabled, or all that are declared.

    Raises:
        ConfigError: no such feed.
    """
    file = settings.connectors.feeds_file
    feeds = load_feeds(file)
    if unknown := [name for name in names if name not in feeds]:
        known = ", ".join(feeds) or "none"
        raise ConfigError(f"feeds.{unknown[0]} in {file}: no such feed (declared: {known})")
    if names:
        return [feeds[name] for name in dict.fromkeys(names)]
    return [feed for feed in feeds.values() if feed.enabled or all_declared]


def open_feed(settings: Settings, feed: Feed) -> Source:
    """Return a feed's source, not yet connected.

    Raises:
        ConfigError: no such source, format or option.
    """
    file = settings.connectors.feeds_file
    if feed.format not in FORMATS:
        known = ", ".join(sorted(FORMATS))
        raise ConfigError(
            f"feeds.{feed.name}.format in {file}: unknown format {feed.format!r} (known: {known})"
        )
    if feed.full_text:
        fulltext.require(f"feeds.{feed.name}.full_text in {file}")
    if (feed.map is None) == (feed.format == "mapped"):
        raise ConfigError(
            f"feeds.{feed.name}.map in {file}: the format mapped needs it, no other takes it"
        )
    if feed.map is not None and (problem := mapped.check_paths(feed.map)):
        raise ConfigError(f"feeds.{feed.name}.{problem} in {file}")
    return open_source(feed, str(file))


def open_cursor(data_dir: Path, feed: str) -> Cursor:
    """Return a feed's cursor in a data folder."""
    return Cursor(data_dir / FILE, feed)


def open_archive(settings: Settings, feed: str) -> Archive | None:
    """Return a feed's archive, None if none is configured."""
    connectors = settings.connectors
    if connectors.archive is None:
        return None
    spool = settings.data_dir / "archive"
    limits = (connectors.archive_retention_days, retention(connectors.feeds_file).days.get(feed))
    days = min(filter(None, limits), default=0)
    return Archive(connectors.archive, spool, feed, retention_days=days)


def feed_loops(
    settings: Settings,
    names: Sequence[str] = (),
    on_change: Callable[[str, Counts], None] = lambda name, counts: None,
    tracer: Tracer = NO_TRACER,
) -> list[FeedLoop]:
    """Return the loops of the feeds named, or of all that are enabled.

    Raises:
        ConfigError: no such feed, source, format or option.
        SetupError: the data folder can't be written.
    """
    claims, hosts = Claims(), Hosts()
    if aside := set_aside(settings.data_dir / FILE):
        log.warning(
            "the cursor file was damaged: all feeds deliver again what their sources still have",
            extra={"moved_to": str(aside)},
        )

    def loop(feed: Feed, source: Source) -> FeedLoop:
        return FeedLoop(
            feed,
            source,
            open_cursor(settings.data_dir, feed.name),
            Publisher(settings.kafka, tracer),
            Topics(settings.topics.prefix),
            settings.retry,
            lambda counts: on_change(feed.name, counts),
            claims,
            open_archive(settings, feed.name),
            Pages(feed.options.get("url"), hosts, settings.retry) if feed.full_text else None,
        )

    chosen = [(feed, open_feed(settings, feed)) for feed in chosen_feeds(settings, names)]
    return [loop(feed, source) for feed, source in chosen]


def run_feeds(
    settings: Settings,
    stop: Event,
    names: Sequence[str] = (),
    once: bool = False,
    on_change: Callable[[str, Counts], None] = lambda name, counts: None,
) -> dict[str, Counts]:
    """Run feeds until `stop` is set, or with `once` until none has more.

    Returns:
        The counts of each feed.

    Raises:
        ConfigError, SetupError: before anything is read.
        SetupError: the cursor file was damaged; at the next start it is moved aside.
    """
    tracer = open_tracer(settings.tracing, "connectors")
    loops = feed_loops(settings, names, on_change, tracer)
    require_admission(settings.kafka)
    threads = {
        loop.feed.name: Thread(
            target=loop.run, args=(stop, once), name=f"feed-{loop.feed.name}", daemon=True
        )
        for loop in loops
    }

    def ended() -> str | None:
        gone = [name for name, thread in threads.items() if not thread.is_alive()]
        return f"feeds that have ended: {', '.join(gone)}" if gone and not once else None

    server = HealthServer(
        "connectors",
        settings.connectors.host,
        settings.connectors.port,
        FeedMetrics(loops).registry,
        alive=ended,
        ready=lambda: None,
    )
    try:
        status = StatusFile(settings.data_dir, "connectors")
    except OSError as error:
        raise SetupError(explained(error, settings.data_dir / "status")) from error

    def write_status() -> None:
        at = now()
        feeds = {loop.feed.name: health.status(loop.counts, loop.feed, at) for loop in loops}
        status.write({"feeds": feeds, "health_port": server.port})

    server.start()
    try:
        for thread in threads.values():
            thread.start()
        while any(thread.is_alive() for thread in threads.values()):
            if any(loop.damaged for loop in loops):
                stop.set()
            # Written by this thread, so that it also shows a feed that hangs.
            write_status()
            if stop.wait(STATUS_SECONDS if not once else 0.1):
                break
        deadline = time.monotonic() + STOP_SECONDS
        for thread in threads.values():
            thread.join(timeout=max(0.0, deadline - time.monotonic()))
        if damaged := next((loop.damaged for loop in loops if loop.damaged), None):
            raise SetupError(explained(damaged, settings.data_dir / FILE)) from damaged
    finally:
        server.stop()
        status.remove()
        for loop in loops:
            if not threads[loop.feed.name].is_alive():
                loop.close()
        tracer.close()
    return {loop.feed.name: loop.counts for loop in loops}
