"""Stories that senders push over HTTP: accepted once Kafka has them, not before."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import InvalidStateError
from contextlib import suppress
from typing import Self

from pydantic import Field, model_validator

from config.settings import Token
from connectors.cursor import Cursor
from connectors.sources.base import MAX_BYTES, Delivery, Options, Polled, Source
from connectors.sources.receiver import Pushed, Receiver

POLL_SECONDS = 0.5
"""How long a poll waits for a request; the feed may take as long to stop."""


class WebhookOptions(Options):
    """The keys of a feed with `source = "webhook"`."""

    host: str = "127.0.0.1"
    port: int = Field(ge=0, le=65535)
    """0: any free port."""
    path: str = Field(default="/", pattern=r"^/[^{}]*$")
    token: Token | None = None
    """The sender must send it in `token_header`."""
    token_header: str = "Authorization"  # noqa: S105 (a header's name)
    """In `Authorization` the token follows "Bearer "; in any other header it stands alone."""
    hmac_secret: Token | None = None
    """The sender must sign the body with it: HMAC-SHA256 in hexadecimal (RFC 2104)."""
    signature_header: str = "X-Hub-Signature-256"
    """The header with the signature, alone or after "sha256="."""
    max_bytes: int = Field(default=MAX_BYTES, ge=1)
    """A longer body is refused with 413."""
    max_waiting: int = Field(default=100, ge=1)
    """The most requests that may wait for Kafka at once; a further one is refused with 429."""
    max_waiting_bytes: int = Field(default=4 * MAX_BYTES, ge=1)
    """The most bytes that these requests may have together."""
    timeout_seconds: float = Field(default=30.0, gt=0)
    """How long a body may take to arrive, and then Kafka to acknowledge it."""

    @model_validator(mode="after")
    def _authenticated(self) -> Self:
        if self.token is None and self.hmac_secret is None:
            raise ValueError("a webhook needs a token or an hmac_secret, from the environment")
        if self.max_bytes > self.max_waiting_bytes:
            raise ValueError("max_waiting_bytes must be at least max_bytes")
        return self


class Webhook(Source):
    """Delivers every body that a sender was answered 202 for, at least once.

    202 means that Kafka has acknowledged what is in the body. After any other answer the
    sender must send the body again. Listens from the first poll on; the cursor has nothing.
    """

    name = "webhook"
    options = WebhookOptions
    pushed = True
    interval_seconds = 0.0

    def __init__(self, options: WebhookOptions) -> None:
        self._path = options.path
        self._receiver = Receiver(options)
        self._given: list[Pushed] = []

    @property
    def url(self) -> str | None:
        """Return the address it listens on, or None before the first poll."""
        return self._receiver.url

    def poll(self, cursor: Cursor) -> Iterator[Polled]:
        """Yield the requests that wait; see `Source.poll`."""
        self._receiver.open()
        # Requests that were yielded before and are not answered did not reach the broker.
        # A delivery whose sender was asked to send it again is dropped.
        again = [pushed for pushed in self._given if not pushed.accepted.done()]
        self._given = [*again, *self._receiver.requests(POLL_SECONDS)]
        for pushed in tuple(self._given):
            yield Delivery(
                raw=pushed.raw,
                name=f"webhook {self._path}",
                received_at=pushed.received_at,
                receipt=pushed,
            )

    def acknowledged(self, deliveries: Sequence[Delivery]) -> None:
        """Answer the senders 202."""
        done = {id(delivery.receipt) for delivery in deliveries}
        for pushed in self._given:
            if id(pushed) in done:
                with suppress(InvalidStateError):  # its sender was just asked to send it again
                    pushed.accepted.set_result(None)
        self._given = [pushed for pushed in self._given if id(pushed) not in done]

    def settled(self) -> bool:
        """Return True when no sender waits."""
        return not self._given and self._receiver.empty

    def close(self) -> None:
        """Stop listening; senders that still wait are answered that they must send again."""
        for pushed in self._given:
            pushed.accepted.cancel()
        self._receiver.close()
