"""A small Elasticsearch over HTTP that fails on demand: bulk and look-ups by id, no more.

It keeps external versions as the real one does. Faults are given in a list, one for each bulk
request to come; a request beyond them is answered in health.
"""

from __future__ import annotations

import json
import sys
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Refuse:
    """The request as a whole is answered with this status, and nothing is done."""

    status: int
    kind: str = "es_rejected_execution_exception"


@dataclass(frozen=True, slots=True)
class Items:
    """These documents get this status each, the others are indexed."""

    ids: tuple[str, ...]
    status: int
    kind: str


@dataclass(frozen=True, slots=True)
class Silence:
    """No answer: `hang` keeps the connection until the server ends, else it is cut at once."""

    applied: bool
    hang: bool = False


Fault = Refuse | Items | Silence


class FakeElasticsearch(ThreadingHTTPServer):
    """Documents and what was asked, to be looked at; faults and limits, to be set."""

    daemon_threads = True
    block_on_close = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.held: dict[str, tuple[int, Any]] = {}
        self.faults: deque[Fault] = deque()
        self.bulks: list[list[str]] = []
        """The ids of each bulk request."""
        self.max_bytes = 10**9
        self.spoiling: set[str] = set()
        """Ids for which a request is refused as a whole, as for one longer than 512 bytes."""
        self.closed = False
        """The index is closed."""
        self.missing = False
        """The write alias is not there."""
        self.ended = threading.Event()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that has gone is no news; all else is a fault of the fake."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)

    def apply(self, action: dict[str, Any], document: Any) -> dict[str, Any]:
        """Index one document; its item of the answer."""
        name, version = action["_id"], action["version"]
        if self.missing:
            return _failed(404, "index_not_found_exception")
        if self.closed:
            return _failed(400, "index_closed_exception")
        equal_wins = {"external": 0, "external_gte": 1}[action["version_type"]]
        if name in self.held and self.held[name][0] >= version + equal_wins:
            return _failed(409, "version_conflict_engine_exception")
        self.held[name] = (version, document)
        return {"status": 201}


@contextmanager
def fake_elasticsearch() -> Iterator[FakeElasticsearch]:
    """A fake at `url`, gone at the end."""
    server = FakeElasticsearch()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.ended.set()
        server.shutdown()
        thread.join()
        server.server_close()


def _failed(status: int, kind: str) -> dict[str, Any]:
    return {"status": status, "error": {"type": kind, "reason": f"made to fail: {kind}"}}


class _Handler(BaseHTTPRequestHandler):
    server: FakeElasticsearch
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing is logged."""

    def do_PUT(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        fault = self.server.faults.popleft() if self.server.faults else None
        lines = [json.loads(line) for line in body.splitlines()]
        if "update" in lines[0]:  # the writer asks whether the index takes writes at all
            closed = _failed(400, "index_closed_exception")
            missing = _failed(404, "document_missing_exception")
            item = closed if self.server.closed else missing
            return self._answer(200, {"errors": True, "items": [{"update": item}]})
        pairs = [(lines[n]["index"], lines[n + 1]) for n in range(0, len(lines), 2)]
        self.server.bulks.append([action["_id"] for action, _ in pairs])
        if len(body) > self.server.max_bytes:
            return self._answer(413, "")
        if self.server.spoiling & {action["_id"] for action, _ in pairs}:
            return self._answer(400, _failed(400, "action_request_validation_exception"))
        match fault:
            case Refuse(status, kind):
                return self._answer(status, _failed(status, kind))
            case Silence(applied, hang):
                if applied:
                    for action, document in pairs:
                        self.server.apply(action, document)
                if hang:
                    self.server.ended.wait()
                self.close_connection = True
                return None
        items = []
        for action, document in pairs:
            if isinstance(fault, Items) and action["_id"] in fault.ids:
                items.append(_failed(fault.status, fault.kind))
            else:
                items.append(self.server.apply(action, document))
        return self._answer(200, {"errors": True, "items": [{"index": item} for item in items]})

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        docs = []
        for name in asked["ids"]:
            if self.server.missing:
                docs.append({"_id": name, **_failed(404, "index_not_found_exception")})
            elif name in self.server.held:
                version, source = self.server.held[name]
                held = {"found": True, "_version": version, "_source": source}
                docs.append({"_index": "one", "_id": name, **held})
            else:
                docs.append({"_id": name, "found": False})
        path = urlsplit(self.path).path
        self._answer(200 if path.endswith("/_mget") else 404, {"docs": docs})

    def _answer(self, status: int, body: Any) -> None:
        raw = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("X-Elastic-Product", "Elasticsearch")
        self.send_header("Content-Type", "application/vnd.elasticsearch+json;compatible-with=9")
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)
