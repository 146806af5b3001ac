"""A collector of traces: takes OTLP over HTTP on a free port, and keeps every span."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)


@dataclass(frozen=True, slots=True)
class Collected:
    """A span as it came."""

    service: str
    name: str
    trace: str
    id: str
    parent: str
    nanoseconds: tuple[int, int]
    attributes: dict[str, Any]


@dataclass
class Collector:
    """What has come."""

    endpoint: str = ""
    spans: list[Collected] = field(default_factory=list)

    def take(self, raw: bytes) -> None:
        """One request."""
        for resource in ExportTraceServiceRequest.FromString(raw).resource_spans:
            about = _values(resource.resource.attributes)
            for scope in resource.scope_spans:
                self.spans += [
                    Collected(
                        about["service.name"],
                        span.name,
                        span.trace_id.hex(),
                        span.span_id.hex(),
                        span.parent_span_id.hex(),
                        (span.start_time_unix_nano, span.end_time_unix_nano),
                        _values(span.attributes),
                    )
                    for span in scope.spans
                ]

    def path(self, span: Collected) -> list[str]:
        """The steps that led to a span, the first first."""
        above = [each for each in self.spans if each.id == span.parent]
        return [*(self.path(above[0]) if above else ()), span.name]


def _values(attributes: Any) -> dict[str, Any]:
    return {a.key: getattr(a.value, a.value.WhichOneof("value")) for a in attributes}


@contextmanager
def collector() -> Iterator[Collector]:
    """A collector that listens."""
    collected = Collector()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers.get("Content-Encoding") == "gzip":
                raw = gzip.decompress(raw)
            collected.take(raw)
            answer = ExportTraceServiceResponse().SerializeToString()
            self.send_response(200)
            self.send_header("Content-Type", "application/x-protobuf")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *words: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    collected.endpoint = f"http://127.0.0.1:{server.server_address[1]}/v1/traces"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield collected
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
