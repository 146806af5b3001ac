"""`replay`, `reindex` and `where`: the past once more, and one story's way through it."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any

import orjson
import typer
from kafka import KafkaConsumer, TopicPartition
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from config.feeds import load_feeds
from config.settings import Settings
from connectors.feed import archive
from connectors.feed.reading import read
from connectors.publish import Publisher, Record, story_record
from newswire.context import err, fail, one_sentence, out, settings
from newswire.search import printable
from pipeline.index.client import connect, connect_sync, translated
from pipeline.index.setup import read_alias
from pipeline.index.writer import Outcome, Writer
from pipeline.kafka.errors import broker_errors
from pipeline.kafka.options import client_options
from pipeline.records import Record as Taken
from pipeline.stream.indexing import overtaken, to_write
from pipeline.stream.rebuild import rebuild
from pipeline.wire.errors import CodecError
from pipeline.wire.topics import Lane, Topics, read_headers

BATCH = 200
POLL_MS = 3_000


class Origin(StrEnum):
    """Where a replay takes stories from."""

    ARCHIVE = "archive"
    TOPIC = "topic"


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(replay)
    app.command()(reindex)
    app.command()(where)


def replay(
    ctx: typer.Context,
    origin: Annotated[Origin, typer.Option("--from", help="The raw archive, or Kafka.")],
    since: Annotated[datetime | None, typer.Option(help="Received at or after (UTC).")] = None,
    feed: Annotated[str | None, typer.Option(help="Only this feed.")] = None,
) -> None:
    """Send past stories through the pipeline again, behind the live ones.

    From the archive, deliveries are parsed anew; from the topic, stories are sent as they
    were. Versions make a repeat harmless. To have them enriched anew, raise
    `enrichment.revision` first.
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


def _from_archive(base: Settings, since: datetime | None, feed: str | None) -> Iterator[Record]:
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


def _from_topics(base: Settings, since: datetime | None, feed: str | None) -> Iterator[Record]:
    topics = Topics(base.topics.prefix)
    backfill = topics.lane(Lane.BACKFILL)
    for topic in (topics.lane(Lane.URGENT), topics.lane(Lane.LIVE)):
        for message in _messages(base, topic, since):
            headers = read_headers(message.headers)
            if feed is None or headers.get("feed") == feed:
                yield Record(backfill, message.key, message.value, message.headers)


def _batches(records: Iterator[Record]) -> Iterator[list[Record]]:
    batch: list[Record] = []
    for record in records:
        batch.append(record)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def reindex(ctx: typer.Context) -> None:
    """Build a new index from the compacted topic and switch to it, while the worker goes on.

    For a new mapping, another analyzer, or an index that was damaged or lost. Interrupted,
    it goes on where it was. The old index stays until you delete it.
    """
    with one_sentence():
        base = settings(ctx.obj)
        languages = tuple(base.elasticsearch.analyzers)
        outcomes: Counter[Outcome] = Counter()
        client = connect(base.elasticsearch)
        topics, publisher = Topics(base.topics.prefix), Publisher(base.kafka)
        with asyncio.Runner() as runner, _bar() as bar:
            task = bar.add_task("Reindexing", total=None)

            def index(target: str, records: Sequence[Taken]) -> None:
                writer = Writer(client, base.elasticsearch, index=target)
                taken, writes = [], []
                for record in records:
                    try:
                        writes.append(to_write(record, languages))
                        taken.append(record)
                    except CodecError as error:
                        outcomes[Outcome.REJECTED] += 1
                        err.print(f"offset {record.offset}: {escape(str(error))}")
                refused = []
                for record, write, written in zip(
                    taken, writes, runner.run(writer.write(writes)), strict=True
                ):
                    outcomes[written.outcome] += 1
                    if written.outcome is Outcome.STALE:
                        refused.append((record, write))
                restored = runner.run(overtaken(topics, writer, refused))
                publisher.publish([Record(m.topic, m.key, m.value, m.headers) for m in restored])

            try:
                target = rebuild(
                    base, index, lambda done, total: bar.update(task, completed=done, total=total)
                )
            finally:
                publisher.close()
                runner.run(client.close())
        counts = ", ".join(f"{count:,} {outcome}" for outcome, count in outcomes.items())
        out.print(f"{read_alias(base.elasticsearch.index)} is {target} now: {counts or 'empty'}.")


def _bar() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=err,
    )


@dataclass(frozen=True, slots=True)
class Sighting:
    """One step of a story's way."""

    at: datetime | None
    step: str
    where: str
    what: str


