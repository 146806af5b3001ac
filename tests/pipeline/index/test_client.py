"""The index's clients: what they send, and several nodes of which one does not answer."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from config.settings import Elasticsearch
from newswire.servers.process import free_port
from pipeline.index.client import connect, connect_sync
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


def test_requests_name_no_version_of_the_api() -> None:
    """JSON is asked for as JSON: Elasticsearch 8.19 refuses that of client 9."""
    asked: list[str] = []

    class Answering(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked.extend(self.headers[name] for name in ("Accept", "Content-Type"))
            self.rfile.read(int(self.headers["Content-Length"]))
            answer = b'{"errors": false, "items": []}'
            self.send_response(200)
            self.send_header("X-Elastic-Product", "Elasticsearch")
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        do_PUT = do_POST

        def log_message(self, *words: object) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Answering) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        settings = Elasticsearch(url=f"http://127.0.0.1:{server.server_address[1]}")

        async def at_once() -> None:
            async with connect(settings) as client:
                await client.bulk(operations=[{"delete": {"_index": "i", "_id": "1"}}])

        asyncio.run(at_once())
        with connect_sync(settings) as client:
            client.search(index="i", query={"match_all": {}})
        server.shutdown()
    assert asked == ["application/json", "application/x-ndjson", *["application/json"] * 2]
