"""Pages of JSON, polled: each page links to the next, and items link to their documents.

Made for APIs like the AP Media API, whose page lists items, each with a link to its NITF,
and links to the page that will hold the next items.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import Any
from urllib.parse import urljoin

import httpx
from pydantic import Field

from connectors.cursor import Cursor
from connectors.sources.base import Delivery, Polled, Progress, Source
from connectors.sources.fetch import VALIDATORS, Fetcher, FetchOptions, bare, conditions
from pipeline.wire.errors import Answered, NotAllowed

log = logging.getLogger(__name__)

MAX_LINKS = 1000
"""The most documents fetched for one page."""


class HttpOptions(FetchOptions):
    """The keys of a feed with `source = "http"`.

    A place in a page is written as keys with dots between them, "*" for each item of a list:
    "data.items.*.item.renditions.nitf.href".
    """

    items: str | None = None
    """Where a page has its list of items. A page with an empty list is not delivered."""
    next: str | None = None
    """Where a page has the link to the next page. Without it the one page is polled."""
    links: tuple[str, ...] = ()
    """Where items have links to documents that the format needs."""
    hosts: tuple[str, ...] = ()
    """Hosts that links may lead to, besides the host of `url`."""
    allow_private_addresses: bool = False
    """True when `hosts` may have addresses in a private network."""
    requests_per_second: float = Field(default=5.0, gt=0)
    max_pages: int = Field(default=20, ge=1)
    """The most pages that are read in a row before the feed pauses."""


class Http(Source):
    """Delivers every page with the documents that its items link to, at least once.

    The cursor has the page to fetch next. If the server no longer has that page, the feed
    starts again at its URL.
    """

    name = "http"
    options = HttpOptions

    def __init__(self, options: HttpOptions, transport: httpx.BaseTransport | None = None) -> None:
        self._options = options
        self.interval_seconds = options.interval_seconds
        self._behind = False
        self._fetcher = Fetcher(
            options,
            options.hosts,
            options.allow_private_addresses,
            options.requests_per_second,
            transport=transport,
        )

    def poll(self, cursor: Cursor) -> Iterator[Polled]:
        """Yield the pages from where the cursor is to the newest; see `Source.poll`."""
        url = self._options.url
        ours = cursor.get("url") == url
        at = (cursor.get("at") if ours else None) or url
        known = {name: cursor.get(name) for name in VALIDATORS} if ours else {}
        self._behind = False
        for _ in range(self._options.max_pages):
            try:
                page = self._fetcher.get(at, conditions(known))
            except Answered as error:
                if error.status not in (400, 404, 410) or at == url:
                    raise
                log.warning(
                    "the next page is gone: the feed starts again at its URL",
                    extra={"url": bare(at)},
                )
                yield Progress({"at": None, **dict.fromkeys(VALIDATORS)})
                return
            if page is None:
                return
            document = _decode(page.raw)
            following = self._following(document, at)
            # The validators belong to the next request only if it asks for this page again.
            stays = following == at
            state = {
                "url": url,
                "at": following,
                **(page.validators if stays else dict.fromkeys(VALIDATORS)),
            }
            if self._options.items and next(pick(document, self._options.items), None) == []:
                yield Progress(state)
            else:
                linked = self._linked(document, at)
                yield Delivery(raw=page.raw, name=bare(at), state=state, linked=linked)
            if stays:
                return
            at, known = following, {}
        self._behind = True

    def settled(self) -> bool:
        """Return True when the last poll has reached the newest page."""
        return not self._behind

    def close(self) -> None:
        """Close the connections."""
        self._fetcher.close()

    def _following(self, document: Any, at: str) -> str:
        link = next(pick(document, self._options.next), None) if self._options.next else None
        return urljoin(at, link) if isinstance(link, str) else at

    def _linked(self, document: Any, at: str) -> dict[str, bytes]:
        """Fetch the documents that a page's items link to, by the URLs as written there.

        A document that the server refuses permanently is left out; the format then reports
        what is missing.
        """
        found: dict[str, bytes] = {}
        for place in self._options.links:
            for link in pick(document, place):
                if not isinstance(link, str) or link in found or len(found) >= MAX_LINKS:
                    continue
                try:
                    page = self._fetcher.get(urljoin(at, link))
                except Answered as error:
                    if error.temporary or error.status == 401:
                        raise
                    log.warning("no linked document", extra={"reason": str(error)})
                    continue
                except NotAllowed as error:
                    log.warning("no linked document", extra={"reason": str(error)})
                    continue
                if page is not None:
                    found[link] = page.raw
        return found


def pick(document: Any, place: str) -> Iterator[Any]:
    """Yield the values at a place of a JSON document; none if there is no such place."""
    found = [document]
    for key in place.split("."):
        inner: list[Any] = []
        for value in found:
            if key == "*" and isinstance(value, list):
                inner.extend(value)
            elif isinstance(value, dict) and key in value:
                inner.append(value[key])
        found = inner
    yield from found


def _decode(raw: bytes) -> Any:
    try:
        return json.loads(raw)
    except (ValueError, RecursionError):
        return None  # the format reports what is wrong with it
