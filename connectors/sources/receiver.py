"""The HTTP server of a webhook: authenticates senders, limits them, and answers after Kafka."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import queue
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse

from connectors.sources.base import now
from connectors.sources.listener import Listener
from pipeline.process.guesses import Guesses

if TYPE_CHECKING:
    from connectors.sources.webhook import WebhookOptions

RETRY_SECONDS = 5
"""The Retry-After of a sender that is refused for now."""

UPLOAD_SECONDS = 1.0
"""An unauthenticated upload that takes longer may be ended when another sender needs room."""


@dataclass(frozen=True, slots=True, eq=False)
class Pushed:
    """A body whose sender waits for Kafka."""

    raw: bytes
    received_at: datetime
    accepted: Future[None] = field(default_factory=Future)


@dataclass(slots=True, eq=False)
class _Place:
    """Room for one request, from its headers to its answer."""

    size: int
    began: float
    deadline: asyncio.Timeout
    """Of its body."""
    uploading: bool = True


class Receiver:
    """An HTTP endpoint in a thread of its own, with a queue of the bodies that have arrived."""

    def __init__(self, options: WebhookOptions) -> None:
        self._options = options
        self._listener = Listener(options.host, options.port, options.path, ["POST"], self._receive)
        self._queue: queue.Queue[Pushed] = queue.Queue()
        self._guesses = Guesses()
        self._places: dict[_Place, None] = {}

    @property
    def url(self) -> str | None:
        """Return the address it listens on, or None while it does not listen."""
        return self._listener.url

    @property
    def empty(self) -> bool:
        """Return True when no body waits to be read."""
        return self._queue.empty()

    def open(self) -> None:
        """Listen, if it does not listen yet.

        Raises:
            SourceUnavailable: the address can't be bound.
        """
        self._listener.open()

    def requests(self, timeout_seconds: float) -> Iterator[Pushed]:
        """Yield the bodies that have arrived; waits for the first."""
        with suppress(queue.Empty):
            yield self._queue.get(timeout=timeout_seconds)
            while True:
                yield self._queue.get_nowait()

    def close(self) -> None:
        """Stop listening; senders that still wait are answered that they must send again."""
        with suppress(queue.Empty):
            while True:
                self._queue.get_nowait().accepted.cancel()
        self._listener.close()

    async def _receive(self, request: Request) -> PlainTextResponse:
        """Answer 202 once Kafka has what is in the body.

        Raises:
            HTTPException: the request is refused, or Kafka does not have it.
        """
        options = self._options
        if not self._has_token(request):
            raise self._unauthenticated(request, "no or wrong token")
        if request.headers.get("content-encoding", "identity") != "identity":
            raise HTTPException(415, "send the body uncompressed")
        announced = request.headers.get("content-length", "")
        size = int(announced) if announced.isdigit() else options.max_bytes
        if size > options.max_bytes:
            raise _too_long(options.max_bytes)
        place = self._reserve(size)
        try:
            raw = await self._body(request, place)
            if not self._is_signed(request, raw):
                raise self._unauthenticated(request, "no or wrong signature")
            if not raw:
                raise HTTPException(400, "no body")
            pushed = Pushed(raw, now())
            self._queue.put(pushed)
            try:
                async with asyncio.timeout(options.timeout_seconds):
                    await asyncio.wrap_future(pushed.accepted)
            except (TimeoutError, asyncio.CancelledError) as error:
                raise _later(503, "not accepted yet: send it again") from error
        finally:
            self._places.pop(place, None)
        return PlainTextResponse("accepted\n", 202)

    def _reserve(self, size: int) -> _Place:
        """Return room for a request.

        Without a token an upload is authenticated when it is complete, so a slow one gives
        its room to the next sender.

        Raises:
            HTTPException: there is no room.
        """
        options, at = self._options, asyncio.get_running_loop().time()
        slow = [p for p in self._places if p.uploading and at - p.began > UPLOAD_SECONDS]
        while options.token is None and slow and not self._has_room(size):
            ended = slow.pop(0)
            ended.deadline.reschedule(at)
            self._places.pop(ended, None)
        if not self._has_room(size):
            raise _later(429, "too many requests are waiting")
        place = _Place(size, at, asyncio.timeout(options.timeout_seconds))
        self._places[place] = None
        return place

    def _has_room(self, size: int) -> bool:
        total = size + sum(place.size for place in self._places)
        return (
            len(self._places) < self._options.max_waiting
            and total <= self._options.max_waiting_bytes
        )

    async def _body(self, request: Request, place: _Place) -> bytes:
        raw = bytearray()
        try:
            async with place.deadline:
                async for chunk in request.stream():
                    raw += chunk
                    if len(raw) > self._options.max_bytes:
                        raise _too_long(self._options.max_bytes)
        except TimeoutError as error:
            raise HTTPException(408, "the body took too long") from error
        except ClientDisconnect as error:
            raise HTTPException(400, "the sender disconnected") from error
        place.uploading = False
        return bytes(raw)

    def _has_token(self, request: Request) -> bool:
        if self._options.token is None:
            return True
        header = self._options.token_header
        sent = request.headers.get(header, "")
        if header.lower() == "authorization":
            scheme, _, sent = sent.partition(" ")
            sent = sent if scheme.lower() == "bearer" else ""
        token = self._options.token.get_secret_value()
        return hmac.compare_digest(sent.encode(), token.encode())

    def _is_signed(self, request: Request, raw: bytes) -> bool:
        if self._options.hmac_secret is None:
            return True
        sent = request.headers.get(self._options.signature_header, "").removeprefix("sha256=")
        secret = self._options.hmac_secret.get_secret_value().encode()
        expected = hmac.new(secret, raw, hashlib.sha256).hexdigest()
        return hmac.compare_digest(sent.lower().encode(), expected.encode())

    def _unauthenticated(self, request: Request, reason: str) -> HTTPException:
        """Count a wrong guess; returns its answer."""
        client = request.client.host if request.client else ""
        wait = self._guesses.wait_seconds(client)
        self._guesses.wrong(client)
        if wait:
            return _later(429, "too many wrong tokens", wait)
        return HTTPException(401, reason, {"WWW-Authenticate": "Bearer"})


def _later(status: int, reason: str, seconds: int = RETRY_SECONDS) -> HTTPException:
    return HTTPException(status, reason, {"Retry-After": str(seconds)})


def _too_long(max_bytes: int) -> HTTPException:
    return HTTPException(413, f"at most {max_bytes} bytes")
