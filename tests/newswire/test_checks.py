"""What `newswire doctor` says of servers, without any."""

from __future__ import annotations

import pytest

from config.settings import Kafka, Settings, Topics
from newswire.checks import redundancy

ALL = ("kafka-1:9092", "kafka-2:9092", "kafka-3:9092")


@pytest.mark.parametrize(
    ("named", "replication", "brokers", "said"),
    [
        (ALL, 3, 3, []),
        (ALL[:1], 3, 3, ["kafka.brokers names one of 3: without that one no process starts"]),
        (ALL[:1], 1, 1, ["topics.replication is 1: a lost broker loses stories"]),
        (ALL, 3, 2, ["2 brokers can't hold topics.replication = 3 copies"]),
        (ALL[:1], 3, None, []),
    ],
)
def test_what_a_lost_broker_would_do_is_said(
    named: tuple[str, ...], replication: int, brokers: int | None, said: list[str]
) -> None:
    """Too few copies, and an address without which nothing starts."""
    settings = Settings(kafka=Kafka(brokers=named), topics=Topics(replication=replication))
    assert [finding.what for finding in redundancy(settings, brokers)] == said
