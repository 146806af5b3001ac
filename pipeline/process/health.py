"""Metrics and health of a process over HTTP: `/metrics`, `/healthz`, `/readyz`.

Health is judged by progress, which the process itself knows; this only tells it. Listens
on the loopback unless configured otherwise, and answers nothing else.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

from pipeline.wire.errors import ConfigError

Check = Callable[[], str | None]
"""None when all is well, else why not, in one sentence."""


class HealthServer:
    """A small HTTP server in a thread of its own.

    Args:
        section: of the settings that `port` stands in, for the sentence when it is taken.
        registry: of the process's metrics.
        alive: whether the process gets on; a supervisor restarts it when it does not.
        ready: whether it has started and reaches what it depends on.

    Raises:
        ConfigError: the port is taken, or the host is not of this machine.
    """

    def __init__(
        self,
        section: str,
        host: str,
        port: int,
        registry: CollectorRegistry,
        alive: Check,
        ready: Check,
    ) -> None:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                if self.path == "/metrics":
                    self._answer(200, generate_latest(registry), CONTENT_TYPE_LATEST)
                elif self.path in ("/healthz", "/readyz"):
                    why = alive() if self.path == "/healthz" else ready()
                    text = (why or "ok") + "\n"
                    self._answer(503 if why else 200, text.encode(), "text/plain; charset=utf-8")
                else:
                    self._answer(404, b"not found\n", "text/plain")

            def _answer(self, status: int, content: bytes, kind: str) -> None:
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: object) -> None:
                """Log no requests: a probe comes every few seconds."""

        try:
            self._server = ThreadingHTTPServer((host, port), Handler)
        except OSError as error:
            raise ConfigError(f"{section}.port: {host}:{port}: {error.strerror}") from error
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def port(self) -> int:
        """Return the port it listens on."""
        port: int = self._server.server_address[1]
        return port

    def start(self) -> None:
        """Start to answer requests."""
        self._thread.start()

    def stop(self) -> None:
        """Close the port."""
        self._server.shutdown()
        self._server.server_close()
