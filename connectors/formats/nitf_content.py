"""The body of NITF 3.x: what is printed, also where NITF stands inside NewsML.

Specification: NITF 3.6, body (body.head, body.content, body.end).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from lxml import etree

from connectors.fields import times, values
from connectors.fields.markup import line_of, text_of
from connectors.formats import xml
from pipeline.wire import dateline
from pipeline.wire.days import day
from pipeline.wire.story import Dateline, Located


@dataclass(frozen=True, slots=True)
class Content:
    """What a NITF body says."""

    headline: str | None = None
    """The headline, else the title of the head."""
    keywords: tuple[str, ...] = ()
    byline: str | None = None
    dateline: Dateline | None = None
    """The dateline element's, or else the one that the text begins with."""
    located: Located | None = None
    """The dateline's place where its parts are marked up."""
    summary: str | None = None
    body: str = ""
    notes: tuple[str, ...] = ()
    """Notes that are not for publication."""
    captions: tuple[str, ...] = ()
    """The captions of pictures and videos, which are not part of the body."""
    has_media: bool = False


def read(nitf: etree._Element, near: date | None) -> Content:
    """Returns the content of a nitf element.

    Args:
        near: a day near the filing, for datelines without a year.
    """
    body, head = xml.child(nitf, "body"), xml.child(nitf, "body/body.head")
    notes = [note for note in xml.descendants(body, "note") if _for_editors_only(note)]
    media = list(xml.descendants(body, "media"))
    captions = [
        caption for each in media for caption in xml.descendants(each, "media-caption", "caption")
    ]
    said = values.distinct(map(text_of, notes))
    for note in notes:
        xml.remove(note)
    text = text_of(*xml.children(body, "body.content"), *xml.children(body, "body.end"))
    return Content(
        headline=values.first(
            line_of(xml.child(head, "hedline/hl1")),
            line_of(xml.child(head, "hedline")),
            line_of(xml.child(nitf, "head/title")),
        ),
        keywords=keywords(xml.child(nitf, "head/docdata")),
        byline=_byline(head),
        dateline=_dateline(head, near) or dateline.of_body(text, near),
        located=_located(xml.child(head, "dateline/location")),
        summary=text_of(*xml.children(head, "abstract")) or None,
        body=text,
        notes=said,
        captions=values.distinct(
            text_of(*caption) or values.line(caption.text) for caption in captions
        ),
        has_media=bool(media),
    )


def keywords(docdata: etree._Element | None) -> tuple[str, ...]:
    """Returns the keywords: their keys, or their texts (CP); some write several into one."""
    sent = (
        xml.attribute(keyword, "key") or line_of(keyword)
        for keyword in xml.descendants(docdata, "keyword")
    )
    return values.distinct(
        values.line(word) for words in sent if words for word in words.split(";")
    )


def _for_editors_only(note: etree._Element) -> bool:
    """Returns whether a note is an editor's, or a "non-publishable advisory" (NITF 3.6 note)."""
    return note.get("noteclass") == "editorsnote" or note.get("type") == "npa"


def _byline(head: etree._Element | None) -> str | None:
    """Returns the bylines without their titles (byttl), which name a desk or an employer."""
    found = []
    for element in xml.children(head, "byline"):
        for title in list(xml.descendants(element, "byttl")):
            xml.remove(title)
        found.append(values.byline(line_of(_spaced(element))))
    return ", ".join(values.distinct(found)) or None


def _spaced(element: etree._Element) -> etree._Element:
    """Puts a space between words that only an inline element separates: "By<person>Ana"."""
    for inner in element.iterdescendants():
        before, parent = inner.getprevious(), inner.getparent()
        ahead = before.tail if before is not None else (parent.text if parent is not None else "")
        if (ahead or "")[-1:].isalnum() and (inner.text or "")[:1].isalnum():
            inner.text = f" {inner.text}"
        if "".join(map(str, inner.itertext()))[-1:].isalnum() and (inner.tail or "")[:1].isalnum():
            inner.tail = f" {inner.tail}"
    return element


def _dateline(head: etree._Element | None, near: date | None) -> Dateline | None:
    """Returns the element's dateline; None where it names no place: EFE's holds a timestamp."""
    element = xml.child(head, "dateline")
    location = xml.child(element, "location")
    if element is None or location is None:
        found = dateline.of_element(line_of(element), near)
        return found if found and found.place else None
    parts = [line_of(part) for part in location]
    # CP marks city, state and country up, but prints no commas between them.
    unparted = not any((part.tail or "").strip() for part in location)
    place = ", ".join(filter(None, parts)) if parts and unparted else line_of(location)
    found = dateline.of_element(place, near)
    if found is None or found.place is None:
        return None
    filed = xml.child(element, "story.date")
    printed = line_of(filed)
    filed_on = times.written_day(xml.attribute(filed, "norm")) or day(printed, near)
    return Dateline(
        text=", ".join(filter(None, (found.text, printed))),
        place=found.place,
        filed_on=filed_on or found.filed_on,
    )


def _located(location: etree._Element | None) -> Located | None:
    """Returns the place of a dateline whose city is marked up."""
    city = xml.child(location, "city")
    if city is None:
        return None
    country = xml.child(location, "country")
    return Located(
        name=line_of(city),
        code=xml.attribute(city, "city-code"),
        admin1=line_of(xml.child(location, "state")),
        country=line_of(country),
        country_code=xml.attribute(country, "iso-cc"),
        role="dateline",
    )
