"""Stories pushed to us over HTTP: accepted once Kafka has them, not before."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import queue
import socket
import threading
import uuid
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Self

import uvicorn
from pydantic import Field, SecretStr, model_validator

from connectors.cursor import Cursor
from connectors.sources.base import MAX_BYTES, Delivery, Options, Polled, Source, now
from pipeline.process.guesses import Guesses
from pipeline.wire.errors import SourceUnavailable

POLL_SECONDS = 0.5
"""How long a poll waits for a request, and so how long the feed may take to stop."""

RETRY_SECONDS = 5
"""What a sender that is turned away is told to wait."""


class WebhookOptions(Options):
    """The keys of a feed with `source = "webhook"`."""

    host: str = "127.0.0.1"
    port: int = Field(ge=0, le=65535)
    """0: a free one."""
    path: str = Field(default="/", pattern=r"^/")
    token: SecretStr | None = None
    """What the sender shows in `token_header`."""
    token_header: str = "Authorization"  # noqa: S105 (a header's name)
    """In `Authorization` the token follows "Bearer "; in any other header it stands alone."""
    hmac_secret: SecretStr | None = None
    """With it the sender signs the body: HMAC-SHA256 in hexadecimal, RFC 2104."""
    signature_header: str = "X-Hub-Signature-256"
    """Has the signature, alone or after "sha256="."""
    max_bytes: int = Field(default=MAX_BYTES, ge=1)
    max_waiting: int = Field(default=100, ge=1)
    """Requests that may wait for Kafka at once; the next is told to come again later."""
    max_waiting_bytes: int = Field(default=4 * MAX_BYTES, ge=1)
    timeout_seconds: float = Field(default=30.0, gt=0)
    """How long a body may take to arrive, and then Kafka to acknowledge it."""

    @model_validator(mode="after")
    def _guarded(self) -> Self:
        if self.token is None and self.hmac_secret is None:
            raise ValueError("a webhook needs a token or an hmac_secret, from the environment")
        if self.max_bytes > self.max_waiting_bytes:
            raise ValueError("max_waiting_bytes must be at least max_bytes")
        return self


@dataclass(frozen=True, slots=True, eq=False)
class Request:
    """A body whose sender waits to be told that Kafka has it."""

    raw: bytes
    received_at: datetime
    id: str = field(default_factory=lambda: uuid.uuid4().hex)
    accepted: Future[None] = field(default_factory=Future)


class Webhook(Source):
    """An HTTP endpoint, listening from the first poll on.

    202 means that Kafka has acknowledged what is in the body; after any other answer the
    sender must send it again. The cursor has the id of the last request acknowledged.
    """

    interval_seconds = 0.0

    def __init__(self, options: WebhookOptions) -> None:
        self._options = options
        self._door = Door(options)
        self._given: list[Request] = []

    @property
    def url(self) -> str | None:
        """Where it listens; None before the first poll."""
        return self._door.url

    def poll(self, cursor: Cursor) -> Iterator[Polled]:
        """The requests that wait; see `Source.poll`."""
        self._door.open()
        # Those that were given before and are not answered failed to reach the broker.
        # One whose sender was told to send again is dropped: it comes again.
        again = [request for request in self._given if not request.accepted.done()]
        self._given = []
        for request in (*again, *self._door.requests()):
            self._given.append(request)
            yield Delivery(
                raw=request.raw,
                name=f"webhook {self._options.path}",
                received_at=request.received_at,
                state={"request": request.id},
            )

    def acknowledged(self, cursor: Cursor) -> None:
        """Tell the senders of what the cursor has."""
        last = cursor.get("request")
        ids = [request.id for request in self._given]
        if last not in ids:
            return
        for request in self._given[: ids.index(last) + 1]:
            with suppress(InvalidStateError):  # its sender has just been told to come again
                request.accepted.set_result(None)
        self._given = self._given[ids.index(last) + 1 :]

    def settled(self) -> bool:
        """True when nobody waits."""
        return not self._given and self._door.empty

    def close(self) -> None:
        """Close the door; whoever still waits must send again."""
        for request in self._given:
            request.accepted.cancel()
        self._door.close()


Headers = dict[str, str]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]


class Refusal(Exception):
    """An answer that is not 202."""

    def __init__(self, status: int, reason: str, **headers: str) -> None:
        super().__init__(reason)
        self.status = status
        self.headers = headers


class Door:
    """The server behind a webhook, in a thread of its own, and its queue of requests."""

    def __init__(self, options: WebhookOptions) -> None:
        self.url: str | None = None
        self._options = options
        self._queue: queue.Queue[Request] = queue.Queue()
        self._guesses = Guesses()
        self._waiting = 0
        self._waiting_bytes = 0
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None

    @property
    def empty(self) -> bool:
        """Whether no request waits to be taken."""
        return self._queue.empty()

    def open(self) -> None:
        """Listen, if it does not yet.

        Raises:
            SourceUnavailable: the address can't be had.
        """
        if self._server is not None:
            return
        host, port = self._options.host, self._options.port
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        listener = socket.socket(family, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
            listener.listen(128)
        except OSError as error:
            listener.close()
            raise SourceUnavailable(f"{host}:{port}: {error.strerror}") from error
        shown = f"[{host}]" if ":" in host else host
        self.url = f"http://{shown}:{listener.getsockname()[1]}{self._options.path}"
        self._server = uvicorn.Server(
            uvicorn.Config(
                self._answer,
                http="h11",
                interface="asgi3",
                proxy_headers=False,
                loop="asyncio",
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                # Those that are turned away need a place too.
                limit_concurrency=2 * self._options.max_waiting + 10,
                timeout_graceful_shutdown=1,
            )
        )
        self._thread = threading.Thread(
            target=self._server.run, args=([listener],), name=f"webhook-{port}", daemon=True
        )
        self._thread.start()

    def requests(self) -> Iterator[Request]:
        """What has arrived; waits a moment for the first."""
        try:
            yield self._queue.get(timeout=POLL_SECONDS)
            while True:
                yield self._queue.get_nowait()
        except queue.Empty:
            return

    def close(self) -> None:
        """Listen no longer; those who wait are told to come again."""
        while True:
            try:
                self._queue.get_nowait().accepted.cancel()
            except queue.Empty:
                break
        if self._server is not None and self._thread is not None:
            self._server.should_exit = True
            self._thread.join(timeout=5)
        self._server = None

    async def _answer(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        headers = {
            name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]
        }
        try:
            await self._accept(scope, headers, receive)
            status, reason, extra = 202, "accepted", {}
        except Refusal as refusal:
            status, reason, extra = refusal.status, str(refusal), refusal.headers
        extra = {"content-type": "text/plain", **extra}
        fields = [(name.encode(), value.encode()) for name, value in extra.items()]
        await send({"type": "http.response.start", "status": status, "headers": fields})
        await send({"type": "http.response.body", "body": f"{reason}\n".encode()})

    async def _accept(
        self, scope: MutableMapping[str, Any], headers: Headers, receive: Receive
    ) -> None:
        """Returns once Kafka has what the body says.

        Raises:
            Refusal: it has not.
        """
        options = self._options
        if scope["path"] != options.path:
            raise Refusal(404, "not here")
        if scope["method"] != "POST":
            raise Refusal(405, "POST only", allow="POST")
        client = (scope.get("client") or ("",))[0]
        if wait := self._guesses.wait_seconds(client):
            raise Refusal(429, "too many wrong tokens", **{"retry-after": str(wait)})
        try:
            self._check_token(headers)
        except Refusal:
            self._guesses.wrong(client)
            raise
        if headers.get("content-encoding", "identity") != "identity":
            raise Refusal(415, "send the body uncompressed")
        announced = headers.get("content-length", "")
        size = int(announced) if announced.isdigit() else options.max_bytes
        if size > options.max_bytes:
            raise Refusal(413, f"at most {options.max_bytes} bytes")
        if (
            self._waiting >= options.max_waiting
            or self._waiting_bytes + size > options.max_waiting_bytes
        ):
            raise Refusal(429, "too many waiting", **{"retry-after": str(RETRY_SECONDS)})
        self._waiting += 1
        self._waiting_bytes += size
        try:
            raw = await self._body(receive)
            try:
                self._check_signature(headers, raw)
            except Refusal:
                self._guesses.wrong(client)
                raise
            if not raw:
                raise Refusal(400, "no body")
            request = Request(raw, now())
            self._queue.put(request)
            try:
                await asyncio.wait_for(
                    asyncio.wrap_future(request.accepted), options.timeout_seconds
                )
            except (TimeoutError, asyncio.CancelledError) as error:
                again = {"retry-after": str(RETRY_SECONDS)}
                raise Refusal(503, "not accepted yet: send it again", **again) from error
        finally:
            self._waiting -= 1
            self._waiting_bytes -= size

    async def _body(self, receive: Receive) -> bytes:
        raw, more = bytearray(), True
        try:
            async with asyncio.timeout(self._options.timeout_seconds):
                while more:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        raise Refusal(400, "gone")
                    raw += message.get("body", b"")
                    more = message.get("more_body", False)
                    if len(raw) > self._options.max_bytes:
                        raise Refusal(413, f"at most {self._options.max_bytes} bytes")
        except TimeoutError as error:
            raise Refusal(408, "the body took too long") from error
        return bytes(raw)

    def _check_token(self, headers: Headers) -> None:
        if self._options.token is None:
            return
        header = self._options.token_header.lower()
        shown = headers.get(header, "")
        if header == "authorization":
            scheme, _, shown = shown.partition(" ")
            shown = shown if scheme.lower() == "bearer" else ""
        token = self._options.token.get_secret_value()
        if not hmac.compare_digest(shown.encode(), token.encode()):
            raise Refusal(401, "no or wrong token", **{"www-authenticate": "Bearer"})

    def _check_signature(self, headers: Headers, raw: bytes) -> None:
        if self._options.hmac_secret is None:
            return
        shown = headers.get(self._options.signature_header.lower(), "").removeprefix("sha256=")
        secret = self._options.hmac_secret.get_secret_value().encode()
        expected = hmac.new(secret, raw, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(shown.lower().encode(), expected.encode()):
            raise Refusal(401, "no or wrong signature")
