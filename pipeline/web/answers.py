"""How the API answers: ETags, errors as sentences, and no work for readers who have left."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Coroutine
from typing import Any, TypeVar

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response

from pipeline.search.cursors import CursorError
from pipeline.wire.errors import CursorExpired, IndexUnavailable, NewswireError, SetupError, TooMany

Answer = TypeVar("Answer")

CLIENT_GONE = 499
"""As nginx logs it; nobody is there to read it."""


class ReaderLeft(Exception):
    """The client hung up before its answer was ready."""


async def awaited(request: Request, work: Coroutine[Any, Any, Answer]) -> Answer:
    """The result of `work`, which is cancelled when the client hangs up.

    Elasticsearch in turn stops a search whose connection closes.

    Raises:
        ReaderLeft: it hung up.
    """
    task = asyncio.ensure_future(work)
    gone = asyncio.ensure_future(_gone(request))
    try:
        await asyncio.wait({task, gone}, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            return task.result()
        raise ReaderLeft
    finally:
        gone.cancel()
        if not task.done():
            task.cancel()


async def _gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


def tagged(
    request: Request, content: bytes, media_type: str, same_while: bytes | None = None
) -> Response:
    """A response with an ETag; 304 where the client has it already.

    Args:
        same_while: what the tag is made of, where the content also holds what changes
            from one look to the next (the time a search took).
    """
    tag = f'W/"{hashlib.blake2b(same_while or content, digest_size=12).hexdigest()}"'
    headers = {"ETag": tag}
    known = {part.strip() for part in request.headers.get("if-none-match", "").split(",")}
    if tag in known or "*" in known:
        return Response(status_code=304, headers=headers)
    return Response(content, media_type=media_type, headers=headers)


def add_error_answers(app: FastAPI) -> None:
    """Each error as a status and a sentence."""
    statuses: dict[type[Exception], int] = {
        CursorError: 400,
        CursorExpired: 410,
        TooMany: 503,
        IndexUnavailable: 503,
        SetupError: 503,
        NewswireError: 503,
    }

    async def answer(request: Request, error: Exception) -> Response:
        status = next(code for kind, code in statuses.items() if isinstance(error, kind))
        headers = {"Retry-After": "5"} if status == 503 else None
        # What the index says of itself (addresses, accounts) is for the log, not for readers.
        text = "search is not available now: try again" if status == 503 else str(error)
        return JSONResponse({"detail": text}, status, headers)

    async def left(request: Request, error: Exception) -> Response:
        return Response(status_code=CLIENT_GONE)

    for kind in statuses:
        app.add_exception_handler(kind, answer)
    app.add_exception_handler(ReaderLeft, left)
