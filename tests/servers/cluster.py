"""Three brokers and three Elasticsearch nodes on three hosts of this one machine.

A host is a network namespace with an address of its own where this user may make one (root):
then it can be cut off, silently, from everybody or from the other hosts alone. Elsewhere a host
is an address of the loopback, and nothing can be cut.
"""

from __future__ import annotations

import os
import random
import subprocess
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import httpx
from kafka import KafkaAdminClient
from kafka.errors import KafkaError

from newswire.servers.elasticsearch import Elasticsearch
from newswire.servers.kafka import Kafka
from newswire.servers.process import Server, StartFailed
from tests.servers.quick import QuickElasticsearch, QuickKafka

HOSTS = 3
KAFKA_HEAP_MB, ELASTICSEARCH_HEAP_MB = 256, 512
NOWHERE = "02:00:00:00:00:ff"
"""The MAC address of nobody: what is sent there is lost without a word."""

KAFKA = {
    "default.replication.factor": "3",
    "min.insync.replicas": "2",
    "offsets.topic.replication.factor": "3",
    "transaction.state.log.replication.factor": "3",
    "transaction.state.log.min.isr": "2",
    "share.coordinator.state.topic.replication.factor": "3",
    "share.coordinator.state.topic.min.isr": "2",
    "unclean.leader.election.enable": "false",
    # Kafka's own: a broker that says nothing for so long leaves the in-sync replicas.
    "broker.session.timeout.ms": "9000",
    "broker.heartbeat.interval.ms": "2000",
    "log.cleaner.backoff.ms": "500",
}
"""A cluster's settings of Kafka besides those of each node; docs/operations.md names them."""

ELASTICSEARCH = {
    "discovery.type": "multi-node",
    "cluster.name": "newswire-tests",
    # By default a node that hangs is left 30 s alone, three times ten.
    "cluster.fault_detection.follower_check.timeout": "4s",
    "cluster.fault_detection.follower_check.retry_count": 2,
    "cluster.fault_detection.leader_check.timeout": "4s",
    "cluster.fault_detection.leader_check.retry_count": 2,
    "cluster.publish.timeout": "10s",
    # A node that was left alone would answer with what is old, a killed story too.
    "cluster.no_master_block": "all",
}
"""As much of Elasticsearch; docs/operations.md names them too."""


@dataclass(frozen=True, slots=True)
class Host:
    """One of the three machines that this one machine plays."""

    number: int
    address: str
    namespace: str | None = None
    others: tuple[str, ...] = ()

    @property
    def within(self) -> tuple[str, ...]:
        """The command that runs another one there."""
        if self.namespace is None:
            return ()
        return ("ip", "netns", "exec", self.namespace)

    def cut(self) -> Host:
        """Cut it off from everybody: what is sent to it or by it is lost."""
        _ip("link", "set", self._port, "down")
        return self

    def part(self) -> Host:
        """Cut it off from the other hosts alone: clients still reach it."""
        for address in self.others:
            lost = ("lladdr", NOWHERE, "dev", "eth0", "nud", "permanent")
            self._inside("neigh", "replace", address, *lost)
        return self

    def join(self) -> None:
        """Take back either."""
        _ip("link", "set", self._port, "up")
        for address in self.others:
            self._inside("neigh", "del", address, "dev", "eth0", check=False)

    @property
    def _port(self) -> str:
        """Its end of the cable on the bridge."""
        if self.namespace is None:
            raise RuntimeError("only a network namespace can be cut off")
        return f"{self.namespace}v"

    def _inside(self, *arguments: str, check: bool = True) -> None:
        _ip("-n", str(self.namespace), *arguments, check=check)


@dataclass
class Cluster:
    """The servers of all hosts, each to be killed, paused and started again."""

    hosts: tuple[Host, ...]
    brokers: tuple[Kafka, ...]
    nodes: tuple[Elasticsearch, ...]

    @property
    def can_be_cut(self) -> bool:
        """Whether the hosts have networks of their own."""
        return self.hosts[0].namespace is not None

    @property
    def kafka(self) -> tuple[str, ...]:
        """The addresses of all brokers."""
        return tuple(broker.address for broker in self.brokers)

    @property
    def elasticsearch(self) -> tuple[str, ...]:
        """The URLs of all nodes."""
        return tuple(node.address for node in self.nodes)

    @property
    def servers(self) -> tuple[Server, ...]:
        """All of them."""
        return (*self.brokers, *self.nodes)

    def wait_until_whole(self, seconds: float = 120.0) -> float:
        """Wait until every replica is in sync and every shard has its copies; how long it took.

        Raises:
            StartFailed: it takes longer.
        """
        began = time.monotonic()
        while not (all(map(self._is_green, self.elasticsearch)) and self._in_sync()):
            if time.monotonic() - began > seconds:
                raise StartFailed(f"the cluster is not whole after {seconds:.0f} s")
            time.sleep(0.5)
        return time.monotonic() - began

    def _in_sync(self) -> bool:
        try:
            with self.admin() as admin:
                brokers = len(admin.describe_cluster()["brokers"])
                topics = admin.describe_topics()
        except KafkaError:
            return False
        return brokers == len(self.brokers) and all(
            set(part["isr_nodes"]) == set(part["replica_nodes"])
            for topic in topics
            for part in topic["partitions"]
        )

    @contextmanager
    def admin(self) -> Iterator[Any]:
        """A client for what operators do."""
        client = KafkaAdminClient(bootstrap_servers=list(self.kafka), request_timeout_ms=10_000)
        try:
            yield client
        finally:
            client.close()

    def _is_green(self, url: str) -> bool:
        try:
            health = httpx.get(f"{url}/_cluster/health", timeout=5).json()
        except (httpx.HTTPError, ValueError):
            return False
        # One that was left alone does not know it yet, or has no master to ask.
        return health.get("status") == "green" and health["number_of_nodes"] == len(self.nodes)


