"""What goes wrong, drawn from a seed: each fault begins, lasts a while, and ends.

The draw is the seed's; what it meets is the moment's. So a seed brings the same faults in the
same order at about the same times, and not the same interleaving to the microsecond.
"""

from __future__ import annotations

import logging
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from pipeline.index.client import connect_sync
from tests.servers import Server
from tests.torture.index_faults import IndexFault
from tests.torture.links import Links
from tests.torture.programs import Supervisor
from tests.torture.site import SESSION_SECONDS, Site

log = logging.getLogger(__name__)

MAX_WORKERS = 3

KILLS = tuple(f"{kind} killed" for kind in ("connector", "worker", "alerts", "web"))
"""What every storm contains: a SIGKILL of each kind of process."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One kind of fault."""

    kind: str
    weight: float
    target: str
    """What it strikes: one fault at a time for each."""
    lasts: tuple[float, float]
    begin: Callable[[], object]
    """Returns what `end` is given; None when there was nothing to strike."""
    end: Callable[[object], object] = lambda struck: None
    most: int = 1_000
    """How often in a run."""
    operation: bool = False
    """What an operator does in the middle of it all: no fault, and not counted as one."""


@dataclass
class Driver:
    """Draws faults and sees them through."""

    faults: list[Fault]
    rng: random.Random
    every_seconds: float
    struck: Counter[str] = field(default_factory=Counter)
    operations: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    """What went wrong with the torture itself."""
    required: tuple[str, ...] = ()
    """Kinds that are struck once at least: in the second half first of all."""
    _busy: set[str] = field(default_factory=set)

    def run(self, seconds: float, also: Callable[[float], None]) -> None:
        """Strike for so long; `also` is called every moment with the part that is over."""
        began = time.monotonic()
        due = began
        with ThreadPoolExecutor(16) as pool:
            running: list[Future[None]] = []
            while (now := time.monotonic()) - began < seconds:
                also((now - began) / seconds)
                if now >= due:
                    due = now + self.every_seconds * self.rng.uniform(0.4, 1.6)
                    fault = self._draw(late=now - began > seconds / 2)
                    if fault is not None:
                        lasts = self.rng.uniform(*fault.lasts)
                        self._busy.add(fault.target)
                        running.append(pool.submit(self._see_through, fault, lasts))
                time.sleep(0.05)
        also(1.0)
        for future in running:
            if (error := future.exception()) is not None:
                self.failures.append(repr(error))

    @property
    def missed(self) -> list[str]:
        """The required kinds that nothing was struck by."""
        return [kind for kind in self.required if not self.struck[kind]]

    def _draw(self, late: bool) -> Fault | None:
        free = [
            fault
            for fault in self.faults
            if fault.target not in self._busy
            and self.struck[fault.kind] + self.operations[fault.kind] < fault.most
        ]
        missed = [fault for fault in free if late and fault.kind in self.missed]
        if not free or missed:
            return missed[0] if missed else None
        return self.rng.choices(free, [fault.weight for fault in free])[0]

    def _see_through(self, fault: Fault, lasts: float) -> None:
        try:
            struck = fault.begin()
            if struck is None:
                return
            (self.operations if fault.operation else self.struck)[fault.kind] += 1
            log.info("fault", extra={"kind": fault.kind, "lasts": round(lasts, 1)})
            time.sleep(lasts)
            fault.end(struck)
        finally:
            self._busy.discard(fault.target)


def all_faults(
    rng: random.Random,
    site: Site,
    supervisor: Supervisor,
    links: Links,
    kafka: Server,
    index: Server,
) -> list[Fault]:
    """Every kind of fault there is, for one site."""
    return [
        *_of_processes(rng, site, supervisor),
        *_of_servers(kafka, index, site),
        *_of_links(links),
        *_of_disks(site),
        *_of_operators(supervisor),
    ]


def _of_processes(rng: random.Random, site: Site, supervisor: Supervisor) -> list[Fault]:
    def kill(kind: str) -> object:
        running = supervisor.running(kind)
        if not running:
            return None
        program = rng.choice(running)
        program.strike()
        return program

    def kill_nlp() -> object:
        pids = [pid for worker in supervisor.running("worker") for pid in worker.children()]
        if not pids:
            return None
        with suppress(ProcessLookupError):
            os.kill(rng.choice(pids), signal.SIGKILL)
        return True

    def freeze(kind: str) -> object:
        running = supervisor.running(kind)
        if not running:
            return None
        program = rng.choice(running)
        program.pause()
        return program

    def thaw(program: object) -> None:
        assert isinstance(program, Server)
        program.resume()

    def join() -> object:
        numbers = {program.name for program in supervisor.running("worker")}
        free = [n for n in range(MAX_WORKERS) if f"worker-{n}" not in numbers]
        if not free:
            return None
        program = site.worker(rng.choice(free))
        supervisor.keep(program)
        return program

    def leave() -> object:
        running = supervisor.running("worker")
        if len(running) < 2:
            return None
        program = rng.choice(running)
        supervisor.drop(program.name)
        return program

    past_session = (SESSION_SECONDS + 1.5, SESSION_SECONDS + 5)

    def frozen(kind: str, what: str, weight: float, lasts: tuple[float, float]) -> Fault:
        return Fault(what, weight, f"frozen {kind}", lasts, lambda: freeze(kind), thaw)

    return [
        Fault("connector killed", 3, "connector", (0, 0), lambda: kill("connector")),
        frozen("connector", "connector stopped for a while", 1, (1, 4)),
        Fault("worker killed", 3, "worker", (0, 1), lambda: kill("worker")),
        Fault("alerts killed", 1, "alerts", (0, 1), lambda: kill("alerts")),
        Fault("web killed", 0.7, "web", (0, 1), lambda: kill("web")),
        frozen("alerts", "alerts stopped for a while", 0.5, (1, 4)),
        Fault("NLP process killed", 3, "NLP", (0, 0.5), kill_nlp),
        frozen("worker", "worker stopped past its session", 2, past_session),
        Fault("worker joins", 2, "group", (0, 1), join),
        Fault("worker leaves", 2, "group", (0, 1), leave),
    ]  # fmt: skip


