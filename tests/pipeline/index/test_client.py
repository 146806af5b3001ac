"""Several nodes of an index, of which one does not answer."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator

import pytest

from config.settings import Elasticsearch
from newswire.servers.process import free_port
from pipeline.index.client import connect
from pipeline.index.lookup import look_up
from pipeline.index.writer import Outcome, Write, Writer
from pipeline.wire.errors import IndexUnavailable
from tests.fakes.elasticsearch import FakeElasticsearch, Refuse, fake_elasticsearch

LOOKS = 20


@pytest.fixture
def server() -> Iterator[FakeElasticsearch]:
    """A node that answers."""
    with fake_elasticsearch() as running:
        yield running


def failures(*urls: str) -> int:
    """How many of many look-ups fail, one after the other."""
    settings = Elasticsearch(url=urls, request_timeout_seconds=0.3)

    async def run() -> int:
        failed = 0
        async with connect(settings) as client:
            for _ in range(LOOKS):
                try:
                    await look_up(client, settings, "wire", ["TW:a"])
                except IndexUnavailable:
                    failed += 1
        return failed

    return asyncio.run(run())


def test_a_node_that_is_down_costs_nothing(server: FakeElasticsearch) -> None:
    """A refused connection goes to the next node within the same call."""
    assert failures(f"http://127.0.0.1:{free_port()}", server.url) == 0


def test_a_node_that_hangs_costs_one_request(server: FakeElasticsearch) -> None:
    """It is left alone for so long that the others' answers are not held up again and again."""
    with socket.create_server(("127.0.0.1", 0), backlog=100) as hung:
        assert failures(f"http://127.0.0.1:{hung.getsockname()[1]}", server.url) == 1


def test_a_node_without_a_master_is_passed_over(server: FakeElasticsearch) -> None:
    """Its 503 sends the request to the next node; a single node's 503 is for the caller."""
    with fake_elasticsearch() as lonely:
        lonely.faults.extend([Refuse(503, "cluster_block_exception")] * LOOKS)
        settings = Elasticsearch(url=(lonely.url, server.url))

        async def run() -> list[Outcome]:
            async with connect(settings) as client:
                writer = Writer(client, settings)
                writes = [[Write(f"TW:{n}", 1, {"id": f"TW:{n}"})] for n in range(LOOKS)]
                return [written.outcome for each in writes for written in await writer.write(each)]

        assert asyncio.run(run()) == [Outcome.INDEXED] * LOOKS
        assert len(lonely.bulks) == 1
    assert len(server.held) == LOOKS
