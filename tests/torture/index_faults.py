"""A proxy before Elasticsearch that knows HTTP: busy, away, and applied without an answer."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator
from enum import StrEnum

import aiohttp
import orjson
from aiohttp import web

_HOP = frozenset({"transfer-encoding", "content-length", "connection", "content-encoding", "host"})


class IndexFault(StrEnum):
    """What it does to requests."""

    BUSY = "429"
    UNAVAILABLE = "503"
    LOST_ANSWER = "applied, then the connection is reset"
    LATE_ANSWER = "applied, then no answer in time"
    PARTIAL = "partial bulk"


class IndexProxy:
    """Requests to `port` go on to `target`, a URL. To be used in one event loop.

    Args:
        late_seconds: longer than the clients wait for an answer.
    """

    def __init__(self, port: int, target: str, rng: random.Random, late_seconds: float) -> None:
        self.port = port
        self.fault: IndexFault | None = None
        self.met = 0
        """Requests that a fault has met."""
        self._target = target
        self._rng = rng
        self._late_seconds = late_seconds

    async def open(self) -> None:
        """Listen."""
        app = web.Application(client_max_size=64 * 1024 * 1024)
        app.router.add_route("*", "/{path:.*}", self._handle)
        self._client = aiohttp.ClientSession(auto_decompress=False)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port).start()

    async def close(self) -> None:
        """Stop listening."""
        await self._runner.cleanup()
        await self._client.close()

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        fault = self.fault
        # A fault that met every request would be an index that is away.
        if fault is None or self._rng.random() < 0.3:
            return await self._forward(request, body)
        self.met += 1
        if fault in (IndexFault.BUSY, IndexFault.UNAVAILABLE):
            return _answer(int(fault), {"error": {"type": "injected"}, "status": int(fault)})
        if fault is IndexFault.PARTIAL:
            bulk = request.path.endswith("/_bulk")
            return await (self._partial(request, body) if bulk else self._forward(request, body))
        answer = await self._forward(request, body)
        if fault is IndexFault.LATE_ANSWER:
            await asyncio.sleep(self._late_seconds)
        if request.transport is not None:
            request.transport.abort()
        return answer

    async def _forward(self, request: web.Request, body: bytes) -> web.Response:
        headers = {name: v for name, v in request.headers.items() if name.lower() not in _HOP}
        headers["Accept-Encoding"] = "identity"
        try:
            async with self._client.request(
                request.method, f"{self._target}{request.path_qs}", data=body, headers=headers
            ) as answer:
                kept = {name: v for name, v in answer.headers.items() if name.lower() not in _HOP}
                return web.Response(status=answer.status, body=await answer.read(), headers=kept)
        except aiohttp.ClientError:
            if request.transport is not None:
                request.transport.abort()
            return _answer(502, {"error": {"type": "away"}, "status": 502})

    async def _partial(self, request: web.Request, body: bytes) -> web.Response:
        """A bulk of which the index takes some items and has no room for the others."""
        lines = body.splitlines()
        items = [lines[n : n + 2] for n in range(0, len(lines), 2)]
        taken = [self._rng.random() < 0.5 for _ in items]
        refusal = {"status": 429, "error": {"type": "es_rejected_execution_exception"}}
        answers: Iterator[object] = iter(())
        if any(taken):
            chosen = [
                line for item, take in zip(items, taken, strict=True) if take for line in item
            ]
            answer = await self._forward(request, b"\n".join(chosen) + b"\n")
            if answer.status != 200 or not isinstance(answer.body, bytes):
                return answer
            answers = iter(orjson.loads(answer.body)["items"])
        merged = [next(answers) if take else {"index": refusal} for take in taken]
        return _answer(200, {"took": 1, "errors": True, "items": merged})


def _answer(status: int, body: object) -> web.Response:
    return web.Response(
        status=status,
        body=orjson.dumps(body),
        content_type="application/vnd.elasticsearch+json",
        headers={"X-Elastic-Product": "Elasticsearch"},
    )
