"""One wire on a running engine: its topics, its index, its workers, as processes of their own."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from elasticsearch import Elasticsearch
from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition
from kafka.errors import CoordinatorNotAvailableError

from config.settings import Settings, load
from connectors.publish import story_record
from newswire.embedded import evict_members
from pipeline.index.document import Document
from pipeline.index.setup import read_alias
from pipeline.kafka.messages import Message
from pipeline.kafka.publisher import Publisher
from pipeline.setup import setup
from pipeline.wire.deadletter import DeadLetter, read
from pipeline.wire.story import Story
from pipeline.wire.topics import Topics, read_headers
from tests.servers import Engine

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_SECONDS = 60.0
STUB = "tests.fakes.worker_process"


@dataclass
class Wire:
    """A prefix of its own on an engine."""

    engine: Engine
    prefix: str
    folder: Path
    partitions: int = 2
    extra: dict[str, str] = field(default_factory=dict)
    """Further variables of the environment."""
    root: Path = ROOT
    """The checkout whose code runs."""

    @property
    def environ(self) -> dict[str, str]:
        """The settings as the processes get them."""
        return {
            "NEWSWIRE_DATA_DIR": str(self.folder),
            "NEWSWIRE_KAFKA__BROKERS": self.engine.brokers,
            "NEWSWIRE_KAFKA__GROUP": self.prefix,
            "NEWSWIRE_TOPICS__PREFIX": self.prefix,
            "NEWSWIRE_TOPICS__PARTITIONS": str(self.partitions),
            "NEWSWIRE_ELASTICSEARCH__URL": self.engine.elasticsearch_url,
            "NEWSWIRE_ELASTICSEARCH__INDEX": self.prefix,
            "NEWSWIRE_ELASTICSEARCH__REQUEST_TIMEOUT_SECONDS": "5",
            "NEWSWIRE_ENRICHMENT__PROCESSES": "1",
            "NEWSWIRE_WORKER__SESSION_TIMEOUT_SECONDS": "6",
            "NEWSWIRE_EMBEDDED__ENABLED": "false",
            **self.extra,
        }

    @property
    def settings(self) -> Settings:
        """The same, loaded."""
        return load(environ=self.environ)

    @property
    def topics(self) -> Topics:
        """The topics' names."""
        return Topics(self.prefix)

    def setup(self) -> None:
        """Topics and index made ready."""
        setup(self.settings)

    def publish(self, stories: Iterable[Story]) -> None:
        """Stories as a connector publishes them."""
        self.send([story_record(self.topics, story, "test") for story in stories])

    def send(self, records: list[Message]) -> None:
        """Records to their topics, acknowledged."""
        publisher = Publisher(self.settings.kafka)
        try:
            publisher.publish(records)
        finally:
            publisher.close()

    def start(self, *module: str) -> Process:
        """A program of ours, by default the worker with the enricher of the tests."""
        log = self.folder / "worker.log"
        self.folder.mkdir(parents=True, exist_ok=True)
        return Process(
            subprocess.Popen(
                [sys.executable, "-m", *(module or (STUB,))],
                cwd=self.root,
                env={
                    **{k: v for k, v in os.environ.items() if not k.startswith("NEWSWIRE_")},
                    **self.environ,
                },
                stdin=subprocess.DEVNULL,
                stdout=log.open("ab"),
                stderr=subprocess.STDOUT,
                start_new_session=True,
            ),
            log,
        )

    @contextlib.contextmanager
    def worker(self, *module: str) -> Iterator[Process]:
        """A worker that runs until the end, and leaves nothing behind."""
        process = self.start(*module)
        try:
            yield process
        finally:
            process.kill()
            self.bury()

    def bury(self) -> None:
        """What must be done on the embedded engine once a worker was killed."""
        if self.engine.kind == "embedded":
            evict_members(self.settings.kafka)

    def documents(self, index: str | None = None) -> dict[str, Document]:
        """Every document of the index, by id, with its version under "_version"."""
        name = index or read_alias(self.prefix)
        with Elasticsearch(self.engine.elasticsearch_url, request_timeout=30) as client:
            client.indices.refresh(index=name)
            found = client.search(index=name, size=1000, query={"match_all": {}}, version=True)
        return {
            hit["_id"]: {**hit["_source"], "_version": hit["_version"]}
            for hit in found["hits"]["hits"]
        }

    def document(self, story_id: str) -> Document | None:
        """One document."""
        return self.documents().get(story_id)

    def messages(self, topic: str) -> list[Any]:
        """Every message of a topic, partition by partition, in order."""
        consumer = KafkaConsumer(bootstrap_servers=self.engine.brokers, enable_auto_commit=False)
        try:
            places = [TopicPartition(topic, n) for n in range(self.partitions)]
            consumer.assign(places)
            consumer.seek_to_beginning(*places)
            ends = consumer.end_offsets(places)
            read: dict[TopicPartition, list[Any]] = {place: [] for place in places}
            while any(consumer.position(place) < ends[place] for place in places):
                for place, records in consumer.poll(timeout_ms=500).items():
                    read[place].extend(records)
            return [record for place in places for record in read[place]]
        finally:
            consumer.close()

    def enriched(self) -> int:
        """How many records the enriched topic holds."""
        return len(self.messages(self.topics.enriched))

    def dead_letters(self) -> list[DeadLetter]:
        """Every dead letter."""
        return [
            read(message.value, read_headers(message.headers))
            for message in self.messages(self.topics.deadletter)
        ]

    def drained(self) -> bool:
        """Whether the group has taken everything there is."""
        places = [
            TopicPartition(topic, n)
            for topic in self.topics.taken
            for n in range(self.topics.partitions(topic, self.partitions))
        ]
        consumer = KafkaConsumer(bootstrap_servers=self.engine.brokers, enable_auto_commit=False)
        try:
            ends = consumer.end_offsets(places)
        finally:
            consumer.close()
        return self.committed() >= sum(ends.values())

    def committed(self) -> int:
        """How many records the group has taken, over all topics."""
        admin = KafkaAdminClient(bootstrap_servers=self.engine.brokers)
        try:
            offsets = admin.list_group_offsets([self.prefix])[self.prefix]
        except CoordinatorNotAvailableError:  # of a broker's first group, for a moment
            return 0
        finally:
            admin.close()
        return sum(max(0, meta.offset) for meta in offsets.values())

    def forget_offsets(self) -> None:
        """The group starts again from the beginning of every topic; no worker may run."""
        admin = KafkaAdminClient(bootstrap_servers=self.engine.brokers)
        try:
            admin.delete_groups([self.prefix])
        finally:
            admin.close()


