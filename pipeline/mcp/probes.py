"""What supervisors and Prometheus ask of the MCP server: `/healthz`, `/readyz`, `/metrics`.

The first two need no token, as those of the other processes; the metrics need the server's own.
"""

from __future__ import annotations

import time

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Histogram
from prometheus_client.exposition import generate_latest
from prometheus_client.process_collector import ProcessCollector
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pipeline.search.reader import Reader
from pipeline.wire.errors import NewswireError

OPEN = frozenset({"/healthz", "/readyz"})
"""Answered without a token."""


class Probes:
    """ASGI middleware that answers them, and measures every other request."""

    def __init__(self, app: ASGIApp, reader: Reader) -> None:
        self._app = app
        self._reader = reader
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        self._requests = Histogram(
            "newswire_mcp_request_seconds",
            "From a request to the begin of its response.",
            ("status",),
            registry=self._registry,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a probe, or pass the request on and count its response."""
        if scope["type"] == "http" and (answer := await self._answer(scope["path"])):
            await answer(scope, receive, send)
            return
        began = time.perf_counter()

        async def counted(message: Message) -> None:
            if message["type"] == "http.response.start":
                seconds = time.perf_counter() - began
                self._requests.labels(str(message["status"])).observe(seconds)
            await send(message)

        await self._app(scope, receive, counted)

    async def _answer(self, path: str) -> Response | None:
        if path == "/healthz":
            return PlainTextResponse("ok\n")
        if path == "/readyz":
            try:
                await self._reader.ready()
            except NewswireError:
                return PlainTextResponse("the index can't be reached\n", 503)
            return PlainTextResponse("ok\n")
        if path == "/metrics":
            return Response(generate_latest(self._registry), media_type=CONTENT_TYPE_LATEST)
        return None
