"""The wheel alone, in a fresh environment: `newswire run` does its main job."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from newswire.servers.process import free_port
from tools.notice import ROOT
from tools.release import build

PATIENCE_SECONDS = 300.0


@pytest.mark.long
def test_an_installed_wheel_runs(tmp_path: Path) -> None:
    """Installed by pip beside what is locked, without this checkout, it indexes the demo feed."""
    made = tmp_path / "made"
    made.mkdir()
    wheel = build(made)
    place = tmp_path / "environment"
    subprocess.run([sys.executable, "-m", "venv", str(place)], check=True)
    install = [str(place / "bin/pip"), "install", "--quiet", "--disable-pip-version-check"]
    lock = str(ROOT / "requirements.lock")
    subprocess.run([*install, "--require-hashes", "-r", lock], check=True)
    subprocess.run([*install, "--no-deps", str(wheel)], check=True)

    work = tmp_path / "work"
    work.mkdir()
    environ = {
        name: value for name, value in os.environ.items() if not name.startswith("NEWSWIRE_")
    }
    environ["NEWSWIRE_WEB__PORT"] = str(free_port())
    newswire = str(place / "bin/newswire")
    running = subprocess.Popen([newswire, "run"], cwd=work, env=environ)
    try:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not found(newswire, work, environ):
            assert running.poll() is None
            assert time.monotonic() < deadline
            time.sleep(2)
    finally:
        running.send_signal(signal.SIGINT)
        assert running.wait(120) in (0, 130)


def found(newswire: str, work: Path, environ: dict[str, str]) -> bool:
    """Whether a search finds stories with places."""
    command = [newswire, "search", "--json"]
    done = subprocess.run(
        command, cwd=work, env=environ, capture_output=True, text=True, check=False
    )
    stories = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    return len(stories) >= 5
