"""The trial engine killed in the midst of it: it forgets, and the connectors deliver again."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import orjson
import pytest
from elastic_transport import TransportError
from elasticsearch import ApiError

from config.settings import Settings, load
from newswire.context import RUN_FILE, at
from pipeline.wire.errors import NewswireError
from tests.torture import check
from tests.torture.model import wire
from tests.torture.programs import Program
from tests.torture.site import Site

SEED, STORIES = 7, 12
WAIT_SECONDS = 120.0


def engine(data_dir: Path) -> int:
    """The process id of the engine that runs on a data folder."""
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            command = (folder / "cmdline").read_bytes()
            if b"noida-db\0start" in command and str(data_dir).encode() in command:
                return int(folder.name)
    raise AssertionError("no engine runs")


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """`newswire run` on an engine of its own; nothing is left when the test ends."""
    nowhere = dict.fromkeys(("connectors", "workers", "operator"), "")
    site = Site("trial", tmp_path, tmp_path / "data", nowhere, nowhere)
    environ = {
        name: value
        for name, value in site.environ("connectors").items()
        if name not in ("NEWSWIRE_KAFKA__BROKERS", "NEWSWIRE_ELASTICSEARCH__URL")
    }
    program = Program("run", "newswire", tmp_path / "logs", environ, "run")
    program.start()
    try:
        yield site
    finally:
        program.ask_to_stop()
        deadline = time.monotonic() + 30
        while program.running and time.monotonic() < deadline:
            time.sleep(0.1)
        program.kill()


def settings(site: Site) -> Settings:
    """Where the engine listens, as `newswire run` says."""
    run = orjson.loads((site.data_dir / RUN_FILE).read_bytes())
    environ = {"NEWSWIRE_TOPICS__PREFIX": site.name, "NEWSWIRE_ELASTICSEARCH__INDEX": site.name}
    return at(load(environ=environ), tuple(run["brokers"]), tuple(run["elasticsearch"]))


@pytest.mark.timeout(300)
def test_a_killed_engine_is_given_again_what_it_lost(site: Site) -> None:
    """Each story is indexed in its newest version after the engine was killed twice."""
    made = wire(SEED, STORIES)
    third = len(made.deliveries) // 3
    differences = ["nothing was looked at"]
    for turn in range(3):
        site.drop(made.deliveries[turn * third : None if turn == 2 else (turn + 1) * third])
        deadline = time.monotonic() + WAIT_SECONDS
        while site.undelivered() and time.monotonic() < deadline:
            time.sleep(0.1)
        if turn < 2:
            os.kill(engine(site.data_dir), signal.SIGKILL)
    while differences and time.monotonic() < deadline:
        time.sleep(1)
        with suppress(OSError, ApiError, TransportError, NewswireError):
            differences = list(check.index_differences(made, settings(site)))
    assert differences == []
