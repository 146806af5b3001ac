"""The embedded trial engine: the Kafka and the Elasticsearch protocol in one small process.

It keeps everything in memory and writes a snapshot about once a second, so a kill loses what was
acknowledged last: no test of durability may run on it.
"""

import shutil
import sysconfig
from pathlib import Path

import httpx

from newswire.servers.artifacts import Missing
from newswire.servers.process import Server, free_port


class Embedded(Server):
    """A broker at `brokers` and an index at `elasticsearch_url`, on `folder`."""

    name = "embedded"

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._kafka_port = free_port()
        self._elasticsearch_port = free_port()
        self.brokers = f"127.0.0.1:{self._kafka_port}"
        self.elasticsearch_url = f"http://127.0.0.1:{self._elasticsearch_port}"

    @property
    def address(self) -> str:
        """The URL of its index."""
        return self.elasticsearch_url

    def prepare(self) -> None:
        """Nothing to lay out."""

    def command(self) -> list[str]:
        """Both protocols, in the foreground."""
        noida = shutil.which("noida-db", path=sysconfig.get_path("scripts"))
        if noida is None:
            raise Missing("noida-db is not installed in this environment.")
        return [
            *(noida, "start", "--only", "kafka,elasticsearch"),
            *("--data-dir", str(self.folder / "data"), "--host", "127.0.0.1"),
            *("--kafka-port", str(self._kafka_port)),
            *("--elasticsearch-port", str(self._elasticsearch_port)),
        ]

    def ready(self) -> bool:
        """Whether the index answers; the broker listens by then."""
        try:
            return httpx.get(f"{self.elasticsearch_url}/_cluster/health", timeout=2).is_success
        except httpx.TransportError:
            return False
