"""NewsML 1.x NewsComponents: which of them are stories, and the text that they hold.

A NewsItem is a tree of components. One is a story where it holds text itself, or holds it in
parts that their roles name (Belga: Title, Lead, Body). Captions and supporting pictures are none.
Specification: NewsML 1.2 Functional Specification, NewsComponent and ContentItem.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date

from lxml import etree

from connectors.fields import values
from connectors.fields.markup import line_of, local_name
from connectors.formats import inline, xml
from connectors.formats.nitf_content import Content

_PARTS = frozenset(("title", "lead", "body"))  # roles of a story's parts in Belga's NewsML
_ASIDE = frozenset(("caption", "supporting", "teaser", "quicklook", "thumbnail", "preview"))
_MEDIA = r"photo|picture|image|video|audio|graphic|jpe?g|mpeg|animation"


class Chain:
    """A story's component and those around it, the innermost first: metadata are inherited."""

    def __init__(self, *components: etree._Element) -> None:
        self.components = components

    def all(self, path: str) -> list[etree._Element]:
        """Returns the elements at a path in the innermost component that has any with content."""
        # EFE writes DescriptiveMetada.
        paths = (path, path.replace("DescriptiveMetadata/", "DescriptiveMetada/"))
        for component in self.components:
            found = [
                each
                for spelt in dict.fromkeys(paths)
                for each in xml.children(component, spelt)
                if len(each) or (each.text or "").strip() or any(each.attrib.values())
            ]
            if found:
                return found
        return []

    def first(self, path: str) -> etree._Element | None:
        return next(iter(self.all(path)), None)

    def line(self, path: str) -> str | None:
        return next(filter(None, map(line_of, self.all(path))), None)


def texts(
    element: etree._Element, near: date | None, *, captions: bool
) -> list[tuple[Chain, Content]]:
    """Returns the components of an item that hold a story's text, each with its content."""
    chains = _components(element, (), captions=captions)
    read = ((chain, _content(chain.components[0], near)) for chain in chains)
    return [(chain, content) for chain, content in read if content.body]


def is_headline_alone(components: Sequence[etree._Element]) -> bool:
    """Returns whether an item is an alert: a headline without picture or reference."""
    others = ("ContentItem", "NewsItemRef", "NewsItem")
    return any(
        line_of(headline) for each in components for headline in xml.descendants(each, "HeadLine")
    ) and not any(
        _names_media(item) for each in components for item in xml.descendants(each, *others)
    )


def _components(
    parent: etree._Element, around: tuple[etree._Element, ...], *, captions: bool
) -> Iterator[Chain]:
    """Yields the components that are stories, in order, each with those around it."""
    for component in xml.children(parent, "NewsComponent"):
        chain = (component, *around)
        role = _role(component)
        if role in _ASIDE and not (captions and role == "caption"):
            continue
        inner = list(xml.children(component, "NewsComponent"))
        if any(_role(each) in _PARTS for each in inner) or any(
            _holds_text(each) for each in xml.children(component, "ContentItem")
        ):
            yield Chain(*chain)
            continue
        below = list(_components(component, chain, captions=captions))
        # The members of an equivalents list say the same.
        yield from below[:1] if component.get("EquivalentsList") == "yes" else below


def _role(component: etree._Element) -> str:
    return (formal_name(xml.child(component, "Role")) or "").casefold()


def formal_name(element: etree._Element | None) -> str | None:
    """Returns a formal name: the attribute's, or the text that some write instead."""
    return values.line(xml.attribute(element, "FormalName")) or line_of(element)


def _names_media(element: etree._Element) -> bool:
    """Returns whether an element is a picture, sound or video, or points to another item."""
    return local_name(element) != "ContentItem" or bool(
        element.get("Href") or re.search(_MEDIA, _kind(element))
    )


def _kind(content_item: etree._Element) -> str:
    """Returns what a ContentItem says that it is, in lower case: "text nitf3.1"."""
    names = ("MediaType", "Format", "MimeType")
    return " ".join(
        filter(None, (formal_name(xml.child(content_item, n)) for n in names))
    ).casefold()


def _holds_text(content_item: etree._Element) -> bool:
    """Returns whether a ContentItem is text, and neither a style sheet nor a picture."""
    return not re.search(rf"{_MEDIA}|xsl|css|style", _kind(content_item)) and any(
        len(data) or (data.text or "").strip()
        for data in xml.descendants(content_item, "DataContent")
    )


def _content(component: etree._Element, near: date | None) -> Content:
    """Returns the text of a component: its first ContentItem with a text, or its parts joined."""
    for content_item in xml.children(component, "ContentItem"):
        if not _holds_text(content_item):
            continue
        for data in xml.descendants(content_item, "DataContent"):
            content = inline.read(data, near)
            if content.body:
                return content
    parts: dict[str, str] = {}
    for inner in xml.children(component, "NewsComponent"):
        role = _role(inner)
        if role in _PARTS and role not in parts:
            parts[role] = _content(inner, near).body
    # Belga prints the lead above the body, which does not repeat it.
    body = "\n\n".join(filter(None, (parts.get("lead"), parts.get("body"))))
    return Content(headline=values.line(parts.get("title")), body=body)


def reason(element: etree._Element) -> str:
    """Returns why an item holds no story."""
    components = list(xml.descendants(element, "NewsComponent"))
    if not components:
        return "no component: a topic set, catalog or update"
    if next(xml.descendants(element, "NewsItemRef", "NewsItem"), None) is not None:
        return "a package that points to other items"
    kinds = values.distinct(
        formal_name(xml.child(item, "MediaType"))
        for item in xml.descendants(element, "ContentItem")
    )
    return f"no text: {', '.join(kinds)}" if kinds else "no text"
