"""What every client of Kafka is told."""

from __future__ import annotations

from config.settings import Kafka, Settings
from pipeline.kafka.options import ANSWER_SECONDS, aiokafka_options, client_options

BROKERS = ("kafka-1:9092", "kafka-2:9092", "kafka-3:9092")


def test_every_client_knows_all_brokers() -> None:
    """Any one of them may be down when a client starts."""
    kafka = Kafka(brokers=BROKERS)
    assert client_options(kafka)["bootstrap_servers"] == list(BROKERS)
    assert aiokafka_options(kafka)["bootstrap_servers"] == list(BROKERS)


def test_a_silent_broker_is_left_before_half_a_minute_is_over() -> None:
    """What a story passes one after the other waits for it once at most, and asks who leads."""
    assert aiokafka_options(Kafka())["request_timeout_ms"] <= ANSWER_SECONDS * 1000
    assert Settings().worker.session_timeout_seconds + ANSWER_SECONDS < 30
    for options in (client_options(Kafka()), aiokafka_options(Kafka())):
        assert options["metadata_max_age_ms"] <= ANSWER_SECONDS * 1000
