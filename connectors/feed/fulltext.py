"""The full text of a story from the page that it links to, for feeds with `full_text = true`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib.util import find_spec

import msgspec

from pipeline.wire.errors import ConfigError
from pipeline.wire.story import Link, Status, Story

MIN_CHARS = 250
"""A shorter text is no article: the page is a paywall, a consent page or a player."""

_PAGES = frozenset({None, "canonical", "alternate"})
_PAYWALL = re.compile(
    rb"[\"']isAccessibleForFree[\"']\s*:\s*[\"']?false"
    rb"|<meta[^>]+content_tier[^>]+content=[\"'](?:locked|metered)",
    re.IGNORECASE,
)
_CONSENT = re.compile(
    r"cookie|consent|privacy|datenschutz|einwillig|vie privée|privacidad|toestemming|samtycke",
    re.IGNORECASE,
)


class NoText(Exception):
    """A page has no article that may be read."""


def require(key: str) -> None:
    """Check that the package is installed that a key needs.

    Raises:
        ConfigError: it is not; says how to install it.
    """
    if find_spec("trafilatura") is None:
        raise ConfigError(f"{key}: needs trafilatura: pip install 'newswire[fulltext]'")


def page_of(story: Story) -> str | None:
    """Return the address of a story's page; None if it has none or its text may not be shown."""
    if story.status is not Status.USABLE:
        return None
    return next((link.href for link in story.links if _is_page(link)), None)


def with_full_text(story: Story, pages: Mapping[str, bytes]) -> Story:
    """Return the story with the text of its page, if the page was fetched and has more text."""
    url = page_of(story)
    page = pages.get(url) if url else None
    if url is None or page is None:
        return story
    try:
        body = article(page, url)
    except NoText:
        return story
    if len(body) <= len(story.body):
        return story
    summary = story.summary or story.body or None
    return msgspec.structs.replace(story, body=body, summary=summary, text_source=url)


def article(page: bytes, url: str) -> str:
    """Return the text of an article's page, its paragraphs separated by an empty line.

    Raises:
        NoText: the page is a paywall, a consent page, or has no article.
    """
    from trafilatura import extract  # slow to import

    if _PAYWALL.search(page):
        raise NoText("the article is behind a paywall")
    try:
        found = extract(page, url=url, include_comments=False, include_tables=False)
    except Exception as error:  # a fault of the library on a page of any kind
        raise NoText(f"the page can't be read: {error!r}") from error
    lines = [" ".join(line.split()) for line in (found or "").splitlines()]
    text = "\n\n".join(line.removeprefix("- ") for line in lines if line)
    if len(text) < MIN_CHARS:
        raise NoText("the page has no article")
    consent = sum(bool(_CONSENT.search(line)) for line in lines if line)
    if consent * 2 > sum(map(bool, lines)):
        raise NoText("the page asks for consent")
    return text


def _is_page(link: Link) -> bool:
    return (
        link.rel in _PAGES
        and link.href.startswith(("http://", "https://"))
        and (link.type is None or "html" in link.type)
    )
