"""`status`: where each topic stands, what was counted, and whether it moves."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import orjson
import typer
from kafka import KafkaAdminClient, TopicPartition
from rich.markup import escape
from rich.table import Table

from config.settings import Settings
from newswire.context import one_sentence, out, printable, settings
from pipeline.index.client import connect_sync, translated
from pipeline.index.deadletters import unresolved_kills
from pipeline.index.setup import read_alias
from pipeline.kafka.messages import Position
from pipeline.kafka.options import client_options
from pipeline.kafka.reading import open_reader
from pipeline.process.expected import faults
from pipeline.process.status import read_status
from pipeline.search.visible import iso
from pipeline.wire.errors import NewswireError
from pipeline.wire.topics import Topics

WATCH_SECONDS = 3.0
"""How long lag may stand still, while there is some, before it counts as no progress."""

MODELS_MINUTES = 15
"""Stories that were enriched so recently should have met the same models."""
MAX_MODELS = 100


def status(
    ctx: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Show offsets, lag, counts and health. Exit code 1 when unhealthy.

    Health means progress: while there is lag, committed offsets must move. A process that
    runs without consuming is unhealthy.
    """
    with one_sentence():
        base = settings(ctx.obj)
        report = gather(base)
        if as_json:
            typer.echo(orjson.dumps(report))
        else:
            _print(report)
        if not report["healthy"]:
            raise typer.Exit(1)


def gather(base: Settings) -> dict[str, Any]:
    """Returns all that `status` shows.

    Raises:
        BrokerUnavailable: Kafka does not answer.
    """
    before = positions(base)
    if any(position.lag for position in before):
        time.sleep(WATCH_SECONDS)
        after = positions(base)
    else:
        after = before
    stuck = _stuck(before, after)
    processes = read_status(base.data_dir)
    counts, kills, index_error = _counts(base)
    models = _models(base) if index_error is None else {}
    dead = sum(p.end for p in after if p.topic == Topics(base.topics.prefix).deadletter)
    why = [f"{p.topic}/{p.partition}: {p.lag} waiting, none taken" for p in stuck]
    why += [
        f"{p.topic}/{p.partition}: {p.committed} records were taken, and the topic has {p.end}: "
        "Kafka lost what it had acknowledged, see the feeds' logs for what is delivered again"
        for p in after
        if p.committed is not None and p.committed > p.end
    ]
    why += [index_error] if index_error else []
    why += faults(base, processes)
    why += _differing(models)
    if kills:
        why.append(
            f"{len(kills)} kills are dead letters, and the killed text may still be shown: replay "
            f"or dismiss {', '.join(kills)} with `newswire deadletters`"
        )
    return {
        "healthy": not why,
        "why": why,
        "partitions": [
            {
                "topic": p.topic,
                "partition": p.partition,
                "end": p.end,
                "committed": p.committed,
                "lag": p.lag,
            }
            for p in after
        ],
        "index": counts,
        "dead_letters": dead,
        "models": models,
        "processes": processes,
    }


def positions(base: Settings) -> list[Position]:
    """Returns every partition with its end and the group's committed offset."""
    topics = Topics(base.topics.prefix)
    with open_reader(base.kafka) as reader:
        spans = reader.spans(topics.all())
        admin = KafkaAdminClient(**client_options(base.kafka))
        try:
            offsets = admin.list_group_offsets(base.kafka.group)[base.kafka.group]
        finally:
            admin.close()
    committed = _committed(offsets)
    return [
        Position(
            topic,
            partition,
            span.stop,
            committed.get((topic, partition), 0) if topic in topics.taken else None,
        )
        for (topic, partition), span in sorted(spans.items())
    ]


def _committed(offsets: Mapping[TopicPartition, Any]) -> dict[tuple[str, int], int]:
    return {
        (tp.topic, tp.partition): value.offset for tp, value in offsets.items() if value.offset >= 0
    }


