"""Any format, recognised by its content and never by a file's name.

What decides, in this order: the control characters of teletype wires, the first character of
JSON and the keys in it, the root element of XML, the headers of mail; what is none of these
and is text is plain text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from connectors.fields.charset import decode
from connectors.formats import (
    anpa,
    ap_media,
    iptc7901,
    mail,
    newsml12,
    newsml_g2,
    ninjs,
    nitf,
    rss,
    text,
    xml,
)
from connectors.formats.base import Context, Parse, Parsed
from pipeline.wire.errors import ParseError

_LOOKED_AT = 64 * 1024
_PARSERS: Mapping[str, Parse] = {
    "anpa1312": anpa.parse,
    "ap_media": ap_media.parse,
    "iptc7901": iptc7901.parse,
    "mail": mail.parse,
    "newsml12": newsml12.parse,
    "newsml_g2": newsml_g2.parse,
    "ninjs": ninjs.parse,
    "nitf": nitf.parse,
    "rss": rss.parse,
    "text": text.parse,
}
_ROOTS: Mapping[str, str] = {
    "nitf": "nitf",
    "NewsML": "newsml12",
    "newsMessage": "newsml_g2",
    "newsItem": "newsml_g2",
    "packageItem": "newsml_g2",
    "conceptItem": "newsml_g2",
    "knowledgeItem": "newsml_g2",
    "planningItem": "newsml_g2",
    "catalogItem": "newsml_g2",
    "rss": "rss",
    "feed": "rss",
    "RDF": "rss",
    "html": "text",
}
_PROLOG = re.compile(r"\s*(?:<\?.*?\?>|<!--.*?-->|<!DOCTYPE[^\[>]*(?:\[.*?\]\s*)?>)", re.DOTALL)
_ELEMENT = re.compile(r"<(?:[\w.-]+:)?([A-Za-z][\w.-]*)(?=[\s>/])")
_JSON = re.compile(r'\{|\[\s*(?:[\[{"\]\d-]|true\b|false\b|null\b|$)')
_AP = re.compile(r'"(?:itemid|api_version)"\s*:')
_ANPA = re.compile(rb"^[A-Za-z]?\d{3,4}[^\x1f\n]{0,16}\x1f")
_HEADER_BLOCK = re.compile(
    r"(?:From \S[^\n]*\n)?(?:[A-Za-z][A-Za-z0-9-]{0,60}:[ \t]*[^\n]*\n(?:[ \t]+\S[^\n]*\n)*){2,}"
)
_MAIL_ONLY = re.compile(
    r"^(?:Received|Message-ID|MIME-Version|Return-Path|Delivered-To|Content-Type|From|DKIM-Signature)"
    r":[ \t]*\S",
    re.IGNORECASE | re.MULTILINE,
)
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_UTF16 = (b"\xff\xfe", b"\xfe\xff")


def parse(raw: bytes, context: Context) -> Parsed:
    """The stories of a delivery, by the parser of the format that it is in.

    Raises:
        ParseError: of no known format, or what its format's parser raises.
    """
    return _PARSERS[recognise(raw)](raw, context)


def recognise(raw: bytes) -> str:
    """The format that a delivery is in, by its name in the registry.

    Raises:
        ParseError: empty, binary, or XML of another kind.
    """
    if len(raw) > xml.MAX_BYTES:  # the largest that any format takes
        raise ParseError(f"larger than {xml.MAX_BYTES} bytes", f"byte {xml.MAX_BYTES}")
    start = raw[:_LOOKED_AT].lstrip(b"\x00\x16\x7f \t\r\n")
    if not start:
        raise ParseError("the delivery is empty", "byte 0")
    if start.startswith(b"\x01"):
        return "anpa1312" if _ANPA.match(start[1:]) else "iptc7901"
    shown = decode(start).replace("\r\n", "\n").lstrip("\ufeff \t\n")
    if _JSON.match(shown):
        return "ap_media" if _AP.search(shown) else "ninjs"
    if shown.startswith("<"):
        return _of_xml(shown)
    found = None if raw.startswith(_UTF16) else _CONTROL.search(start)
    if found:
        raise ParseError(
            f"neither text nor a known format: control byte 0x{found[0][0]:02x}",
            f"byte {found.start()}",
        )
    headers = _HEADER_BLOCK.match(shown)
    if headers and _MAIL_ONLY.search(headers[0]):
        return "mail"
    return "text"


def _of_xml(shown: str) -> str:
    """The format of an XML document, by its root or by the first element that is known."""
    position = 0
    while prolog := _PROLOG.match(shown, position):
        position = prolog.end()
    elements = [match[1] for match in _ELEMENT.finditer(shown, position)]
    if not elements:
        raise ParseError("XML without a root element", "line 1")
    known = next((_ROOTS[name] for name in elements[:200] if name in _ROOTS), None)
    if known is None:
        raise ParseError(f"XML of no known format: the root element is {elements[0]}", "line 1")
    return known
