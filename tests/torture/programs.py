"""newswire's own processes as an operator's supervisor runs them: started again when they end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, RLock, Thread

from tests.servers import Server

RESTART_SECONDS = 0.5
INDEX_GONE = "newswire reindex"
"""In the last sentence of a worker that ends because its index is missing."""


class Program(Server):
    """One process, `python -m MODULE ...`; `folder` has its log."""

    stop_s = 30.0

    def __init__(
        self, name: str, module: str, folder: Path, environ: Mapping[str, str], *arguments: str
    ) -> None:
        super().__init__(folder / name)
        self.name = name
        self._command = [sys.executable, "-m", module, *arguments]
        self._environ = environ
        self._log_read_from = 0

    def prepare(self) -> None:
        """Note where this start's part of the log begins."""
        self._log_read_from = self.log.stat().st_size if self.log.exists() else 0

    def said(self, words: str) -> bool:
        """Whether it has printed these words since it was last started."""
        return words.encode() in self.log.read_bytes()[self._log_read_from :]

    def environment(self) -> Mapping[str, str]:
        """Its settings."""
        return self._environ

    def command(self) -> list[str]:
        """The module."""
        return self._command

    def ready(self) -> bool:
        """At once: faults may come while it starts."""
        return True

    @property
    def pid(self) -> int:
        """Of the process itself."""
        return self._group

    def strike(self) -> None:
        """SIGKILL to the process alone, not to those that it has started."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)

    def ask_to_stop(self) -> None:
        """SIGTERM to the process alone."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGTERM)

    def children(self) -> list[int]:
        """The NLP processes that it has started."""
        found: list[int] = []
        with suppress(OSError):  # a process belongs to the thread that started it
            for file in Path(f"/proc/{self.pid}/task").glob("*/children"):
                found += [pid for pid in map(int, file.read_text().split()) if _is_nlp(pid)]
        return found


def _is_nlp(pid: int) -> bool:
    with suppress(OSError):
        return b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()
    return False


@dataclass
class Peak:
    """The most that processes of a kind have used at once."""

    megabytes: float = 0.0
    threads: int = 0
    files: int = 0

    def see(self, pid: int) -> None:
        """Look at a process now."""
        with suppress(OSError, KeyError):  # it may end while it is looked at
            lines = Path(f"/proc/{pid}/status").read_text().splitlines()
            told = {name: value for name, _, value in (line.partition(":") for line in lines)}
            self.megabytes = max(self.megabytes, int(told["VmRSS"].split()[0]) / 1024)
            self.threads = max(self.threads, int(told["Threads"]))
            self.files = max(self.files, len(os.listdir(f"/proc/{pid}/fd")))


@dataclass
class Supervisor:
    """Keeps the wanted programs running, and mends the index as an operator would.

    Args:
        environ: of the commands that it gives.
    """

    environ: Mapping[str, str]
    folder: Path
    peaks: dict[str, Peak] = field(default_factory=dict)
    restarts: int = 0
    repairs: int = 0
    """Times that a worker ended with the sentence that its index is missing."""
    _wanted: dict[str, Program] = field(default_factory=dict)
    _ended: dict[str, float] = field(default_factory=dict)
    _lock: RLock = field(default_factory=RLock)
    _operator: RLock = field(default_factory=RLock)
    _over: Event = field(default_factory=Event)
    _thread: Thread | None = None
    _repair: Thread | None = None

    def start(self) -> None:
        """Begin to watch."""
        self._thread = Thread(target=self._watch, name="supervisor", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End everything."""
        self._over.set()
        if self._thread:
            self._thread.join()
        if self._repair:
            self._repair.join()
        for name in list(self._wanted):
            self.drop(name)

    def keep(self, program: Program) -> None:
        """Start it, and again whenever it ends."""
        with self._lock:
            self._wanted[program.name] = program.start()

    def drop(self, name: str) -> None:
        """Ask it to end and let it; it is not started again."""
        with self._lock:
            program = self._wanted.pop(name, None)
        if program is not None:
            program.resume()
            program.ask_to_stop()
            deadline = time.monotonic() + program.stop_s
            while program.running and time.monotonic() < deadline:
                time.sleep(0.05)
            program.kill()

    def running(self, kind: str) -> list[Program]:
        """The programs of a kind ("worker", "connector") that run now."""
        with self._lock:
            wanted = list(self._wanted.values())
        return [p for p in wanted if p.name.startswith(kind) and p.running]

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run `newswire ...` to its end, one at a time; its output goes into a log."""
        with self._operator:
            done = subprocess.run(
                [sys.executable, "-m", "newswire", *arguments],
                env={**os.environ, **self.environ},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=180,
            )
        with (self.folder / "commands.log").open("a", encoding="utf-8") as log:
            log.write(f"$ newswire {' '.join(arguments)}\n{done.stdout}{done.stderr}")
        return done

    def _watch(self) -> None:
        while not self._over.wait(0.25):
            with self._lock:
                wanted = list(self._wanted.values())
            for program in wanted:
                kind = program.name.rstrip("0123456789-")
                if program.running:
                    self.peaks.setdefault(kind, Peak()).see(program.pid)
                    for pid in program.children():
                        self.peaks.setdefault("NLP process", Peak()).see(pid)
                    self._ended.pop(program.name, None)
                    continue
                now = time.monotonic()
                if now - self._ended.setdefault(program.name, now) < RESTART_SECONDS:
                    continue
                if program.said(INDEX_GONE):
                    self._mend_index()
                with self._lock:
                    if self._wanted.get(program.name) is program:
                        program.kill()  # lets go of its pipes
                        program.start()
                        self.restarts += 1
                self._ended.pop(program.name, None)

    def _mend_index(self) -> None:
        """What the worker's last sentence asks for, until it has worked."""
        if self._repair is not None and self._repair.is_alive():
            return
        self.repairs += 1
        self._repair = Thread(target=self._reindex, name="operator", daemon=True)
        self._repair.start()

    def _reindex(self) -> None:
        while self.command("reindex").returncode and not self._over.wait(1.0):
            pass
