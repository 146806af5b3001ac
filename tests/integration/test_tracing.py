"""Traces through connectors, worker and alerts, on both engines; `where` names the same steps."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from newswire.__main__ import app
from tests.fakes.collector import Collector, collector
from tests.integration.wire import ROOT, Wire
from tests.servers import Engine

STORY = "Harbour:TW:1"


@pytest.fixture
def collected() -> Iterator[Collector]:
    """A collector that listens."""
    with collector() as listening:
        yield listening


@pytest.fixture
def wire(engine: Engine, prefix: str, tmp_path: Path, collected: Collector) -> Wire:
    """A wire with a drop folder and an alert, traced."""
    made = Wire(engine, prefix, tmp_path / "data")
    made.setup()
    (made.folder / "drop").mkdir(parents=True)
    feeds, alerts = made.folder / "feeds.toml", made.folder / "alerts.toml"
    feeds.write_text(
        f'[feeds.demo]\nsource = "directory"\npath = "{made.folder / "drop"}"\n'
        'format = "auto"\nagencies = ["*"]\n'
    )
    alerts.write_text('[alerts.all]\ntopic = true\nq = "bridge"\n')
    made.extra |= {
        "NEWSWIRE_CONNECTORS__FEEDS_FILE": str(feeds),
        "NEWSWIRE_ALERTS__FILE": str(alerts),
        "NEWSWIRE_TRACING__ENDPOINT": collected.endpoint,
    }
    return made


def test_a_story_is_one_trace_from_receipt_to_alert(wire: Wire, collected: Collector) -> None:
    """Each step is a span below the one before; a worker that was killed takes it in the same."""
    gate = wire.folder / "gate"
    delivery = (ROOT / "config" / "demo" / "bridge-1.ninjs.json").read_text(encoding="utf-8")
    told = json.loads(delivery)
    told["bodies"][0]["value"] = f"wait-for {gate}"
    with wire.worker("pipeline.alerts") as alerts, wire.worker("connectors") as connectors:
        with wire.worker() as killed:
            part = wire.folder / "part"
            part.write_text(json.dumps(told), encoding="utf-8")
            shutil.move(part, wire.folder / "drop" / "bridge.json")
            connectors.until(lambda: wire.messages(wire.topics.stories))
            killed.kill()
        gate.touch()
        with wire.worker() as worker:
            alerts.until(lambda: wire.messages(wire.topics.alerts))
            worker.until(wire.drained)
            named = {"received", "story", "enrich", "index", "searchable", "alert"}
            worker.until(lambda: named <= {span.name for span in collected.spans})
            assert worker.terminate() == 0
        assert connectors.terminate() == 0
    (story,) = wire.messages(wire.topics.stories)
    done = CliRunner().invoke(
        app, ["where", story.key.decode(), "--json"], env=wire.environ, catch_exceptions=False
    )
    steps = [json.loads(line) for line in done.output.splitlines()]
    (trace,) = {step["trace"] for step in steps} - {None}
    spans = [span for span in collected.spans if span.trace == trace]
    paths = {tuple(collected.path(span)) for span in spans}
    assert ("received", "story", "enrich", "index", "searchable") in paths
    assert ("received", "story", "enrich", "alert") in paths
    places = {
        f"{a['messaging.source.name']}/{a['messaging.source.partition']} "
        f"@{a['messaging.source.offset']}"
        for a in (span.attributes for span in spans)
        if "messaging.source.name" in a
    }
    assert places == {s["where"] for s in steps if s["step"] in ("story", "enriched")}
    assert all(span.nanoseconds[0] <= span.nanoseconds[1] for span in spans)
