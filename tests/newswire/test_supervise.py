"""Processes that are started again when they end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from newswire.supervise import Child

ROOT = Path(__file__).parents[2]
SUPERVISOR = """
import sys, time
from pathlib import Path
from tests.newswire.test_supervise import _child
_child(Path(sys.argv[1])).start()
time.sleep(60)
"""

PROGRAM = """
import os, signal, sys, time
from pipeline.process import lifeline
lifeline.follow()
signal.signal(signal.SIGTERM, lambda *_: (print("ending", flush=True), sys.exit(0)))
print("pid", os.getpid(), flush=True)
time.sleep(60)
"""


def _child(folder: Path) -> Child:
    (folder / "program_of_test.py").write_text(PROGRAM)
    environ = {"PYTHONPATH": f"{folder}{os.pathsep}{ROOT}"}
    return Child("test", "program_of_test", folder / "log", environ, grace_seconds=10)


def _wait(until: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not until():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def _pids(child: Child) -> list[int]:
    lines = child.log.read_text().splitlines() if child.log.exists() else []
    return [int(line.split()[1]) for line in lines if line.startswith("pid ")]


def test_a_killed_child_is_started_again(tmp_path: Path) -> None:
    """A child that is killed runs again after its delay, and counts a restart."""
    child = _child(tmp_path)
    child.start()
    try:
        _wait(lambda: len(_pids(child)) == 1)
        os.kill(_pids(child)[0], signal.SIGKILL)

        def again() -> bool:
            child.check()
            return len(_pids(child)) == 2

        _wait(again)
        assert child.restarts == 1
        assert child.running
    finally:
        child.kill()


def test_stop_lets_a_child_finish(tmp_path: Path) -> None:
    """A child that is stopped gets SIGTERM, ends by itself, and is not started again."""
    child = _child(tmp_path)
    child.start()
    _wait(lambda: len(_pids(child)) == 1)
    child.stop()
    child.check()
    assert child.last_line() == "ending"
    assert not child.running


def test_a_child_ends_with_a_killed_supervisor(tmp_path: Path) -> None:
    """A supervisor that is killed leaves no process behind, to run beside those of the next one."""
    supervisor = subprocess.Popen(
        [sys.executable, "-c", SUPERVISOR, str(tmp_path)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    log = tmp_path / "log"
    _wait(lambda: log.exists() and "pid " in log.read_text())
    supervisor.kill()
    supervisor.wait()
    _wait(lambda: "ending" in log.read_text())
