"""Kafka behind TLS, SCRAM and ACLs, and Elasticsearch behind TLS and API keys: real ones alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import trustme
from cryptography.hazmat.primitives import serialization
from elasticsearch import Elasticsearch as Client
from kafka import KafkaAdminClient
from kafka.admin import (
    ACL,
    ACLOperation,
    ACLPermissionType,
    ResourcePattern,
    ScramMechanism,
    UserScramCredentialUpsertion,
)
from kafka.admin import ACLResourcePatternType as PatternType

from newswire.servers.elasticsearch import USER, Elasticsearch
from newswire.servers.kafka import Kafka
from newswire.servers.process import free_port
from tests.servers.plugin import SECURITY

MECHANISM = "SCRAM-SHA-512"
ADMIN_PASSWORD = "admin-of-the-tests"

Grant = tuple[ACLOperation, Any, str]
"""An operation, a resource type and the beginning of the resources' names."""


@dataclass(frozen=True, slots=True)
class Secured:
    """Where they are, and who is let in.

    Kafka has a second listener whose certificate has expired, and one without any guard, for
    the tests' own work.
    """

    kafka: Kafka
    elasticsearch: Elasticsearch
    brokers: str
    expired: str
    authority: Path
    """Of the servers' certificates, and ..."""
    stranger: Path
    """... one that signed none of them."""
    past: Path
    """A key and a certificate of yesterday's. All are PEM files."""

    def user(self, name: str, password: str, grants: Sequence[Grant]) -> None:
        """A Kafka user who may do so much and no more."""
        admin = KafkaAdminClient(bootstrap_servers=self.kafka.address)
        try:
            credential = UserScramCredentialUpsertion(
                name, ScramMechanism.SCRAM_SHA_512, password.encode()
            )
            admin.alter_user_scram_credentials([credential])
            rules = [
                ACL(
                    principal=f"User:{name}",
                    host="*",
                    operation=operation,
                    permission_type=ACLPermissionType.ALLOW,
                    resource_pattern=ResourcePattern(kind, resource, PatternType.PREFIXED),
                )
                for operation, kind, resource in grants
            ]
            if rules:
                admin.create_acls(rules)
        finally:
            admin.close()

    def api_key(self, name: str, role: Mapping[str, Any]) -> str:
        """An API key of Elasticsearch that may do so much and no more."""
        with self.client() as client:
            key = client.security.create_api_key(name=name, role_descriptors={name: dict(role)})
        return str(key["encoded"])

    def client(self) -> Client:
        """An administrator's client."""
        return Client(
            self.elasticsearch.address,
            ca_certs=str(self.authority),
            basic_auth=(USER, ADMIN_PASSWORD),
            request_timeout=60,
        )


@contextmanager
def secured(folder: Path) -> Iterator[Secured]:
    """Both servers, running; stopped at the end.

    Raises:
        Missing: this machine lacks what the real servers need.
        StartFailed: a server did not come up.
    """
    made = _made(folder)
    with ExitStack() as stack:
        servers = (made.kafka, made.elasticsearch)
        for server in servers:
            stack.callback(server.stop)
        with ThreadPoolExecutor() as pool:
            for start in [pool.submit(server.start) for server in servers]:
                start.result()
        yield made


def _made(folder: Path) -> Secured:
    authority, stranger = trustme.CA(), trustme.CA()
    folder.mkdir(parents=True, exist_ok=True)
    for name, one in (("authority", authority), ("stranger", stranger)):
        one.cert_pem.write_to_path(str(folder / f"{name}.pem"))
    valid = _certificate(authority, folder / "valid.pem")
    yesterday = datetime.now(UTC) - timedelta(days=1)
    past = _certificate(authority, folder / "expired.pem", yesterday)

    index = Elasticsearch(
        folder / "elasticsearch",
        password=ADMIN_PASSWORD,
        plugins=[SECURITY],
        settings={
            "xpack.security.http.ssl.enabled": True,
            "xpack.security.http.ssl.key": "http.key",
            "xpack.security.http.ssl.certificate": "http.crt",
            "xpack.security.authc.api_key.enabled": True,
        },
    )
    config = folder / "elasticsearch" / "config"
    config.mkdir(parents=True, exist_ok=True)
    key, mark, chain = valid.read_bytes().partition(b"-----BEGIN CERTIFICATE-----")
    (config / "http.key").write_bytes(key)
    (config / "http.crt").write_bytes(mark + chain)

    ports = {"SECURE": free_port(), "EXPIRED": free_port()}
    kafka = Kafka(
        folder / "kafka",
        further={name: (port, port) for name, port in ports.items()},
        settings={
            "listener.security.protocol.map": "CLIENT:PLAINTEXT,CONTROLLER:PLAINTEXT,"
            "SECURE:SASL_SSL,EXPIRED:SASL_SSL",
            "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
            "super.users": "User:ANONYMOUS",
            **_listener("secure", valid),
            **_listener("expired", past),
        },
    )
    return Secured(
        kafka,
        index,
        f"127.0.0.1:{ports['SECURE']}",
        f"127.0.0.1:{ports['EXPIRED']}",
        folder / "authority.pem",
        folder / "stranger.pem",
        past,
    )


def _listener(name: str, certificate: Path) -> dict[str, str]:
    module = "org.apache.kafka.common.security.scram.ScramLoginModule required;"
    return {
        f"listener.name.{name}.ssl.keystore.type": "PEM",
        f"listener.name.{name}.ssl.keystore.location": str(certificate),
        f"listener.name.{name}.sasl.enabled.mechanisms": MECHANISM,
        f"listener.name.{name}.{MECHANISM.lower()}.sasl.jaas.config": module,
    }


def _certificate(authority: trustme.CA, path: Path, until: datetime | None = None) -> Path:
    """A key and its chain for the loopback, as one PEM file."""
    issued = authority.issue_cert("127.0.0.1", "localhost", not_after=until)
    key = serialization.load_pem_private_key(issued.private_key_pem.bytes(), None)
    # Kafka reads a key in PKCS#8 alone.
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    chain = b"".join(blob.bytes() for blob in issued.cert_chain_pems)
    path.write_bytes(pem + chain + authority.cert_pem.bytes())
    return path
