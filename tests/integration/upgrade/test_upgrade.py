"""Upgrades as docs/operations.md says them, from the installation in `previous.json`."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner, Result

from newswire.__main__ import app
from newswire.servers.process import free_port
from pipeline.wire import codec
from pipeline.wire.story import Status, Story
from tests.integration.upgrade.__main__ import count, deliver, installation, taken
from tests.integration.upgrade.previous import State, checkout
from tests.integration.wire import ROOT, Process, Wire
from tests.servers import Engine

DEMO = ROOT / "config" / "demo"


@pytest.fixture
def wire(engine: Engine, prefix: str, tmp_path: Path) -> Wire:
    """The older installation, its processes stopped."""
    made = installation(Wire(engine, prefix, tmp_path / "data"))
    State.load(made).restore(made)
    # As CHANGELOG.md says: what else a feed brings would come under other ids.
    with (made.folder / "feeds.toml").open("a") as feeds:
        feeds.write('agencies = ["*"]\n')
    return made


@pytest.fixture(scope="session")
def old(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The older commit's code."""
    folder = checkout(tmp_path_factory.mktemp("old"))
    if folder is None:
        pytest.skip("this checkout has no history: `git fetch --unshallow`")
    return folder


def command(wire: Wire, *words: str) -> Result:
    """A command of ours."""
    return CliRunner().invoke(app, list(words), env=wire.environ, catch_exceptions=False)


def texts(wire: Wire) -> dict[str, tuple[int | None, str, str]]:
    """What a reader would be shown of each story, whatever the mapping."""
    return {
        name: (held.get("version"), held["status"], held.get("body", ""))
        for name, held in wire.documents().items()
    }


def test_setup_then_reindex_then_the_processes(wire: Wire) -> None:
    """Nothing is lost, doubled or shown again; a version that waited is late; alerts go on."""
    before = texts(wire)
    refused = command(wire, "setup")
    assert refused.exit_code == 1
    assert "newswire reindex" in refused.output
    done = command(wire, "reindex")
    assert done.exit_code == 0, done.output
    assert command(wire, "setup").exit_code == 0
    assert texts(wire) == before

    published = count(wire, *wire.topics.lanes)
    told = wire.messages(wire.topics.alerts)
    with wire.worker() as worker, wire.worker("pipeline.alerts") as alerts:
        worker.until(wire.drained)
        alerts.until(lambda: count(wire, wire.topics.alerts) > len(told))
        with wire.worker("connectors") as connectors:
            # Its cursors know the first of these, under whatever name it comes.
            shutil.copy(DEMO / "water-treaty-1.txt", wire.folder / "drop" / "again.txt")
            deliver(wire, DEMO, ("pacific-pair.txt",))
            connectors.until(lambda: count(wire, *wire.topics.lanes) > published)
            worker.until(wire.drained)
            assert connectors.terminate() == 0
    after = texts(wire)
    assert {name: after[name] for name in before} == before
    assert len(after) > len(before) + 1
    assert [status for _, status, _ in after.values()].count(Status.WITHDRAWN) == 1
    alerted = Counter(message.key for message in wire.messages(wire.topics.alerts))
    assert alerted.items() >= Counter(message.key for message in told).items()
    assert wire.dead_letters() == []
    proven = command(wire, "prove")
    assert proven.exit_code == 0, proven.output


def test_new_workers_on_the_older_index(wire: Wire) -> None:
    """Stories that it can't hold wait for `reindex`, set aside; a kill takes effect at once."""
    command(wire, "setup")
    shown = next(name for name, (_, status, _) in texts(wire).items() if status == Status.USABLE)
    with wire.worker() as worker:
        worker.until(lambda: count(wire, wire.topics.refused) > 0)
        wire.publish([Story(id=shown, version=99, status=Status.WITHDRAWN)])
        worker.until(lambda: texts(wire)[shown][1:] == (Status.WITHDRAWN, ""))
        assert command(wire, "reindex").exit_code == 0
        worker.until(lambda: any("valparaiso" in body.lower() for *_, body in texts(wire).values()))
        worker.until(lambda: command(wire, "prove").exit_code == 0)
    assert wire.dead_letters() == []


@pytest.mark.long
def test_older_workers_beside_newer_processes(wire: Wire, old: Path) -> None:
    """They pass newer fields on; what they write after the switch is named and mended."""
    command(wire, "setup")
    newer = Story(id="TW:new", version=1, body="Ferry.", claimed_source="TW", eve_id="TW:eve")
    wire.root = old
    with wire.worker() as older:
        wire.publish([newer])
        older.until(lambda: "TW:new" in wire.documents() and taken(wire))
        (kept,) = [m for m in wire.messages(wire.topics.enriched) if m.key == b"TW:new"]
        assert codec.decode_enriched(kept.value).story == newer

        wire.root = ROOT
        assert command(wire, "reindex").exit_code == 0
        wire.publish([Story(id="TW:after", version=1, body="Fog.")])
        older.until(lambda: "TW:after" in wire.documents() and taken(wire))
        assert older.terminate(90) == 0
    assert wire.dead_letters() == []
    assert "TW:after" in (told := command(wire, "prove").output)
    assert "1 differ" in told
    assert command(wire, "reindex").exit_code == 0
    assert command(wire, "prove").exit_code == 0


@pytest.mark.long
@pytest.mark.parametrize("newer_page", [True, False])
def test_pages_of_one_release_on_an_index_of_the_other(
    wire: Wire, old: Path, newer_page: bool
) -> None:
    """A page finds stories by their words on either mapping, and shows none that was killed."""
    command(wire, "setup")
    if not newer_page:
        assert command(wire, "reindex").exit_code == 0
        wire.root = old
    port = free_port()
    wire.extra["NEWSWIRE_WEB__PORT"] = str(port)
    with wire.worker("pipeline.web") as page:
        found = page.until(lambda: answer(page, port, "treaty"))
        assert [hit["version"] for hit in found["hits"]] == [2]
        assert page.until(lambda: answer(page, port, "bridge"))["hits"] == []


def answer(page: Process, port: int, words: str) -> dict[str, list[dict[str, object]]] | None:
    """What its API finds; None until it answers."""
    try:
        got = httpx.get(f"http://127.0.0.1:{port}/api/search", params={"q": words}, timeout=20)
    except httpx.TransportError:
        return None
    if got.status_code == httpx.codes.SERVICE_UNAVAILABLE:  # a machine under load
        return None
    assert got.is_success, (got.text, page.told()[-2000:])
    found: dict[str, list[dict[str, object]]] = got.json()
    return found
