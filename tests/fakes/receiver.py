"""A webhook that answers as it is told and remembers what it took."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Receiver:
    """What the webhook answers, and what it took."""

    status: int = 503
    tries: int = 0
    taken: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    def told(self, kind: str) -> dict[str, dict[str, Any]]:
        """The bodies of a type, by story."""
        bodies = [json.loads(body) for _, body in list(self.taken)]
        return {body["story_id"]: body for body in bodies if body["type"] == f"alert.{kind}"}


@contextmanager
def receiving() -> Iterator[tuple[Receiver, str]]:
    """A receiver that is ill at first, and its address."""
    state = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            state.tries += 1
            status = state.status
            if status == 200:
                state.taken.append(({k.lower(): v for k, v in self.headers.items()}, body))
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield state, f"http://127.0.0.1:{server.server_address[1]}/hook"
    finally:
        server.shutdown()
        server.server_close()
