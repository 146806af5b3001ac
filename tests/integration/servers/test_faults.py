"""Servers are killed, paused and started again, and never outlive the process that began them."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest
from elasticsearch import Elasticsearch
from kafka import KafkaProducer

from newswire.servers.process import folder_for_servers
from tests.integration import topics
from tests.servers import Engine

ROOT = Path(__file__).parents[3]


ON_REAL = pytest.mark.parametrize(
    "engine_kind", [pytest.param("real", marks=pytest.mark.real)], indirect=True, scope="session"
)


@ON_REAL
def test_kafka_comes_back_with_its_data(engine: Engine, prefix: str) -> None:
    """Records acknowledged before a SIGKILL are there after the restart, at the same address."""
    producer = KafkaProducer(
        bootstrap_servers=engine.brokers, acks="all", enable_idempotence=True, retries=100
    )
    topics.create(engine.brokers, prefix)
    for number in range(50):
        producer.send(prefix, value=b"%d" % number).get(timeout=30)
    engine.broker.kill()
    assert not engine.broker.running
    engine.broker.start()
    producer.send(prefix, value=b"50").get(timeout=60)
    producer.close()
    assert topics.values(engine.brokers, prefix) == [b"%d" % number for number in range(51)]


@ON_REAL
def test_elasticsearch_comes_back_with_its_data(engine: Engine, prefix: str) -> None:
    """A document acknowledged before a SIGKILL is there after the restart, with its version."""
    with Elasticsearch(engine.elasticsearch_url) as index:
        index.index(index=prefix, id="story", document={"a": 1}, version=7, version_type="external")
        engine.index.kill()
        engine.index.start()
        assert index.get(index=prefix, id="story")["_version"] == 7


@ON_REAL
def test_paused_server_answers_when_resumed(engine: Engine) -> None:
    """A paused server takes a connection and says nothing until it is resumed."""
    url = f"{engine.elasticsearch_url}/_cluster/health"
    engine.index.pause()
    with pytest.raises(httpx.ReadTimeout):
        httpx.get(url, timeout=1)
    engine.index.resume()
    assert httpx.get(url, timeout=10).is_success


@pytest.mark.parametrize("ended_by", [signal.SIGTERM, signal.SIGKILL])
def test_nothing_is_left_behind(ended_by: signal.Signals) -> None:
    """When the process that started servers ends, even by SIGKILL, its servers end."""
    with folder_for_servers() as folder:
        up = ["up", "--kind", "embedded", "--dir", str(folder)]
        starter = subprocess.Popen(
            [sys.executable, "-m", "tests.servers", *up],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert starter.stdout is not None
        assert starter.stdout.readline().startswith("NEWSWIRE_KAFKA__BROKERS=")
        url = starter.stdout.readline().strip().removeprefix("NEWSWIRE_ELASTICSEARCH__URL=")
        assert httpx.get(f"{url}/_cluster/health").is_success
        assert processes_naming(folder)
        starter.send_signal(ended_by)
        starter.communicate(timeout=30)
        until_gone = time.monotonic() + 10
        while processes_naming(folder) and time.monotonic() < until_gone:
            time.sleep(0.05)
        assert processes_naming(folder) == []


def processes_naming(folder: Path) -> list[int]:
    """The ids of live processes, but for this one, whose command line names a folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command = (process / "cmdline").read_bytes()
        except OSError:
            continue
        if os.fsencode(folder) in command and int(process.name) != os.getpid():
            found.append(int(process.name))
    return found
