"""A place where newswire runs: its folders, its names, its settings, its feeds."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterable, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path

from config.settings import PREFIX, Settings, load
from connectors.cursor import FILE
from newswire.servers.process import free_port
from pipeline.alerts.outbox import FILE as OUTBOX
from tests.torture.model import AGENCY, FEEDS, Delivery
from tests.torture.programs import Program, Supervisor

CHECKOUT = Path(__file__).resolve().parents[2]
PARTITIONS = 3
BEGIN_SECONDS = 60.0
SESSION_SECONDS = 6.0
QUICK = {
    "NEWSWIRE_ELASTICSEARCH__REQUEST_TIMEOUT_SECONDS": "5",
    "NEWSWIRE_WORKER__SESSION_TIMEOUT_SECONDS": str(SESSION_SECONDS),
    "NEWSWIRE_WORKER__STALL_SECONDS": "40",
    "NEWSWIRE_RETRY__MAX_SECONDS": "2",
}
"""Settings with which a storm of a minute has many faults."""


@dataclass
class Site:
    """One installation, on servers that it may share with others.

    Args:
        folder: of logs and drop folders.
        data_dir: of cursors and archive: a small file system of its own, where a full disk is
            to be tried.
        brokers: as the connectors, the workers and an operator reach them.
        index_url: as the workers and an operator reach it.
        chosen: further settings, as variables.
    """

    name: str
    folder: Path
    data_dir: Path
    brokers: Mapping[str, str]
    index_url: Mapping[str, str]
    chosen: Mapping[str, str] = field(default_factory=lambda: QUICK)
    web_port: int = field(default_factory=free_port)
    written: dict[str, set[str]] = field(default_factory=lambda: {feed: set() for feed in FEEDS})

    def __post_init__(self) -> None:
        for feed in FEEDS:
            (self.folder / "drop" / feed).mkdir(parents=True, exist_ok=True)
        (self.folder / "feeds.toml").write_text(
            "".join(
                f'[feeds.{feed}]\nsource = "directory"\nformat = "nitf"\nsettle_seconds = 0.2\n'
                f'interval_seconds = 0.4\npath = "{self.folder / "drop" / feed}"\n'
                for feed in FEEDS
            )
        )
        (self.folder / "alerts.toml").write_text(
            f'[alerts.all]\nsource = ["{AGENCY}"]\ntopic = true\n'
        )

    def environ(self, who: str) -> dict[str, str]:
        """The settings of "connectors", "workers" or an "operator" as variables."""
        data_dir = self.folder / who if who == "workers" else self.data_dir
        return {
            "PYTHONPATH": str(CHECKOUT),
            "NEWSWIRE_DATA_DIR": str(data_dir),
            "NEWSWIRE_KAFKA__BROKERS": self.brokers[who],
            "NEWSWIRE_KAFKA__GROUP": self.name,
            "NEWSWIRE_TOPICS__PREFIX": self.name,
            "NEWSWIRE_TOPICS__PARTITIONS": str(PARTITIONS),
            "NEWSWIRE_ELASTICSEARCH__URL": self.index_url[who],
            "NEWSWIRE_ELASTICSEARCH__INDEX": self.name,
            "NEWSWIRE_ENRICHMENT__MODEL": "none",
            "NEWSWIRE_ENRICHMENT__PROCESSES": "1",
            "NEWSWIRE_CONNECTORS__FEEDS_FILE": str(self.folder / "feeds.toml"),
            "NEWSWIRE_CONNECTORS__ARCHIVE": str(self.data_dir / "kept"),
            "NEWSWIRE_ALERTS__FILE": str(self.folder / "alerts.toml"),
            "NEWSWIRE_WEB__PORT": str(self.web_port),
            **self.chosen,
        }

    @property
    def settings(self) -> Settings:
        """The operator's settings."""
        environ = self.environ("operator")
        return load(environ={name: v for name, v in environ.items() if name.startswith(PREFIX)})

    def connector(self) -> Program:
        """The process of the feeds."""
        return Program("connector", "connectors", self.folder / "logs", self.environ("connectors"))

    def worker(self, number: int) -> Program:
        """One of the workers."""
        environ = self.environ("workers")
        environ["NEWSWIRE_DATA_DIR"] += f"-{number}"
        return Program(f"worker-{number}", "pipeline", self.folder / "logs", environ)

    def alerts(self) -> Program:
        """The process that tells of every story on a topic."""
        environ = self.environ("workers")
        environ["NEWSWIRE_DATA_DIR"] = str(self.alerts_dir)
        return Program("alerts", "pipeline.alerts", self.folder / "logs", environ)

    def web(self) -> Program:
        """The search page and its API."""
        environ = self.environ("workers")
        environ["NEWSWIRE_DATA_DIR"] += "-web"
        return Program("web", "pipeline.web", self.folder / "logs", environ)

    def begin(self, supervisor: Supervisor) -> None:
        """Start one process of each kind; the alerts first, which begin at the end of the topic.

        Raises:
            TimeoutError: the alerts did not begin.
        """
        supervisor.keep(self.alerts())
        deadline = time.monotonic() + BEGIN_SECONDS
        while self._alerts("SELECT count(*) FROM offsets") < PARTITIONS:
            if time.monotonic() > deadline:
                raise TimeoutError("the alerts process did not begin")
            time.sleep(0.2)
        for program in (self.worker(0), self.connector(), self.web()):
            supervisor.keep(program)

    @property
    def alerts_dir(self) -> Path:
        """The data folder of the alerts process."""
        return self.folder / "alerts"

    def untold(self, ends: Mapping[int, int]) -> int:
        """How many records the alerts have not looked at, and deliveries not sent.

        Args:
            ends: of the partitions of the enriched topic.
        """
        left = 0
        for partition, end in ends.items():
            left += end - self._alerts(f"SELECT next FROM offsets WHERE partition = {partition}")
        return left + self._alerts("SELECT count(*) FROM deliveries WHERE state = 'pending'")

    def _alerts(self, query: str) -> int:
        file = self.alerts_dir / OUTBOX
        with (
            suppress(sqlite3.OperationalError),  # not there yet
            closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True, timeout=10)) as outbox,
        ):
            row = outbox.execute(query).fetchone()
            return int(row[0]) if row else 0
        return 0

    def drop(self, deliveries: Iterable[Delivery]) -> None:
        """Put files into the drop folders, each at once."""
        for delivery in deliveries:
            part = self.folder / f"{delivery.name}.part"
            part.write_bytes(delivery.raw)
            part.rename(self.folder / "drop" / delivery.feed / delivery.name)
            self.written[delivery.feed].add(delivery.name)

    def undelivered(self) -> int:
        """Files that the cursors do not know yet."""
        file = self.data_dir / FILE
        known: set[tuple[str, str]] = set()
        # Not there yet, or without its tables yet: nothing is delivered.
        with (
            suppress(sqlite3.OperationalError),
            closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True, timeout=10)) as cursors,
        ):
            names = cursors.execute("SELECT feed, name FROM state WHERE name LIKE 'file:%'")
            known = {(feed, name.removeprefix("file:")) for feed, name in names}
        return sum((f, n) not in known for f, names in self.written.items() for n in names)
