"""Answers of the API: ETags, errors as sentences, and no work for clients that disconnected."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Coroutine
from typing import Any, TypeVar

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response

from pipeline.search.cursors import CursorError
from pipeline.wire.errors import (
    CursorExpired,
    IndexUnavailable,
    KeptAll,
    NewswireError,
    SetupError,
    TooMany,
)

Answer = TypeVar("Answer")

CLIENT_GONE = 499
"""nginx's status for a client that disconnected."""


class ReaderLeft(Exception):
    """The client disconnected before its answer was ready."""


async def awaited(request: Request, work: Coroutine[Any, Any, Answer]) -> Answer:
    """Return the result of `work`, or cancel it when the client disconnects.

    Elasticsearch in turn stops a search whose connection is closed.

    Raises:
        ReaderLeft: the client disconnected.
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
    """Return a response with an ETag, or 304 if the client has it already.

    Args:
        same_while: the bytes to make the tag of, if the content contains something that changes
            with each request, such as the time a search took.
    """
    tag = f'W/"{hashlib.blake2b(same_while or content, digest_size=12).hexdigest()}"'
    headers = {"ETag": tag}
    known = {part.strip() for part in request.headers.get("if-none-match", "").split(",")}
    if tag in known or "*" in known:
        return Response(status_code=304, headers=headers)
    return Response(content, media_type=media_type, headers=headers)


def add_error_answers(app: FastAPI) -> None:
    """Answer each error with a status and a sentence."""
    statuses: dict[type[Exception], int] = {
        CursorError: 400,
        CursorExpired: 410,
        KeptAll: 409,
        TooMany: 503,
        IndexUnavailable: 503,
        SetupError: 503,
        NewswireError: 503,
    }

    async def answer(request: Request, error: Exception) -> Response:
        status = next(code for kind, code in statuses.items() if isinstance(error, kind))
        headers = {"Retry-After": "5"} if status == 503 else None
        # The index's own words may name addresses and accounts: not for readers.
        text = (
            "The index does not answer. Try again in a few seconds."
            if status == 503
            else str(error)
        )
        return JSONResponse({"detail": text}, status, headers)

    async def left(request: Request, error: Exception) -> Response:
        return Response(status_code=CLIENT_GONE)

    for kind in statuses:
        app.add_exception_handler(kind, answer)
    app.add_exception_handler(ReaderLeft, left)
