"""Connections to the page that send nothing, or half a request."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import suppress

import pytest
import uvicorn
from starlette.responses import PlainTextResponse

from config.settings import Settings
from pipeline.web.__main__ import server_options


@pytest.fixture
def port() -> Iterator[int]:
    """The port of a server with the page's options."""
    config = uvicorn.Config(PlainTextResponse("here"), **server_options(Settings()), lifespan="off")
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        server.should_exit = True
        thread.join(timeout=30)


@pytest.mark.parametrize("sent", [b"", b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: "])
def test_a_silent_connection_is_closed(
    port: int, monkeypatch: pytest.MonkeyPatch, sent: bytes
) -> None:
    """A client has a while for its request, however slowly it sends it."""
    monkeypatch.setattr("pipeline.process.connections.HEADER_SECONDS", 0.2)
    with socket.create_connection(("127.0.0.1", port), timeout=30) as client:
        client.sendall(sent)
        with suppress(ConnectionResetError):
            assert client.recv(1000) == b""


def test_silent_connections_leave_room(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The one that was silent longest gives way to a reader."""
    monkeypatch.setattr("pipeline.web.__main__._Connection.most", 20)
    silent = [socket.create_connection(("127.0.0.1", port), timeout=30) for _ in range(40)]
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=30) as reader:
            reader.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            assert b"here" in reader.recv(1000) + reader.recv(1000)
    finally:
        for each in silent:
            each.close()
