"""Search results as feeds: RSS 2.0 and JSON Feed 1.1.

The JSON Feed has an extension, `_newswire`, from which another newswire reads the stories back
under their own ids, sources, versions and clocks (`connectors.formats.jsonfeed`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any
from xml.etree.ElementTree import Element, SubElement, tostring

import orjson

from pipeline.search.results import Hit

Link = Callable[[str], str]
"""Returns the URL of a story's page from the story's id."""

_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def rss(title: str, home: str, hits: Sequence[Hit], link: Link) -> bytes:
    """Write hits as RSS 2.0. A wire's markup is escaped."""
    root = Element("rss", version="2.0")
    channel = SubElement(root, "channel")
    _add(channel, "title", title)
    _add(channel, "link", home)
    _add(channel, "description", f"{title}: the newest stories first")
    for hit in hits:
        item = SubElement(channel, "item")
        _add(item, "title", _title(hit))
        _add(item, "link", link(hit.id))
        _add(item, "guid", f"{hit.id}#{hit.version or ''}", isPermaLink="false")
        _add(item, "description", _escaped(_summary(hit)))
        if hit.published_at:
            _add(item, "pubDate", format_datetime(hit.published_at))
        if hit.source:
            _add(item, "category", hit.source)
    body: bytes = tostring(root, encoding="utf-8")
    return b'<?xml version="1.0" encoding="utf-8"?>\n' + body


def json_feed(title: str, home: str, url: str, hits: Sequence[Hit], link: Link) -> bytes:
    """Write hits as JSON Feed 1.1 (https://jsonfeed.org/version/1.1)."""
    return orjson.dumps(
        {
            "version": "https://jsonfeed.org/version/1.1",
            "title": title,
            "home_page_url": home,
            "feed_url": url,
            "items": [_item(hit, link) for hit in hits],
        }
    )


def _item(hit: Hit, link: Link) -> dict[str, Any]:
    item = {
        "id": hit.id,
        "url": link(hit.id),
        "title": _title(hit),
        "content_text": _summary(hit),
        "date_published": hit.published_at,
        "language": hit.language,
        "authors": [{"name": hit.byline}] if hit.byline else None,
        "tags": list(hit.persons) + [place.name for place in hit.places],
        "_newswire": {
            "id": hit.id,
            "source": hit.source,
            "version": hit.version,
            "clock": hit.clock,
        },
    }
    return {key: value for key, value in item.items() if value is not None}


def _title(hit: Hit) -> str:
    title = hit.headline.text or hit.slugline or hit.id
    until = hit.embargoed_until
    if until is None or until <= datetime.now(UTC):
        return title
    return f"[Embargoed until {until:%d %b %Y %H:%M} UTC] {title}"


def _summary(hit: Hit) -> str:
    return " … ".join(snippet.text for snippet in hit.snippets) or hit.summary or ""


def _escaped(text: str) -> str:
    # Feed readers treat a description as HTML, even after the XML is unescaped.
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _add(parent: Element, name: str, text: str, **attributes: str) -> None:
    SubElement(parent, name, attributes).text = _NOT_XML.sub("\ufffd", text)
