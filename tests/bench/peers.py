"""Pipelines of other make, each a process that reads the same topic into an index of its own."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from elasticsearch import Elasticsearch

from newswire.servers.artifacts import cache
from pipeline.index.setup import setup_index
from pipeline.wire.topics import Topics
from tests.bench.rig import ROOT, Rig, cpu_seconds, server_seconds, until

QUIX = "quixstreams[elasticsearch]==3.28.1"


@dataclass(frozen=True, slots=True)
class Pace:
    """How quick a pipeline was, and what it cost."""

    rate: float
    """Stories a second."""
    own: float
    """Processor seconds a story of its own process."""
    servers: float
    """The same of Kafka and Elasticsearch."""

    @property
    def costs(self) -> str:
        """Milliseconds of processor time a story, as two columns."""
        return f"{1e3 * self.own:.2f} | {1e3 * self.servers:.2f}"


def own_index(system: Rig, name: str) -> str:
    """An index with newswire's mapping."""
    index = f"{system.settings.elasticsearch.index}-{name}"
    setup_index(system.settings.elasticsearch.model_copy(update={"index": index}))
    return index


def counted(system: Rig, index: str, wanted: int) -> Callable[[], bool]:
    """Whether so many documents can be found in an index."""

    def there() -> bool:
        with Elasticsearch(system.engine.elasticsearch_url) as client:
            return bool(client.count(index=index)["count"] >= wanted)

    return there


def naive(system: Rig, wanted: int, published: int) -> Pace:
    """A Faust agent that indexes story by story: `tests.bench.naive`."""
    command = [sys.executable, "-m", "tests.bench.naive"]
    try:
        return _from_first_found(system, "naive", command, (), wanted, published)
    finally:
        for folder in Path("/tmp").glob(f"naive-{system.settings.elasticsearch.index}*"):
            shutil.rmtree(folder, ignore_errors=True)


def quix(system: Rig, wanted: int, published: int, *model: str) -> Pace:
    """Quix Streams with its Elasticsearch sink, and perhaps a spaCy model: `tests.bench.quix`."""
    # -P: modules of ours beside the script (`requests`) must not hide those of its environment.
    python, script = _environment() / "bin" / "python", Path(__file__).with_name("quix.py")
    command = [str(python), "-P", str(script)]
    return _from_first_found(system, "quix", command, model, wanted, published)


def _from_first_found(
    system: Rig,
    name: str,
    command: Iterable[str],
    options: Iterable[str],
    wanted: int,
    published: int,
) -> Pace:
    """Run a pipeline for some of the stories; its start is not counted."""
    index = own_index(system, name)
    topic = Topics(system.settings.topics.prefix).stories
    log = (system.folder / f"{index}.log").open("wb")
    process = subprocess.Popen(
        [
            *command, system.engine.brokers, system.engine.elasticsearch_url, topic,
            f"{index}-write", *options,
        ],
        cwd=ROOT, env=dict(os.environ), stdout=log, stderr=log,
    )  # fmt: skip

    def started() -> bool:
        if process.poll() is not None:
            raise RuntimeError(f"{name} ended: {Path(log.name).read_text()[-2000:]}")
        return counted(system, index, 1)()

    def spent() -> tuple[float, float]:
        return cpu_seconds(process.pid), sum(server_seconds(system.engine))

    try:
        first, before = until(started), spent()
        with Elasticsearch(system.engine.elasticsearch_url) as client:
            there = int(client.count(index=index)["count"])
        more = max(1, min(wanted, published - there))  # a few stories may all be there at once
        seconds = until(counted(system, index, min(there + more, published))) - first
        own, servers = (b - a for a, b in zip(before, spent(), strict=True))
        return Pace(more / seconds, own / more, servers / more)
    finally:
        process.kill()
        process.wait()
        log.close()


def _environment() -> Path:
    """An environment with Quix Streams, made once; spaCy and its model are those of this one."""
    made = f"{QUIX} {sys.version} {sysconfig.get_path('purelib')}"
    folder = cache() / f"quix-{hashlib.sha256(made.encode()).hexdigest()[:16]}"
    if not (folder / "ready").exists():
        venv.create(folder, clear=True, with_pip=True)
        python = str(folder / "bin" / "python")
        pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, QUIX], check=True)
        found = subprocess.check_output(
            [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"], text=True
        )
        # Behind its own packages, for spaCy and the model.
        here = Path(found.strip()) / "newswire.pth"
        here.write_text(sysconfig.get_path("purelib"), encoding="utf-8")
        (folder / "ready").touch()
    return folder
