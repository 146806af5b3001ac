"""A place where newswire runs: its folders, its names, its settings, its feeds."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path

from config.settings import PREFIX, Settings, load
from connectors.cursor import FILE
from tests.torture.model import FEEDS, Delivery
from tests.torture.programs import Program

CHECKOUT = Path(__file__).resolve().parents[2]
PARTITIONS = 3
SESSION_SECONDS = 6.0
REQUEST_SECONDS = 5.0


@dataclass
class Site:
    """One installation, on servers that it may share with others.

    Args:
        folder: of logs and drop folders.
        data_dir: of cursors and archive: a small file system of its own, where a full disk is
            to be tried.
        brokers: as the connectors, the workers and an operator reach them.
        index_url: as the workers and an operator reach it.
    """

    name: str
    folder: Path
    data_dir: Path
    brokers: Mapping[str, str]
    index_url: Mapping[str, str]
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
            "NEWSWIRE_ELASTICSEARCH__REQUEST_TIMEOUT_SECONDS": str(REQUEST_SECONDS),
            "NEWSWIRE_ENRICHMENT__MODEL": "none",
            "NEWSWIRE_ENRICHMENT__PROCESSES": "1",
            "NEWSWIRE_WORKER__SESSION_TIMEOUT_SECONDS": str(SESSION_SECONDS),
            "NEWSWIRE_WORKER__STALL_SECONDS": "40",
            "NEWSWIRE_CONNECTORS__FEEDS_FILE": str(self.folder / "feeds.toml"),
            "NEWSWIRE_CONNECTORS__ARCHIVE": str(self.data_dir / "kept"),
            "NEWSWIRE_RETRY__MAX_SECONDS": "2",
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
