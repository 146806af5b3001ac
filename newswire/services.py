"""`run`, `setup`, `ingest`, `worker` and `web`: prepare and run the processes."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from threading import Event
from typing import Annotated, Any

import typer
from rich.live import Live
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.text import Text

from config.feeds import load_feeds
from config.settings import Settings, variable
from connectors.feed.health import Counts
from connectors.run import run_feeds
from newswire import demo
from newswire.context import RUN_FILE, at, err, fail, one_sentence, out, settings
from newswire.embedded import evict_members
from newswire.engine import Engine, Kind, kind_of, make
from newswire.gazetteer import folder
from newswire.supervise import Child
from pipeline.alerts.saved import saved_searches
from pipeline.enrich.geo.shipped import ensure
from pipeline.process import lifeline
from pipeline.process.entry import on_stop
from pipeline.process.status import read_status
from pipeline.setup import setup as setup_all


def run(
    ctx: typer.Context,
    feeds: Annotated[
        Path | None, typer.Option(help="Feeds file, instead of the configured one.")
    ] = None,
    engine: Annotated[
        Kind | None,
        typer.Option(
            help="Servers: embedded (the default, for a trial), real (Kafka and Elasticsearch, "
            "fetched by Maven and started here with Java 21), or those that are configured."
        ),
    ] = None,
) -> None:
    """Start everything on this machine and keep it running until Ctrl-C.

    Starts the embedded engine, creates the topics and the index, and runs the connectors of
    all feeds, a worker, the alerts process and the page. With `embedded.enabled = false` it
    uses the configured Kafka and Elasticsearch instead, with `--engine real` servers of its own.
    """
    with one_sentence():
        base = settings(ctx.obj)
        if feeds:
            connectors = base.connectors.model_copy(update={"feeds_file": feeds})
            base = base.model_copy(update={"connectors": connectors})
        declared = load_feeds(base.connectors.feeds_file)
        kind, player = engine or kind_of(base), None
        if kind is Kind.EMBEDDED and demo.is_played(base, declared):
            base, player = demo.prepared(base), demo.Player(base)
            declared = load_feeds(base.connectors.feeds_file)
        saved_searches(base)  # what the alerts process would end of ends this too
        _unpack_gazetteer(base)
        with _engine(base, kind) as (ready, servers):
            if kind is Kind.EMBEDDED and not player and demo.remove(ready):
                out.print("The demo's stories are removed.")
            for line in setup_all(ready):
                out.print(f"[dim]{line}[/]")
            port = free_port(ready.web.host, ready.web.port)
            children = _children(ready, ctx.obj, port)
            try:
                for child in children:
                    child.start()
                if player:
                    player.start()
                    out.print(f"{demo.NOTICE} It plays for {demo.PLAY_SECONDS // 60} minutes.")
                names = ", ".join(name for name, feed in declared.items() if feed.enabled)
                out.print(f"Feeds: {names}. Logs: {ready.data_dir / 'logs'}. Press Ctrl-C to stop.")
                host = f"[{ready.web.host}]" if ":" in ready.web.host else ready.web.host
                out.print(f"Search, map and stories: http://{host}:{port}", style="bold")
                _watch(ready, children, servers)
            finally:
                out.print("Finishing the stories in progress …")
                if player:
                    player.stop()
                for child in reversed(children):
                    child.stop()


def free_port(host: str, wanted: int) -> int:
    """Returns the wanted port if it is free, else another free one."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for port in (wanted, 0):
        with socket.socket(family) as probe, suppress(OSError):
            # As servers do: a connection that has just ended must not make it look taken.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
            return int(probe.getsockname()[1])
    return wanted  # the page itself then says what is wrong with its host


