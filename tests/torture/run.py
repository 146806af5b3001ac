"""One run: the same deliveries once in calm and once in the storm, then the comparison."""

from __future__ import annotations

import logging
import os
import random
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

from newswire.servers.process import folder_for_servers, free_port
from pipeline.setup import setup
from tests.servers import Elasticsearch, Kafka, Server
from tests.servers.quick import QuickElasticsearch, QuickKafka
from tests.torture import check
from tests.torture.faults import KILLS, Driver, all_faults
from tests.torture.links import Links
from tests.torture.model import Wire, wire
from tests.torture.programs import Peak, Supervisor
from tests.torture.site import Site

log = logging.getLogger(__name__)

DISK_MEGABYTES = 16
CALM_SECONDS = 90.0

BOUNDS = {
    "connector": Peak(megabytes=400, threads=60, files=120),
    "worker": Peak(megabytes=400, threads=60, files=120),
    "alerts": Peak(megabytes=400, threads=60, files=120),
    "web": Peak(megabytes=400, threads=60, files=160),
    "NLP process": Peak(megabytes=300, threads=40, files=60),
}
"""What a process may use at most, whatever it goes through."""

Say = Callable[[str, float], None]
"""Told what is going on, and 0 to 1 how far it is."""


@dataclass
class Result:
    """What a run came to."""

    seed: int
    stories: int
    versions: int
    deliveries: int
    damaged: int
    faults: dict[str, int] = field(default_factory=dict)
    operations: dict[str, int] = field(default_factory=dict)
    restarts: int = 0
    repairs: int = 0
    settled_seconds: float = 0.0
    seconds: float = 0.0
    peaks: dict[str, dict[str, float]] = field(default_factory=dict)
    pauses: dict[str, float] = field(default_factory=dict)
    """On a cluster: the longest time from a file to its story's being found, by fault."""
    differences: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    """Of the torture itself: a fault that could not be brought or taken back."""
    commit: str = "?"
    """Of the code that was run."""


@dataclass(frozen=True, slots=True)
class Servers:
    """Real Kafka with a listener for each party, and real Elasticsearch."""

    kafka: Kafka
    elasticsearch: Elasticsearch
    behind: tuple[int, int]
    """The broker's ports for connectors and workers, each behind a proxy ..."""
    before: tuple[int, int]
    """... that listens on these: what the broker tells its clients."""


@contextmanager
def servers() -> Iterator[Servers]:
    """Both servers, running; ended at the end.

    Raises:
        Missing, StartFailed: see `tests.servers`.
    """
    with folder_for_servers() as folder, ExitStack() as stack:
        behind, before = (free_port(), free_port()), (free_port(), free_port())
        kafka = QuickKafka(
            folder / "kafka",
            settings={"log.cleaner.backoff.ms": "500"},
            further={
                name: (behind[n], before[n]) for n, name in enumerate(("CONNECTORS", "WORKERS"))
            },
        )
        elasticsearch = QuickElasticsearch(folder / "elasticsearch")
        both: tuple[Server, ...] = (kafka, elasticsearch)
        for server in both:
            stack.callback(server.stop)
        with ThreadPoolExecutor() as pool:
            for started in [pool.submit(server.start) for server in both]:
                started.result()
        yield Servers(kafka, elasticsearch, behind, before)


@contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """A folder on a small file system of its own where this user may mount one."""
    folder.mkdir(parents=True)
    mounted = False
    if os.geteuid() == 0 and shutil.which("mount"):
        size = f"size={DISK_MEGABYTES}m"
        done = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", size, "tmpfs", str(folder)], capture_output=True
        )
        mounted = done.returncode == 0
    try:
        yield folder
    finally:
        if mounted:
            subprocess.run(["umount", "--lazy", str(folder)], check=False)


def torture(
    running: Servers, folder: Path, seed: int, stories: int, seconds: float, every: float, say: Say
) -> Result:
    """One seed: its wire in calm, then in a storm of so many seconds, then the comparison."""
    began = time.monotonic()
    made = wire(seed, stories)
    result = Result(
        seed,
        len(made.stories),
        sum(len(story.versions) for story in made.stories),
        len(made.deliveries),
        len(made.damaged),
    )
    name = f"torture-{seed}-{int(time.time()) % 100_000}"
    say("calm run", 0)
    try:
        calm = _calm(running, folder / f"{name}-calm", f"{name}-calm", made)
        _storm(running, folder / name, name, made, calm, seconds, every, say, result)
    except check.NotSettled as error:
        result.differences.append(f"not settled: {error}")
    except Exception as error:
        # Nothing was compared: that proves nothing, and the next seed may still be run.
        log.exception("the torture failed", extra={"seed": seed})
        result.differences.append(f"not compared: {error!r}")
    result.seconds = round(time.monotonic() - began, 1)
    return result


