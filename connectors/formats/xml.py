"""The one way in for XML: hardened against hostile documents, honest about damaged ones.

No external entity, DTD or network is ever read; entities are not expanded; size, depth and
number of tags are bounded, so that the worst document is refused within a second. Elements are
found by their local names, for the same wire comes with prefixes, default namespaces and none.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from html.entities import html5

from lxml import etree

from connectors.fields.charset import decode, sanitise
from connectors.fields.markup import local_name
from pipeline.wire.errors import ParseError

MAX_BYTES = 8 * 1024 * 1024
MAX_TAGS = 120_000  # opening and closing ones: twice as many as the elements
_XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"

_DECLARATION = re.compile(r"<\?xml\b[^>]*>")
_ENCODING = re.compile(rb"<\?xml\b[^>]{0,200}?encoding\s*=\s*[\"']([A-Za-z0-9._:-]{1,40})[\"']")
_ENTITY = re.compile(r"&([A-Za-z][A-Za-z0-9]{1,31};)")
_XML_ENTITIES = frozenset(("amp;", "lt;", "gt;", "quot;", "apos;"))
# XML 1.0 section 2.2 has no such characters; wires leave some behind from ANPA and 7901.
_NOT_XML = re.compile("[\x01-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def parse(raw: bytes) -> etree._Element:
    """Returns the root element of an XML document.

    Comments and processing instructions are left out. HTML's named characters (&nbsp;) are
    read even where no DTD declares them.

    Raises:
        ParseError: empty, too large, or not well-formed; names the line or byte.
    """
    if len(raw) > MAX_BYTES:
        raise ParseError(f"larger than {MAX_BYTES} bytes", f"byte {MAX_BYTES}")
    if raw.count(b"<") > MAX_TAGS:
        raise ParseError(f"more than {MAX_TAGS} tags", "the document")
    encoding = _ENCODING.search(raw[:400].replace(b"\x00", b""))
    text = decode(raw, encoding[1].decode("ascii") if encoding else None)
    if not text.strip():
        raise ParseError("the delivery is empty", "byte 0")
    nul = text.find("\x00")
    if nul >= 0:
        raise ParseError("a NUL byte in XML", f"character {nul}")
    text = text.lstrip()
    declaration = _DECLARATION.match(text)
    text = _NOT_XML.sub("", text[declaration.end() :] if declaration else text).lstrip()
    text = _ENTITY.sub(_named_character, text)
    parser = etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        attribute_defaults=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(text.encode("utf-8"), parser)
    except etree.XMLSyntaxError as error:
        line, column = error.position
        said = re.sub(r", line \d+, column \d+$", "", error.msg or "no root element")
        where = f"line {line}, column {column}"
        raise ParseError(f"not well-formed XML: {said}", where) from error
    for entity in root.iter(etree.Entity):
        raise ParseError(
            f"the entity {entity.text} is declared in the document; entities are not expanded",
            f"line {entity.sourceline}",
        )
    return root


def _named_character(match: re.Match[str]) -> str:
    name = match[1]
    return match[0] if name in _XML_ENTITIES else html5.get(name, match[0])


def children(element: etree._Element | None, path: str) -> Iterator[etree._Element]:
    """Yields the elements at a path of local names, "head/docdata/key-list/keyword", in order."""
    if element is None:
        return
    name, _, rest = path.partition("/")
    for child_ in element:
        if local_name(child_) == name:
            if rest:
                yield from children(child_, rest)
            else:
                yield child_


def child(element: etree._Element | None, path: str) -> etree._Element | None:
    """Returns the first element at a path of local names; None if there is none."""
    return next(children(element, path), None)


def descendants(element: etree._Element | None, *names: str) -> Iterator[etree._Element]:
    """Yields all elements below with one of the local names, in document order."""
    if element is not None:
        for below in element.iterdescendants():
            if local_name(below) in names:
                yield below


def attribute(element: etree._Element | None, name: str) -> str | None:
    """Returns an attribute's value without outer white space; None for none or empty.

    Args:
        name: its local name; "xml:lang" for the language.
    """
    if element is None:
        return None
    value = element.get(_XML_LANG if name == "xml:lang" else name)
    return ((value if isinstance(value, str) else "") or "").strip() or None


def remove(element: etree._Element) -> None:
    """Takes an element out of its tree and leaves the text behind it in its place."""
    parent, before, after = element.getparent(), element.getprevious(), element.tail
    if parent is None:
        return
    if before is not None:
        before.tail = sanitise((before.tail or "") + (after or ""))  # HTML may hold controls
    else:
        parent.text = sanitise((parent.text or "") + (after or ""))
    parent.remove(element)


def place(element: etree._Element) -> str:
    """Returns where an element stands, for an error: its name and line."""
    return f"element {local_name(element)}, line {element.sourceline}"


def placed(elements: Iterable[etree._Element]) -> Iterator[tuple[str, etree._Element]]:
    """Yields each element with where it stands."""
    for element in elements:
        yield place(element), element
