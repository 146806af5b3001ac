"""The start of a delivery, as the formats look at it to recognise their own."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from connectors.fields.charset import decode

_BYTES = 64 * 1024
_MOST_ELEMENTS = 200
_PROLOG = re.compile(r"\s*(?:<\?.*?\?>|<!--.*?-->|<!DOCTYPE[^\[>]*(?:\[.*?\]\s*)?>)", re.DOTALL)
_ELEMENT = re.compile(r"<(?:[\w.-]+:)?([A-Za-z][\w.-]*)(?=[\s>/])")
_JSON = re.compile(r'\{|\[\s*(?:[\[{"\]\d-]|true\b|false\b|null\b|$)')
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_UTF16 = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True, slots=True)
class Start:
    """The first bytes of a delivery, and what they show."""

    whole: bytes
    """The delivery, for a mark that may stand at its end."""
    raw: bytes
    """Its first bytes, without the NUL, SYN and white space before the first character."""
    text: str
    """These bytes decoded, with LF as line end."""
    is_json: bool
    elements: tuple[str, ...] = ()
    """Local names of the first XML elements, the root first; () where it is not XML."""
    control: re.Match[bytes] | None = None
    """The first control byte of a delivery that is neither JSON nor XML."""

    @property
    def element(self) -> str | None:
        """Returns the name of the first element."""
        return next(iter(self.elements), None)

    @property
    def is_xml(self) -> bool:
        """Returns True where it begins with a tag."""
        return self.text.startswith("<")

    @property
    def is_text(self) -> bool:
        """Returns True where it is text, and neither JSON nor XML."""
        return not (self.is_json or self.is_xml or self.control)

    def inside(self) -> Start:
        """Returns the start as it is from the next element on, inside an unknown wrapper."""
        return replace(self, elements=self.elements[1:])


def start_of(raw: bytes) -> Start:
    """Returns the start of a delivery."""
    first = raw[:_BYTES].lstrip(b"\x00\x16\x7f \t\r\n")
    text = decode(first).replace("\r\n", "\n").lstrip("\ufeff \t\n")
    is_json, is_xml = bool(_JSON.match(text)), text.startswith("<")
    return Start(
        whole=raw,
        raw=first,
        text=text,
        is_json=is_json,
        elements=_elements(text) if is_xml else (),
        control=None if is_json or is_xml or raw.startswith(_UTF16) else _CONTROL.search(first),
    )


def has_element(*names: str) -> Callable[[Start], bool]:
    """Returns a test whether the first element has one of the local names."""
    return lambda start: start.element in names


def _elements(text: str) -> tuple[str, ...]:
    position = 0
    while prolog := _PROLOG.match(text, position):
        position = prolog.end()
    return tuple(match[1] for match in _ELEMENT.finditer(text, position))[:_MOST_ELEMENTS]
