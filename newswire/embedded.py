"""The embedded engine: Kafka's and Elasticsearch's protocols in one process, for a trial.

It keeps its data in memory and saves it about once a second, so it may lose acknowledged
records when it is killed; the connectors notice and deliver them again. It is not used when
`embedded.enabled` is false.
"""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

from kafka import KafkaAdminClient
from kafka.admin import MemberToRemove

from config.settings import Embedded as EmbeddedSettings
from config.settings import Kafka
from pipeline.kafka.errors import broker_errors
from pipeline.kafka.options import client_options
from pipeline.wire.errors import SetupError

START_SECONDS = 20.0


class Embedded:
    """One running engine, with its data in a folder."""

    def __init__(self, settings: EmbeddedSettings, data_dir: Path) -> None:
        self._data_dir = data_dir / "engine"
        self._kafka_port = settings.kafka_port or _free_port()
        self._elasticsearch_port = settings.elasticsearch_port or _free_port()

    @property
    def brokers(self) -> tuple[str, ...]:
        """Returns the addresses of Kafka."""
        return (f"127.0.0.1:{self._kafka_port}",)

    @property
    def elasticsearch(self) -> tuple[str, ...]:
        """Returns the addresses of Elasticsearch."""
        return (f"http://127.0.0.1:{self._elasticsearch_port}",)

    def start(self) -> None:
        """Start it on its data and wait until it answers.

        Raises:
            SetupError: it does not start; the reason is its own.
        """
        self._data_dir.mkdir(parents=True, exist_ok=True)
        self.stop()  # one that a killed `run` has left behind
        self._command(
            "up",
            "--only",
            "kafka,elasticsearch",
            "--host",
            "127.0.0.1",
            "--kafka-port",
            str(self._kafka_port),
            "--elasticsearch-port",
            str(self._elasticsearch_port),
        )
        deadline = time.monotonic() + START_SECONDS
        for port in (self._kafka_port, self._elasticsearch_port):
            while not _answers(port):
                if time.monotonic() > deadline:
                    raise SetupError(f"the embedded engine does not answer on port {port}")
                time.sleep(0.05)

    @property
    def running(self) -> bool:
        """Returns whether it answers."""
        return _answers(self._kafka_port) and _answers(self._elasticsearch_port)

    def stop(self) -> None:
        """Save its data and stop it, if it runs."""
        subprocess.run(  # noqa: S603 (our own arguments)
            [_program(), "down", "--data-dir", str(self._data_dir)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=False,
        )

    def _command(self, *arguments: str) -> None:
        done = subprocess.run(  # noqa: S603 (our own arguments)
            [_program(), *arguments, "--data-dir", str(self._data_dir)],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            lines = (done.stderr or done.stdout).strip().splitlines()
            raise SetupError(f"the embedded engine does not start: {lines[-1] if lines else '?'}")


def evict_members(kafka: Kafka) -> int:
    """Remove the members that dead workers left in the group, and return their number.

    The embedded engine never removes a member that was killed, and a worker that joins would
    wait for it for ever. A real broker needs none of this. Call it only while no worker of
    the group runs.

    Raises:
        BrokerUnavailable: the engine does not answer.
    """
    with broker_errors(kafka):
        admin = KafkaAdminClient(**client_options(kafka))
        try:
            members = admin.describe_groups([kafka.group])[kafka.group]["members"]
            ghosts = [MemberToRemove(member_id=member["member_id"]) for member in members]
            if ghosts:
                admin.remove_group_members(kafka.group, ghosts)
            return len(ghosts)
        finally:
            admin.close()


def _program() -> str:
    beside = Path(sys.executable).with_name("noida-db")
    found = str(beside) if beside.exists() else shutil.which("noida-db")
    if found is None:
        raise SetupError("the embedded engine is not installed: pip install noida-db")
    return found


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0
