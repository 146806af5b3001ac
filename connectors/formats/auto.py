"""Any format, recognised by its content and never by a file's name.

Each format says itself which deliveries it recognises. They are asked in the order in which
`connectors.formats` lists them, and the first that says yes reads the delivery: a special format
stands before the general one (a dialect of JSON before JSON, plain text last). XML is recognised
by its root element or, inside an unknown wrapper, by the first element that is known.
"""

from __future__ import annotations

from collections.abc import Sequence

from connectors.formats import xml
from connectors.formats.base import Format, Parse
from connectors.formats.start import Start, start_of
from pipeline.wire.errors import ParseError


def reader(formats: Sequence[Format]) -> Parse:
    """Returns a parser of deliveries in any of the formats."""
    return lambda raw, context: recognise(raw, formats)(raw, context)


def recognise(raw: bytes, formats: Sequence[Format]) -> Format:
    """Returns the format that a delivery is in, the first of those that recognise it.

    Raises:
        ParseError: the delivery is empty, too large, binary, or of no known format.
    """
    if len(raw) > xml.MAX_BYTES:  # the largest that any format takes
        raise ParseError(f"larger than {xml.MAX_BYTES} bytes", f"byte {xml.MAX_BYTES}")
    whole = start = start_of(raw)
    if not start.raw:
        raise ParseError("the delivery is empty", "byte 0")
    while True:
        found = next((each for each in formats if each.recognises(start)), None)
        if found is not None:
            return found
        if not start.elements:
            raise _unknown(whole)
        start = start.inside()


def _unknown(start: Start) -> ParseError:
    if start.elements:
        return ParseError(
            f"XML of no known format: the root element is {start.elements[0]}", "line 1"
        )
    if start.is_xml:
        return ParseError("XML without a root element", "line 1")
    if start.control:
        byte = start.control[0][0]
        return ParseError(
            f"neither text nor a known format: control byte 0x{byte:02x}",
            f"byte {start.control.start()}",
        )
    return ParseError("of no known format", "line 1")
