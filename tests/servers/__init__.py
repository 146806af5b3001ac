"""The servers that tests, torture and benchmarks run against.

`engine(kind, folder)` gives a running pair of broker and index, either the embedded trial
engine or real Apache Kafka and real Elasticsearch. Each server is also a class of its own with
one small surface (`process.Server`), to be killed, paused and started again by the tests of
faults.
"""

from tests.servers.artifacts import Missing
from tests.servers.elasticsearch import Elasticsearch
from tests.servers.embedded import Embedded
from tests.servers.engine import KINDS, Engine, engine
from tests.servers.kafka import Kafka
from tests.servers.process import Server, StartFailed

__all__ = [
    "KINDS",
    "Elasticsearch",
    "Embedded",
    "Engine",
    "Kafka",
    "Missing",
    "Server",
    "StartFailed",
    "engine",
]
