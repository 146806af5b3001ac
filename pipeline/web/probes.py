"""What supervisors and Prometheus ask of the page's process: `/healthz`, `/readyz`, `/metrics`.

`/healthz` and `/readyz` need no token, and tell nothing but whether the process answers and whether
it reaches the index. `/metrics` is the administrator's where there is an administrator's token.
"""

from __future__ import annotations

import time

from fastapi import APIRouter, HTTPException, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, Histogram
from prometheus_client.exposition import generate_latest
from prometheus_client.process_collector import ProcessCollector
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pipeline.search.visible import Role
from pipeline.web.authentication import person
from pipeline.wire.errors import NewswireError

BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)

router = APIRouter(include_in_schema=False)


class WebMetrics:
    """The metrics of the page's process."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self.requests = Histogram(
            "newswire_http_request_seconds",
            "From a request to the begin of its response.",
            ("route", "status"),
            buckets=BUCKETS,
            registry=self.registry,
        )
        self.streams = Gauge(
            "newswire_live_streams", "Open pages that listen for news.", registry=self.registry
        )


class Measured:
    """ASGI middleware that measures every request by its route."""

    def __init__(self, app: ASGIApp, metrics: WebMetrics) -> None:
        self._app = app
        self._requests = metrics.requests

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and count its response."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()

        async def counted(message: Message) -> None:
            if message["type"] == "http.response.start":
                # The route is known once the request has been routed; an address is not shown,
                # since it may name a story.
                route = getattr(scope.get("route"), "path", "none")
                seconds = time.perf_counter() - began
                self._requests.labels(route, str(message["status"])).observe(seconds)
            await send(message)

        await self._app(scope, receive, counted)


@router.get("/healthz")
def healthz() -> Response:
    """Answer as long as the process does: a supervisor restarts it when it does not."""
    return Response("ok\n", media_type="text/plain")


@router.get("/readyz")
async def readyz(request: Request) -> Response:
    """Answer whether the index can be reached."""
    try:
        await request.app.state.reader.ready()
    except NewswireError:
        return Response("the index can't be reached\n", 503, media_type="text/plain")
    return Response("ok\n", media_type="text/plain")


@router.get("/metrics")
def metrics(request: Request) -> Response:
    """Answer the metrics, in Prometheus's text format."""
    guarded = request.app.state.settings.web.admin_token is not None
    if guarded and person(request).viewer.role is not Role.ADMIN:
        raise HTTPException(401, "The metrics need NEWSWIRE_WEB__ADMIN_TOKEN.")
    registry = request.app.state.metrics.registry
    return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)
