"""`prove`: whether the index holds what the compacted topic says, document by document.

The topic is read into a scratch index of its own, as a rebuild would, and each document is compared
with the one that is searched. What the worker indexes meanwhile is newer than the scratch: so what
differs is read again from the topic and compared again, until the topic has stood still between two
looks or the worker is behind.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Annotated, Any

import orjson
import typer
from elasticsearch import Elasticsearch
from rich.markup import escape

from config.settings import Settings
from newswire.context import err, one_sentence, out, printable, settings
from newswire.status import positions
from pipeline.index.analysis import available, languages
from pipeline.index.client import connect, connect_sync, translated
from pipeline.index.lookup import WHOLE, look_up_sync
from pipeline.index.mapping import component_template
from pipeline.index.setup import read_alias
from pipeline.index.writer import Writer
from pipeline.kafka.reading import TopicReader, open_reader
from pipeline.stream.indexing import STAMPS, to_write, write_all
from pipeline.stream.tombstones import purges
from pipeline.wire.errors import CodecError, SetupError
from pipeline.wire.topics import Topics

PAGE = 500
LISTED = 20
LOOKS = 5
"""How often what differs is looked at, while stories come in."""
PATIENCE_SECONDS = 30.0
"""How long the worker may take to index what it has not yet."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A story of which topic and index say different things, without a word of its text."""

    id: str
    what: str


@dataclass(slots=True)
class Proof:
    """What a comparison came to."""

    equal: int = 0
    differences: list[Difference] = field(default_factory=list)
    unreadable: int = 0
    """Records of the topic that can't be decoded: they are dead letters."""
    behind: int = 0
    """Records that the worker has not indexed yet."""

    @property
    def holds(self) -> bool:
        """Return whether every document is equal."""
        return not self.differences


