"""Concepts of NewsML-G2: qcodes, URIs and literals, their names, and places with positions.

Specification: NewsML-G2 2.35, "Concepts and concept items", "QCodes and catalogs", assert,
geoAreaDetails and POIDetails. Remote catalogs are never fetched: the IPTC's own schemes are known
here, and catalogs inside the document are read.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from lxml import etree

from connectors.fields import values
from connectors.fields.markup import line_of, local_name
from connectors.formats import xml
from pipeline.wire.story import Located, Subject

_IPTC_SCHEMES: Mapping[str, str] = {  # last part of cv.iptc.org/newscodes/..., to its usual alias
    "mediatopic": "medtop",
    "subjectcode": "subj",
    "pubstatusg2": "stat",
    "ninature": "ninat",
    "signal": "sig",
    "cptype": "cptype",
    "cpnature": "cpnat",
    "genre": "genre",
    "newsprovider": "nprov",
    "itemrelation": "irel",
    "descriptionrole": "drol",
    "headlinerole": "hlrole",
}
# STT names a place by an alias and asserts it under another scheme.
_ASSERTED_AS: Mapping[str, str] = {"sttlocationalias": "sttlocmeta:default"}
_COUNTRY = re.compile(r"country|iso3166|geoProp:5\b|\bN2:[A-Z]{3}\b.*cptType:5", re.IGNORECASE)
_STATE = re.compile(r"statprov|state|prov:|province|:area|dpaarea", re.IGNORECASE)
_CITY = re.compile(r"city", re.IGNORECASE)
_PLACE = re.compile(r"geoArea|:poi\b|cptype:(?:city|country|statprov)|cptType:5\b", re.IGNORECASE)
_NOWHERE = (None, None)
_ABSENT = frozenset(("n/a", "-", "none"))


@dataclass(frozen=True, slots=True)
class Code:
    """An identifier, its scheme apart."""

    code: str
    scheme: str | None


@dataclass(frozen=True, slots=True)
class Concepts:
    """What an item says about the concepts that it uses."""

    asserts: Mapping[str, etree._Element]
    """assert elements by qcode, uri or literal."""
    catalogs: Mapping[str, str]
    """Scheme URIs of the catalogs inside the document, by alias."""
    language: str | None
    # What was read once: thousands of subjects may share one large assert.
    names: dict[etree._Element, str | None] = field(default_factory=dict)
    around: dict[etree._Element, Located] = field(default_factory=dict)

    def code(self, element: etree._Element | None) -> Code | None:
        """Returns the identifier of a property: @qcode, @uri or @literal; None for none."""
        qcode, uri = xml.attribute(element, "qcode"), xml.attribute(element, "uri")
        if qcode:
            alias, colon, code = qcode.partition(":")
            if not colon:
                return Code(alias, None)
            # An alias of the sender's own for one of the IPTC's schemes.
            return Code(code, _iptc_alias(self.catalogs.get(alias, "")) or alias)
        if uri:
            scheme, _, code = uri.rstrip("/").rpartition("/")
            by_uri = {known.rstrip("/"): alias for alias, known in self.catalogs.items()}
            return Code(code, _iptc_alias(scheme) or by_uri.get(scheme) or scheme or None)
        literal = values.line(xml.attribute(element, "literal"))
        return Code(literal, None) if literal else None

    def asserted(self, element: etree._Element) -> tuple[etree._Element, ...]:
        """Returns a property itself and what is asserted about its concept."""
        sent = [xml.attribute(element, name) for name in ("qcode", "uri", "literal")]
        keys = [key for key in sent if key]
        for key in tuple(keys):
            alias, _, code = key.partition(":")
            if alias in _ASSERTED_AS:
                keys.append(f"{_ASSERTED_AS[alias]}:{code}")
        return (element, *(self.asserts[key] for key in keys if key in self.asserts))

    def name(self, element: etree._Element | None) -> str | None:
        """Returns a concept's name for display, in the story's language if it has one in it."""
        if element is None:
            return None
        return next(filter(None, map(self._own_name, self.asserted(element))), None)

    def _own_name(self, about: etree._Element) -> str | None:
        if about not in self.names:
            names = [each for each in xml.children(about, "name") if line_of(each)]
            self.names[about] = line_of(min(names, key=self._rank, default=None))
        return self.names[about]

    def _rank(self, name: etree._Element) -> tuple[bool, bool]:
        """Returns a sort key: full names before mnemonics, the story's language before others."""
        role = (xml.attribute(name, "role") or "").rpartition(":")[2]
        sent = xml.attribute(name, "xml:lang")
        return (role in ("mnemonic", "short"), sent is not None and not self.speaks(sent))

    def speaks(self, sent: str | None) -> bool:
        """Returns whether a tag is of the story's language, whatever the region."""
        tag = values.language(sent)
        return bool(tag and self.language) and _primary(tag) == _primary(self.language)

    def subject(self, element: etree._Element) -> Subject | None:
        """Returns a subject property; None for an empty one."""
        found, name = self.code(element), self.name(element)
        is_text = found is not None and found.scheme is None and " " in found.code
        if is_text and name is None and found:
            name = found.code  # a literal that is a text: ANSA's cptype:subcat
        code = None if found is None or is_text else found.code
        if code is None and name is None:
            return None
        kind = xml.attribute(element, "type") or ""
        return Subject(
            code=code,
            name=name,
            scheme=found.scheme if found and code else None,
            relation="category" if re.search(r":(?:sub)?cat(?:egory)?$", kind) else None,
        )

    def place(self, element: etree._Element, role: str | None) -> Located | None:
        """Returns a place with its wider areas and its position; None for an unnamed one."""
        found, kind = self.code(element), self._kind(element)
        known = [self._around(about) for about in self.asserted(element)]
        positioned = next((each for each in known if each.latitude is not None), Located())
        country = next((each.country for each in known if each.country), None)
        country_code = next((each.country_code for each in known if each.country_code), None)
        name = self.name(element) or next((each.name for each in known if each.name), None)
        if _COUNTRY.search(kind):
            country, country_code = country or name, country_code or _iso_code(element)
        name = name or (found.code if found and found.scheme is None else None) or country
        if name is None:
            return None
        return Located(
            name=name,
            code=found.code if found and found.scheme else None,
            scheme=found.scheme if found else None,
            admin1=next((each.admin1 for each in known if each.admin1), None),
            country=country,
            country_code=country_code,
            latitude=positioned.latitude,
            longitude=positioned.longitude,
            role=role,
        )

    def _around(self, about: etree._Element) -> Located:
        """Returns the wider areas and the position of a property or assert; a city's name."""
        if about in self.around:
            return self.around[about]
        name = admin1 = country = country_code = None
        for wider in (*xml.children(about, "broader"), *xml.descendants(about, "country")):
            wider_name, wider_kind = self.name(wider), self._kind(wider)
            if wider_name and wider_name.casefold() in _ABSENT:
                continue
            if _COUNTRY.search(wider_kind):
                country = country or wider_name
                country_code = country_code or _iso_code(wider)
            elif _STATE.search(wider_kind):
                admin1 = admin1 or wider_name
            elif _CITY.search(wider_kind):
                name = name or wider_name
        positions = map(_position, xml.descendants(about, "position"))
        latitude, longitude = next((each for each in positions if each != _NOWHERE), _NOWHERE)
        self.around[about] = Located(
            name=name,
            admin1=admin1,
            country=country,
            country_code=country_code,
            latitude=latitude,
            longitude=longitude,
        )
        return self.around[about]

    def is_place(self, element: etree._Element) -> bool:
        """Returns whether a subject is a geographical area or a point of interest."""
        return bool(_PLACE.search(self._kind(element)))

    def _kind(self, element: etree._Element) -> str:
        """Returns what says of which kind a place is: its name, code, type and facets."""
        facets = (xml.attribute(facet, "qcode") for facet in xml.children(element, "facet"))
        sent = (xml.attribute(element, name) for name in ("qcode", "uri", "type"))
        return " ".join(filter(None, (local_name(element), *sent, *facets)))


