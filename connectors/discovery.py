"""Finds out what a web address is: a feed, or a page that links to one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urljoin, urlsplit

from lxml import html

from config.feeds import Feed, load_feeds
from config.settings import Retry
from connectors.feed.fulltext import page_of, require, with_full_text
from connectors.feed.pages import Hosts, Pages
from connectors.feed.reading import read
from connectors.formats import KNOWN
from connectors.formats.auto import recognise
from connectors.sources.base import Delivery
from connectors.sources.fetch import Fetcher, FetchOptions
from pipeline.wire.errors import ConfigError, NewswireError, ParseError, SourceUnavailable
from pipeline.wire.story import Story

FEED_TYPES = (
    "application/rss+xml",
    "application/atom+xml",
    "application/feed+json",
)
"""The types of a page's links to its feeds (RSS autodiscovery)."""

MAX_LINKS = 5
_NAME = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, slots=True)
class Found:
    """A feed at an address."""

    url: str
    format: str
    stories: tuple[Story, ...]
    unread: int
    """Items that can't be read."""


def discover(url: str) -> Found:
    """Return the feed at an address, or the first one that the page there links to.

    Raises:
        SourceUnavailable: the address does not answer.
        ConfigError: there is no feed.
    """
    if not url.startswith(("http://", "https://")):
        raise ConfigError(f"{url}: not a web address; it must begin with http:// or https://")
    page = _fetched(url)
    if found := _feed(url, page):
        return found
    links = _links(url, page)
    for link in links:
        try:
            if found := _feed(link, _fetched(link)):
                return found
        except SourceUnavailable:
            continue
    tried = f"; none of these is one: {', '.join(links)}" if links else " and links to none"
    raise ConfigError(f"{url}: is not a feed of stories{tried}")


def with_pages(found: Found, count: int, retry: Retry) -> tuple[Story, ...]:
    """Return a feed's first stories as `full_text` has them, from the pages that they link to."""
    require("full_text")
    pages = Pages(found.url, Hosts(), retry)
    stories = []
    for story in found.stories[:count]:
        url = page_of(story)
        try:
            fetched = {url: pages.get(url)} if url else {}
        except SourceUnavailable:
            fetched = {}
        stories.append(with_full_text(story, fetched))
    pages.close()
    return tuple(stories)


def table(found: Found, name: str, full_text: bool) -> str:
    """Return the feed's table for the feeds file."""
    lines = [f"[feeds.{name}]", 'source = "rss"', f'format = "{found.format}"']
    lines.append(f"url = {_quoted(found.url)}")
    if full_text:
        lines.append("full_text = true")
    return "\n".join(lines) + "\n"


def name_for(url: str, taken: Sequence[str]) -> str:
    """Return a name for a feed that is not taken, from its host: "example-org"."""
    host = (urlsplit(url).hostname or "feed").removeprefix("www.")
    base = _NAME.sub("-", host.lower()).strip("-") or "feed"
    names = (base if n == 1 else f"{base}-{n}" for n in range(1, len(taken) + 2))
    return next(name for name in names if name not in taken)


def add(file: Path, found: Found, name: str | None = None, full_text: bool = False) -> str:
    """Append a feed's table to the feeds file, and return the feed's name.

    Raises:
        ConfigError: the file can't be read or written, or has the feed or its name.
    """
    before = file.read_text(encoding="utf-8") if file.exists() else ""
    feeds = load_feeds(file) if before else {}
    if name in feeds:
        raise ConfigError(f"feeds.{name} in {file}: this name is taken")
    for feed in feeds.values():
        if feed.options.get("url") == found.url:
            raise ConfigError(f"feeds.{feed.name} in {file}: has this address already")
    chosen = name or name_for(found.url, list(feeds))
    parted = "\n" if before and not before.endswith("\n\n") else ""
    after = before + parted + table(found, chosen, full_text)
    part = file.with_name(file.name + ".part")
    try:
        part.write_text(after, encoding="utf-8")
        load_feeds(part)
        part.replace(file)
    except OSError as error:
        raise ConfigError(f"{file}: {error.strerror}") from error
    except NewswireError as error:
        raise ConfigError(str(error).replace(str(part), str(file))) from error
    finally:
        part.unlink(missing_ok=True)
    return chosen


def _fetched(url: str) -> bytes:
    fetcher = Fetcher(FetchOptions(url=url))
    try:
        page = fetcher.get(url)
    finally:
        fetcher.close()
    return page.raw if page else b""


def _feed(url: str, raw: bytes) -> Found | None:
    try:
        found = recognise(raw, KNOWN)
    except ParseError:
        return None
    if found.name in ("text", "mail"):  # of any page
        return None
    reading = read(Feed(name="new", source="rss", format=found.name), Delivery(raw, url))
    if not reading.stories:
        return None
    return Found(url, found.name, reading.stories, len(reading.letters))


def _links(url: str, raw: bytes) -> list[str]:
    try:
        page = html.fromstring(raw)
    except (ValueError, html.etree.LxmlError):
        return []
    links = [
        link
        for link in page.iter("link")
        if (link.get("type") or "").lower() in FEED_TYPES and link.get("href")
    ]
    links.sort(key=lambda link: "comment" in f"{link.get('href')} {link.get('title')}".lower())
    found = (urljoin(url, str(link.get("href"))) for link in links)
    return list(dict.fromkeys(found))[:MAX_LINKS]


def _quoted(text: str) -> str:
    """Return a text as a string of TOML."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in escaped) + '"'
