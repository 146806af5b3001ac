"""The system under measurement: servers, topics, index and workers, and what they cost."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from elasticsearch import Elasticsearch

from config.settings import Settings, load
from connectors.publish import story_record
from pipeline.index.history import history_index
from pipeline.kafka.publisher import Publisher
from pipeline.setup import setup
from pipeline.wire.story import Story
from pipeline.wire.topics import Topics
from tests.servers import Engine

ROOT = Path(__file__).resolve().parents[2]
TICK = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")
LONGEST = 1800.0


@dataclass(frozen=True, slots=True)
class Rig:
    """Topics and index of their own on an engine that others may share."""

    engine: Engine
    settings: Settings
    environ: Mapping[str, str]
    folder: Path

    def publish(self, stories: Sequence[Story], backfill: bool = False) -> None:
        """Onto the topics, acknowledged, as a connector does."""
        publisher = Publisher(self.settings.kafka)
        topics = Topics(self.settings.topics.prefix)
        for at in range(0, len(stories), 500):
            some = stories[at : at + 500]
            publisher.publish([story_record(topics, s, "bench", backfill) for s in some])
        publisher.close()

    def indexed(self) -> int:
        """Documents that can be found."""
        with Elasticsearch(self.engine.elasticsearch_url) as client:
            return int(client.count(index=self.settings.elasticsearch.index)["count"])

    def newest(self, version: int) -> int:
        """Documents that can be found in this version."""
        with Elasticsearch(self.engine.elasticsearch_url) as client:
            found = client.count(
                index=self.settings.elasticsearch.index, query={"term": {"version": version}}
            )
            return int(found["count"])

    def kept_bytes(self) -> dict[str, int]:
        """Bytes on disk of each topic's segments, where the broker keeps any, and of each index."""
        prefix, base = self.settings.topics.prefix, self.settings.elasticsearch.index
        data = self.engine.broker.folder / "data"
        kept = {
            f"topic{topic.removeprefix(prefix)}": sum(
                path.stat().st_size for path in data.glob(f"{topic}-[0-9]*/*.log")
            )
            for topic in Topics(prefix).all()
        }
        with Elasticsearch(self.engine.elasticsearch_url) as client:
            for name, index in (("index", base), ("history", history_index(base))):
                found = client.indices.stats(index=index, metric="store")["_all"]["primaries"]
                kept[name] = found["store"]["size_in_bytes"]
        return {name: size for name, size in kept.items() if size}

    def worker(self, *module: str) -> AbstractContextManager[subprocess.Popen[bytes]]:
        """A worker, ended afterwards: `pipeline` or a stand-in."""
        return self.process(*(module or ("pipeline",)))

    @contextmanager
    def process(self, *module: str, **environ: str) -> Iterator[subprocess.Popen[bytes]]:
        """A module that runs with these settings and perhaps others, ended afterwards."""
        log = (self.folder / f"{module[0]}-{uuid4().hex[:6]}.log").open("wb")
        process = subprocess.Popen(
            [sys.executable, "-m", *module],
            cwd=ROOT, env={**os.environ, **self.environ, **environ}, stdout=log, stderr=log,
        )  # fmt: skip
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(60)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(10)
            log.close()


@contextmanager
def rig(engine: Engine, folder: Path, **environ: str) -> Iterator[Rig]:
    """A system with topics and an index of its own, nothing running yet."""
    name = f"bench-{uuid4().hex[:8]}"
    own = {
        "NEWSWIRE_KAFKA__BROKERS": engine.brokers,
        "NEWSWIRE_KAFKA__GROUP": name,
        "NEWSWIRE_TOPICS__PREFIX": name,
        "NEWSWIRE_ELASTICSEARCH__URL": engine.elasticsearch_url,
        "NEWSWIRE_ELASTICSEARCH__INDEX": name,
        "NEWSWIRE_DATA_DIR": str(folder / name),
        "NEWSWIRE_LOGGING__LEVEL": "WARNING",
        "NEWSWIRE_ENRICHMENT__PROCESSES": "1",
        **environ,
    }
    gazetteer = ROOT / "var" / "gazetteer"
    (folder / name).mkdir(parents=True)
    if gazetteer.exists():
        (folder / name / "gazetteer").symlink_to(gazetteer)
    settings = load(environ=own)
    setup(settings)
    yield Rig(engine, settings, own, folder)


def until(condition: Callable[[], bool], seconds: float = LONGEST, every: float = 0.25) -> float:
    """Wait for a condition; the moment that it held, on the monotonic clock.

    To look costs the servers something too: a count of documents is a search.

    Raises:
        TimeoutError: it did not hold in time.
    """
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"nothing after {seconds:.0f} s")
        time.sleep(every)
    return time.monotonic()


def quantile(seconds: Sequence[float], share: float) -> float:
    """What this share of them does not exceed."""
    return sorted(seconds)[min(len(seconds) - 1, int(share * len(seconds)))]


def cpu_seconds(pid: int) -> float:
    """Processor time of one process so far."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(map(int, fields[11:13])) / TICK


def server_seconds(engine: Engine) -> tuple[float, float]:
    """Processor time of broker and index so far; of both as the broker's where they are one."""
    total: dict[int, float] = {}
    for path in Path("/proc").glob("[0-9]*"):
        try:
            fields = (path / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        group = int(fields[2])
        total[group] = total.get(group, 0.0) + sum(map(int, fields[11:13])) / TICK
    broker, index = engine.broker.group, engine.index.group
    return total.get(broker, 0.0), 0.0 if broker == index else total.get(index, 0.0)


def rss_bytes(pid: int) -> int:
    """Resident memory of a process, without its children; what it shares with others counts."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE
    except OSError:
        return 0


def family(pid: int) -> list[int]:
    """A process and its live descendants."""
    try:
        tasks = Path(f"/proc/{pid}/task").iterdir()
        children = [
            int(child) for task in tasks for child in (task / "children").read_text().split()
        ]
    except OSError:
        return []
    return [pid, *(one for child in children for one in family(child))]
