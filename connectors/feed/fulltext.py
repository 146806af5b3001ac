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
    r"cookie|consent|privacy|privatsphäre|datenschutz|einwillig|vie privée|privacidad"
    r"|toestemming|samtycke|personal data|personenbezogen|données personnelles|datos personales"
    r"|dati personali|werbung und tracking"
    r"|(?:\bour|unsere|\bnos|nuestros|nostri|onze)\s+(?:\d+\s+)?partner",
    re.IGNORECASE,
)
# The offer that stands where the rest of an article would.
_OFFER = re.compile(
    r"\b(?:subscribe|sign\s?in|sign\s?up|log\s?in|register|join"
    r"|create (?:a|an) [\w ]{0,20}account)\b[^.]{0,40}\bto (?:continue|keep|read|unlock|access)\b"
    r"|already (?:a )?(?:subscriber|subscribed|member)|(?:for|to) (?:our )?subscribers only"
    r"|subscriber[- ](?:only|exclusive)|exclusive to subscribers"
    r"|réservée?s? (?:aux|à nos) abonné|il vous reste \d+|déjà abonné"
    r"|lire la suite de (?:cet )?article|abonnez-vous pour"
    r"|jetzt weiterlesen|weiterlesen mit|bereits (?:ein )?abo|(?:nur )?für abonnent"
    r"|para suscriptores|ya (?:eres|soy|es) suscriptor|suscríbe(?:te|se) para"
    r"|riservat[oa] agli abbonati|già abbonat[oi]|abbonati per"
    r"|para assinantes|já é assinante|assine para"
    r"|alleen voor abonnees|al abonnee|(?:kun )?for abonnenter|för prenumeranter|allerede abonnent"
    r"|только для подписчиков",
    re.IGNORECASE,
)
# A check of the browser, or a login, in place of the article.
_BARRIER = re.compile(
    r"(?:enable|activate) javascript|javascript (?:is|to be) (?:disabled|enabled|required)"
    r"|verify (?:that )?you are (?:a )?human|are you a robot|not a robot|unusual traffic"
    r"|security check|security of your connection|access denied|checking your browser"
    r"|(?:log|sign) in to your account"
    r"|javascript (?:aktivieren|einschalten)|aktivieren sie (?:bitte )?javascript"
    r"|activ(?:er|ez) javascript|(?:activar|habilit[ae]r?) javascript|abilit(?:a|are) javascript",
    re.IGNORECASE,
)
_SHORT = 3000
"""A page that asks for something else than reading is shorter than this."""
_LAST_LINES = 4
_OFFER_CHARS = 250


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
    first, _, rest = body.partition("\n\n")
    if rest and first.casefold() == (story.headline or "").casefold():
        body = rest
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
    _check_is_article([line for line in lines if line], len(text) < _SHORT)
    return text


def _check_is_article(lines: list[str], is_short: bool) -> None:
    """Check that a page's text is an article, and not what stands in its place.

    Raises:
        NoText: it is a paywall, a consent page, a login or a check of the browser.
    """
    if any(len(line) < _OFFER_CHARS and _OFFER.search(line) for line in lines[-_LAST_LINES:]):
        raise NoText("the article is behind a paywall")
    if is_short and any(_BARRIER.search(line) for line in lines[:_LAST_LINES]):
        raise NoText("the page asks for a login, or checks the browser")
    if sum(bool(_CONSENT.search(line)) for line in lines) * 2 >= len(lines) and is_short:
        raise NoText("the page asks for consent")


def _is_page(link: Link) -> bool:
    return (
        link.rel in _PAGES
        and link.href.startswith(("http://", "https://"))
        and (link.type is None or "html" in link.type)
    )
