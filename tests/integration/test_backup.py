"""A restore as docs/operations.md says it: the enriched topic, `setup`, `reindex`, compared."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from kafka import KafkaProducer
from typer.testing import CliRunner

from config.settings import Settings, load
from newswire.__main__ import app
from pipeline.index.client import connect_sync
from pipeline.index.writer import Write
from pipeline.kafka.messages import Record
from pipeline.kafka.reading import open_reader
from pipeline.setup import setup
from pipeline.stream.enriching import enriched_message
from pipeline.stream.indexing import STAMPS, to_write
from pipeline.wire.enriched import Enriched, Provenance
from pipeline.wire.story import Status, Story
from pipeline.wire.topics import Topics
from tests.servers import Engine

PROVENANCE = Provenance(pipeline="t", model="none", gazetteer="none", revision=1)
STORIES = [
    *(Story(id=f"TW:{n}", version=v, body=f"text {n} {v}") for n in range(5) for v in (1, 2)),
    Story(id="TW:0", version=3, status=Status.WITHDRAWN),
]


def environ(engine: Engine, prefix: str, folder: Path) -> dict[str, str]:
    """An installation of its own on the engine."""
    return {
        "NEWSWIRE_DATA_DIR": str(folder),
        "NEWSWIRE_KAFKA__BROKERS": engine.brokers,
        "NEWSWIRE_ELASTICSEARCH__URL": engine.elasticsearch_url,
        "NEWSWIRE_TOPICS__PREFIX": prefix,
        "NEWSWIRE_TOPICS__PARTITIONS": "2",
        "NEWSWIRE_ELASTICSEARCH__INDEX": prefix,
    }


def records(settings: Settings) -> list[Record]:
    """What the enriched topic holds."""
    with open_reader(settings.kafka) as reader:
        spans = reader.spans([Topics(settings.topics.prefix).enriched])
        return [record for batch in reader.read(spans) for record in batch]


def produce(settings: Settings, sent: list[tuple[bytes, bytes, Any, int | None]]) -> None:
    """Records onto the enriched topic."""
    producer = KafkaProducer(bootstrap_servers=list(settings.kafka.brokers))
    topic = Topics(settings.topics.prefix).enriched
    for key, value, headers, partition in sent:
        producer.send(topic, key=key, value=value, headers=headers, partition=partition).get(30)
    producer.close()


def documents(settings: Settings) -> dict[str, tuple[int, dict[str, Any]]]:
    """Every document of the index, without what says when and from where it was made."""
    with connect_sync(settings.elasticsearch) as client:
        client.indices.refresh(index=settings.elasticsearch.index)
        hits = client.search(index=settings.elasticsearch.index, size=100, version=True)
    return {
        hit["_id"]: (
            hit["_version"],
            {key: value for key, value in hit["_source"].items() if key not in STAMPS},
        )
        for hit in hits["hits"]["hits"]
    }


def index(settings: Settings, writes: list[Write]) -> None:
    """Documents as the worker writes them."""
    with connect_sync(settings.elasticsearch) as client:
        for write in writes:
            client.options(ignore_status=409).index(
                index=f"{settings.elasticsearch.index}-write",
                id=write.id,
                document=write.document,
                version=write.version,
                version_type="external",
            )


def test_a_backup_of_the_topic_brings_every_document_back(
    engine: Engine, prefix: str, tmp_path: Path
) -> None:
    """On an empty cluster the restored index equals the first, kills and versions too."""
    first = load(environ=environ(engine, prefix, tmp_path / "first"))
    setup(first)
    topics = Topics(prefix)
    messages = [enriched_message(topics, Enriched(story=s, provenance=PROVENANCE)) for s in STORIES]
    produce(first, [(m.key or b"", m.value, m.headers, None) for m in messages])
    backup = records(first)
    index(first, [to_write(record, ()) for record in backup])
    before = documents(first)
    assert len(before) == 5
    assert before["TW:0"][1]["status"] == Status.WITHDRAWN

    other = environ(engine, f"{prefix}-restored", tmp_path / "second")
    second = load(environ=other)
    setup(second)
    produce(
        second,
        [
            (
                to_write(record, ()).id.encode(),
                record.value,
                [(name, value.encode()) for name, value in record.headers.items()],
                record.partition,
            )
            for record in backup
        ],
    )
    done = CliRunner().invoke(app, ["reindex"], env=other, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    assert documents(second) == before