@contextmanager
def cluster(folder: Path) -> Iterator[Cluster]:
    """A running cluster; stopped at the end.

    Raises:
        Missing: this machine lacks what the real servers need.
        StartFailed: a server did not come up.
    """
    with hosts() as machines:
        made = Cluster(machines, _brokers(folder, machines), _nodes(folder, machines))
        with ThreadPoolExecutor(len(made.servers)) as pool:
            try:
                # All at once: a node answers when two have found each other.
                for started in [pool.submit(server.start) for server in made.servers]:
                    started.result()
                made.wait_until_whole()
                yield made
            finally:
                list(pool.map(lambda server: server.stop(), made.servers))


def _brokers(folder: Path, machines: tuple[Host, ...]) -> tuple[Kafka, ...]:
    voters = ",".join(f"{host.number}@{host.address}:9093" for host in machines)
    made = []
    for host in machines:
        own = {
            "node.id": str(host.number),
            "controller.quorum.voters": voters,
            "listeners": f"CLIENT://{host.address}:9092,CONTROLLER://{host.address}:9093",
        }
        broker = QuickKafka(
            folder / f"kafka-{host.number}",
            settings={**KAFKA, **own},
            address=f"{host.address}:9092",
            heap_mb=KAFKA_HEAP_MB,
        )
        broker.name, broker.within = f"kafka-{host.number}", host.within
        made.append(broker)
    return tuple(made)


def _nodes(folder: Path, machines: tuple[Host, ...]) -> tuple[Elasticsearch, ...]:
    made = []
    for host in machines:
        own = {
            "node.name": f"node-{host.number}",
            "transport.port": 9300,
            "discovery.seed_hosts": [f"{each.address}:9300" for each in machines],
            "cluster.initial_master_nodes": [f"node-{each.number}" for each in machines],
        }
        node = QuickElasticsearch(
            folder / f"elasticsearch-{host.number}",
            settings={**ELASTICSEARCH, **own},
            at=(host.address, 9200),
            heap_mb=ELASTICSEARCH_HEAP_MB,
        )
        node.name, node.within = f"elasticsearch-{host.number}", host.within
        made.append(node)
    return tuple(made)


@contextmanager
def hosts() -> Iterator[tuple[Host, ...]]:
    """Three hosts, of which nothing is left at the end.

    Their addresses are of the loopback's range, with cables or without: elsewhere Elasticsearch
    makes demands on the machine that a test can't meet.
    """
    net = f"127.{random.randrange(64, 128)}.{random.randrange(1, 255)}"
    addresses = [f"{net}.{number}" for number in range(1, HOSTS + 1)]
    if not namespaces_are_allowed():
        yield tuple(Host(*each) for each in enumerate(addresses, 1))
        return
    bridge = _name()
    with ExitStack() as stack:
        _ip("link", "add", bridge, "type", "bridge")
        stack.callback(_ip, "link", "del", bridge)
        _cable((), bridge, net, f"{net}.254")
        made = []
        for number, address in enumerate(addresses, 1):
            space = f"{bridge}-{number}"
            _ip("netns", "add", space)
            stack.callback(_ip, "netns", "del", space)
            _ip("link", "add", f"{space}v", "type", "veth", "peer", "name", "eth0", "netns", space)
            stack.callback(_ip, "link", "del", f"{space}v")  # with its namespace it goes later
            _ip("link", "set", f"{space}v", "master", bridge, "up")
            _ip("-n", space, "link", "set", "lo", "up")
            _cable(("ip", "netns", "exec", space), "eth0", net, address)
            others = tuple(each for each in addresses if each != address)
            made.append(Host(number, address, space, others))
        yield tuple(made)


def _cable(where: Sequence[str], device: str, net: str, address: str) -> None:
    """Have addresses of the loopback's range pass through a device."""
    for command in (
        ("ip", "link", "set", device, "up"),
        ("sysctl", "-qw", f"net.ipv4.conf.{device}.route_localnet=1"),
        ("ip", "addr", "add", f"{address}/24", "dev", device),
        ("ip", "route", "add", f"{net}.0/24", "dev", device, "src", address, "table", "local"),
    ):
        subprocess.run([*where, *command], check=True, capture_output=True)


@cache
def namespaces_are_allowed() -> bool:
    """Whether this user may make network namespaces, with cables between them."""
    if os.geteuid() != 0:
        return False
    name = _name()
    try:
        with ExitStack() as stack:
            _ip("netns", "add", name)
            stack.callback(_ip, "netns", "del", name)
            _ip("link", "add", f"{name}v", "type", "veth", "peer", "name", "eth0", "netns", name)
            _cable(("ip", "netns", "exec", name), "eth0", "127.64.0", "127.64.0.1")
    except (OSError, subprocess.CalledProcessError):
        return False
    return True


def _name() -> str:
    """A name that no other run's network has."""
    return f"nw{random.randrange(16**6):06x}"


def _ip(*arguments: str, check: bool = True) -> None:
    subprocess.run(["ip", *arguments], check=check, capture_output=True)
