"""The servers that tests, torture and benchmarks run against.

`engine(kind, folder)` gives a running pair of broker and index, either the embedded trial
engine or real Apache Kafka and real Elasticsearch. Each server is also a class of its own with
one small surface (`process.Server`), to be killed, paused and started again by the tests of
faults.
"""

from newswire.servers.artifacts import Missing
from newswire.servers.elasticsearch import Elasticsearch
from newswire.servers.kafka import Kafka
from newswire.servers.process import Server, StartFailed
from tests.servers.embedded import Embedded
from tests.servers.engine import KINDS, Engine, engine

NOT_RUN = "real servers are missing: "
"""How the reason of a skipped test begins where this machine lacks the real servers."""

__all__ = [
    "KINDS",
    "NOT_RUN",
    "Elasticsearch",
    "Embedded",
    "Engine",
    "Kafka",
    "Missing",
    "Server",
    "StartFailed",
    "engine",
]
