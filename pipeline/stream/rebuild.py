"""A new index from the compacted topic, while the worker goes on; then the aliases switch.

The topic holds the newest version of every story, and all that the worker indexes comes
from it. So: read it into the new index up to its end, switch the aliases in one call, and
read on to where the topic ended after the switch. Whatever the worker wrote to the old
index in between was on the topic before that. External versions make every repeat
harmless. Progress is kept in a file, so that a rebuild that was interrupted goes on.
Nobody searches the new index before the switch, so it is refreshed only then.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from elasticsearch import Elasticsearch, NotFoundError
from kafka import KafkaConsumer, TopicPartition

from config.settings import Settings
from pipeline.index.client import connect_sync, translated
from pipeline.index.mapping import component_template, index_template, refresh_interval
from pipeline.index.setup import read_alias, write_alias
from pipeline.kafka.errors import broker_errors
from pipeline.kafka.messages import Record
from pipeline.kafka.options import client_options
from pipeline.wire.errors import SetupError
from pipeline.wire.topics import Topics, read_headers

BATCH = 500
POLL_MS = 2_000

Index = Callable[[str, Sequence[Record]], None]
"""Writes records to an index by name; waits for an index that is away."""


@dataclass
class Rebuild:
    """One rebuild: its target and how far it has read each partition."""

    target: str
    file: Path
    offsets: dict[int, int] = field(default_factory=dict)
    written: int = 0

    def save(self) -> None:
        """Keep the progress, replaced whole."""
        self.file.parent.mkdir(parents=True, exist_ok=True)
        part = self.file.with_suffix(".part")
        values = {"target": self.target, "offsets": self.offsets, "written": self.written}
        part.write_text(json.dumps(values), encoding="utf-8")
        part.replace(self.file)

    @classmethod
    def resume(cls, file: Path) -> Rebuild | None:
        """The rebuild that was interrupted, None when there was none."""
        try:
            values = json.loads(file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        offsets = {int(partition): offset for partition, offset in values["offsets"].items()}
        return cls(values["target"], file, offsets, values["written"])


def rebuild(
    settings: Settings, index: Index, progress: Callable[[int, int], None] = lambda done, all_: None
) -> str:
    """Build a new index with today's mapping and switch to it.

    Args:
        settings: of Kafka and Elasticsearch; `data_dir` keeps the progress.
        index: how a batch is written.
        progress: called with records read and records to read.

    Returns:
        The name of the new index. The old one stays: delete it once nobody needs it.

    Raises:
        BrokerUnavailable: Kafka does not answer.
        IndexUnavailable, SetupError: see `pipeline.index.client.translated`.
    """
    with broker_errors(settings.kafka):
        return _rebuild(settings, index, progress)


def _rebuild(settings: Settings, index: Index, progress: Callable[[int, int], None]) -> str:
    elastic = settings.elasticsearch
    file = settings.data_dir / "reindex.json"
    with translated(elastic), connect_sync(elastic) as client:
        client.cluster.put_component_template(
            name=f"{elastic.index}-mapping",
            **component_template(elastic.analyzer, elastic.analyzers),
        )
        template = index_template(
            elastic.index, elastic.shards, elastic.replicas, elastic.refresh_seconds
        )
        client.indices.put_index_template(name=elastic.index, **template)
        state = Rebuild.resume(file) or Rebuild(_next_name(client, elastic.index), file)
        if not client.indices.exists(index=state.target):
            state.offsets, state.written = {}, 0
            state.save()  # before there is an index, or a crash would leave one behind
            client.indices.create(index=state.target, settings={"refresh_interval": "-1"})
        topic = Topics(settings.topics.prefix).enriched
        consumer = KafkaConsumer(
            **client_options(settings.kafka),
            enable_auto_commit=False,
            auto_offset_reset="earliest",
        )
        try:
            _read(consumer, topic, state, index, progress)
            interval = refresh_interval(elastic.refresh_seconds)
            client.indices.put_settings(index=state.target, settings={"refresh_interval": interval})
            client.indices.refresh(index=state.target)
            _switch(client, elastic.index, state.target)
            _read(consumer, topic, state, index, progress)
        finally:
            consumer.close()
        client.indices.refresh(index=state.target)
    file.unlink(missing_ok=True)
    return state.target


def _read(
    consumer: KafkaConsumer,
    topic: str,
    state: Rebuild,
    index: Index,
    progress: Callable[[int, int], None],
) -> None:
    """Everything from where the rebuild stands to where the topic ends now."""
    parts = [TopicPartition(topic, p) for p in consumer.partitions_for_topic(topic) or ()]
    if not parts:
        raise SetupError(f"topic {topic} is missing: run `newswire setup`")
    consumer.assign(parts)
    starts, ends = consumer.beginning_offsets(parts), consumer.end_offsets(parts)
    for part in parts:
        consumer.seek(part, max(state.offsets.get(part.partition, 0), starts[part]))
    total = sum(ends[part] - starts[part] for part in parts)
    while left := {part: ends[part] for part in parts if consumer.position(part) < ends[part]}:
        for batch in _polled(consumer, left):
            index(state.target, batch)
            state.written += len(batch)
        state.offsets = {part.partition: consumer.position(part) for part in parts}
        state.save()
        done = sum(min(consumer.position(p), ends[p]) - starts[p] for p in parts)
        progress(done, total)


def _polled(consumer: KafkaConsumer, ends: dict[TopicPartition, int]) -> Iterator[list[Record]]:
    polled: dict[TopicPartition, list[Any]] = consumer.poll(timeout_ms=POLL_MS, max_records=BATCH)
    for part, messages in polled.items():
        records = [
            Record(part.topic, part.partition, m.offset, m.value, read_headers(m.headers))
            for m in messages
            if m.value is not None
        ]
        if records:
            yield records


def _switch(client: Elasticsearch, base: str, target: str) -> None:
    """Both aliases to the target in one atomic call."""
    try:
        old = list(client.indices.get_alias(name=write_alias(base)))
    except NotFoundError:  # the index was lost, and its aliases with it
        old = []
    actions: list[dict[str, Any]] = []
    for name in old:
        if name != target:
            actions += [
                {"remove": {"index": name, "alias": read_alias(base)}},
                {"remove": {"index": name, "alias": write_alias(base)}},
            ]
    actions += [
        {"add": {"index": target, "alias": read_alias(base)}},
        {"add": {"index": target, "alias": write_alias(base), "is_write_index": True}},
    ]
    client.indices.update_aliases(actions=actions)


def _next_name(client: Elasticsearch, base: str) -> str:
    """`<base>-000002` after `<base>-000001`."""
    names = client.indices.get(index=f"{base}-0*", expand_wildcards="all")
    numbers = [int(m[1]) for name in names if (m := re.fullmatch(rf"{base}-(\d+)", name))]
    return f"{base}-{max(numbers, default=0) + 1:06d}"
