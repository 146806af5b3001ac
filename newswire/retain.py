"""`retain`: purges the stories that their feeds' licences do not let us keep any longer.

A story is purged by a tombstone on the enriched topic: the worker that takes it deletes document
and history, and leaves a newer version alone. Events and archive are purged here.
"""

from __future__ import annotations

import getpass
import logging
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Annotated

import msgspec
import typer
from elasticsearch import Elasticsearch
from rich.markup import escape
from rich.table import Table

from config.feeds import retention
from config.settings import Settings
from connectors.feed import archive
from newswire.context import one_sentence, out, printable, settings
from pipeline.events.fingerprints import Fingerprint
from pipeline.index.client import connect_sync, translated
from pipeline.index.retention import (
    Over,
    Purge,
    count_older,
    forget_events,
    note,
    noted,
    older,
)
from pipeline.kafka.messages import Message
from pipeline.kafka.publisher import Publisher
from pipeline.stream.events import fingerprint_message
from pipeline.stream.tombstones import tombstone
from pipeline.wire import codec
from pipeline.wire.topics import Topics, headers, key

log = logging.getLogger(__name__)

PATIENCE_SECONDS = 60.0
"""How long the worker may take to purge what it is told to."""


def retain(
    ctx: typer.Context,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Count, and purge nothing.")] = False,
    audit: Annotated[bool, typer.Option("--audit", help="List the purges so far.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a feed.")] = False,
) -> None:
    """Purge the stories that are older than the `retain_days` of their feed.

    From the index, its history, the enriched topic, the events and the archive. Killed stories
    stay as markers without text. Run it once a day: it may be run again at any time.
    """
    with one_sentence():
        base = settings(ctx.obj)
        with translated(base.elasticsearch), connect_sync(base.elasticsearch) as client:
            found = noted(client, base.elasticsearch) if audit else _retain(client, base, dry_run)
        if as_json:
            for each in found:
                typer.echo(msgspec.json.encode(each))
        elif not found:
            out.print("Nothing was purged yet." if audit else "No feed has retain_days.")
        else:
            _print(found, dry_run)
        if not audit and not dry_run and (left := sum(each.left for each in found)):
            out.print(
                f"The worker has still to purge {left:,}: it does so as soon as it has read them."
            )


def _print(found: list[Purge], dry_run: bool) -> None:
    counted = "Would purge" if dry_run else "Stories"
    table = Table("At", "By", "Feed", "Days", "Before", counted, "Archive", box=None)
    for each in found:
        table.add_row(
            f"{each.at:%Y-%m-%d %H:%M}",
            escape(printable(each.by)),
            escape(each.feed),
            str(each.days),
            f"{each.before:%Y-%m-%d %H:%M}",
            f"{each.stories:,}",
            f"{each.segments:,}",
        )
    out.print(table)


def _retain(client: Elasticsearch, base: Settings, dry_run: bool) -> list[Purge]:
    """Purge each feed that has a limit, or count what that would be."""
    now, by = datetime.now(UTC), "?"
    with suppress(OSError, KeyError):  # a container's user may have no name
        by = getpass.getuser()
    kept = retention(base.connectors.feeds_file)
    publisher = Publisher(base.kafka)
    found = []
    try:
        for feed, days in sorted(kept.days.items()):
            before = now - timedelta(days=days)
            stories = (
                count_older(client, base.elasticsearch, feed, before)
                if dry_run
                else _purge(client, base, publisher, feed, before)
            )
            segments = (
                archive.expire(base.connectors.archive, feed, before, rehearse=dry_run)
                if base.connectors.archive
                else 0
            )
            purge = Purge(
                at=now,
                by=by,
                feed=feed,
                days=days,
                before=before,
                stories=stories,
                segments=segments,
                left=_left(client, base, feed, before) if stories and not dry_run else 0,
            )
            found.append(purge)
            if not dry_run and (stories or segments):
                log.info("purged", extra=msgspec.to_builtins(purge))
                note(client, base.elasticsearch, purge)
    finally:
        publisher.close()
    return found


def _purge(
    client: Elasticsearch, base: Settings, publisher: Publisher, feed: str, before: datetime
) -> int:
    """Write the tombstones of a feed's older stories; return how many there are."""
    topics = Topics(base.topics.prefix)
    # A day more, as the topic's own retention: see `pipeline.kafka.setup`.
    window = datetime.now(UTC) - timedelta(days=base.events.window_days + 1)
    count = 0
    for page in older(client, base.elasticsearch, feed, before):
        compared = [each for each in page if each.published_at >= window]
        gone = [each for each in page if each.published_at < window]
        # Events before tombstones: a run that ends between finds the story again.
        publisher.publish([_withheld(topics, each) for each in compared])
        said = headers(schema=codec.SCHEMA)
        publisher.publish(
            [Message(topics.events, key(each.id), b"", said, is_tombstone=True) for each in gone]
        )
        forget_events(client, base.elasticsearch, [each.id for each in gone])
        publisher.publish([tombstone(topics, each.id, each.version) for each in page])
        count += len(page)
    return count


def _withheld(topics: Topics, story: Over) -> Message:
    """Return the fingerprint that takes a story out of its event, and has none of its terms."""
    record = Fingerprint(version=story.version, at=story.published_at)
    return fingerprint_message(topics, story.id, record)


def _left(client: Elasticsearch, base: Settings, feed: str, before: datetime) -> int:
    """Wait until the worker has purged a feed; return the stories that are left."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (left := count_older(client, base.elasticsearch, feed, before)) > 0:
        if time.monotonic() > deadline:
            break
        time.sleep(1)
    return left
