"""The pages behind the items of a feed, fetched politely.

Each page is fetched only if its host's robots.txt permits it, from one host at most once per
HOST_SECONDS or as often as its Crawl-delay permits, conditionally where it was fetched before,
and never from a private address that is not the feed's own.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import TypeVar
from urllib.parse import urljoin, urlsplit

import httpx

from config.settings import Retry
from connectors.feed import robots
from connectors.feed.robots import Robots
from connectors.sources.fetch import Fetcher, FetchOptions, Page, bare, conditions
from pipeline.process.waiting import delay
from pipeline.wire.errors import Answered, NotAllowed, SourceUnavailable

Kept = TypeVar("Kept")

log = logging.getLogger(__name__)

AGENT = "newswire"
HOST_SECONDS = 1.0
"""The shortest time between two requests to one host, of all feeds together."""

PAGE_BYTES = 4 * 1024 * 1024
PAGE_SECONDS = 20.0
TRIES = 3
ROBOTS_SECONDS = 24 * 3600.0
KEPT = 200
"""The pages, and the hosts, that are remembered."""


class Hosts:
    """When each host may be requested next. Shared by the feeds of a process; thread-safe."""

    def __init__(self, sleep: Callable[[float], object] = time.sleep) -> None:
        self._next_at: dict[str, float] = {}
        self._lock = threading.Lock()
        self._sleep = sleep

    def wait(self, host: str, seconds: float) -> None:
        """Wait until the host may be requested, and reserve the time after that."""
        with self._lock:
            now = time.monotonic()
            at = max(now, self._next_at.get(host, 0.0))
            self._next_at = {h: t for h, t in self._next_at.items() if t > now}
            self._next_at[host] = at + max(seconds, HOST_SECONDS)
        self._sleep(at - now)


class Pages:
    """The pages of one feed. Used from one thread.

    Args:
        own: the feed's URL, whose scheme, host and port may be private; None for no URL.
        hosts: shared with the other feeds.
        retry: how long to wait after a failure that may be temporary.
    """

    def __init__(
        self,
        own: str | None,
        hosts: Hosts,
        retry: Retry,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        options = FetchOptions(
            url=own or "https://invalid.invalid/",
            timeout_seconds=PAGE_SECONDS,
            max_bytes=PAGE_BYTES,
        )
        self._fetcher = Fetcher(options, unencrypted=True, transport=transport)
        self._hosts = hosts
        self._retry = retry
        self._robots: OrderedDict[str, tuple[float, Robots]] = OrderedDict()
        self._pages: OrderedDict[str, Page] = OrderedDict()

    def get(self, url: str) -> bytes:
        """Return a page.

        Raises:
            SourceUnavailable: it can't be fetched, or may not be.
        """
        rules = self._rules(url)
        if not rules.allows(url):
            raise NotAllowed(f"{bare(url)}: robots.txt does not permit it")
        known = self._pages.get(url)
        headers = conditions(known.validators) if known else {}
        page = self._try(url, headers, rules.delay_seconds) or known
        if page is None:
            raise SourceUnavailable(f"{bare(url)}: 304 without a condition")
        _keep(self._pages, url, page)
        return page.raw

    def close(self) -> None:
        """Close the connections."""
        self._fetcher.close()

    def _try(self, url: str, headers: dict[str, str], seconds: float) -> Page | None:
        for failures in range(TRIES):
            self._hosts.wait(urlsplit(url).hostname or "", seconds)
            try:
                return self._fetcher.get(url, headers)
            except NotAllowed:
                raise
            except SourceUnavailable as error:
                final = isinstance(error, Answered) and not error.temporary
                wait = max(delay(self._retry, failures), error.retry_after_seconds)
                if final or failures == TRIES - 1 or wait > PAGE_SECONDS:
                    raise
                time.sleep(wait)
        raise AssertionError("unreachable")

    def _rules(self, url: str) -> Robots:
        origin = urljoin(url, "/robots.txt")
        at, rules = self._robots.get(origin, (0.0, robots.NOTHING))
        if at > time.monotonic():
            return rules
        lasts = ROBOTS_SECONDS
        try:
            page = self._try(origin, {}, 0.0)
            rules = robots.parse(page.raw.decode("utf-8", "replace") if page else "", AGENT)
        except Answered as error:
            # A host without the file permits everything; one that fails permits nothing now.
            rules = robots.NOTHING if error.temporary else Robots()
            lasts = PAGE_SECONDS if error.temporary else lasts
        except SourceUnavailable as error:
            log.info("no robots.txt", extra={"reason": str(error)})
            rules, lasts = robots.NOTHING, PAGE_SECONDS
        _keep(self._robots, origin, (time.monotonic() + lasts, rules))
        return rules


def _keep(kept: OrderedDict[str, Kept], key: str, value: Kept) -> None:
    kept[key] = value
    kept.move_to_end(key)
    if len(kept) > KEPT:
        kept.popitem(last=False)
