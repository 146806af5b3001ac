"""A cluster of three hosts on this machine goes on without any one of them."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from kafka import KafkaProducer
from kafka.errors import KafkaError

from newswire.servers.process import folder_for_servers
from tests.integration.conftest import missing_skips
from tests.servers.cluster import Cluster, Host, cluster, hosts, namespaces_are_allowed

pytestmark = [pytest.mark.real, pytest.mark.long, pytest.mark.timeout(900)]

TOPIC, INDEX = "written", "written"
WAIT_SECONDS = 90.0


@pytest.fixture(scope="module")
def running() -> Iterator[Cluster]:
    """Three hosts with a topic and an index that each has a copy of."""
    with missing_skips(), folder_for_servers() as folder, cluster(Path(folder)) as made:
        with made.admin() as admin:
            admin.create_topics({TOPIC: {"num_partitions": 3, "replication_factor": 3}})
        settings = {"number_of_shards": 3, "number_of_replicas": 1}
        httpx.put(f"{made.elasticsearch[0]}/{INDEX}", json={"settings": settings}, timeout=60)
        made.wait_until_whole()
        yield made


@pytest.fixture(params=["cut", "part"])
def apart(request: pytest.FixtureRequest) -> Callable[[Host], Host]:
    """Cuts a host off, from all or from the other hosts, where this user may."""
    if not namespaces_are_allowed():
        if os.environ.get("CI") and os.geteuid() == 0:
            pytest.fail("network namespaces are not permitted to root here", pytrace=False)
        pytest.skip("a host can't be cut off: network namespaces are not permitted")
    return Host.cut if request.param == "cut" else Host.part


def is_written(running: Cluster, number: int) -> bool:
    """Whether every partition and every shard takes a write, acknowledged by two copies."""
    try:
        producer = KafkaProducer(
            bootstrap_servers=list(running.kafka),
            acks="all",
            request_timeout_ms=5_000,
            max_block_ms=5_000,
            delivery_timeout_ms=8_000,
        )
        try:
            for partition in range(3):
                producer.send(TOPIC, b"%d" % number, partition=partition).get(10)
        finally:
            producer.close(timeout=1)
    except KafkaError:
        return False
    return any(all(_is_indexed(url, number, n) for n in range(9)) for url in running.elasticsearch)


def _is_indexed(url: str, number: int, n: int) -> bool:
    try:
        return httpx.put(f"{url}/{INDEX}/_doc/{number}-{n}", json={}, timeout=5).is_success
    except httpx.TransportError:
        return False


def wait_until_written(running: Cluster, number: int) -> None:
    """Fail unless all is written in the end."""
    deadline = time.monotonic() + WAIT_SECONDS
    while not is_written(running, number):
        assert time.monotonic() < deadline, "the others did not go on"


def test_writes_go_on_while_a_host_is_cut_off(
    running: Cluster, apart: Callable[[Host], Host]
) -> None:
    """Cut off from all or from the others alone, a host is left, and comes back whole."""
    struck = apart(running.hosts[0])
    try:
        wait_until_written(running, 1)
    finally:
        struck.join()
    running.wait_until_whole()


def test_a_host_that_is_cut_off_is_silent(running: Cluster) -> None:
    """Connections to it hang, as to a machine whose cable was pulled: none is refused."""
    if not running.can_be_cut:
        pytest.skip("a host can't be cut off: network namespaces are not permitted")
    running.hosts[1].cut()
    try:
        with pytest.raises(httpx.ConnectTimeout):
            httpx.get(running.elasticsearch[1], timeout=2)
    finally:
        running.hosts[1].join()
    running.wait_until_whole()


def test_writes_go_on_while_a_host_is_killed(running: Cluster) -> None:
    """Its broker and its node come back with what was written meanwhile."""
    struck = (running.brokers[2], running.nodes[2])
    for server in struck:
        server.kill()
    wait_until_written(running, 2)
    for server in struck:
        server.start()
    running.wait_until_whole()


def test_nothing_of_the_network_is_left() -> None:
    """Namespaces and bridge go with the hosts."""

    def names() -> str:
        asked = (["ip", "netns"], ["ip", "-brief", "link"])
        return "".join(
            subprocess.run(each, capture_output=True, text=True, check=True).stdout
            for each in asked
        )

    with hosts() as made:
        there = [host.namespace for host in made if host.namespace]
        assert all(name in names() for name in there)
    if not there:
        pytest.skip("no host has a network of its own: namespaces are not permitted")
    assert not any(name.partition("-")[0] in names() for name in there)
