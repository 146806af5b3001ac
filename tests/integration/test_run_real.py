"""`newswire run --engine real`: real servers of its own, and nothing is lost over a kill."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from newswire.servers.artifacts import artifacts, java
from newswire.servers.process import folder_for_servers
from tests.integration.conftest import missing_skips

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_SECONDS = 240.0


def wait(until: Callable[[], object], running: subprocess.Popen[bytes]) -> None:
    """Wait until something is true, as long as the process runs."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not until():
        assert running.poll() is None
        assert time.monotonic() < deadline
        time.sleep(1)


@pytest.mark.real
@pytest.mark.long
def test_the_main_job_on_real_servers() -> None:
    """The demo feed is searched, also after a SIGKILL and a second start on the same data."""
    with missing_skips():
        artifacts()
        java(21)
    with folder_for_servers() as folder:
        environ = {k: v for k, v in os.environ.items() if not k.startswith("NEWSWIRE_")}
        environ |= {"NEWSWIRE_DATA_DIR": str(folder / "var"), "NEWSWIRE_WEB__PORT": "0"}
        command = [sys.executable, "-m", "newswire"]

        def found() -> int:
            done = subprocess.run(
                [*command, "search", "--json", "--size", "50"],
                cwd=ROOT,
                env=environ,
                capture_output=True,
                text=True,
                check=False,
            )
            return sum("headline" in json.loads(line) for line in done.stdout.splitlines())

        def run() -> subprocess.Popen[bytes]:
            return subprocess.Popen([*command, "run", "--engine", "real"], cwd=ROOT, env=environ)

        first = run()
        wait(lambda: found() >= 10, first)
        before = found()
        first.send_signal(signal.SIGKILL)
        first.wait()
        second = run()
        try:
            wait(lambda: found() >= before, second)
        finally:
            second.send_signal(signal.SIGINT)
            assert second.wait(120) in (0, 130)