def _children(ready: Settings, config: Path | None, port: int) -> list[Child]:
    environ = {
        variable(("kafka", "brokers")): ",".join(ready.kafka.brokers),
        variable(("elasticsearch", "url")): ",".join(ready.elasticsearch.url),
        variable(("connectors", "feeds_file")): str(ready.connectors.feeds_file),
        variable(("alerts", "file")): str(ready.alerts.file),
        variable(("data_dir",)): str(ready.data_dir),
        variable(("web", "port")): str(port),
        variable(("alerts", "local_only")): str(ready.alerts.local_only),
        **({variable(("web", "notice")): ready.web.notice} if ready.web.notice else {}),
    }
    if config:
        environ["NEWSWIRE_CONFIG"] = str(config)
    logs = ready.data_dir / "logs"
    evict = (lambda: evict_members(ready.kafka)) if ready.embedded.enabled else (lambda: 0)
    child = partial(Child, retry=ready.retry)
    return [
        child(
            "worker",
            "pipeline",
            logs / "worker.log",
            environ,
            grace_seconds=ready.worker.stop_seconds + 5,
            before_start=evict,
        ),
        child("connectors", "connectors", logs / "connectors.log", environ),
        child("alerts", "pipeline.alerts", logs / "alerts.log", environ, grace_seconds=10),
        child("web", "newswire", logs / "web.log", environ, ("web",), grace_seconds=10),
    ]


def _watch(ready: Settings, children: list[Child], engine: Engine | None) -> None:
    """Show a status line until Ctrl-C or SIGTERM, and restart processes that end."""
    stop = Event()
    on_stop(stop.set)
    with Live(Text("starting …"), console=out, refresh_per_second=2, transient=True) as live:
        last = ""
        while not stop.wait(0.5):
            if engine and not engine.running:
                _revive(ready, children, engine)
            for child in children:
                child.check()
            line = status_line(read_status(ready.data_dir), children)
            live.update(Text(line))
            if not out.is_terminal and line != last:
                out.print(line)
            last = line


def _revive(ready: Settings, children: list[Child], engine: Engine) -> None:
    """Start the servers again after one has ended, and the processes that depend on them.

    The embedded engine may have lost acknowledged records. The connectors notice that when they
    start, and deliver them again.
    """
    lost = " It may have lost records." if ready.embedded.enabled else ""
    out.print(f"The engine has ended and is started again.{lost}")
    for child in reversed(children):
        child.kill()
    engine.start()
    setup_all(ready)
    for child in children:
        child.start()


def status_line(found: list[dict[str, Any]], children: list[Child]) -> str:
    """Returns the status in one line."""
    feeds = [feed for status in found for feed in (status.get("feeds") or {}).values()]
    workers = [status for status in found if status["kind"] == "worker"]
    delivered = sum(feed["stories"] for feed in feeds)
    parts = [f"{delivered} stories delivered"]
    if workers:
        parts += [
            f"{sum(w['counts'][name] for w in workers)} {label}"
            for name, label in (("enriched", "enriched"), ("indexed", "indexed"))
        ]
        stale = sum(w["counts"]["stale"] for w in workers)
        dead = sum(w["counts"]["dead_letters"] for w in workers) + sum(
            f["dead_letters"] for f in feeds
        )
        parts += [f"{stale} stale"] * bool(stale) + [f"{dead} dead letters"] * bool(dead)
    else:
        parts.append("the worker is loading its model")
    parts += [f"waiting: {feed['failure']}" for feed in feeds if feed["failure"]]
    parts += [
        f"{child.name} ended, starting again: {child.last_line()}"
        for child in children
        if not child.running
    ]
    return " · ".join(parts)


