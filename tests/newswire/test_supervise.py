"""Processes that are started again when they end."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

from newswire.supervise import Child

PROGRAM = """
import os, signal, sys, time
signal.signal(signal.SIGTERM, lambda *_: (print("ending", flush=True), sys.exit(0)))
print("pid", os.getpid(), flush=True)
time.sleep(60)
"""


def _child(folder: Path) -> Child:
    (folder / "program_of_test.py").write_text(PROGRAM)
    environ = {"PYTHONPATH": str(folder)}
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
