"""The ASGI application: `create_app(settings)`."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from starlette.middleware.gzip import GZipMiddleware
from starlette.staticfiles import StaticFiles

from config.settings import Settings
from pipeline.web import api, pages
from pipeline.web.answers import add_error_answers
from pipeline.web.reader import open_reader
from pipeline.web.security import SecurityHeaders


def create_app(settings: Settings) -> FastAPI:
    """Search API and page over the index that the settings name.

    It starts without the index, answers 503 while that is away, and needs neither broker
    nor worker to search.
    """

    @asynccontextmanager
    async def running(app: FastAPI) -> AsyncIterator[None]:
        app.state.reader = open_reader(settings.elasticsearch)
        try:
            yield
        finally:
            await app.state.reader.close()

    # The interactive documentation of the framework loads scripts from another host.
    app = FastAPI(
        title="newswire search",
        version="1",
        lifespan=running,
        docs_url=None,
        redoc_url=None,
    )
    app.state.settings = settings
    app.add_middleware(GZipMiddleware, minimum_size=1000, compresslevel=5)
    app.add_middleware(SecurityHeaders)
    add_error_answers(app)
    app.include_router(api.router)
    app.include_router(pages.router)
    app.mount("/static", StaticFiles(directory=pages.STATIC))
    return app
