"""RSS and Atom documents, polled with conditional requests (RFC 9110)."""

from __future__ import annotations

from collections.abc import Iterator

import httpx

from connectors.cursor import Cursor
from connectors.sources.base import Delivery, Polled, Source
from connectors.sources.fetch import VALIDATORS, Fetcher, FetchOptions, bare, conditions


class RssOptions(FetchOptions):
    """The keys of a feed with `source = "rss"`."""


class Rss(Source):
    """Delivers each state of one document that a poll has seen, at least once.

    The document is a delivery each time the server says that it has changed. A permanent
    redirect is remembered until the feed's URL is changed.
    """

    name = "rss"
    options = RssOptions

    def __init__(self, options: RssOptions, transport: httpx.BaseTransport | None = None) -> None:
        self._url = options.url
        self.interval_seconds = options.interval_seconds
        self._fetcher = Fetcher(options, transport=transport)

    def poll(self, cursor: Cursor) -> Iterator[Polled]:
        """Yield the document if it has changed; see `Source.poll`."""
        ours = cursor.get("url") == self._url
        known = {name: cursor.get(name) for name in VALIDATORS} if ours else {}
        at = (cursor.get("moved-to") if ours else None) or self._url
        page = self._fetcher.get(at, conditions(known))
        if page is None:
            return
        moved = page.moved_to or (at if at != self._url else None)
        state = {"url": self._url, "moved-to": moved, **page.validators}
        yield Delivery(raw=page.raw, name=bare(self._url), state=state)

    def close(self) -> None:
        """Close the connections."""
        self._fetcher.close()