def _stuck(before: list[Position], after: list[Position]) -> list[Position]:
    earlier = {(p.topic, p.partition): p for p in before}
    stuck = []
    for now in after:
        was = earlier.get((now.topic, now.partition))
        if was and was.lag and now.lag and was.committed == now.committed:
            stuck.append(now)
    # A worker busy with one partition's batch leaves others where they are.
    moved = any(
        (was := earlier.get((now.topic, now.partition))) and was.committed != now.committed
        for now in after
    )
    return [] if moved else stuck


def _counts(base: Settings) -> tuple[dict[str, int], list[str], str | None]:
    elastic = base.elasticsearch
    try:
        with translated(elastic), connect_sync(elastic) as client:
            answer = client.search(
                index=read_alias(elastic.index),
                size=0,
                track_total_hits=True,
                aggs={"status": {"terms": {"field": "status"}}},
            )
            kills = unresolved_kills(client, elastic)
    except NewswireError as error:
        return {}, [], str(error)
    by_status = {b["key"]: b["doc_count"] for b in answer["aggregations"]["status"]["buckets"]}
    return {"documents": answer["hits"]["total"]["value"], **by_status}, kills, None


def _models(base: Settings) -> dict[str, float]:
    """Returns the models that enriched the newest stories, each with its share of them.

    Workers of all machines write to the index, so their lists meet here.
    """
    elastic = base.elasticsearch
    since = datetime.now(UTC) - timedelta(minutes=MODELS_MINUTES)
    recent = {"range": {"provenance.enriched_at": {"gte": iso(since)}}}
    try:
        with translated(elastic), connect_sync(elastic) as client:
            answer = client.search(
                index=read_alias(elastic.index),
                size=0,
                query={"bool": {"filter": [recent, {"exists": {"field": "provenance.models"}}]}},
                track_total_hits=True,
                aggs={"models": {"terms": {"field": "provenance.models", "size": MAX_MODELS}}},
            )
    except NewswireError:
        return {}
    total = answer["hits"]["total"]["value"]
    buckets = answer["aggregations"]["models"]["buckets"]
    return {bucket["key"]: bucket["doc_count"] / total for bucket in buckets}


def _differing(models: Mapping[str, float]) -> list[str]:
    """Returns a sentence where some of the newest stories were enriched without a model."""
    some = [f"{name} in {share:.0%}" for name, share in models.items() if share < 1]
    if not some:
        return []
    return [
        f"workers use different models: of the stories of the last {MODELS_MINUTES} minutes, "
        f"{', '.join(some)} (`newswire models list` on each machine)"
    ]


def _print(report: dict[str, Any]) -> None:
    table = Table("Topic", "Partition", "End", "Committed", "Lag", box=None, header_style="dim")
    for p in report["partitions"]:
        shown = ["–" if p[name] is None else f"{p[name]:,}" for name in ("end", "committed", "lag")]
        table.add_row(p["topic"], str(p["partition"]), *shown)
    out.print(table)
    index = ", ".join(f"{count:,} {name}" for name, count in report["index"].items())
    out.print(f"Index: {index or 'not reached'}. Dead letters: {report['dead_letters']:,}.")
    for process in report["processes"]:
        if process["kind"] == "worker":
            counts = process["counts"].items()
            text = ", ".join(f"{n:,} {name.replace('_', ' ')}" for name, n in counts)
            out.print(f"Worker {process['pid']}: {text}.")
            for models in process.get("models") or ():
                out.print(escape(f"  Models: {', '.join(models) or 'none'}."))
        if process["kind"] == "alerts":
            text = ", ".join(f"{n:,} {name}" for name, n in process["counts"].items())
            out.print(f"Alerts: {text}.")
        for name, feed in (process.get("feeds") or {}).items():
            last = feed["last_story_at"] or "none yet"
            line = f"Feed {name}: {feed['health']}, {feed['stories']:,} stories, last {last}."
            failing = f" {feed['failure']}" if feed["failure"] else ""
            out.print(escape(line + failing))
    if report["healthy"]:
        out.print("[green]Healthy[/]: all that arrives is taken.")
    for reason in report["why"]:
        out.print(f"[red]Not healthy[/]: {escape(printable(reason))}")
