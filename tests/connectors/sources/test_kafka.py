"""A topic of another cluster as a source: every record from the cursor's offset on."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from kafka import KafkaProducer

from config.feeds import Feed
from connectors.cursor import Cursor
from connectors.feed.reading import read
from connectors.sources import Delivery, Progress, Refused
from connectors.sources.kafka import Kafka, KafkaOptions
from pipeline.wire.errors import SourceUnavailable
from tests.connectors.sources.polls import take, texts
from tests.integration import topics
from tests.servers import engine


@pytest.fixture(scope="module")
def brokers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The other cluster."""
    with engine("embedded", tmp_path_factory.mktemp("other")) as running:
        yield running.brokers


@pytest.fixture
def topic(brokers: str) -> str:
    """A topic of two partitions."""
    name = f"other-{uuid4().hex[:8]}"
    topics.create(brokers, name, partitions=2)
    return name


def send(brokers: str, topic: str, *values: bytes | None, partition: int = 0) -> None:
    producer = KafkaProducer(bootstrap_servers=brokers, acks="all")
    for value in values:
        producer.send(topic, key=b"k", value=value, partition=partition).get(timeout=30)
    producer.close()


def source(brokers: str, topic: str, **options: Any) -> Kafka:
    return Kafka(KafkaOptions(brokers=brokers, topic=topic, **options))


def drain(kafka: Kafka, cursor: Cursor) -> list[Any]:
    """Polls, acknowledged, until there is no more."""
    found = take(kafka, cursor)
    while not kafka.settled():
        found += take(kafka, cursor)
    return found


def test_records_once(brokers: str, topic: str, cursor: Cursor) -> None:
    """Every record of every partition comes once, also to a next process."""
    send(brokers, topic, b"one", b"two")
    send(brokers, topic, b"other", partition=1)
    kafka = source(brokers, topic)
    found = texts(drain(kafka, cursor))
    assert sorted(found) == [b"one", b"other", b"two"]
    assert found.index(b"one") < found.index(b"two")
    send(brokers, topic, b"three")
    assert texts(drain(kafka, cursor)) == [b"three"]
    kafka.close()
    send(brokers, topic, b"four")
    again = source(brokers, topic)
    assert texts(drain(again, cursor)) == [b"four"]
    again.close()


@pytest.mark.parametrize("prefix", [b"", b"\x00\x00\x00\x00\x07"])
def test_a_topic_in_another_schema(brokers: str, topic: str, cursor: Cursor, prefix: bytes) -> None:
    """The documented example reads a newsroom's records, also behind a schema's number."""
    docs = (Path(__file__).parents[3] / "docs" / "feeds.md").read_text(encoding="utf-8")
    table = docs.partition("[feeds.newsroom]")[2].partition("```")[0]
    options = tomllib.loads(f"[feeds.newsroom]{table}")["feeds"]["newsroom"]
    paths = {name: (path,) for name, path in options["map"].items()}
    record = (
        b'{"article": {"key": "ferry-1", "rev": 2, "title": "Ferry sails", "blocks":'
        b' [{"text": "The ferry sails again."}, {"text": "It is new."}]}, "state": "published",'
        b' "changed_ms": 1772445600000}'
    )
    send(brokers, topic, prefix + record)
    kafka = source(brokers, topic)
    (delivery,) = [each for each in drain(kafka, cursor) if isinstance(each, Delivery)]
    kafka.close()
    feed = Feed(
        name="newsroom", source="kafka", format="mapped", agency=options["agency"], map=paths
    )
    (story,) = read(feed, delivery).stories
    assert (story.id, story.version, story.status) == ("Example Newsroom:ferry-1", 2, "usable")
    assert story.body == "The ferry sails again.\n\nIt is new."
    assert story.version_created == datetime(2026, 3, 2, 10, tzinfo=UTC)


def test_unacknowledged_records_come_again(brokers: str, topic: str, cursor: Cursor) -> None:
    """Records that were polled and not acknowledged are polled again, with the same consumer."""
    send(brokers, topic, b"one", b"two")
    kafka = source(brokers, topic)
    found: list[bytes] = []
    while not found:
        found = texts(list(kafka.poll(cursor)))
    assert texts(drain(kafka, cursor)) == [b"one", b"two"]
    kafka.close()


def test_from_the_end_on(brokers: str, topic: str, cursor: Cursor) -> None:
    """A feed that starts at the end gets what comes after its first poll, over a restart too."""
    send(brokers, topic, b"old")
    first = source(brokers, topic, start="latest")
    assert texts(drain(first, cursor)) == []
    first.close()
    send(brokers, topic, b"new")
    second = source(brokers, topic, start="latest")
    assert texts(drain(second, cursor)) == [b"new"]
    second.close()


def test_records_that_are_no_delivery(brokers: str, topic: str, cursor: Cursor) -> None:
    """A record without value is passed over, one over max_bytes is named."""
    send(brokers, topic, None, b"x" * 101, b"small")
    kafka = source(brokers, topic, max_bytes=100)
    empty, huge, _ = items = drain(kafka, cursor)
    assert isinstance(empty, Progress)
    assert isinstance(huge, Refused)
    assert huge.name == f"{topic}/0/1"
    assert texts(items) == [b"small"]
    kafka.close()


def test_no_such_topic(brokers: str, cursor: Cursor) -> None:
    """A topic that is not there is a failure of the source."""
    with pytest.raises(SourceUnavailable, match="no such topic"):
        take(source(brokers, "nothing"), cursor)


def test_no_such_cluster(cursor: Cursor) -> None:
    """A cluster that does not answer is a failure of the source."""
    with pytest.raises(SourceUnavailable, match=r"127\.0\.0\.1:9"):
        take(source("127.0.0.1:9", "topic", timeout_seconds=0.5), cursor)
