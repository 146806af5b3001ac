"""Runs a server as a process: started, killed, paused, started again, and never left behind."""

import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Self

GUARD = Path(__file__).with_name("guard.py")
LOG_TAIL_CHARS = 4000


class StartFailed(Exception):
    """A server ended, or did not answer in time; the message ends with the tail of its log."""


class Server(ABC):
    """One server on one data folder and fixed ports, so that it can come back where it was.

    `start` returns once it answers. `stop` asks, then kills; `kill` is a SIGKILL without a word;
    `pause` and `resume` are SIGSTOP and SIGCONT. All of them reach every process of the server.
    """

    name: str
    uid: int | None = None
    within: Sequence[str] = ()
    """A command that runs another one, as `ip netns exec NAME`: where the server lives."""
    start_s: float = 240.0
    stop_s: float = 20.0

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        self._guard: subprocess.Popen[str] | None = None
        self._group = 0

    @abstractmethod
    def prepare(self) -> None:
        """Lays the folder out; called before every start."""

    @abstractmethod
    def command(self) -> list[str]:
        """Returns what to run, in the foreground."""

    @abstractmethod
    def ready(self) -> bool:
        """Returns whether it answers."""

    def environment(self) -> Mapping[str, str]:
        """Returns what its environment has besides ours."""
        return {}

    @property
    def log(self) -> Path:
        """Returns the file of everything that it printed, over all of its starts."""
        return self.folder / f"{self.name}.log"

    def log_tail(self) -> str:
        """Returns the end of its log."""
        if not self.log.exists():
            return ""
        return self.log.read_text(encoding="utf-8", errors="replace")[-LOG_TAIL_CHARS:]

    @property
    def running(self) -> bool:
        """Returns whether its process is there, answering or not."""
        return self._guard is not None and self._guard.poll() is None

    @property
    def group(self) -> int:
        """Returns the process group that all of its processes are in."""
        return self._group

    def start(self) -> Self:
        """Runs it on its folder and wait until it answers.

        Raises:
            StartFailed: it ended, or does not answer within `start_s` seconds.
            Missing: this machine lacks what it needs.
        """
        if self.running:
            return self
        self.folder.mkdir(parents=True, exist_ok=True)
        self.prepare()
        user = "-" if self.uid is None else str(self.uid)
        with self.log.open("ab") as log:
            self._guard = subprocess.Popen(
                [*self.within, sys.executable, "-I", "-S", str(GUARD), user, *self.command()],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                cwd=self.folder,
                env={**os.environ, **self.environment()},
                text=True,
                start_new_session=True,  # Ctrl-C is for us; we stop it in our own order
            )
        assert self._guard.stdout is not None
        self._group = int(self._guard.stdout.readline() or 0)
        deadline = time.monotonic() + self.start_s
        while self.running and time.monotonic() < deadline:
            if self.ready():
                return self
            time.sleep(0.05)
        what = "does not answer" if self.running else "ended at once"
        self.kill()
        raise StartFailed(f"{self.name} {what}; its log ends:\n{self.log_tail()}")

    def stop(self) -> None:
        """Ends it in order; by force when that takes longer than `stop_s` seconds."""
        if not self.running or self._guard is None:
            return
        self._signal(signal.SIGCONT)
        self._signal(signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            self._guard.wait(self.stop_s)
        self.kill()

    def kill(self) -> None:
        """Sends SIGKILL, and waits until it is gone."""
        if self._guard is None:
            return
        self._signal(signal.SIGKILL)
        self._guard.communicate()  # closes the life line, and so ends what is left
        self._guard = None

    def pause(self) -> None:
        """Sends SIGSTOP: it holds its connections and answers nothing."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Sends SIGCONT."""
        self._signal(signal.SIGCONT)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _signal(self, number: int) -> None:
        if self.running and self._group:
            with suppress(ProcessLookupError):
                os.killpg(self._group, number)


def free_port() -> int:
    """Returns a port of 127.0.0.1 that nobody listens on.

    It lies below the range that the kernel hands to outgoing connections: a port from that range
    could be taken by a client while the server that owned it is down.
    """
    for port in random.sample(range(20_000, 32_000), 200):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise StartFailed("no free port between 20000 and 32000")


@contextmanager
def folder_for_servers() -> Iterator[Path]:
    """Yields a temporary folder that any user may enter, as Elasticsearch's must."""
    folder = Path(tempfile.mkdtemp(prefix="newswire-"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