def _primary(tag: str | None) -> str:
    return (tag or "").split("-")[0]


def read(root: etree._Element, item: etree._Element, language: str | None) -> Concepts:
    """Returns the concepts of one item of a document."""
    asserts: dict[str, etree._Element] = {}
    for element in xml.children(item, "assert"):
        for name in ("qcode", "uri", "literal"):
            key = xml.attribute(element, name)
            if key:
                asserts.setdefault(key, element)
    catalogs = {
        alias: uri
        for scheme in xml.descendants(root, "scheme")
        if (alias := xml.attribute(scheme, "alias")) and (uri := xml.attribute(scheme, "uri"))
    }
    return Concepts(asserts, catalogs, language)


def _iptc_alias(scheme_uri: str) -> str | None:
    match = re.fullmatch(r"https?://cv\.iptc\.org/newscodes/([a-z0-9]+)/?", scheme_uri)
    return _IPTC_SCHEMES.get(match[1]) if match else None


def _iso_code(element: etree._Element) -> str | None:
    """Returns a country's ISO 3166-1 code, its own or a sameAs concept's; two letters first."""
    candidates = (element, *xml.children(element, "sameAs"))
    codes = [
        match[1]
        for each in candidates
        if (match := re.match(r"iso3166-1a[23]:([A-Z]{2,3})$", xml.attribute(each, "qcode") or ""))
    ]
    return min(codes, key=len, default=None)


def _position(element: etree._Element) -> tuple[float | None, float | None]:
    """Returns WGS 84 latitude and longitude; None for both where one is missing or impossible."""
    try:
        latitude = float(xml.attribute(element, "latitude") or "")
        longitude = float(xml.attribute(element, "longitude") or "")
    except ValueError:
        return _NOWHERE
    possible = abs(latitude) <= 90 and abs(longitude) <= 180  # which NaN is not
    return (latitude, longitude) if possible else _NOWHERE
