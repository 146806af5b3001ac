"""`reindex`: builds a new index from the compacted topic."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Annotated

import typer
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from config.feeds import retention
from config.settings import Settings
from newswire.context import err, one_sentence, out, settings
from pipeline.index.analysis import languages
from pipeline.index.client import connect
from pipeline.index.events import events_index, setup_events
from pipeline.index.setup import read_alias
from pipeline.index.writer import Outcome, Writer
from pipeline.kafka.messages import Record as Taken
from pipeline.kafka.publisher import Publisher
from pipeline.kafka.reading import open_reader
from pipeline.stream.changed import with_changes
from pipeline.stream.events import decode_change
from pipeline.stream.events import to_write as event_write
from pipeline.stream.indexing import fingerprint_messages, overtaken, to_write, write_all
from pipeline.stream.rebuild import rebuild
from pipeline.stream.tombstones import purges, tombstone
from pipeline.wire import codec
from pipeline.wire.errors import CodecError, SetupError
from pipeline.wire.retention import Retention
from pipeline.wire.topics import Topics

PURGED = "purged, for their days are over"


def reindex(
    ctx: typer.Context,
    shards: Annotated[
        int | None,
        typer.Option(min=1, help="Primary shards of the new index, instead of the settings'."),
    ] = None,
) -> None:
    """Build a new index from the enriched topic and switch to it.

    The worker keeps running meanwhile.

    For a new mapping, another analyzer, or an index that was damaged or lost. Interrupted,
    it goes on where it was. The old index stays until you delete it. Stories older than the
    `retain_days` of their feed are purged from the topic instead.
    """
    with one_sentence():
        base = _with_shards(settings(ctx.obj), shards)
        searched = languages(base.elasticsearch)
        outcomes: Counter[str] = Counter()
        ours = _Ours(retention(base.connectors.feeds_file))
        client = connect(base.elasticsearch)
        current = Writer(client, base.elasticsearch)
        topics, publisher = Topics(base.topics.prefix), Publisher(base.kafka)
        with asyncio.Runner() as runner, _bar() as bar:
            task = bar.add_task("Reindexing", total=None)

            def index(target: str, records: Sequence[Taken]) -> None:
                writer = Writer(client, base.elasticsearch, index=target)
                taken, writes = [], []
                for record in ours.kept(records):
                    try:
                        writes.append(to_write(record, searched))
                        taken.append(record)
                    except CodecError as error:
                        outcomes[Outcome.REJECTED] += 1
                        err.print(f"offset {record.offset}: {escape(str(error))}")
                with suppress(SetupError):  # the index was lost, and with it what had changed
                    writes = runner.run(with_changes(current, writes))
                refused, standing = [], []
                for record, write, written in zip(
                    taken, writes, runner.run(write_all(writer, writes)), strict=True
                ):
                    outcomes[written.outcome] += 1
                    if written.outcome is Outcome.STALE:
                        refused.append((record, write))
                    if written.outcome is Outcome.INDEXED:
                        standing.append(write)
                runner.run(writer.purge([write for _, write in purges(records)]))
                restored = runner.run(overtaken(topics, writer, refused))
                publisher.publish(restored + fingerprint_messages(topics, standing))

            def restore(records: Sequence[Taken]) -> None:
                index = events_index(base.elasticsearch.index)
                writer = Writer(client, base.elasticsearch, index=index)
                changes = [decode_change(record.value) for record in records if record.value]
                runner.run(writer.write([event_write(change) for change in changes]))

            try:
                target = rebuild(
                    base, index, lambda done, total: bar.update(task, completed=done, total=total)
                )
                publisher.publish([tombstone(topics, *each) for each in ours.over.items()])
                outcomes[PURGED] = len(ours.over)
                setup_events(base.elasticsearch, anew=False)
                with open_reader(base.kafka) as reader:
                    for batch in reader.read(reader.spans([topics.events])):
                        restore(batch)
            finally:
                publisher.close()
                runner.run(client.close())
        _say(f"{read_alias(base.elasticsearch.index)} is {target} now", outcomes, shards)


def _say(what: str, outcomes: Counter[str], shards: int | None) -> None:
    counts = ", ".join(f"{count:,} {outcome}" for outcome, count in outcomes.items() if count)
    out.print(f"{what}: {counts or 'empty'}.")
    if shards:
        out.print(f"Set elasticsearch.shards = {shards}, so that the next one is like it.")


def _with_shards(base: Settings, shards: int | None) -> Settings:
    if shards is None:
        return base
    elastic = base.elasticsearch.model_copy(update={"shards": shards})
    return base.model_copy(update={"elasticsearch": elastic})


@dataclass(slots=True)
class _Ours:
    """Which records of the topic may be kept."""

    retention: Retention
    over: dict[str, int] = field(default_factory=dict)
    """The stories whose days are over, each with the version that was read last."""

    def kept(self, records: Sequence[Taken]) -> Iterator[Taken]:
        """Yield the records that are to be indexed, also those that can't be read."""
        for record in filter(lambda each: each.value, records):
            with suppress(CodecError):
                done = codec.decode_enriched(record.value)
                if self.retention.is_over(done.story, done.provenance.enriched_at):
                    self.over[done.story.id] = done.index_version
                    continue
                self.over.pop(done.story.id, None)
            yield record


def _bar() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=err,
    )
