"""A subscription to a feed's hub (W3C WebSub): a notification makes the feed poll at once.

The content of a notification is not used. What the feed delivers comes from its own address, by
the same conditional request as ever, so a hub can neither forge nor lose a story; while it is
silent the feed is polled as if there were none.
"""

from __future__ import annotations

import asyncio
import hmac
import html
import json
import logging
import re
import secrets
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from urllib.parse import urljoin, urlsplit

from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response

from connectors.sources.fetch import Fetcher, Page
from connectors.sources.listener import Listener
from pipeline.wire.errors import SourceUnavailable

log = logging.getLogger(__name__)

LEASE_SECONDS = 10 * 86_400
"""The lease that is requested. The hub decides, and the subscription is renewed in time."""

RENEW_AT = 0.8
"""The share of the lease after which it is renewed."""

RETRY_SECONDS = 600.0
"""A hub that has not confirmed a subscription is asked again after this time."""

BODY_SECONDS = 30.0
"""How long a notification may take to arrive."""

ALGORITHMS = frozenset({"sha1", "sha256", "sha384", "sha512"})
_HEAD_BYTES = 64 * 1024
_LINK = re.compile(rb"<(?:[\w.-]+:)?link\b[^>]*>", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"""([\w:-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')""")
_HEADER = re.compile(r"""<([^>]*)>\s*;[^,]*?\brel\s*=\s*"?([^",;]*)""", re.IGNORECASE)


class Subscription:
    """The subscription of one feed, and the endpoint that its hub calls.

    Args:
        callback: the endpoint's public address.
        host: the address to listen on.
        port: 0 for any free port.
        fetcher: of the feed; checks the hub's address like any other.
    """

    def __init__(self, callback: str, host: str, port: int, fetcher: Fetcher) -> None:
        self._callback = callback
        self._fetcher = fetcher
        self._secret = secrets.token_hex(32)
        self._topic: str | None = None
        self._requested_at: float | None = None
        self._renew_at = self._until = 0.0
        self._notified = threading.Event()
        path = urlsplit(callback).path or "/"
        self._listener = Listener(host, port, path, ["GET", "POST"], self._answer)

    @property
    def url(self) -> str | None:
        """Return the address it listens on, or None before `follow` has found a hub."""
        return self._listener.url

    @property
    def active(self) -> bool:
        """Return True while the hub has confirmed the subscription."""
        return time.monotonic() < self._until

    def follow(self, hub: str | None, topic: str) -> None:
        """Subscribe to a topic at its hub, if there is one and it is time to.

        Raises:
            SourceUnavailable: the endpoint can't listen.
        """
        if hub is None or (topic == self._topic and not self._is_due()):
            return
        self._listener.open()
        self._topic, self._requested_at = topic, time.monotonic()
        form = {
            "hub.mode": "subscribe",
            "hub.topic": topic,
            "hub.callback": self._callback,
            "hub.secret": self._secret,
            "hub.lease_seconds": str(LEASE_SECONDS),
        }
        try:
            self._fetcher.post(hub, form)
        except SourceUnavailable as error:
            log.warning("websub: the hub refuses", extra={"hub": hub, "reason": str(error)})

    def wait(self, seconds: float) -> bool:
        """Return True once the hub has notified; False after so many seconds without."""
        notified = self._notified.wait(seconds)
        self._notified.clear()
        return notified

    def close(self) -> None:
        """Stop listening. The hub ends the subscription when its lease is over."""
        self._listener.close()
        self._until = 0.0

    def _is_due(self) -> bool:
        now = time.monotonic()
        if self._requested_at is not None and now < self._requested_at + RETRY_SECONDS:
            return False
        return now >= self._renew_at

    async def _answer(self, request: Request) -> Response:
        if request.method == "GET":
            return self._verified(request.query_params)
        with suppress(ClientDisconnect, TimeoutError):
            async with asyncio.timeout(BODY_SECONDS):
                if await self._is_signed(request):
                    self._notified.set()
        # The hub learns nothing from the answer about the signature.
        return PlainTextResponse("", 202)

    def _verified(self, query: Mapping[str, str]) -> Response:
        """Answer the hub's question whether this program has asked for the subscription."""
        mode, topic = query.get("hub.mode"), query.get("hub.topic")
        if self._requested_at is None or topic != self._topic:
            return PlainTextResponse("not subscribed here", 404)
        if mode == "denied":
            log.warning(
                "websub: the hub denies", extra={"topic": topic, "reason": query.get("hub.reason")}
            )
            self._until = 0.0
            return PlainTextResponse("")
        if mode != "subscribe":
            return PlainTextResponse("not subscribed here", 404)
        sent = query.get("hub.lease_seconds", "")
        lease = float(sent) if sent.isascii() and sent.isdigit() else float(LEASE_SECONDS)
        self._until = time.monotonic() + lease
        self._renew_at = time.monotonic() + lease * RENEW_AT
        return PlainTextResponse(query.get("hub.challenge", ""))

    async def _is_signed(self, request: Request) -> bool:
        """Return True if a notification is signed with the subscription's secret."""
        name, _, sent = request.headers.get("x-hub-signature", "").partition("=")
        if name not in ALGORITHMS:
            return False
        digest = hmac.new(self._secret.encode(), digestmod=name)
        async for chunk in request.stream():
            digest.update(chunk)
        return hmac.compare_digest(digest.hexdigest().encode(), sent.lower().encode())


def hub_of(page: Page, url: str) -> tuple[str | None, str]:
    """Return the hub that a document names, None for none, and the topic: its own address.

    Both may stand in the Link header (RFC 8288), in link elements of RSS and Atom, or in the
    members of a JSON Feed.
    """
    found: dict[str, str] = {}
    for target, rel in _links(page):
        if rel in ("hub", "self"):
            found.setdefault(rel, urljoin(url, target))
    return found.get("hub"), found.get("self", url)


def _links(page: Page) -> list[tuple[str, str]]:
    links = [(target, rel.strip().lower()) for target, rel in _HEADER.findall(page.link)]
    if page.raw.lstrip()[:1] == b"{":
        try:
            document = json.loads(page.raw)
        except (ValueError, RecursionError):
            return links
        hubs = document.get("hubs") if isinstance(document, dict) else None
        for hub in hubs if isinstance(hubs, list) else ():
            if isinstance(hub, dict) and isinstance(hub.get("url"), str):
                links.append((hub["url"], "hub"))
        if isinstance(own := document.get("feed_url"), str):
            links.append((own, "self"))
        return links
    for element in _LINK.findall(page.raw[:_HEAD_BYTES]):
        text = element.decode("utf-8", "replace")
        values = {name.lower(): html.unescape(a or b) for name, a, b in _ATTRIBUTE.findall(text)}
        if "href" in values:
            links.append((values["href"], values.get("rel", "").lower()))
    return links
