"""`newswire setup` on topics that are there already."""

from __future__ import annotations

import time

from kafka import KafkaAdminClient
from kafka.admin import ConfigResource

from config.settings import Settings, load
from pipeline.kafka.setup import setup_topics, topic_configs
from pipeline.wire.topics import Topics
from tests.servers import Engine


def settings_of(engine: Engine, prefix: str, **topics: str) -> Settings:
    """An installation of its own on the engine."""
    extra = {f"NEWSWIRE_TOPICS__{name.upper()}": value for name, value in topics.items()}
    return load(
        environ={
            "NEWSWIRE_KAFKA__BROKERS": engine.brokers,
            "NEWSWIRE_TOPICS__PREFIX": prefix,
            "NEWSWIRE_TOPICS__PARTITIONS": "1",
            **extra,
        }
    )


def until_configured(brokers: str, topic: str, wanted: dict[str, str]) -> None:
    """Wait until the broker has this configuration of a topic: it takes it in with a delay."""
    admin = KafkaAdminClient(bootstrap_servers=brokers)
    deadline = time.monotonic() + 60
    try:
        while True:
            resource = ConfigResource("TOPIC", topic, configs=wanted)
            found = admin.describe_configs([resource], config_filter="all")["topic"][topic]
            values = {key: found[key]["value"] for key in wanted}
            if values == wanted:
                return
            assert time.monotonic() < deadline, values
            time.sleep(0.1)
    finally:
        admin.close()


def test_a_topic_that_is_there_is_configured_as_the_settings_say(
    engine: Engine, prefix: str
) -> None:
    """An enriched topic made by hand gets compacted, and a change of retention takes effect."""
    settings = settings_of(engine, prefix)
    enriched, stories = f"{prefix}.enriched", f"{prefix}.stories"
    admin = KafkaAdminClient(bootstrap_servers=engine.brokers)
    try:
        for name in (enriched, stories):
            made = {name: {"num_partitions": 1, "replication_factor": 1}}
            admin.create_topics(made, wait_for_metadata=True)
    finally:
        admin.close()
    told = setup_topics(settings)
    assert any(enriched in line and "delete -> compact" in line for line in told), told
    wanted = topic_configs(settings)
    for name in (enriched, stories):
        until_configured(engine.brokers, name, wanted[name])
    assert all("->" not in line for line in setup_topics(settings))

    shorter = settings_of(engine, prefix, stories_retention_hours="3")
    setup_topics(shorter)
    until_configured(engine.brokers, stories, {"retention.ms": "10800000"})


def test_replicas_that_are_missing_are_said_and_do_not_stop_writing(
    engine: Engine, prefix: str
) -> None:
    """A topic with fewer replicas than wanted is named, and stays one that can be written to."""
    topics = Topics(prefix).all()
    setup_topics(settings_of(engine, prefix))
    told = setup_topics(settings_of(engine, prefix, replication="3", min_insync_replicas="2"))
    assert sum("kafka-reassign-partitions" in line for line in told) == len(topics)
    assert not any("min.insync.replicas" in line for line in told), told