def prove(
    ctx: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Compare every document of the index with the enriched topic.

    Exit code 1 when one differs. The topic is indexed into a scratch index, which needs as much
    room as the index, and is deleted at the end. Nothing else is changed, and the worker keeps
    running.
    """
    with one_sentence():
        base = settings(ctx.obj)
        with err.status("Reading the topic …") as status:
            proof = _prove(base, lambda what: status.update(f"{what} …"))
        if as_json:
            listed = [{"id": each.id, "what": each.what} for each in proof.differences]
            told = {"equal": proof.equal, "unreadable": proof.unreadable, "behind": proof.behind}
            typer.echo(orjson.dumps({"proved": proof.holds, **told, "differences": listed}))
        else:
            _print(proof)
        if not proof.holds:
            raise typer.Exit(1)


def _print(proof: Proof) -> None:
    for each in proof.differences[:LISTED]:
        out.print(f"[red]{escape(printable(each.id))}[/]: {escape(each.what)}")
    if (more := len(proof.differences) - LISTED) > 0:
        out.print(f"… and {more:,} more")
    if proof.unreadable:
        out.print(f"{proof.unreadable:,} records of the topic can't be read: see the dead letters.")
    if proof.holds:
        out.print(f"[green]Proved[/]: all {proof.equal:,} documents are what the topic says.")
        return
    out.print(f"[red]Not proved[/]: {len(proof.differences):,} differ, {proof.equal:,} are equal.")
    if proof.behind:
        out.print(f"The worker has not indexed {proof.behind:,} records yet: try again later.")
    else:
        out.print("`newswire reindex` builds the index again from the topic.")


def _prove(base: Settings, say: Callable[[str], None]) -> Proof:
    """Compare the topic with the index.

    Raises:
        BrokerUnavailable, IndexUnavailable: a server can't be reached.
        SetupError: the topic or the index is missing, or a privilege is.
    """
    proof = Proof()
    with (
        translated(base.elasticsearch),
        connect_sync(base.elasticsearch, patient=True) as client,
        _scratch(client, base) as scratch,
        open_reader(base.kafka) as reader,
    ):
        topic = _Topic(base, reader, scratch)
        topic.fill(proof)
        proof.behind = topic.wait()
        say("Comparing")
        differing = _compare_all(client, base, scratch, proof)
        for _ in range(LOOKS):
            if not differing or not (topic.fill(proof) or proof.behind):
                break
            proof.behind = topic.wait()
            found = differing
            differing = _compare(client, base, scratch, list(found))
            proof.equal += len(found) - len(differing)
    proof.differences = [Difference(name, what) for name, what in sorted(differing.items())]
    return proof


@dataclass(slots=True)
class _Topic:
    """The enriched topic, read into the scratch index as far as `upto`."""

    base: Settings
    reader: TopicReader
    scratch: str
    upto: dict[tuple[str, int], int] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Return the topic's name."""
        return Topics(self.base.topics.prefix).enriched

    def fill(self, proof: Proof) -> bool:
        """Index what the topic has gained, as the worker does; return whether it had.

        Raises:
            SetupError: the topic is missing.
        """
        spans = self.reader.spans([self.name])
        if not spans:
            raise SetupError(f"topic {self.name} is missing: run `newswire setup`")
        left = {
            at: range(max(self.upto.get(at, 0), span.start), span.stop)
            for at, span in spans.items()
        }
        searched = languages(self.base.elasticsearch)
        client = connect(self.base.elasticsearch)
        with asyncio.Runner() as runner:
            writer = Writer(client, self.base.elasticsearch, index=self.scratch)
            try:
                for records in self.reader.read(left):
                    writes = []
                    for record in records:
                        try:
                            writes += [to_write(record, searched)] if record.value else []
                        except CodecError:
                            proof.unreadable += 1
                    runner.run(write_all(writer, writes))
                    runner.run(writer.purge([write for _, write in purges(records)]))
            finally:
                runner.run(client.close())
        self.upto |= {at: span.stop for at, span in spans.items()}
        return any(left.values())

    def wait(self) -> int:
        """Wait until the worker has indexed as much; return the records that are left."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            left = sum(
                max(0, self.upto.get((p.topic, p.partition), 0) - (p.committed or 0))
                for p in positions(self.base)
                if p.topic == self.name
            )
            if not left or time.monotonic() > deadline:
                return left
            time.sleep(1)


@contextmanager
def _scratch(client: Elasticsearch, base: Settings) -> Iterator[str]:
    """Make an empty index with the mapping of the stories' own, and delete it at the end."""
    name = f"{base.elasticsearch.index}-scratch"
    client.indices.delete(index=name, ignore_unavailable=True)  # of a run that was killed
    body = component_template(available(client, base.elasticsearch))["template"]
    client.indices.create(
        index=name,
        mappings=body["mappings"],
        settings={"number_of_replicas": 0, "refresh_interval": "-1"},
    )
    try:
        yield name
    finally:
        client.indices.delete(index=name, ignore_unavailable=True)


def _compare_all(
    client: Elasticsearch, base: Settings, scratch: str, proof: Proof
) -> dict[str, str]:
    """Return what differs, by id, and count what is equal."""
    live = read_alias(base.elasticsearch.index)
    differing: dict[str, str] = {}
    for names in _ids(client, scratch):
        found = _compare(client, base, scratch, names)
        proof.equal += len(names) - len(found)
        differing |= found
    for names in _ids(client, live):
        known = look_up_sync(client, base.elasticsearch, scratch, names, ())
        missing = [name for name in names if name not in known]
        differing |= dict.fromkeys(missing, "is in the index and not on the topic")
    return differing


def _compare(
    client: Elasticsearch, base: Settings, scratch: str, names: Sequence[str]
) -> dict[str, str]:
    """Return what differs of some stories, by id, in words that name fields alone."""
    live = read_alias(base.elasticsearch.index)
    differing: dict[str, str] = {}
    for start in range(0, len(names), PAGE):
        page = names[start : start + PAGE]
        wanted = look_up_sync(client, base.elasticsearch, scratch, page, WHOLE)
        there = look_up_sync(client, base.elasticsearch, live, page, WHOLE)
        for name in page:
            right, held = wanted.get(name), there.get(name)
            if right is None:
                differing[name] = "is in the index and not on the topic"
            elif held is None:
                differing[name] = "is on the topic and not in the index"
            elif right.version != held.version:
                newer = "an older" if held.version < right.version else "a newer"
                differing[name] = f"the index has {newer} version than the topic"
            elif fields := _fields(right.document, held.document):
                differing[name] = f"differs in {', '.join(fields)}"
    return differing


def _fields(right: Mapping[str, Any], held: Mapping[str, Any]) -> list[str]:
    """Return the fields in which two documents differ, but for the stamps of their indexing."""
    names = (right.keys() | held.keys()) - STAMPS
    return sorted(name for name in names if right.get(name) != held.get(name))


def _ids(client: Elasticsearch, index: str) -> Iterator[list[str]]:
    """Yield the ids of an index's documents, a page at a time."""
    client.indices.refresh(index=index)
    after: list[Any] | None = None
    while True:
        answer = client.search(
            index=index, size=PAGE, sort=[{"id": "asc"}], source=False, search_after=after
        )
        hits = answer["hits"]["hits"]
        if not hits:
            return
        yield [hit["_id"] for hit in hits]
        after = hits[-1]["sort"]