def where(
    ctx: typer.Context,
    story_id: Annotated[str, typer.Argument(help="As `newswire search` prints it.")],
    since: Annotated[datetime | None, typer.Option(help="Look from here on (UTC).")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """Tell each step of a story with time and offset: delivery, topics, dead letters, index.

    Also for a story that never arrived: the last step that shows is where it stopped.
    """
    with one_sentence():
        base = settings(ctx.obj)
        at = since.replace(tzinfo=UTC) if since and since.tzinfo is None else since
        found = sorted(
            [*_sightings(base, story_id, at), *_indexed(base, story_id)],
            # Kafka's times are whole milliseconds: within one, the order of the flow holds.
            key=lambda sighting: (sighting.at is None, _milliseconds(sighting.at)),
        )
        if as_json:
            for sighting in found:
                typer.echo(orjson.dumps(sighting))
            return
        if not found:
            fail(f"{story_id} is on no topic and not in the index: its feed never delivered it")
        table = Table("Time (UTC)", "Step", "Where", "What", box=None, header_style="dim")
        for s in found:
            when = s.at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3] if s.at else "?"
            table.add_row(when, s.step, s.where, escape(printable(s.what)))
        out.print(table)


def _milliseconds(at: datetime | None) -> datetime:
    at = at or datetime.now(UTC)
    return at.replace(microsecond=at.microsecond // 1000 * 1000)


def _sightings(base: Settings, story_id: str, since: datetime | None) -> Iterator[Sighting]:
    topics = Topics(base.topics.prefix)
    for topic in topics.all():
        step = {
            topics.enriched: "enriched",
            topics.alerts: "alert",
            topics.deadletter: "dead letter",
        }.get(topic, "story")
        for message in _messages(base, topic, since):
            headers = read_headers(message.headers)
            if (message.key or b"").decode("utf-8", "replace") != story_id:
                continue
            at = datetime.fromtimestamp(message.timestamp / 1000, UTC)
            place = f"{topic}/{message.partition} @{message.offset}"
            if step == "story" and (received := headers.get("received_at")):
                name = headers.get("name", "")
                feed = f"feed {headers.get('feed')}"
                yield Sighting(datetime.fromisoformat(received), "received", feed, name)
            yield Sighting(at, step, place, _what(step, message.value, headers))


def _what(step: str, value: bytes | None, headers: dict[str, str]) -> str:
    if step == "dead letter":
        return f"{headers.get('stage')}: {headers.get('reason')}"
    if step == "alert":
        return f"{headers.get('alert')}: {headers.get('kind')}"
    try:
        record = orjson.loads(value or b"{}")
    except orjson.JSONDecodeError:
        return "not JSON"
    story = record.get("story", record)
    parts = [f"version {story.get('version')}", story.get("status"), story.get("signal")]
    return ", ".join(str(part) for part in parts if part)


def _indexed(base: Settings, story_id: str) -> Iterator[Sighting]:
    elastic = base.elasticsearch
    with translated(elastic), connect_sync(elastic) as client:
        answer = client.mget(index=read_alias(elastic.index), ids=[story_id])
    doc = answer["docs"][0]
    if doc.get("found"):
        source = doc["_source"]
        indexed = source.get("indexed_at")
        yield Sighting(
            datetime.fromisoformat(indexed) if indexed else None,
            "indexed",
            doc["_index"],
            f"index version {doc['_version']}, {source['status']}, "
            f"from enriched/{source['record']['partition']} @{source['record']['offset']}",
        )


def _messages(base: Settings, topic: str, since: datetime | None) -> Iterator[Any]:
    """Every message of a topic, from a time on, to where the topic ends now."""
    with broker_errors(base.kafka):
        consumer = KafkaConsumer(
            **client_options(base.kafka), enable_auto_commit=False, auto_offset_reset="earliest"
        )
        try:
            parts = [TopicPartition(topic, p) for p in consumer.partitions_for_topic(topic) or ()]
            if not parts:
                return
            consumer.assign(parts)
            ends = consumer.end_offsets(parts)
            consumer.seek_to_beginning(*parts)
            if since:
                at = int(since.timestamp() * 1000)
                for part, found in consumer.offsets_for_times(dict.fromkeys(parts, at)).items():
                    consumer.seek(part, found.offset if found else ends[part])
            while any(consumer.position(part) < ends[part] for part in parts):
                for messages in consumer.poll(timeout_ms=POLL_MS).values():
                    yield from (m for m in messages if m.value is not None)
        finally:
            consumer.close()
