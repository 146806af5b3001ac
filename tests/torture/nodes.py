"""What goes wrong on a cluster: a fault strikes one host of three, and the others go on."""

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
from tests.servers.cluster import Cluster, Host
from tests.torture.programs import Supervisor

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
    goes_on: bool = True
    """Whether stories must go on to be found meanwhile."""


@dataclass(frozen=True, slots=True)
class Striker:
    """Strikes hosts of a cluster, each drawn from the seed's numbers, and takes it back."""

    cluster: Cluster
    supervisor: Supervisor
    rng: random.Random

    def troubles(self) -> Iterator[Trouble]:
        """Yield every kind of fault that this machine can bring about."""
        brokers, nodes, choice = self.cluster.brokers, self.cluster.nodes, self.rng.choice
        yield Trouble("a broker killed", lambda: self.killed(choice(brokers)))
        yield Trouble("a broker stopped", lambda: self.stopped(choice(brokers)))
        yield Trouble("a node of the index killed", lambda: self.killed(choice(nodes)))
        yield Trouble("a node of the index stopped", lambda: self.stopped(choice(nodes)))
        yield Trouble("a host killed", lambda: self.killed(*self.servers(1)))
        yield Trouble("a host killed, its disks lost", self.emptied)
        yield Trouble("a host killed, newswire restarted", self.killed_anew)
        yield Trouble("a host stopped", lambda: self.stopped(*self.servers(1)))
        yield Trouble("two hosts killed", lambda: self.killed(*self.servers(2)), goes_on=False)
        yield Trouble("all restarted, one after the other", lambda: rolled(self.cluster))
        yield Trouble("leaders elected, again and again", lambda: elected(self.cluster, self.rng))
        if self.cluster.can_be_cut:
            yield Trouble("a host cut off from all", lambda: self.apart(Host.cut))
            yield Trouble("a host cut off from the other hosts", lambda: self.apart(Host.part))

    def servers(self, hosts: int) -> list[Server]:
        """The broker and the node of so many hosts."""
        struck = self.rng.sample(range(len(self.cluster.hosts)), hosts)
        return [each[n] for n in struck for each in (self.cluster.brokers, self.cluster.nodes)]

    def killed(self, *servers: Server, meanwhile: Callable[[], None] = lambda: None) -> None:
        """SIGKILL, and later a start."""
        for server in servers:
            server.kill()
        meanwhile()
        self.last()
        started(servers)

    def emptied(self) -> None:
        """The same for a host that comes back without what it had on its disks."""
        servers = self.servers(1)

        def empty() -> None:
            for server in servers:
                shutil.rmtree(server.folder / "data")

        self.killed(*servers, meanwhile=empty)

    def killed_anew(self) -> None:
        """The same while newswire's own processes start: the other hosts' addresses must do."""
        self.killed(*self.servers(1), meanwhile=self.stop_newswire)

    def stop_newswire(self) -> None:
        """SIGTERM to all of its processes; the supervisor starts them again."""
        for kind in ("connector", "worker", "alerts", "web"):
            for program in self.supervisor.running(kind):
                program.ask_to_stop()

    def stopped(self, *servers: Server) -> None:
        """SIGSTOP, and later SIGCONT."""
        for server in servers:
            server.pause()
        self.last()
        for server in servers:
            server.resume()

    def apart(self, cut: Callable[[Host], object]) -> None:
        """Cut a host off, and later join it again."""
        host = self.rng.choice(self.cluster.hosts)
        cut(host)
        self.last()
        host.join()

    def last(self) -> None:
        """Wait while the fault lasts."""
        time.sleep(self.rng.uniform(*LASTS))


def started(servers: Sequence[Server]) -> None:
    """Start servers at once."""
    with ThreadPoolExecutor() as pool:
        list(pool.map(lambda server: server.start(), servers))


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
