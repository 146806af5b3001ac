"""Story text that stands inside another format: NITF, XHTML, escaped HTML or plain text.

NewsML 1.2 carries it in DataContent, NewsML-G2 in inlineXML and inlineData. The content decides,
not what is declared: agencies label HTML as text/plain and XHTML as "xhtml/xml".
"""

from __future__ import annotations

import re
from datetime import date

from lxml import etree

from connectors.fields import wrapping
from connectors.fields.charset import decode
from connectors.fields.markup import local_name, looks_like_markup, text_of, text_of_html
from connectors.formats import nitf_content, xml
from connectors.formats.nitf_content import Content
from pipeline.wire.errors import ParseError

_NITF = re.compile(r"<(?:\w+:)?(?:tt)?nitf[\s>]")
_STYLE_SHEETS = frozenset(("stylesheet", "transform", "style"))


def read(container: etree._Element, near: date | None) -> Content:
    """Returns the content inside an element; an empty one for a style sheet or nothing.

    Args:
        near: a day near the filing, for datelines without a year.
    """
    names = [local_name(child) for child in container]
    if _STYLE_SHEETS.intersection(names):
        return Content()
    nitf = next(xml.descendants(container, "nitf", "ttnitf"), None)
    if nitf is not None:
        return nitf_content.read(nitf, near)
    if not names:
        text = _bare(container)
        return of_markup(text, near) or Content(body=of_text(text))
    body = next(xml.descendants(container, "body"), container)
    return Content(body=_of_xhtml(body))


def read_document(raw: bytes, near: date | None) -> Content:
    """Returns the content of a document that an item points to; empty if it can't be read."""
    try:
        wrapper = etree.Element("document")
        wrapper.append(xml.parse(raw))
    except ParseError:
        text = decode(raw)
        return Content(body=of_text(text)) if looks_like_markup(text) else Content()
    return read(wrapper, near)


def of_markup(text: str, near: date | None) -> Content | None:
    """Returns the content of NITF that stands as text in another format; None for other text."""
    if not _NITF.search(text[:2000]):
        return None
    content = read_document(text.encode("utf-8", "replace"), near)
    return content if content.body or content.headline else None


def of_text(text: str) -> str:
    """Returns the paragraphs of text that is plain, or HTML that was escaped or put into CDATA."""
    if not looks_like_markup(text):
        return wrapping.paragraphs(text)
    body = text_of_html(text)
    if not body or "\n\n" in body or text.count("\n") < 3:
        return body
    # ANSA puts a teletype text into one <p>: its paragraphs are indented lines.
    return wrapping.paragraphs(_without_tags(text))


def _of_xhtml(body: etree._Element) -> str:
    """Returns the text of an XHTML body without the metadata that dpa prints above it.

    dpa-G2 repeats slugline, time and headline in a header and puts the story into a section of
    class "main".
    """
    main = [
        section
        for section in xml.descendants(body, "section", "main", "article")
        if local_name(section) == "main" or "main" in (section.get("class") or "").split()
    ]
    elements = main[:1] or [body]
    children = list(elements[0])
    if not children:
        return wrapping.paragraphs(elements[0].text or "")
    only = children[0] if len(children) == 1 and not len(children[0]) else None
    if only is not None and local_name(only) == "p" and (only.text or "").strip().count("\n") > 2:
        return wrapping.paragraphs(only.text or "")
    return text_of(*elements)


def _without_tags(text: str) -> str:
    root = etree.HTML(text, etree.HTMLParser(no_network=True))
    return "" if root is None else _bare(root)


def _bare(element: etree._Element) -> str:
    return "".join(map(str, element.itertext()))