@dataclass
class Process:
    """A program of ours at work."""

    process: subprocess.Popen[bytes]
    log: Path

    def told(self) -> str:
        """All that it and those before it have logged."""
        return self.log.read_text(encoding="utf-8", errors="replace")

    def terminate(self, seconds: float = 40.0) -> int:
        """SIGTERM, and its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(seconds)

    def wait(self, seconds: float = PATIENCE_SECONDS) -> int:
        """Its exit code, when it ends by itself."""
        return self.process.wait(seconds)

    def kill(self) -> None:
        """SIGKILL, of the worker alone."""
        self.process.kill()
        self.process.wait()

    @property
    def children(self) -> list[int]:
        """The ids of all processes of its session that are alive."""
        found = []
        for entry in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
                if int(fields[3]) == self.process.pid and fields[0] != "Z":
                    found.append(int(entry.name))
        return found

    def until_gone(self) -> None:
        """Wait until no process of its session is left: those of NLP end after the worker."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while self.children:
            assert time.monotonic() < deadline, self.children
            time.sleep(0.1)

    def until(self, condition: Callable[[], Any], seconds: float = PATIENCE_SECONDS) -> Any:
        """Wait for what must come while it runs; its value."""
        deadline = time.monotonic() + seconds
        while not (value := condition()):
            ended = self.process.poll()
            assert ended is None, f"the worker ended with {ended}:\n{self.told()[-3000:]}"
            assert time.monotonic() < deadline, self.told()[-3000:]
            time.sleep(0.2)
        return value