@contextmanager
def _engine(base: Settings, kind: Kind) -> Iterator[tuple[Settings, Engine | None]]:
    """Start the servers that were asked for; yield the settings with their addresses."""
    engine = make(kind, base)
    # What only the embedded engine needs depends on this setting.
    embedded = base.embedded.model_copy(update={"enabled": kind is Kind.EMBEDDED})
    base = base.model_copy(update={"embedded": embedded})
    if engine is None:
        yield base, None
        return
    base.data_dir.mkdir(parents=True, exist_ok=True)
    lock = base.data_dir / RUN_FILE
    if (running := _pid(lock)) and running != os.getpid():
        fail(f"`newswire run` is running here already (process {running}); end it first")
    try:
        if kind is Kind.REAL:
            out.print("Starting Kafka and Elasticsearch (the first time Maven fetches them) …")
        engine.start()
        addresses = {"brokers": engine.brokers, "elasticsearch": engine.elasticsearch}
        lock.write_text(json.dumps({"pid": os.getpid(), **addresses}), encoding="utf-8")
        name = "Embedded engine" if kind is Kind.EMBEDDED else "Servers"
        out.print(f"{name}: Kafka {engine.brokers[0]}, Elasticsearch {engine.elasticsearch[0]}")
        yield at(base, engine.brokers, engine.elasticsearch), engine
    finally:
        lock.unlink(missing_ok=True)
        engine.stop()


def _pid(lock: Path) -> int | None:
    try:
        pid = int(json.loads(lock.read_text(encoding="utf-8"))["pid"])
        os.kill(pid, 0)
    except (OSError, ValueError, KeyError):
        return None
    return pid


def _unpack_gazetteer(base: Settings) -> None:
    """Unpack the shipped gazetteer before several processes need it."""
    if base.enrichment.gazetteer is None and base.enrichment.model != "none":
        ensure(folder(base))


def setup(ctx: typer.Context) -> None:
    """Create the topics, templates, index and aliases that are missing.

    Running it again changes nothing. Existing topics get the configuration of the settings.
    """
    with one_sentence():
        base = settings(ctx.obj)
        for line in setup_all(base):
            out.print(line)
        _unpack_gazetteer(base)


def ingest(
    ctx: typer.Context,
    feeds: Annotated[
        list[str] | None, typer.Argument(help="Feeds by name; all by default.")
    ] = None,
    once: Annotated[bool, typer.Option("--once", help="Read what is there now, then end.")] = False,
) -> None:
    """Read feeds and publish their stories to Kafka.

    Runs the connectors only, until SIGTERM or Ctrl-C, or until `--once` has read what is there.
    """
    with one_sentence():
        base = settings(ctx.obj)
        stop = Event()
        on_stop(stop.set)
        with Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(bar_width=20),
            TextColumn("{task.fields[line]}", style="dim"),
            TimeElapsedColumn(),
            console=err,
        ) as progress:
            bars: dict[str, Any] = {}

            def changed(name: str, counts: Counts) -> None:
                if name not in bars:
                    bars[name] = progress.add_task(name, total=None, line="")
                progress.update(bars[name], line=describe(counts))

            totals = run_feeds(base, stop, feeds or (), once, changed)
        for name, counts in totals.items():
            out.print(f"{name}: {describe(counts)}")
        if once and any(counts.failure for counts in totals.values()):
            raise typer.Exit(1)


def describe(counts: Counts) -> str:
    """Returns a feed's counts in words."""
    parts = [f"{counts.stories} stories from {counts.deliveries} deliveries"]
    for number, label in (
        (counts.duplicates, "known already"),
        (counts.skipped, "skipped"),
        (counts.dead_letters, "dead letters"),
    ):
        if number:
            parts.append(f"{number} {label}")
    if counts.failure:
        parts.append(f"waiting: {counts.failure}")
    return ", ".join(parts)


def worker(ctx: typer.Context) -> None:
    """Enrich stories and index them.

    Runs until SIGTERM; then it finishes the stories in progress, commits their offsets and ends.
    """
    with one_sentence():
        from pipeline.stream import worker as pipeline_worker  # spaCy takes a second to import

        base = settings(ctx.obj)
        started = time.monotonic()
        asyncio.run(pipeline_worker.run(base))
        err.print(f"worker ended in order after {time.monotonic() - started:.0f} s")


def web(ctx: typer.Context) -> None:
    """Serve the search page and the API.

    Search needs only the index; the operations page also reads Kafka.
    """
    with one_sentence():
        from newswire.operations import KafkaOperations
        from pipeline.web.__main__ import serve  # a web framework takes a moment to import

        base = settings(ctx.obj)
        lifeline.follow()
        serve(base, KafkaOperations(base))
