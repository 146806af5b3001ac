"""The HTTP server of a webhook: authenticates senders, limits them, and answers after Kafka."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import queue
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from uvicorn.protocols.http.h11_impl import H11Protocol

from connectors.sources.base import now
from pipeline.process.guesses import Guesses
from pipeline.wire.errors import SourceUnavailable

if TYPE_CHECKING:
    from connectors.sources.webhook import WebhookOptions

RETRY_SECONDS = 5
"""The Retry-After of a sender that is refused for now."""

HEADER_SECONDS = 10.0
"""How long a connection may stay open without a complete request."""

MAX_CONNECTIONS = 256
"""The most connections; the one that was silent longest is closed for a new one."""

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
        self.url: str | None = None
        self._options = options
        self._queue: queue.Queue[Pushed] = queue.Queue()
        self._guesses = Guesses()
        self._places: dict[_Place, None] = {}
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None

    @property
    def empty(self) -> bool:
        """True when no body waits to be read."""
        return self._queue.empty()

    def open(self) -> None:
        """Listen, if it does not listen yet.

        Raises:
            SourceUnavailable: the address can't be bound.
        """
        if self._server is not None:
            return
        host, port = self._options.host, self._options.port
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        listener = socket.socket(family, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
            listener.listen(MAX_CONNECTIONS)
        except OSError as error:
            listener.close()
            raise SourceUnavailable(f"{host}:{port}: {error.strerror}") from error
        shown = f"[{host}]" if ":" in host else host
        self.url = f"http://{shown}:{listener.getsockname()[1]}{self._options.path}"
        app = Starlette(routes=[Route(self._options.path, self._receive, methods=["POST"])])
        app.router.redirect_slashes = False
        self._server = uvicorn.Server(
            uvicorn.Config(
                app,
                http=_Connection,
                proxy_headers=False,
                loop="asyncio",
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                timeout_graceful_shutdown=1,
            )
        )
        self._thread = threading.Thread(
            target=self._server.run, args=([listener],), name=f"webhook-{port}", daemon=True
        )
        self._thread.start()

    def requests(self, timeout_seconds: float) -> Iterator[Pushed]:
        """Yield the bodies that have arrived; waits for the first."""
        with suppress(queue.Empty):
            yield self._queue.get(timeout=timeout_seconds)
            while True:
                yield self._queue.get_nowait()

    def close(self) -> None:
        """Stop listening; senders that still wait are told to send again."""
        with suppress(queue.Empty):
            while True:
                self._queue.get_nowait().accepted.cancel()
        if self._server is not None and self._thread is not None:
            self._server.should_exit = True
            self._thread.join(timeout=5)
        self._server = None

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


class _Connection(H11Protocol):
    """uvicorn's connection, closed when it stays silent or another sender needs its place."""

    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._watch()
        connections: set[Any] = self.connections
        if len(connections) > MAX_CONNECTIONS:
            silent = [(c._deadline.when(), id(c), c) for c in connections if c._deadline]
            (min(silent)[2] if silent else self)._abort()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._watch()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        if self._deadline is not None:
            self._deadline.cancel()

    def _watch(self) -> None:
        """Limit the time until the next request; a request that is being answered has its own."""
        if self.cycle is not None and not self.cycle.response_complete:
            if self._deadline is not None:
                self._deadline.cancel()
                self._deadline = None
        elif self._deadline is None:
            self._deadline = self.loop.call_later(HEADER_SECONDS, self._abort)

    def _abort(self) -> None:
        self.connections.discard(self)
        self.transport.abort()


def _later(status: int, reason: str, seconds: int = RETRY_SECONDS) -> HTTPException:
    return HTTPException(status, reason, {"Retry-After": str(seconds)})


def _too_long(max_bytes: int) -> HTTPException:
    return HTTPException(413, f"at most {max_bytes} bytes")
