"""`newswire retain` on both engines: what is purged, what stays, and what comes again."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from newswire.__main__ import app
from pipeline.index.events import events_index
from pipeline.index.history import history_index
from pipeline.stream.enriching import enriched_message
from pipeline.wire.story import Status, Story
from tests.fakes.worker import record_of
from tests.integration.wire import Process, Wire
from tests.servers import Engine

NOW = datetime.now(UTC)
DAYS = 30
SECRET = "The ferry of Lismore sank"


def story(name: str, age: int, version: int = 1, **fields: object) -> Story:
    """A story of the licensed feed, so many days old."""
    at = NOW - timedelta(days=age)
    said = {"feed": "wire", "headline": "Ferry", "body": f"{SECRET}, {name}.", **fields}
    return Story(id=f"TW:{name}", version=version, version_created=at, received_at=at, **said)  # type: ignore[arg-type]


@pytest.fixture
def wire(engine: Engine, prefix: str, tmp_path: Path) -> Wire:
    """An installation of its own on the engine, whose feeds have no limit yet."""
    feeds = tmp_path / "feeds.toml"
    feeds.write_text('[feeds.wire]\nsource = "directory"\npath = "in"\n')
    extra = {
        "NEWSWIRE_CONNECTORS__FEEDS_FILE": str(feeds),
        "NEWSWIRE_CONNECTORS__ARCHIVE": str(tmp_path / "archive"),
        "NEWSWIRE_ELASTICSEARCH__REQUEST_TIMEOUT_SECONDS": "20",
    }
    return Wire(engine, prefix, tmp_path, extra=extra)


def run(wire: Wire, *command: str) -> str:
    """The output of a command that succeeds."""
    done = CliRunner().invoke(app, list(command), env=wire.environ, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout


def take(wire: Wire, worker: Process, *stories: Story) -> None:
    """Have the worker take stories, to the end."""
    wire.publish(stories)
    worker.until(wire.drained)


@pytest.mark.timeout(300)
def test_a_story_is_purged_after_its_days_and_does_not_come_back(
    wire: Wire, tmp_path: Path
) -> None:
    """Index, history, topic, events and archive lose it; a copy that comes again is refused."""
    wire.setup()
    archived = tmp_path / "archive" / "wire"
    archived.mkdir(parents=True)
    old = archived / f"{NOW - timedelta(days=40):%Y%m%dT%H%M%S.%f}-1.warc.gz"
    young = archived / f"{NOW - timedelta(days=3):%Y%m%dT%H%M%S.%f}-1.warc.gz"
    for segment in (old, young):
        segment.write_bytes(b"")
    killed = story("killed", 50, 2, status=Status.WITHDRAWN)
    first, old_story = story("old", 41), story("old", 40, 2)
    with wire.worker() as worker:
        take(wire, worker, first)
        take(wire, worker, old_story, story("young", 3), story("foreign", 90, feed="other"))
        take(wire, worker, story("killed", 50), killed)
    feeds = tmp_path / "feeds.toml"
    feeds.write_text(feeds.read_text() + f"retain_days = {DAYS}\n")
    (told,) = map(json.loads, run(wire, "retain", "--dry-run", "--json").splitlines())
    assert (told["feed"], told["stories"], told["segments"]) == ("wire", 1, 1)
    assert {"TW:old", "TW:young"} <= wire.documents().keys()
    with wire.worker() as worker:
        (told,) = map(json.loads, run(wire, "retain", "--json").splitlines())
        assert (told["stories"], told["segments"], told["left"]) == (1, 1, 0), worker.told()
        worker.until(wire.drained)
        assert wire.documents().keys() == {"TW:young", "TW:foreign", "TW:killed"}
        assert not wire.documents()["TW:killed"]["body"]
        kept = wire.documents(history_index(wire.prefix)).values()
        assert "TW:old" not in {each.get("story_id") for each in kept}
        assert "TW:old" not in wire.documents(events_index(wire.prefix))
        last = {each.key: each.value for each in wire.messages(wire.topics.enriched)}
        assert last[b"TW:old"] is None
        assert not old.exists()
        assert young.exists()
        assert "all 3 documents" in run(wire, "prove")
        take(wire, worker, old_story, first, killed)
        assert "TW:old" not in wire.documents()
        assert "refused: its days are over" in worker.told()
        assert "TW:old" in worker.told().partition("refused: its days are over")[2]
        assert wire.dead_letters() == []
    assert " wire " in run(wire, "retain", "--audit")
    (noted,) = map(json.loads, run(wire, "retain", "--audit", "--json").splitlines())
    assert (noted["feed"], noted["days"], noted["stories"]) == ("wire", DAYS, 1)
    # As a worker may have written it that was stopped before the purge and woke up after it.
    wire.send([enriched_message(wire.topics, record_of(old_story))])
    assert "1 purged" in run(wire, "reindex")
    assert wire.documents().keys() == {"TW:young", "TW:foreign", "TW:killed"}
    last = {each.key: each.value for each in wire.messages(wire.topics.enriched)}
    assert last[b"TW:old"] is None
