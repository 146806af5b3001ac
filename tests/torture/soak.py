"""A long run: stories come in waves, everything is restarted in turn, memory and files are drawn.

A storm lasts a minute, so what grows over hours does not show there. Here every process and both
servers are restarted in turn, by SIGTERM and by SIGKILL, while the others live on; at the end all
is compared with the model as after a storm.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from itertools import cycle
from pathlib import Path

import httpx

from pipeline.setup import setup
from tests.bench.plot import line_plot
from tests.servers import Server
from tests.torture import check
from tests.torture.model import Wire, wire
from tests.torture.programs import Peak, Program, Supervisor
from tests.torture.run import Servers, over_bounds
from tests.torture.site import Site

KINDS = ("connector", "worker", "alerts", "web")
WAVE_SECONDS = 20.0
WAVE_STORIES = 8
RESTART_SECONDS = 20.0
SAMPLE_SECONDS = 2.0
SETTLED_SECONDS = 60.0
"""What a process needs after its start is no growth."""


@dataclass
class Lives:
    """What each life of a process has used: seconds since the soak began, megabytes, files."""

    samples: dict[tuple[str, int], list[tuple[float, float, int]]] = field(default_factory=dict)

    def see(self, program: Program, at: float) -> None:
        """Add a sample of a process."""
        used = Peak()
        used.see(program.pid)
        if used.megabytes:
            life = self.samples.setdefault((program.name, program.pid), [])
            life.append((at, used.megabytes, used.files))

    def growth(self) -> Iterator[tuple[str, int, float, float]]:
        """Yield name, seconds, megabytes and files gained by the longest life of each process.

        What is gained is the mean of the last third over that of the first, once it has settled.
        """
        longest: dict[str, list[tuple[float, float, int]]] = {}
        for (name, _), life in self.samples.items():
            settled = [sample for sample in life if sample[0] - life[0][0] > SETTLED_SECONDS]
            if len(settled) > len(longest.get(name, ())):
                longest[name] = settled
        for name, life in sorted(longest.items()):
            if len(life) >= 3:
                yield name, round(life[-1][0] - life[0][0]), _gain(life, 1), _gain(life, 2)

    def draw(self, folder: Path) -> None:
        """Write `soak-memory.svg`, `soak-files.svg` and the samples into a folder."""
        names = sorted({name for name, _ in self.samples})
        for column, kind, unit in ((1, "memory", "MB"), (2, "files", "open files")):
            lines = {
                name: sorted(
                    (sample[0] / 60, float(sample[column]))
                    for (each, _), life in self.samples.items()
                    if each == name
                    for sample in life
                )
                for name in names
            }
            (folder / f"soak-{kind}.svg").write_text(line_plot(lines, "minutes", unit))
        rows = [{"process": n, "pid": pid, "samples": s} for (n, pid), s in self.samples.items()]
        (folder / "soak.json").write_text(json.dumps(rows))


@dataclass
class Soaked:
    """What a soak came to."""

    stories: int
    restarts: dict[str, int]
    lives: Lives
    differences: list[str]


def soak(
    running: Servers, folder: Path, seed: int, minutes: float, say: Callable[[str, float], None]
) -> Soaked:
    """Run for so many minutes, restart everything in turn, then compare."""
    addresses = dict.fromkeys(("connectors", "workers", "operator"), running.kafka.address)
    urls = dict.fromkeys(addresses, running.elasticsearch.address)
    name = f"soak-{seed}-{int(time.time()) % 100_000}"
    site = Site(name, folder / name, folder / name / "data", addresses, urls)
    setup(site.settings)
    supervisor = Supervisor(site.environ("operator"), site.folder)
    lives, waves, restarts = Lives(), list[Wire](), dict[str, int]()
    turns = cycle(list(_restarts(supervisor, running)))
    supervisor.start()
    try:
        site.begin(supervisor)
        supervisor.keep(site.worker(1))
        began = time.monotonic()
        wave_at = sample_at = 0.0
        restart_at = RESTART_SECONDS
        while (at := time.monotonic() - began) < minutes * 60:
            if at >= wave_at:
                waves.append(wire(seed * 10_000 + len(waves), WAVE_STORIES))
                site.drop(waves[-1].deliveries)
                wave_at += WAVE_SECONDS
            if at >= restart_at:
                what, restart = next(turns)
                restart()
                restarts[what] = restarts.get(what, 0) + 1
                restart_at = at + RESTART_SECONDS
            if at >= sample_at:
                for kind in KINDS:
                    for program in supervisor.running(kind):
                        lives.see(program, at)
                sample_at = at + SAMPLE_SECONDS
            _ask(site)
            say(f"{len(waves)} waves, {sum(restarts.values())} restarts", at / minutes / 60)
            time.sleep(0.5)
        say("settling", 1)
        check.settle(site)
        whole = Wire(
            tuple(story for each in waves for story in each.stories),
            tuple(raw for each in waves for raw in each.damaged),
            tuple(delivery for each in waves for delivery in each.deliveries),
        )
        say("comparing", 1)
        differences = [
            *check.index_differences(whole, site.settings),
            *check.letter_differences(whole, site.settings),
            *check.alert_differences(whole, site.settings),
            *check.web_differences(whole, site),
            *over_bounds(supervisor.peaks),
        ]
    except check.NotSettled as error:
        differences = [f"not settled: {error}"]
    finally:
        supervisor.stop()
    return Soaked(sum(len(each.stories) for each in waves), restarts, lives, differences)


def _restarts(
    supervisor: Supervisor, running: Servers
) -> Iterator[tuple[str, Callable[[], object]]]:
    """Yield a restart of each kind of process, gently and by SIGKILL, and of both servers."""

    def end(kind: str, act: Callable[[Program], object]) -> None:
        for program in supervisor.running(kind)[:1]:  # the supervisor starts it again
            act(program)

    def again(server: Server) -> None:
        server.kill()
        server.start()

    for how, act in (("stopped", Program.ask_to_stop), ("killed", Program.strike)):
        for kind in KINDS:
            yield f"{kind} {how}", partial(end, kind, act)
    yield "Kafka killed", partial(again, running.kafka)
    yield "Elasticsearch killed", partial(again, running.elasticsearch)


def _ask(site: Site) -> None:
    """Ask the page something, as readers do."""
    with suppress(httpx.HTTPError):
        httpx.get(f"http://127.0.0.1:{site.web_port}/api/search", timeout=5)


def _gain(life: list[tuple[float, float, int]], column: int) -> float:
    third = len(life) // 3
    used = [sample[column] for sample in life]
    return (sum(used[-third:]) - sum(used[:third])) / third
