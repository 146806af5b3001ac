"""`replay`: sends past stories through the pipeline again, from the archive or from Kafka."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated

import typer
from rich.markup import escape

from config.feeds import load_feeds
from config.settings import Settings
from connectors.feed import archive
from connectors.feed.reading import read
from connectors.publish import story_record
from newswire.context import err, fail, one_sentence, out, settings
from pipeline.kafka.messages import Message
from pipeline.kafka.publisher import Publisher
from pipeline.kafka.reading import read_topic
from pipeline.wire.topics import Lane, Topics, headers

BATCH = 200


class Origin(StrEnum):
    """Where a replay reads stories from."""

    ARCHIVE = "archive"
    TOPIC = "topic"


def replay(
    ctx: typer.Context,
    origin: Annotated[Origin, typer.Option("--from", help="The raw archive, or Kafka.")],
    since: Annotated[datetime | None, typer.Option(help="Received at or after (UTC).")] = None,
    feed: Annotated[str | None, typer.Option(help="Only this feed.")] = None,
) -> None:
    """Send past stories through the pipeline again.

    They come after the live ones. From the archive, deliveries are parsed again; from the
    topic, stories are sent as they were. A repeat is harmless, since versions decide. To
    enrich stories again, raise `enrichment.revision` first.
    """
    with one_sentence():
        base = settings(ctx.obj)
        at = since.replace(tzinfo=UTC) if since and since.tzinfo is None else since
        records = (
            _from_archive(base, at, feed)
            if origin is Origin.ARCHIVE
            else _from_topics(base, at, feed)
        )
        publisher = Publisher(base.kafka)
        sent = 0
        try:
            with err.status("Replaying …") as status:
                for batch in _batches(records):
                    publisher.publish(batch)
                    sent += len(batch)
                    status.update(f"Replaying … {sent:,} records")
        finally:
            publisher.close()
        out.print(
            f"{sent:,} records sent again to {Topics(base.topics.prefix).lane(Lane.BACKFILL)}."
        )


def _from_archive(base: Settings, since: datetime | None, feed: str | None) -> Iterator[Message]:
    if not base.connectors.archive:
        fail("there is no archive: set connectors.archive to a folder or an address", 2)
    feeds = load_feeds(base.connectors.feeds_file)
    topics = Topics(base.topics.prefix)
    spool = base.data_dir / "archive"
    for record in archive.read(base.connectors.archive, spool, feed, since):
        if known := feeds.get(record.feed):
            for story in read(known, record.delivery()).stories:
                yield story_record(topics, story, record.name, backfill=True)
        else:
            err.print(f"[yellow]{escape(record.feed)}[/] is not in the feeds file: left out")


def _from_topics(base: Settings, since: datetime | None, feed: str | None) -> Iterator[Message]:
    topics = Topics(base.topics.prefix)
    backfill = topics.lane(Lane.BACKFILL)
    for topic in (topics.lane(Lane.URGENT), topics.lane(Lane.LIVE)):
        for message in read_topic(base.kafka, topic, since):
            if message.value and feed in (None, message.headers.get("feed")):
                yield Message(backfill, message.key, message.value, headers(**message.headers))


def _batches(records: Iterator[Message]) -> Iterator[list[Message]]:
    batch: list[Message] = []
    for record in records:
        batch.append(record)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch
