"""A wire on servers that let in whom they know, alone."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from config.settings import load
from pipeline.setup import setup
from tests.integration.conftest import missing_skips
from tests.integration.secured import privileges
from tests.integration.wire import ROOT, STUB, Process
from tests.servers.secured import MECHANISM, Secured, secured

FERRY = "Ferry sails\n\nVIENNA (AP) - The ferry sailed on time, said Anna Berger.\n"


@pytest.fixture(scope="session", name="servers")
def running_servers(servers_folder: Path) -> Iterator[Secured]:
    """Both servers behind TLS; tests share them and keep apart by `prefix`."""
    with missing_skips(), secured(servers_folder / "secured") as running:
        yield running


@dataclass
class Site:
    """One prefix: its settings for each process, and a folder that a feed reads."""

    servers: Secured
    prefix: str
    folder: Path

    def environ(self, user: str, role: str, **over: str) -> dict[str, str]:
        """The settings of a process that Kafka and Elasticsearch know as these."""
        name, password = f"{self.prefix}-{user}", f"canary-{user}-password"
        self.servers.user(name, password, privileges.kafka(user, self.prefix))
        key = self.servers.api_key(role, privileges.elasticsearch(role, self.prefix))
        authority = str(self.servers.authority)
        return {
            "NEWSWIRE_DATA_DIR": str(self.folder / "var"),
            "NEWSWIRE_EMBEDDED__ENABLED": "false",
            "NEWSWIRE_KAFKA__BROKERS": self.servers.brokers,
            "NEWSWIRE_KAFKA__SECURITY_PROTOCOL": "SASL_SSL",
            "NEWSWIRE_KAFKA__SASL_MECHANISM": MECHANISM,
            "NEWSWIRE_KAFKA__SASL_USERNAME": name,
            "NEWSWIRE_KAFKA__SASL_PASSWORD": password,
            "NEWSWIRE_KAFKA__SSL_CAFILE": authority,
            "NEWSWIRE_KAFKA__GROUP": self.prefix,
            "NEWSWIRE_TOPICS__PREFIX": self.prefix,
            "NEWSWIRE_TOPICS__PARTITIONS": "1",
            "NEWSWIRE_ELASTICSEARCH__URL": self.servers.elasticsearch.address,
            "NEWSWIRE_ELASTICSEARCH__API_KEY": key,
            "NEWSWIRE_ELASTICSEARCH__CA_FILE": authority,
            "NEWSWIRE_ELASTICSEARCH__INDEX": self.prefix,
            "NEWSWIRE_CONNECTORS__FEEDS_FILE": str(self.folder / "feeds.toml"),
            "NEWSWIRE_RETRY__MAX_SECONDS": "1",
            "NEWSWIRE_ENRICHMENT__PROCESSES": "1",
            "NEWSWIRE_WORKER__SESSION_TIMEOUT_SECONDS": "6",
            **over,
        }

    def setup(self) -> None:
        """What `newswire setup` does, as who may do that and no more; again it changes nothing."""
        setup(load(environ=self.environ("setup", "setup")))

    def run(self, environ: dict[str, str], *command: str) -> subprocess.CompletedProcess[str]:
        """`newswire COMMAND`, to its end."""
        return subprocess.run(
            [sys.executable, "-m", "newswire", *command],
            cwd=ROOT,
            env={**_without_settings(), **environ},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=120,
        )

    def start(self, environ: dict[str, str], module: str) -> Process:
        """A program of ours that runs until it is told to stop."""
        log = self.folder / f"{module}.log"
        return Process(
            subprocess.Popen(
                [sys.executable, "-m", module],
                cwd=ROOT,
                env={**_without_settings(), **environ},
                stdin=subprocess.DEVNULL,
                stdout=log.open("ab"),
                stderr=subprocess.STDOUT,
                start_new_session=True,
            ),
            log,
        )

    def worker(self, environ: dict[str, str]) -> Process:
        """The worker, with an enricher that needs no model."""
        return self.start(environ, STUB)

    def found(self) -> int:
        """How many documents an administrator sees in the index."""
        with self.servers.client() as client:
            client.indices.refresh(index=self.prefix)
            return int(client.count(index=self.prefix)["count"])


@pytest.fixture
def site(servers: Secured, prefix: str, tmp_path: Path) -> Site:
    """A site of this test's own, set up."""
    return _site(servers, prefix, tmp_path)


@pytest.fixture(scope="module")
def standing(servers: Secured, tmp_path_factory: pytest.TempPathFactory) -> Site:
    """A site for tests that change nothing."""
    return _site(servers, "standing", tmp_path_factory.mktemp("standing"))


def _site(servers: Secured, prefix: str, folder: Path) -> Site:
    """Topics and index made, and a feed with one story."""
    made = Site(servers, prefix, folder)
    (folder / "in").mkdir()
    (folder / "in" / "ferry.txt").write_text(FERRY)
    (folder / "feeds.toml").write_text(
        f'[feeds.wire]\nsource = "directory"\nformat = "text"\npath = "{folder / "in"}"\n'
        "settle_seconds = 0\ninterval_seconds = 0.2\n"
    )
    made.setup()
    return made


def _without_settings() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("NEWSWIRE_")}
