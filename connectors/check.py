"""Tries every feed once, without publishing anything or moving a cursor."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from threading import Thread

from config.feeds import Feed
from config.settings import Settings
from connectors.cursor import FILE, Cursor
from connectors.feed.batch import Batch, story_digest
from connectors.feed.loop import LAST, LAST_AT
from connectors.feed.reading import read
from connectors.formats import mapped
from connectors.run import chosen_feeds, open_feed
from connectors.sources import SOURCES, Delivery, Polled, Progress, Refused, Source
from pipeline.wire.errors import ConfigError, ParseError, SetupError, SourceUnavailable

DELIVERIES = 20
LOOK_SECONDS = 5.0
"""The limits of what is read from a feed."""

ANSWER_SECONDS = 30.0
"""A feed that has not answered after this time hangs."""


@dataclass(frozen=True, slots=True)
class Row:
    """The result for one feed."""

    feed: str
    source: str
    format: str
    """As declared; `formats` are those that were found."""
    enabled: bool = True
    reachable: bool | None = None
    """None for a feed that was not tried: its senders connect to it, or it is misconfigured."""
    failure: str | None = None
    misconfigured: bool = False
    """True when the feed's table can't be used, so that nothing was tried."""
    newest_at: str | None = None
    """Of the items that were read, else of the last story that the feed ever received."""
    newest: str | None = None
    """Its headline."""
    formats: tuple[str, ...] = ()
    deliveries: int = 0
    stories: int = 0
    """New stories, which would be published."""
    known: int = 0
    claims: int = 0
    """New stories that name an agency which the feed does not speak for."""
    skipped: int = 0
    bad: tuple[str, ...] = ()
    """Why deliveries or items would be dead-lettered."""
    paths: tuple[tuple[str, int, str | None], ...] = ()
    """For the format mapped: each path's field, in how many items it found something, the first."""
    more: bool = False
    """True when the source has more than was read."""


def check(settings: Settings, names: Sequence[str] = ()) -> list[Row]:
    """Try the feeds named, or all that are declared, in parallel.

    Raises:
        ConfigError: the feeds' file can't be read, or has no such feed. Any other error of a
            feed is in its row.
    """
    feeds = chosen_feeds(settings, names, all_declared=True)
    rows = {
        feed.name: Row(
            feed.name,
            feed.source,
            feed.format,
            feed.enabled,
            reachable=False,
            failure=f"no answer within {ANSWER_SECONDS:g} s",
        )
        for feed in feeds
    }

    def try_(feed: Feed) -> None:
        rows[feed.name] = _row(settings, feed)

    threads = [Thread(target=try_, args=(feed,), daemon=True) for feed in feeds]
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + ANSWER_SECONDS
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))
    return list(rows.values())


def _row(settings: Settings, feed: Feed) -> Row:
    row = Row(feed.name, feed.source, feed.format, feed.enabled)
    try:
        source = open_feed(settings, feed)
    except ConfigError as error:
        return replace(row, failure=str(error), misconfigured=True)
    try:
        cursor = _copied_cursor(settings, feed.name)
    except SetupError as error:
        return replace(row, failure=str(error))
    row = replace(row, newest_at=cursor.get(LAST_AT), newest=cursor.get(LAST))
    if SOURCES[feed.source].pushed:
        return row
    try:
        return _tried(replace(row, reachable=True), feed, source, cursor)
    except SourceUnavailable as error:
        return replace(row, reachable=False, failure=str(error))
    except Exception as error:  # a fault in this program must not hide the other feeds' rows
        return replace(row, reachable=False, failure=repr(error))
    finally:
        source.close()
        cursor.close()


def _copied_cursor(settings: Settings, feed: str) -> Cursor:
    """Return a copy of the feed's cursor; an empty one if the feed has not run yet."""
    path = settings.data_dir / FILE
    if not path.exists():
        return Cursor(":memory:", feed)
    cursor = Cursor(path, feed)
    try:
        return cursor.copy()
    finally:
        cursor.close()


def _tried(row: Row, feed: Feed, source: Source, cursor: Cursor) -> Row:
    batch = Batch()
    formats: dict[str, None] = {}
    bad: list[str] = []
    newest: tuple[datetime, str | None] | None = None
    deliveries = stories = known = claims = skipped = 0
    more = False
    paths: dict[str, tuple[int, str | None]] = {}
    for item in _items(source, cursor):
        if deliveries >= DELIVERIES:
            more = True
            break
        deliveries += 1
        if isinstance(item, Refused):
            bad.append(f"{item.name}: {item.reason}")
            continue
        reading = read(feed, item)
        _add_paths(paths, feed, item)
        skipped += len(reading.skipped)
        bad += [f"{item.name}: {letter.reason}" for letter in reading.letters]
        for story in reading.stories:
            digest = story_digest(story)
            if batch.knows(story, digest, cursor.met(story.id, digest), once=False):
                known += 1
            else:
                stories += 1
                claims += story.claimed_source is not None
            batch.remember(story.id, digest)
            formats[story.format or feed.format] = None
            at = story.version_created or story.first_created or item.received_at
            if newest is None or at >= newest[0]:
                newest = at, story.headline or story.slugline or story.id
    if newest is not None:
        row = replace(row, newest_at=newest[0].isoformat(), newest=newest[1])
    return replace(
        row,
        formats=tuple(formats),
        deliveries=deliveries,
        stories=stories,
        known=known,
        claims=claims,
        skipped=skipped,
        bad=tuple(bad),
        paths=tuple((name, number, first) for name, (number, first) in paths.items()),
        more=more,
    )


def _add_paths(paths: dict[str, tuple[int, str | None]], feed: Feed, delivery: Delivery) -> None:
    """Add what each path of a mapped feed finds in a delivery."""
    if feed.map is None:
        return
    with suppress(ParseError):  # the reading has it as a bad delivery
        for name, (number, first) in mapped.found(delivery.raw, feed.map).items():
            before, example = paths.get(name, (0, None))
            paths[name] = before + number, example or first


def _items(source: Source, cursor: Cursor) -> Iterator[Delivery | Refused]:
    """Yield the items of the first poll that has any; waits for deliveries still arriving."""
    until = time.monotonic() + LOOK_SECONDS
    while True:
        found: list[Polled] = []
        for item in source.poll(cursor):
            if isinstance(item, Progress):
                continue
            found.append(item)
            yield item
            if time.monotonic() > until:
                return
        if found or source.settled() or time.monotonic() > until:
            return
        time.sleep(source.settling_seconds)