def _of_servers(kafka: Server, index: Server, site: Site) -> list[Fault]:
    def kill(server: Server) -> Server:
        server.kill()
        return server

    def pause(server: Server) -> Server:
        server.pause()
        return server

    def start(server: object) -> None:
        assert isinstance(server, Server)
        server.start()

    def resume(server: object) -> None:
        assert isinstance(server, Server)
        server.resume()

    def block() -> object:
        return _index_settings(site, {"index.blocks.read_only_allow_delete": True})

    def unblock(_: object) -> None:
        _index_settings(site, {"index.blocks.read_only_allow_delete": None})

    def delete() -> object:
        with suppress(Exception), connect_sync(site.settings.elasticsearch) as client:
            name = next(iter(client.indices.get(index=site.settings.elasticsearch.index)))
            client.indices.delete(index=name)
            return name
        return None

    return [
        Fault("broker killed", 1.2, "broker", (0, 2), lambda: kill(kafka), start, most=3),
        Fault("broker stopped for a while", 1, "broker", (1, 8), lambda: pause(kafka), resume),
        Fault("index killed", 0.3, "index", (0, 2), lambda: kill(index), start, most=1),
        Fault("index stopped for a while", 1, "index", (1, 8), lambda: pause(index), resume),
        Fault("index read-only", 1.5, "index", (1, 4), block, unblock),
        Fault("index deleted", 0.5, "index", (0, 0), delete, most=1),
    ]


def _index_settings(site: Site, settings: dict[str, object]) -> object:
    for _ in range(5):
        with suppress(Exception), connect_sync(site.settings.elasticsearch) as client:
            indices = f"{site.name}-0*,{site.name}-history"
            client.indices.put_settings(index=indices, settings=settings)
            return True
        time.sleep(1)
    return None


def _of_links(links: Links) -> list[Fault]:
    made = []
    for name in links.names:
        at = f"link {name}"

        def slow(name: str = name) -> object:
            return links.call(name, "delay", 0.6)

        def fast(_: object, name: str = name) -> object:
            return links.call(name, "delay", 0.0)

        def silent(name: str = name) -> object:
            return links.call(name, "silence", True)

        def heard(_: object, name: str = name) -> object:
            return links.call(name, "silence", False)

        def lost(_: object, name: str = name) -> object:
            links.call(name, "reset")
            return links.call(name, "silence", False)

        def reset(name: str = name) -> object:
            return links.call(name, "reset")

        def cut(name: str = name) -> object:
            return links.call(name, "refuse", True)

        def mended(_: object, name: str = name) -> object:
            return links.call(name, "refuse", False)

        made += [
            Fault(f"{name}: delayed", 0.7, at, (1, 5), slow, fast),
            Fault(f"{name}: reset", 1, at, (0, 0), reset),
            Fault(f"{name}: half-open, bytes late", 0.7, at, (1, 9), silent, heard),
            Fault(f"{name}: half-open, bytes lost", 0.7, at, (1, 9), silent, lost),
            Fault(f"{name}: cut", 0.7, at, (0.5, 5), cut, mended),
        ]

    def answers(fault: IndexFault) -> Fault:
        def begin() -> object:
            return links.index_fault(fault)

        def end(_: object) -> object:
            return links.index_fault(None)

        return Fault(f"index answers: {fault}", 0.8, "answers", (1, 5), begin, end)

    return made + [answers(fault) for fault in IndexFault]


def _of_disks(site: Site) -> list[Fault]:
    if not os.path.ismount(site.data_dir):
        return []
    filler = site.data_dir / "filler"

    def fill() -> Path:
        with suppress(OSError), filler.open("wb", buffering=0) as file:
            while True:
                file.write(bytes(4096))
        with suppress(OSError), filler.open("ab", buffering=0) as file:
            while True:
                file.write(b"\0")
        return filler

    return [
        Fault("disk full", 1.2, "disk", (1, 5), fill, lambda _: filler.unlink(missing_ok=True)),
    ]


def _of_operators(supervisor: Supervisor) -> list[Fault]:
    def operation(what: str, *arguments: str) -> Fault:
        def begin() -> object:
            # It may fail in the storm; then it has said why, and nothing may be wrong for it.
            return supervisor.command(*arguments)

        return Fault(what, 0.4, "operator", (0, 0), begin, most=1, operation=True)

    return [
        operation("reindex", "reindex"),
        operation("replay from the topic", "replay", "--from", "topic"),
        operation("replay from the archive", "replay", "--from", "archive"),
    ]
