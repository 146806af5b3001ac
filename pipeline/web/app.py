"""The ASGI application: `create_app(settings)`."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from config.settings import Settings
from pipeline.desk.users import Users
from pipeline.index.kept import open_desk
from pipeline.process.guesses import Guesses
from pipeline.search.reader import ANSWER_SECONDS, Reader, open_reader
from pipeline.web import (
    alerts,
    api,
    desk,
    events,
    operations,
    pages,
    probes,
    reports,
    trends,
    values,
)
from pipeline.web.answers import add_error_answers
from pipeline.web.attention import router as attention
from pipeline.web.authentication import Identified, PeerKept
from pipeline.web.files import Files
from pipeline.web.live import Live
from pipeline.web.openapi import describe
from pipeline.web.security import AllowedHosts, SecurityHeaders
from pipeline.wire.errors import NewswireError

log = logging.getLogger(__name__)


def create_app(settings: Settings, kafka: operations.Operations | None = None) -> FastAPI:
    """Return the application: search API and pages over the configured index.

    Args:
        settings: the index, and the tokens of readers and administrators.
        kafka: answers the operations page; without it that page shows only what the index has.

    The application starts without the index and answers 503 while the index is away. Search
    needs neither Kafka nor a worker.
    """

    @asynccontextmanager
    async def running(app: FastAPI) -> AsyncIterator[None]:
        app.state.reader = open_reader(settings.elasticsearch)
        app.state.live = live = Live(app.state.reader)
        app.state.metrics.streams.set_function(lambda: live.listening)
        app.state.desk = open_desk(settings.elasticsearch, ANSWER_SECONDS)
        looking = asyncio.create_task(_say_if_away(app.state.reader))
        try:
            yield
        finally:
            looking.cancel()
            live.close()
            await app.state.reader.close()
            await app.state.desk.close()

    # The framework's interactive documentation would load scripts from another host.
    app = FastAPI(
        title="newswire search",
        version="1",
        lifespan=running,
        docs_url=None,
        redoc_url=None,
    )
    app.state.settings = settings
    pages.show_notice(settings.web.notice)
    app.state.operations = kafka
    app.state.trends = trends.Kept()
    app.state.guesses = guesses = Guesses()
    app.add_middleware(GZipMiddleware, minimum_size=1000, compresslevel=5)
    web = settings.web
    users = Users(settings.data_dir)
    app.add_middleware(Identified, web=web, users=users, guesses=guesses)
    app.add_middleware(AllowedHosts, names=(web.host, *web.allowed_hosts))
    tiles = urlsplit(web.map_tiles) if web.map_tiles else None
    app.add_middleware(SecurityHeaders, images=f"https://{tiles.netloc}" if tiles else None)
    # Anybody can send X-Forwarded-For: it counts from the configured proxies alone.
    if web.proxy_addresses:
        app.add_middleware(ProxyHeadersMiddleware, trusted_hosts=list(web.proxy_addresses))
    app.add_middleware(PeerKept)
    app.state.metrics = metrics = probes.WebMetrics()
    app.add_middleware(probes.Measured, metrics=metrics)
    add_error_answers(app)
    app.add_exception_handler(HTTPException, pages.refused)
    app.include_router(api.router)
    app.include_router(attention)
    app.include_router(pages.router)
    app.include_router(values.router)
    app.include_router(desk.router)
    app.include_router(alerts.router)
    app.include_router(events.router)
    app.include_router(reports.router)
    app.include_router(trends.router)
    app.include_router(operations.router)
    app.include_router(probes.router)
    app.mount("/static", Files())
    describe(app, (*api.ANSWERS, *events.ANSWERS, *reports.ANSWERS, *trends.ANSWERS))
    return app


async def _say_if_away(reader: Reader) -> None:
    """Log at the start that the index is away; each request looks for itself."""
    try:
        await reader.ready()
    except NewswireError as error:
        log.warning("the page answers 503 until the index is there", extra={"reason": str(error)})
