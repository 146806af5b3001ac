"""Real Kafka and Elasticsearch on this machine, as `newswire run --engine real` starts them.

One node of each, without passwords, on the loopback. Unlike the embedded engine they lose
nothing that they acknowledged when they are killed.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from newswire.servers.artifacts import Missing
from newswire.servers.elasticsearch import Elasticsearch
from newswire.servers.kafka import Kafka
from newswire.servers.process import StartFailed
from pipeline.wire.errors import SetupError


class Real:
    """One broker and one index, with their data in a folder."""

    def __init__(self, data_dir: Path) -> None:
        folder = data_dir.absolute() / "servers"
        folder.mkdir(parents=True, exist_ok=True)
        if os.geteuid() == 0:
            # Elasticsearch does not run as root: its user must be able to enter.
            folder.chmod(0o755)
        self._kafka = Kafka(folder / "kafka")
        self._index = Elasticsearch(folder / "elasticsearch")

    @property
    def brokers(self) -> tuple[str, ...]:
        """Returns the addresses of Kafka."""
        return (self._kafka.address,)

    @property
    def elasticsearch(self) -> tuple[str, ...]:
        """Returns the addresses of Elasticsearch."""
        return (self._index.address,)

    @property
    def running(self) -> bool:
        """Returns whether both run."""
        return self._kafka.running and self._index.running

    def start(self) -> None:
        """Start both on their data, and wait until they answer.

        Raises:
            SetupError: Maven or Java is missing, or one does not start; the reason is its own.
        """
        with ThreadPoolExecutor() as pool:
            started = [pool.submit(each.start) for each in (self._kafka, self._index)]
        for each in started:
            try:
                each.result()
            except (Missing, StartFailed) as error:
                raise SetupError(str(error)) from error

    def stop(self) -> None:
        """Stop both, if they run."""
        self._index.stop()
        self._kafka.stop()
