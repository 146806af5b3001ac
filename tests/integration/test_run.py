"""`newswire run`, as a newcomer uses it: one command, the demo feed, a search."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from connectors.formats import FORMATS, Context
from pipeline.search.visible import ANYBODY, is_visible
from pipeline.wire.codec import as_json
from pipeline.wire.story import Story
from pipeline.wire.versions import rank

ROOT = Path(__file__).resolve().parents[2]
DEMO = ROOT / "config" / "demo"


@dataclass
class Run:
    """A running `newswire run` in a folder of its own."""

    folder: Path
    process: subprocess.Popen[bytes]

    def newswire(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "newswire", "-c", str(self.folder / "my.toml"), *arguments],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )

    def found(self, *query: str) -> dict[str, dict[str, object]]:
        done = self.newswire("search", "--json", "--size", "100", *query)
        return {hit["id"]: hit for hit in map(json.loads, done.stdout.splitlines())}

    def log(self) -> str:
        return "\n".join(path.read_text() for path in (self.folder / "var/logs").glob("*.log"))


def _wait(until: Callable[[], object], seconds: float, why: Callable[[], str]) -> None:
    deadline = time.monotonic() + seconds
    while not until():
        assert time.monotonic() < deadline, why()
        time.sleep(0.5)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, gazetteer: object) -> Iterator[Run]:
    folder = tmp_path_factory.mktemp("run")
    drop = folder / "drop"
    shutil.copytree(DEMO, drop)
    (drop / "damaged.nitf.xml").write_bytes(b"<nitf><head><title>Broken")
    (folder / "feeds.toml").write_text(
        f'[feeds.demo]\nsource = "directory"\nformat = "auto"\npath = "{drop}"\n'
    )
    (folder / "my.toml").write_text(
        f'data_dir = "{folder / "var"}"\n'
        f'[connectors]\nfeeds_file = "{folder / "feeds.toml"}"\n[web]\nport = 0\n'
    )
    # What the suite has built already need not be built again.
    shutil.copytree(ROOT / "var" / "gazetteer", folder / "var" / "gazetteer")
    environ = {k: v for k, v in os.environ.items() if not k.startswith("NEWSWIRE_")}
    process = subprocess.Popen(
        [sys.executable, "-m", "newswire", "-c", str(folder / "my.toml"), "run"],
        cwd=ROOT,
        env=environ,
        stdout=(folder / "out").open("wb"),
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
    )
    running = Run(folder, process)
    try:
        yield running
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            process.wait(90)


def _expected() -> set[str]:
    """The stories of the demo folder that may be shown, by their newest version."""
    newest: dict[str, Story] = {}
    for path in DEMO.iterdir():
        for story in FORMATS["auto"](path.read_bytes(), Context()).stories:
            before = newest.get(story.id)
            if before is None or rank(story) > rank(before):
                newest[story.id] = story
    now = datetime.now(UTC)
    return {name for name, story in newest.items() if is_visible(as_json(story), now, ANYBODY)}


def test_the_demo_feed_is_found(run: Run) -> None:
    """What the demo folder holds is found, but for what may not be seen; README's example is."""
    expected = _expected()
    assert len(expected) >= 10
    _wait(lambda: run.found().keys() == expected, 120, run.log)
    asked = re.findall(r"newswire search (\w+)", (ROOT / "README.md").read_text())
    assert asked
    assert all(run.found(word) for word in asked), asked
    assert run.found("port")


def test_what_can_not_be_read_is_a_dead_letter(run: Run) -> None:
    """A damaged file is listed with its name and reason, and its bytes are kept."""
    letters = [
        json.loads(line)
        for line in run.newswire("deadletters", "list", "--json").stdout.splitlines()
    ]
    assert [Path(letter["name"]).name for letter in letters] == ["damaged.nitf.xml"]
    shown = run.newswire("deadletters", "show", letters[0]["id"], "--raw")
    assert shown.stdout == "<nitf><head><title>Broken"


def test_a_dead_letter_is_replayed_in_vain(run: Run) -> None:
    """A replay of what still can't be read says so, with exit code 1."""
    done = run.newswire("deadletters", "replay", "--all")
    assert done.returncode == 1
    assert "still can't be read" in done.stdout


def test_status_is_healthy(run: Run) -> None:
    """Once all is taken, every partition's committed offset is its end."""

    def status() -> dict[str, object]:
        answer: dict[str, object] = json.loads(run.newswire("status", "--json").stdout)
        return answer

    def taken() -> bool:
        partitions = status()["partitions"]
        assert isinstance(partitions, list)
        return not any(partition["lag"] for partition in partitions)

    _wait(taken, 30, run.log)
    assert status()["healthy"]


def test_a_new_file_arrives(run: Run) -> None:
    """A file that is dropped while all is running is found, and its way can be told."""
    text = "TURKU, Finland (AP) — The Xylophone Bridge in Turku reopened on Monday.\n"
    (run.folder / "drop" / "late.txt").write_text(text)
    _wait(lambda: run.found("xylophone"), 60, run.log)
    (name,) = run.found("xylophone", "--place", "Turku")
    steps = [json.loads(line) for line in run.newswire("where", name, "--json").stdout.splitlines()]
    assert [step["step"] for step in steps] == ["received", "story", "enriched", "indexed"]


def test_ctrl_c_ends_all_of_it(run: Run) -> None:
    """After Ctrl-C nothing that was started is left."""
    engine = run.folder / "var" / "engine"
    run.process.send_signal(signal.SIGINT)
    assert run.process.wait(90) == 0
    left = subprocess.run(["pgrep", "-f", str(engine)], capture_output=True, check=False)
    assert left.stdout == b""
    assert list((run.folder / "var" / "status").glob("*.json")) == []