def _calm(running: Servers, folder: Path, name: str, made: Wire) -> dict[str, bytes]:
    """The documents of a run in which nothing goes wrong."""
    direct = dict.fromkeys(("connectors", "workers", "operator"), running.kafka.address)
    url = dict.fromkeys(direct, running.elasticsearch.address)
    site = Site(name, folder, folder / "data", direct, url)
    setup(site.settings)
    supervisor = Supervisor(site.environ("operator"), folder)
    try:
        site.drop(made.deliveries)
        site.begin(supervisor)
        check.settle(site, CALM_SECONDS)
        return check.documents(site.settings)
    finally:
        supervisor.stop()


def _storm(
    running: Servers,
    folder: Path,
    name: str,
    made: Wire,
    calm: dict[str, bytes],
    seconds: float,
    every: float,
    say: Say,
    result: Result,
) -> None:
    rng = random.Random(f"faults {result.seed}")
    answers = random.Random(f"answers {result.seed}")  # drawn from in a thread of the links
    links = Links(running.behind, running.elasticsearch.address, running.before, answers)
    with links.open(), small_disk(folder / "data") as data_dir:
        site = Site(
            name,
            folder,
            data_dir,
            {
                "connectors": f"127.0.0.1:{links.port('connectors to broker')}",
                "workers": f"127.0.0.1:{links.port('workers to broker')}",
                "operator": running.kafka.address,
            },
            {
                "connectors": "http://127.0.0.1:9",  # they have no business there
                "workers": f"http://127.0.0.1:{links.port('workers to index')}",
                "operator": running.elasticsearch.address,
            },
        )
        setup(site.settings)
        supervisor = Supervisor(site.environ("operator"), folder)
        driver = Driver(
            all_faults(rng, site, supervisor, links, running.kafka, running.elasticsearch),
            rng,
            every,
            required=KILLS,
        )
        supervisor.start()
        try:
            site.begin(supervisor)
            waiting = list(made.deliveries)

            def also(part: float) -> None:
                while waiting and waiting[0].at <= part * 1.1:
                    site.drop([waiting.pop(0)])
                say(f"storm: {sum(driver.struck.values())} faults", part)

            driver.run(seconds, also)
            links.heal()
            say("settling", 1)
            result.settled_seconds = round(check.settle(site), 1)
            say("comparing", 1)
            result.differences += [f"the storm had no: {kind}" for kind in driver.missed]
            result.differences += differences(site, supervisor, made, calm)
        finally:
            supervisor.stop()
            result.faults = dict(driver.struck)
            result.operations = dict(driver.operations)
            result.notes += driver.failures
            result.restarts, result.repairs = supervisor.restarts, supervisor.repairs
            result.peaks = {kind: asdict(peak) for kind, peak in supervisor.peaks.items()}
            result.differences += over_bounds(supervisor.peaks)


def differences(
    site: Site, supervisor: Supervisor, made: Wire, calm: Mapping[str, bytes] | None = None
) -> Iterator[str]:
    """Yield what differs from the model at rest, then on the topic alone, then in a new index.

    Its workers end here.
    """
    yield from check.index_differences(made, site.settings, calm)
    yield from check.event_differences(site.settings)
    yield from check.letter_differences(made, site.settings)
    yield from check.alert_differences(made, site.settings)
    yield from check.web_differences(made, site)
    proved = supervisor.command("prove")
    if proved.returncode:
        yield f"newswire prove: {proved.stdout} {proved.stderr}".strip()
    for worker in supervisor.running("worker"):
        supervisor.drop(worker.name)
    yield from check.topic_differences(made, site.settings)
    done = supervisor.command("reindex")
    if done.returncode:
        yield f"newswire reindex: {done.stderr.strip()}"
    for rebuilt in check.index_differences(made, site.settings, calm):
        yield f"rebuilt {rebuilt}"
    for rebuilt in check.event_differences(site.settings):
        yield f"rebuilt {rebuilt}"


def over_bounds(peaks: dict[str, Peak]) -> Iterator[str]:
    """Yield what processes have used beyond BOUNDS."""
    for kind, peak in peaks.items():
        for what, value in asdict(peak).items():
            if value > getattr(BOUNDS[kind], what):
                yield f"resources: a {kind} used {value:.0f} {what}"
