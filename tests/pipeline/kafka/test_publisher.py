"""Records to Kafka: acknowledged all, or none of them counts."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar

import pytest
from kafka.errors import KafkaConnectionError, KafkaTimeoutError, MessageSizeTooLargeError

from config.settings import Kafka
from connectors.publish import letter_record, story_record
from pipeline.kafka import publisher as publishing
from pipeline.kafka import reading
from pipeline.kafka.messages import Message, too_large
from pipeline.kafka.publisher import Publisher
from pipeline.wire.deadletter import dead_letter
from pipeline.wire.errors import BrokerUnavailable, ParseError, RecordsTooLarge, SetupError
from pipeline.wire.story import Story
from pipeline.wire.topics import Topics, read_headers

RECORDS = [Message("wire.stories", b"key", b"%d" % number, []) for number in range(3)]


class Sent:
    """Where a record is said to be, or why it is not."""

    topic, partition = "wire.stories", 0

    def __init__(self, offset: int, error: Exception | None) -> None:
        self.offset = offset
        self.error = error

    def get(self, timeout: float) -> Sent:
        if self.error:
            raise self.error
        return self


class Producer:
    """A producer that acknowledges, or fails at one record."""

    made: ClassVar[list[Producer]] = []
    fails: ClassVar[dict[int, Exception]] = {}

    def __init__(self, **options: Any) -> None:
        self.options = options
        self.sent: list[bytes] = []
        self.closed = False
        self.made.append(self)

    def send(self, topic: str, key: bytes, value: bytes, headers: Any) -> Sent:
        self.sent.append(value)
        offset = len(self.sent) - 1
        return Sent(offset, self.fails.pop(offset, None))

    def flush(self, timeout: float) -> None:
        """Counts failed records as done too, as Kafka's own does."""

    def close(self, timeout: float) -> None:
        self.closed = True


@pytest.fixture
def producer(monkeypatch: pytest.MonkeyPatch) -> type[Producer]:
    """Kafka's producer, replaced."""
    monkeypatch.setattr(Producer, "made", [])
    monkeypatch.setattr(Producer, "fails", {})
    monkeypatch.setattr(publishing, "KafkaProducer", Producer)
    return Producer


def test_tells_the_highest_offset(producer: type[Producer]) -> None:
    """The offsets that the broker gave come back, the highest of each partition."""
    publisher = Publisher(Kafka())
    assert publisher.publish(RECORDS) == {("wire.stories", 0): range(3)}
    assert publisher.publish(RECORDS) == {("wire.stories", 0): range(3, 6)}
    assert len(producer.made) == 1
    assert producer.made[0].options["acks"] == "all"
    assert producer.made[0].options["enable_idempotence"] is True


def test_one_failure_fails_the_batch(producer: type[Producer]) -> None:
    """A record that is not acknowledged fails the whole batch, and a new producer is made."""
    producer.fails = {1: KafkaTimeoutError("no answer")}
    publisher = Publisher(Kafka())
    with pytest.raises(BrokerUnavailable, match="does not answer"):
        publisher.publish(RECORDS)
    assert producer.made[0].closed
    publisher.publish(RECORDS)
    assert len(producer.made) == 2


def test_record_that_the_broker_finds_too_long(producer: type[Producer]) -> None:
    """When a topic takes less than we send, it is said which records it does not take."""
    producer.fails = {1: MessageSizeTooLargeError()}
    with pytest.raises(RecordsTooLarge) as refused:
        Publisher(Kafka()).publish(RECORDS)
    assert refused.value.numbers == {1}


def test_in_place_of_what_is_too_long() -> None:
    """A record too large is dead-lettered with its bytes; a letter too large keeps half of them."""
    topics = Topics("wire")
    story = story_record(topics, Story(id="AP:1", feed="ap", body="x" * 100), "1.xml")
    letter = too_large(topics, story)
    told = read_headers(letter.headers)
    assert (letter.topic, letter.value) == (topics.deadletter, story.value)
    assert (told["stage"], told["topic"], told["feed"]) == ("publish", "wire.stories", "ap")
    assert "max.message.bytes" in told["reason"]
    half = too_large(topics, too_large(topics, letter))
    assert half.value == story.value[: len(story.value) // 2 // 2]
    assert read_headers(half.headers)["raw_bytes"] == str(len(story.value))
    with pytest.raises(SetupError, match=r"wire\.deadletter"):
        too_large(topics, replace(letter, value=b""))


def test_no_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    """A broker that can't be found is named."""

    def nobody(**_: Any) -> None:
        raise KafkaConnectionError

    monkeypatch.setattr(publishing, "KafkaProducer", nobody)
    monkeypatch.setattr(reading, "KafkaConsumer", nobody)
    publisher = Publisher(Kafka(brokers=("wire.example:9092",)))
    with pytest.raises(BrokerUnavailable, match=r"wire\.example:9092"):
        publisher.publish(RECORDS)
    with pytest.raises(BrokerUnavailable, match=r"wire\.example:9092"):
        publisher.end_offsets([("wire.stories", 0)])


def test_story_record() -> None:
    """A story's record is keyed by its id and says in headers whence it came."""
    record = story_record(Topics("wire"), Story(id="AP:1", feed="ap", format="nitf"), "1.xml")
    assert (record.topic, record.key) == ("wire.stories", b"AP:1")
    told = read_headers(record.headers)
    assert (told["feed"], told["format"], told["name"]) == ("ap", "nitf", "1.xml")


def test_long_letter_is_cut() -> None:
    """A dead letter longer than a record may be is cut, and says how long it was."""
    letter = dead_letter(b"x" * 100, "parse", ParseError("damaged"))
    record = letter_record(Topics("wire"), letter, max_bytes=10)
    assert record.value == b"x" * 10
    assert read_headers(record.headers)["raw_bytes"] == "100"
    assert letter_record(Topics("wire"), letter, max_bytes=100).value == b"x" * 100
