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
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from elasticsearch import Elasticsearch, NotFoundError

from config.settings import Settings
from pipeline.index.analysis import available
from pipeline.index.client import connect_sync, translated
from pipeline.index.mapping import component_template, index_template, refresh_interval
from pipeline.index.setup import aliases, read_alias, readers_alias, write_alias
from pipeline.kafka.messages import Record
from pipeline.kafka.reading import TopicReader, open_reader
from pipeline.wire.errors import SetupError
from pipeline.wire.topics import Topics

Index = Callable[[str, Sequence[Record]], None]
"""Writes records to an index by name, and takes out what tombstones purge; waits for an index that
is away."""


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
        """Return the rebuild that was interrupted, or None if there was none."""
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
    elastic = settings.elasticsearch
    file = settings.data_dir / "reindex.json"
    topic = Topics(settings.topics.prefix).enriched
    with (
        open_reader(settings.kafka) as topics,
        translated(elastic),
        connect_sync(elastic, patient=True) as client,
    ):
        client.cluster.put_component_template(
            name=f"{elastic.index}-mapping",
            **component_template(available(client, elastic)),
        )
        template = index_template(
            elastic.index, elastic.shards, elastic.replicas, elastic.refresh_seconds
        )
        client.indices.put_index_template(name=elastic.index, **template)
        state = _resumed(client, file, elastic.shards)
        state = state or Rebuild(_next_name(client, elastic.index), file)
        if not client.indices.exists(index=state.target):
            state.offsets, state.written = {}, 0
            state.save()  # before there is an index, or a crash would leave one behind
            client.indices.create(index=state.target, settings={"refresh_interval": "-1"})
        _read(topics, topic, state, index, progress)
        interval = refresh_interval(elastic.refresh_seconds)
        client.indices.put_settings(index=state.target, settings={"refresh_interval": interval})
        client.indices.refresh(index=state.target)
        _switch(client, elastic.index, state.target)
        _read(topics, topic, state, index, progress)
        client.indices.refresh(index=state.target)
    file.unlink(missing_ok=True)
    return state.target


def _resumed(client: Elasticsearch, file: Path, shards: int) -> Rebuild | None:
    """Return the rebuild that was interrupted, None without one.

    One whose index has another number of shards is given up: its index goes, unless it is
    searched already.
    """
    state = Rebuild.resume(file)
    if state is None or not client.indices.exists(index=state.target):
        return state
    (found,) = client.indices.get(index=state.target).values()
    if int(found["settings"]["index"]["number_of_shards"]) == shards:
        return state
    if not found["aliases"]:
        client.indices.delete(index=state.target)
    return None


def _read(
    topics: TopicReader,
    topic: str,
    state: Rebuild,
    index: Index,
    progress: Callable[[int, int], None],
) -> None:
    """Index everything from where the rebuild stands to where the topic ends now."""
    spans = topics.spans([topic])
    if not spans:
        raise SetupError(f"topic {topic} is missing: run `newswire setup`")
    left = {
        at: range(max(state.offsets.get(at[1], 0), span.start), span.stop)
        for at, span in spans.items()
    }
    total = sum(map(len, spans.values()))
    for batch in topics.read(dict(left)):
        index(state.target, batch)
        at, following = (topic, batch[-1].partition), batch[-1].offset + 1
        left[at] = range(following, left[at].stop)
        state.written += len(batch)
        state.offsets[at[1]] = following
        state.save()
        progress(total - sum(map(len, left.values())), total)
    state.offsets |= {partition: span.stop for (_, partition), span in spans.items()}
    state.save()
    progress(total, total)


def _switch(client: Elasticsearch, base: str, target: str) -> None:
    """Move the aliases to the target in one atomic call."""
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
                {"remove": {"index": name, "alias": readers_alias(base), "must_exist": False}},
            ]
    actions += aliases(base, target)
    client.indices.update_aliases(actions=actions)


def _next_name(client: Elasticsearch, base: str) -> str:
    """Return the next index: `<base>-000002` after `<base>-000001`."""
    names = client.indices.get(index=f"{base}-0*", expand_wildcards="all")
    numbers = [int(m[1]) for name in names if (m := re.fullmatch(rf"{base}-(\d+)", name))]
    return f"{base}-{max(numbers, default=0) + 1:06d}"
