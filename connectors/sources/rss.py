"""RSS and Atom documents, polled with conditional requests (RFC 9110), at once after WebSub."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

import httpx
from pydantic import Field

from connectors.cursor import Cursor
from connectors.sources.base import Delivery, Polled, Source
from connectors.sources.fetch import VALIDATORS, Fetcher, FetchOptions, bare, conditions
from connectors.sources.websub import Subscription, hub_of

POLL_SECONDS = 1.0
"""How long a poll waits for the hub; the feed may take as long to stop."""


class RssOptions(FetchOptions):
    """The keys of a feed with `source = "rss"`."""

    websub_callback: str | None = Field(default=None, pattern=r"^https?://[^{}]+$")
    """The public address at which the feed's hub may notify it; None subscribes to no hub."""
    websub_host: str = "127.0.0.1"
    """The address to listen on; a proxy passes requests for `websub_callback` to it."""
    websub_port: int = Field(default=0, ge=0, le=65535)
    """0: any free port."""


class Rss(Source):
    """Delivers each state of one document that a poll has seen, at least once.

    The document is a delivery each time the server says that it has changed. A permanent
    redirect is remembered until the feed's URL is changed. With `websub_callback` the feed is
    polled as soon as its hub notifies it, and otherwise as often as without.
    """

    name = "rss"
    options = RssOptions

    def __init__(self, options: RssOptions, transport: httpx.BaseTransport | None = None) -> None:
        self._url = options.url
        self._interval = self.interval_seconds = options.interval_seconds
        self._fetcher = Fetcher(options, transport=transport)
        self._polled_at = float("-inf")
        self._waiting = False  # for the broker, since a delivery
        self.subscription = (
            Subscription(
                options.websub_callback, options.websub_host, options.websub_port, self._fetcher
            )
            if options.websub_callback
            else None
        )

    def poll(self, cursor: Cursor) -> Iterator[Polled]:
        """Yield the document if it has changed; see `Source.poll`."""
        subscribed = self.subscription is not None and self.subscription.active
        self.interval_seconds = 0.0 if subscribed else self._interval
        if self.subscription and subscribed and not self._is_due():
            notified = self.subscription.wait(POLL_SECONDS)
            if not notified:
                return
        self._polled_at = time.monotonic()
        ours = cursor.get("url") == self._url
        known = {name: cursor.get(name) for name in VALIDATORS} if ours else {}
        at = (cursor.get("moved-to") if ours else None) or self._url
        page = self._fetcher.get(at, conditions(known))
        hub, topic = (cursor.get("hub"), cursor.get("topic")) if ours else (None, None)
        if page is not None:
            hub, topic = hub_of(page, at)
        if self.subscription:
            self.subscription.follow(hub, topic or at)
        if page is None:
            return
        moved = page.moved_to or (at if at != self._url else None)
        state = {
            "url": self._url,
            "moved-to": moved,
            "hub": hub,
            "topic": topic,
            **page.validators,
        }
        self._waiting = True
        yield Delivery(raw=page.raw, name=bare(self._url), state=state)

    def acknowledged(self, deliveries: Sequence[Delivery]) -> None:
        """Note that the broker has the document."""
        self._waiting = self._waiting and not deliveries

    def close(self) -> None:
        """Close the connections."""
        if self.subscription:
            self.subscription.close()
        self._fetcher.close()

    def _is_due(self) -> bool:
        return self._waiting or time.monotonic() - self._polled_at >= self._interval
