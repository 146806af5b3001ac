"""Processes that are started again, with a growing delay, when they end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from config.settings import Retry
from pipeline.process import lifeline
from pipeline.process.waiting import delay

STABLE_SECONDS = 60.0
"""A process that ran for so long is started again at once when it ends."""


@dataclass
class Child:
    """A process, run as `python -m MODULE ARGUMENTS`."""

    name: str
    module: str
    log: Path
    environ: Mapping[str, str]
    arguments: tuple[str, ...] = ()
    grace_seconds: float = 15.0
    """How long it may take to end after SIGTERM, before it is killed."""
    before_start: Callable[[], object] = lambda: None
    """Called before each start."""
    restarts: int = 0
    _process: subprocess.Popen[bytes] | None = None
    _started: float = 0.0
    _next_start: float = 0.0
    retry: Retry = field(default_factory=Retry)
    """The waits before a program that ended is started again."""
    _failures: int = 0

    def start(self) -> None:
        """Start the process; its output is appended to its log."""
        self.before_start()
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 (our own module)
                [sys.executable, "-m", self.module, *self.arguments],
                stdout=log,
                stderr=log,
                stdin=subprocess.PIPE,
                env={**os.environ, **self.environ, lifeline.VARIABLE: "stdin"},
                # Ctrl-C is for the supervisor, which ends its children in their order.
                start_new_session=True,
            )
        self._started = time.monotonic()

    def check(self) -> None:
        """Start the process again if it has ended and its delay has passed."""
        if self._process is None or self._process.poll() is None:
            return
        now = time.monotonic()
        if not self._next_start:
            if now - self._started > STABLE_SECONDS:
                self._failures = 0
            self._next_start = now + delay(self.retry, self._failures)
            self._failures += 1
        elif now >= self._next_start:
            self._next_start = 0.0
            self.restarts += 1
            self.start()

    @property
    def running(self) -> bool:
        """Returns whether it runs."""
        return self._process is not None and self._process.poll() is None

    def last_line(self) -> str:
        """Returns the last line of its log, which says why it ended."""
        try:
            lines = self.log.read_bytes()[-4000:].decode("utf-8", "replace").splitlines()
        except OSError:
            return ""
        return next((line for line in reversed(lines) if line.strip()), "")

    def stop(self) -> None:
        """Ask it to stop, wait, and kill it if it does not."""
        process, self._process = self._process, None
        if process is None or process.poll() is not None:
            return
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(self.grace_seconds)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def kill(self) -> None:
        """Kill it and the processes that it has started."""
        process, self._process = self._process, None
        if process is not None and process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
