"""`where`: one story on its way through the topics and the index."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated

import orjson
import typer
from rich.markup import escape
from rich.table import Table

from config.settings import Settings
from newswire.context import fail, one_sentence, out, printable, settings
from pipeline.index.client import connect_sync
from pipeline.index.lookup import look_up_sync
from pipeline.index.setup import read_alias
from pipeline.kafka.reading import read_topic
from pipeline.kafka.tracing import trace_id
from pipeline.wire.topics import Topics


@dataclass(frozen=True, slots=True)
class Sighting:
    """A step that a story has passed."""

    at: datetime | None
    step: str
    where: str
    what: str
    trace: str | None = None
    """The id of the trace that it is part of."""


def where(
    ctx: typer.Context,
    story_id: Annotated[str, typer.Argument(help="A story's id, as `newswire search` prints it.")],
    since: Annotated[
        datetime | None, typer.Option(help="Only steps at or after this time (UTC).")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """Show where a story is: delivery, topics, dead letters and index.

    Lists each step with its time and offset. The last step is where the story stopped.
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
        for trace in dict.fromkeys(sighting.trace for sighting in found if sighting.trace):
            out.print(f"Trace: {trace}")


def _milliseconds(at: datetime | None) -> datetime:
    at = at or datetime.now(UTC)
    return at.replace(microsecond=at.microsecond // 1000 * 1000)


def _sightings(base: Settings, story_id: str, since: datetime | None) -> Iterator[Sighting]:
    topics = Topics(base.topics.prefix)
    # Fingerprints and events are made of stories, and no step that a story passes.
    for topic in topics.all():
        if topic in (topics.fingerprints, topics.events):
            continue
        step = {
            topics.enriched: "enriched",
            topics.alerts: "alert",
            topics.deadletter: "dead letter",
        }.get(topic, "story")
        for message in read_topic(base.kafka, topic, since):
            if message.key.decode("utf-8", "replace") != story_id:
                continue
            headers = message.headers
            trace = trace_id(headers)
            at = datetime.fromtimestamp(message.timestamp / 1000, UTC)
            place = f"{topic}/{message.partition} @{message.offset}"
            if step == "story" and (received := headers.get("received_at")):
                name = headers.get("name", "")
                feed = f"feed {headers.get('feed')}"
                yield Sighting(datetime.fromisoformat(received), "received", feed, name, trace)
            yield Sighting(at, step, place, _what(step, message.value, headers), trace)


def _what(step: str, value: bytes, headers: Mapping[str, str]) -> str:
    if step == "dead letter":
        return f"{headers.get('stage')}: {headers.get('reason')}"
    if step == "alert":
        return f"{headers.get('alert')}: {headers.get('kind')}"
    if not value:
        return "purged"
    try:
        record = orjson.loads(value)
    except orjson.JSONDecodeError:
        return "not JSON"
    story = record.get("story", record)
    parts = [f"version {story.get('version')}", story.get("status"), story.get("signal")]
    return ", ".join(str(part) for part in parts if part)


def _indexed(base: Settings, story_id: str) -> Iterator[Sighting]:
    elastic = base.elasticsearch
    with connect_sync(elastic) as client:
        found = look_up_sync(client, elastic, read_alias(elastic.index), [story_id])
    for held in found.values():
        source = held.document
        indexed = source.get("indexed_at")
        yield Sighting(
            datetime.fromisoformat(indexed) if indexed else None,
            "indexed",
            held.index,
            f"index version {held.version}, {source['status']}, "
            f"from enriched/{source['record']['partition']} @{source['record']['offset']}",
        )
