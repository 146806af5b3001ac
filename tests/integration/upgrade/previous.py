"""The older commit: its code, and what an installation of it held."""

from __future__ import annotations

import io
import json
import sqlite3
import subprocess
import tarfile
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from elasticsearch import Elasticsearch
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.structs import OffsetAndMetadata

from tests.integration.wire import ROOT, Wire

COMMIT = "7994092e54a5aa2a40260b36ab5002860d56412b"
"""Before users, events, topics and terms of licence: mapping 3, and the records of that time."""
FILE = Path(__file__).with_name("previous.json")
FIRST = (
    "bridge-1.ninjs.json",
    "water-treaty-1.txt",
    "water-treaty-3.txt",
    "vienna-sketchbook.iptc",
)
THEN = ("bridge-2-kill.ninjs.json", "science-embargoed.ninjs.json")
WAITING = ("valparaiso-port-1.nitf.xml", "water-treaty-2.txt")
"""Deliveries of the demo that the installation got: first, then, and when its worker was down."""
DATABASES = ("cursors.sqlite", "alerts.sqlite")


def checkout(folder: Path) -> Path | None:
    """Unpack the commit's code into a folder; None where this checkout has no such history."""
    packed = subprocess.run(["git", "archive", COMMIT], cwd=ROOT, capture_output=True, check=False)
    if packed.returncode:
        return None
    with tarfile.open(fileobj=io.BytesIO(packed.stdout)) as archive:
        archive.extractall(folder, filter="data")
    return folder


@dataclass(frozen=True, slots=True)
class State:
    """What an installation holds, with its prefix and folder named by `PREFIX` and `FOLDER`."""

    topics: list[dict[str, Any]]
    offsets: dict[str, list[int]]
    """What the group has committed, by topic."""
    indices: dict[str, Any]
    documents: list[dict[str, Any]]
    databases: dict[str, list[str]]
    """The statements that make each SQLite file."""

    @staticmethod
    def load(wire: Wire) -> State:
        """Read the fixture, as an installation in the place of `wire` would have it."""
        text = FILE.read_text(encoding="utf-8")
        text = text.replace("PREFIX", wire.prefix).replace("FOLDER", str(wire.folder))
        return State(**json.loads(text))

    def save(self, wire: Wire) -> None:
        """Write the fixture."""
        text = json.dumps({name: getattr(self, name) for name in self.__slots__}, indent=1)
        text = text.replace(wire.prefix, "PREFIX").replace(str(wire.folder), "FOLDER")
        FILE.write_text(text + "\n", encoding="utf-8")

    @staticmethod
    def of(wire: Wire) -> State:
        """Read what an installation holds now; its processes are stopped."""
        return State(
            _records(wire),
            _offsets(wire),
            *_indices(wire),
            {name: _statements(wire.folder / name) for name in DATABASES},
        )

    def restore(self, wire: Wire) -> None:
        """Put it back, as if the installation had been there."""
        _restore_kafka(self, wire)
        with Elasticsearch(wire.engine.elasticsearch_url) as client:
            for name, index in self.indices.items():
                client.indices.create(index=name, **index)
            for each in self.documents:
                client.index(version_type="external", **each)
            client.indices.refresh(index=",".join(self.indices))
        for name, statements in self.databases.items():
            with closing(sqlite3.connect(wire.folder / name)) as db:
                db.executescript("\n".join(statements))


def _places(wire: Wire, topics: list[str]) -> list[TopicPartition]:
    return [TopicPartition(topic, n) for topic in topics for n in range(wire.partitions)]


def _topics(wire: Wire) -> list[str]:
    consumer = KafkaConsumer(bootstrap_servers=wire.engine.brokers)
    try:
        return sorted(t for t in consumer.topics() if t.startswith(f"{wire.prefix}."))
    finally:
        consumer.close()


def _records(wire: Wire) -> list[dict[str, Any]]:
    return [
        {
            "topic": topic,
            "partition": record.partition,
            "key": record.key.decode(),
            "value": record.value.decode(),
            "headers": {name: value.decode() for name, value in record.headers},
            "timestamp_ms": record.timestamp,
        }
        for topic in _topics(wire)
        for record in wire.messages(topic)
    ]


def _offsets(wire: Wire) -> dict[str, list[int]]:
    admin = KafkaAdminClient(bootstrap_servers=wire.engine.brokers)
    try:
        committed = admin.list_group_offsets([wire.prefix])[wire.prefix]
    finally:
        admin.close()
    return {
        topic: [
            max(0, committed[place].offset) if place in committed else 0
            for place in _places(wire, [topic])
        ]
        for topic in _topics(wire)
    }


def _indices(wire: Wire) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    indices, documents = {}, []
    with Elasticsearch(wire.engine.elasticsearch_url) as client:
        for name, index in client.indices.get(index=f"{wire.prefix}*").items():
            client.indices.refresh(index=name)
            indices[name] = {"mappings": index["mappings"], "aliases": index["aliases"]}
            hits = client.search(index=name, size=1000, version=True)["hits"]["hits"]
            documents += [
                {"index": name, "id": h["_id"], "version": h["_version"], "document": h["_source"]}
                for h in hits
            ]
    return indices, documents


def _statements(file: Path) -> list[str]:
    if not file.exists():
        return []
    with closing(sqlite3.connect(file)) as db:
        return list(db.iterdump())


def _restore_kafka(state: State, wire: Wire) -> None:
    admin = KafkaAdminClient(bootstrap_servers=wire.engine.brokers)
    producer = KafkaProducer(bootstrap_servers=wire.engine.brokers)
    consumer = KafkaConsumer(
        bootstrap_servers=wire.engine.brokers, group_id=wire.prefix, enable_auto_commit=False
    )
    try:
        one = {"num_partitions": wire.partitions, "replication_factor": 1}
        admin.create_topics(dict.fromkeys(state.offsets, one), wait_for_metadata=True)
        for record in state.topics:
            headers = [(name, value.encode()) for name, value in record["headers"].items()]
            told = {name: record[name] for name in ("topic", "partition", "timestamp_ms")}
            key, value = record["key"].encode(), record["value"].encode()
            producer.send(key=key, value=value, headers=headers, **told).get(30)
        offsets = {
            TopicPartition(topic, n): OffsetAndMetadata(offset, "", -1)
            for topic, committed in state.offsets.items()
            for n, offset in enumerate(committed)
        }
        consumer.assign(list(offsets))
        consumer.commit(offsets)  # it waits for the coordinator of a broker's first group
    finally:
        consumer.close()
        producer.close()
        admin.close()
