"""What goes wrong on a cluster: each fault strikes one host of three, and the others go on."""

from __future__ import annotations

import random
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass

from kafka import TopicPartition
from kafka.errors import KafkaError

from tests.servers import Server
from tests.servers.cluster import Cluster

LASTS = (12.0, 25.0)
"""Longer than a broker or a node may be silent before the others go on without it."""
ELECTIONS_SECONDS = 20.0
PREFERRED = 0


@dataclass(frozen=True, slots=True)
class Trouble:
    """One kind of fault, from its beginning until it is taken back."""

    kind: str
    strike: Callable[[], object]
    """Returns when the fault is over; the cluster need not be whole again by then."""


def troubles(cluster: Cluster, rng: random.Random) -> Iterator[Trouble]:
    """Yield every kind of fault that this machine can bring about, each on a host of its own."""

    def killed(*of: Server) -> None:
        for server in of:
            server.kill()
        _last(rng)
        started(of)

    def emptied(*of: Server) -> None:
        for server in of:
            server.kill()
            shutil.rmtree(server.folder / "data")
        _last(rng)
        started(of)

    def stopped(*of: Server) -> None:
        for server in of:
            server.pause()
        _last(rng)
        for server in of:
            server.resume()

    def host() -> tuple[Server, Server]:
        number = rng.randrange(len(cluster.hosts))
        return cluster.brokers[number], cluster.nodes[number]

    def apart(do: str) -> None:
        struck = rng.choice(cluster.hosts)
        getattr(struck, do)()
        _last(rng)
        struck.join()

    brokers, nodes = tuple(cluster.brokers), tuple(cluster.nodes)
    yield Trouble("a broker killed", lambda: killed(rng.choice(brokers)))
    yield Trouble("a broker stopped", lambda: stopped(rng.choice(brokers)))
    yield Trouble("a node of the index killed", lambda: killed(rng.choice(nodes)))
    yield Trouble("a node of the index stopped", lambda: stopped(rng.choice(nodes)))
    yield Trouble("a host killed", lambda: killed(*host()))
    yield Trouble("a host killed, its disks lost", lambda: emptied(*host()))
    yield Trouble("a host stopped", lambda: stopped(*host()))
    yield Trouble("all restarted, one after the other", lambda: rolled(cluster))
    yield Trouble("leaders elected, again and again", lambda: elected(cluster, rng))
    if cluster.can_be_cut:
        yield Trouble("a host cut off from all", lambda: apart("cut"))
        yield Trouble("a host cut off from the other hosts", lambda: apart("part"))


def started(servers: Sequence[Server]) -> None:
    """Start servers at once."""
    with ThreadPoolExecutor() as pool:
        list(pool.map(lambda server: server.start(), servers))


def _last(rng: random.Random) -> None:
    time.sleep(rng.uniform(*LASTS))


def rolled(cluster: Cluster) -> None:
    """Restart each broker and each node, the next one when the cluster is whole again."""
    for server in cluster.servers:
        server.stop()
        server.start()
        cluster.wait_until_whole()


def elected(cluster: Cluster, rng: random.Random) -> None:
    """Give every partition another leader, again and again, those of the groups' offsets too."""
    until = time.monotonic() + ELECTIONS_SECONDS
    while time.monotonic() < until:
        # A partition that has its leader by chance already, or a controller that has just gone.
        with suppress(KafkaError), cluster.admin() as admin:
            orders = {
                TopicPartition(topic["name"], part["partition_index"]): rng.sample(
                    part["replica_nodes"], len(part["replica_nodes"])
                )
                for topic in admin.describe_topics()
                for part in topic["partitions"]
            }
            admin.alter_partition_reassignments(orders)
            admin.elect_leaders(PREFERRED, raise_errors=False)
        time.sleep(0.5)
