"""A broker and an index, running, of either kind."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from newswire.servers.elasticsearch import Elasticsearch
from newswire.servers.kafka import Kafka
from newswire.servers.process import Server
from tests.servers.embedded import Embedded

KINDS = ("embedded", "real")


@dataclass(frozen=True, slots=True)
class Engine:
    """Where the broker and the index are, and the servers themselves, to be killed or paused.

    `broker` and `index` are one and the same server when `kind` is "embedded".
    """

    kind: str
    brokers: str
    elasticsearch_url: str
    broker: Server
    index: Server


@contextmanager
def engine(kind: str, folder: Path) -> Iterator[Engine]:
    """A running engine of `kind` ("embedded" or "real") on `folder`; stopped at the end.

    Raises:
        Missing: this machine lacks what the real servers need.
        StartFailed: a server did not come up.
    """
    made = _made(kind, folder)
    with ExitStack() as stack:
        servers = list({id(server): server for server in (made.broker, made.index)}.values())
        for server in servers:
            stack.callback(server.stop)
        with ThreadPoolExecutor() as pool:
            for start in [pool.submit(server.start) for server in servers]:
                start.result()
        yield made


def _made(kind: str, folder: Path) -> Engine:
    if kind == "embedded":
        both = Embedded(folder / "embedded")
        return Engine(kind, both.brokers, both.elasticsearch_url, both, both)
    if kind == "real":
        kafka, elasticsearch = Kafka(folder / "kafka"), Elasticsearch(folder / "elasticsearch")
        return Engine(kind, kafka.address, elasticsearch.address, kafka, elasticsearch)
    raise ValueError(f"an engine is one of {', '.join(KINDS)}, not {kind!r}")
