"""Who is not let in is told why in one sentence, does not storm, and loses nothing."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

import pytest
from kafka.admin import ACLOperation as Operation

from newswire.servers.process import free_port
from tests.integration import topics
from tests.integration.secured import privileges
from tests.integration.secured.conftest import Site
from tests.servers.secured import Secured

pytestmark = pytest.mark.real

COMMANDS = {
    "setup": ("setup", "setup"),
    "ingest --once": ("connectors", "nobody"),
    "worker": ("worker", "worker"),
    "search ferry": ("nobody", "reader"),
}
"""Each with the user and the role that it would have."""
KAFKA = [
    ("password", "setup"),
    ("password", "ingest --once"),
    ("password", "worker"),
    ("authority", "worker"),
    ("expired", "ingest --once"),
]
INDEX = [
    ("key", "worker"),
    ("key", "search ferry"),
    ("authority", "worker"),
    ("expired", "search ferry"),
    ("privilege", "setup"),
    ("privilege", "worker"),
]


def refused(site: Site, command: str, over: dict[str, str]) -> str:
    """The one sentence that a command ends with."""
    environ = site.environ(*COMMANDS[command], **over)
    done = site.run(environ, *command.split())
    told = [line for line in done.stdout.splitlines() if line.startswith("newswire: ")]
    assert done.returncode == 1, done.stdout
    assert len(told) == 1, done.stdout
    assert "Traceback" not in done.stdout
    for secret in (environ["NEWSWIRE_KAFKA__SASL_PASSWORD"], "canary"):
        assert secret not in done.stdout
    assert len(done.stdout.splitlines()) < 20
    return told[0]


@pytest.mark.parametrize(("case", "command"), KAFKA)
def test_kafka_does_not_let_in(standing: Site, case: str, command: str) -> None:
    """Wrong password, a certificate of nobody's and of yesterday's: each says where to look."""
    over, what, where = {
        "password": ({"SASL_PASSWORD": "canary-wrong"}, "refuses the user", "SASL_PASSWORD"),
        "authority": ({"SSL_CAFILE": str(standing.servers.stranger)}, "be trusted", "SSL_CAFILE"),
        "expired": ({"BROKERS": standing.servers.expired}, "has expired", "Renew it"),
    }[case]
    settings = {f"NEWSWIRE_KAFKA__{name}": value for name, value in over.items()}
    sentence = refused(standing, command, settings)
    assert what in sentence
    assert where in sentence
    assert settings.get("NEWSWIRE_KAFKA__BROKERS", standing.servers.brokers) in sentence


@pytest.mark.parametrize(("case", "command"), INDEX)
def test_elasticsearch_does_not_let_in(
    standing: Site, case: str, command: str, expired: str
) -> None:
    """A wrong key, a certificate of nobody's or of yesterday's, a key that may do nothing."""
    nothing = privileges.elasticsearch("nobody", standing.prefix)
    over, what, where = {
        "key": ({"API_KEY": "Y2FuYXJ5OndyT25n"}, "refuses these credentials", "API_KEY"),
        "authority": ({"CA_FILE": str(standing.servers.stranger)}, "be trusted", "CA_FILE"),
        "expired": ({"URL": expired}, "has expired", "Renew it"),
        "privilege": (
            {"API_KEY": standing.servers.api_key("nobody", nothing)},
            "refuses these credentials",
            "API_KEY",
        ),
    }[case]
    settings = {f"NEWSWIRE_ELASTICSEARCH__{name}": value for name, value in over.items()}
    sentence = refused(standing, command, settings)
    assert what in sentence
    assert where in sentence


def test_connectors_that_may_not_write(site: Site) -> None:
    """Deliveries wait for the privilege, are no dead letters, and go out once it is there."""
    environ = site.environ("nobody", "nobody")
    connectors = site.start(environ, "connectors")
    stories = f"{site.prefix}.stories"
    try:
        connectors.until(lambda: "is not authorised to" in connectors.told())
        assert f"{site.prefix}.stories" in connectors.told()
        assert topics.values(site.servers.kafka.address, stories) == []
        grants = privileges.kafka("connectors", site.prefix)
        site.servers.user(f"{site.prefix}-nobody", "canary-nobody-password", grants)
        connectors.until(lambda: topics.values(site.servers.kafka.address, stories))
        assert connectors.terminate() == 0
    finally:
        connectors.kill()
    assert topics.values(site.servers.kafka.address, f"{site.prefix}.deadletter") == []
    assert "Traceback" not in connectors.told()
    assert connectors.told().count("\n") < 60


def test_worker_that_may_not_write(site: Site) -> None:
    """Without a privilege the worker ends with the sentence; with it, it has lost nothing."""
    delivered = site.run(site.environ("connectors", "nobody"), "ingest", "--once")
    assert delivered.returncode == 0, delivered.stdout
    environ = site.environ("nobody", "worker")
    allowed = privileges.kafka("worker", site.prefix)
    name, password = f"{site.prefix}-nobody", "canary-nobody-password"
    enriched = f"{site.prefix}.enriched"
    writes = [g for g in allowed if g[0] is Operation.WRITE and g[2] == enriched]
    site.servers.user(name, password, [g for g in allowed if g not in writes])
    worker = site.worker(environ)
    try:
        assert worker.wait() == 1
        worker.until_gone()
    finally:
        worker.kill()
    (sentence,) = [line for line in worker.told().splitlines() if line.startswith("newswire: ")]
    assert "is not authorised to" in sentence
    assert enriched in sentence
    site.servers.user(name, password, writes)
    worker = site.worker(environ)
    try:
        worker.until(site.found)
        assert worker.terminate() == 0
    finally:
        worker.kill()
    assert topics.values(site.servers.kafka.address, f"{site.prefix}.deadletter") == []


@pytest.fixture(scope="session", name="expired")
def expired_index(servers: Secured) -> Iterator[str]:
    """The URL of a TLS server with yesterday's certificate."""
    with _listening(servers.past) as url:
        yield url


@contextmanager
def _listening(certificate: Path) -> Iterator[str]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    port = free_port()
    with socket.create_server(("127.0.0.1", port)) as server:

        def serve() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                try:
                    context.wrap_socket(connection, server_side=True).close()
                except OSError:
                    connection.close()

        Thread(target=serve, daemon=True).start()
        yield f"https://127.0.0.1:{port}"
        server.shutdown(socket.SHUT_RDWR)
