"""What Kafka's clients raise, as one sentence."""

from __future__ import annotations

import asyncio

import pytest
from aiokafka import errors as aio
from kafka import errors as kafka_python

from config.settings import Kafka
from pipeline.kafka.errors import ours

KAFKA = Kafka(brokers=("kafka:9092",))


@pytest.mark.parametrize(
    "error",
    [
        aio.KafkaConnectionError("Unable to bootstrap from [('kafka', 9092, 0)]"),
        kafka_python.KafkaTimeoutError("Unable to bootstrap from ['kafka:9092']"),
        aio.RequestTimedOutError(),
        ConnectionRefusedError(111, "Connection refused"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_no_answer_is_said_so(error: Exception) -> None:
    """Where no broker has answered, the sentence says that, and nothing of the library."""
    assert str(asyncio.run(ours(KAFKA, error))) == "Kafka at kafka:9092 does not answer"


def test_an_answer_is_not_silence() -> None:
    """A broker's refusal is named with its own words, without the request that it quotes."""
    error = kafka_python.InvalidReplicationFactorError(
        "Request 'CreateTopicsRequest(version=7, topics=[secret])' failed with response "
        "'CreateTopicsResponse(topics=[CreatableTopicResult(name='wire.stories', error_code=38, "
        "error_message='Unable to replicate the partition 3 time(s): 1 broker is registered.')])'."
    )
    assert str(asyncio.run(ours(KAFKA, error))) == (
        "Kafka at kafka:9092 refused the request: InvalidReplicationFactor: "
        "Unable to replicate the partition 3 time(s): 1 broker is registered."
    )
    bare = kafka_python.InvalidReplicationFactorError()
    assert str(asyncio.run(ours(KAFKA, bare))).endswith("request: InvalidReplicationFactor")
