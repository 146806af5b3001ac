"""NewsML 1.0 to 1.2, in the dialects of AFP, dpa, Kyodo, ANA, ATS, ANP, Belga and TASS.

Specification: NewsML 1.2 Functional Specification and DTD (iptc.org/std/NewsML/1.2).
docs/formats.md has the table of fields.

A NewsItem is a tree of NewsComponents. A component is a story where it holds text itself, or
holds it in parts that their roles name (Belga: Title, Lead, Body). Metadata that a component
lacks are those of the components around it. Captions and supporting pictures are no stories.

Identity. By NewsIdentifier, provider, date and item id together name an item, and all of
its revisions. They are read from PublicIdentifier less its revision, as long as that agrees with
NewsItemId: some agencies send the same PublicIdentifier for ever, and ANP counts versions in
NewsItemId ("ANPX-101218-041-v2"). A date with a time of day (AFP) is when this revision was
sent, so it is left out; ATS's item ids come again every day and need theirs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import msgspec
from lxml import etree

from connectors import agencies, dateline, fields, signals, status, times
from connectors.formats import inline, urn, xml
from connectors.formats.base import Context, Parsed, Skipped
from connectors.formats.nitf_content import Content
from connectors.markup import line_of, local_name
from connectors.times import Instant
from pipeline.errors import ParseError
from pipeline.story import Dateline, Link, Located, Signal, Status, Story, Subject

_PARTS = frozenset(("title", "lead", "body"))  # roles of a story's parts in Belga's NewsML
_ASIDE = frozenset(("caption", "supporting", "teaser", "quicklook", "thumbnail", "preview"))
_MEDIA = r"photo|picture|image|video|audio|graphic|jpe?g|mpeg|animation"
_SUBJECTS = frozenset(("Subject", "SubjectMatter", "SubjectDetail", "SubjectQualifier"))
_TYPES: Mapping[str, Signal] = {  # NewsItemType, in lower case
    "alert": Signal.NEWSALERT,
    "flash": Signal.FLASH,
    "bulletin": Signal.BULLETIN,
    "advisory": Signal.ADVISORY,
}
_ROLES: Mapping[str, str] = {"origin": "dateline", "from": "dateline", "event": "event"}


def parse(raw: bytes, context: Context) -> Parsed:
    """The stories of a NewsML document, of one or several NewsItems.

    Raises:
        ParseError: not XML, or no NewsItem in it.
    """
    root = xml.parse(raw)
    items = [root] if local_name(root) == "NewsItem" else list(xml.children(root, "NewsItem"))
    if not items:
        raise ParseError("not NewsML 1.x: there is no NewsItem", xml.place(root))
    envelope = xml.child(root, "NewsEnvelope")
    return xml.each(items, lambda item: _read(item, envelope, root, context))


@dataclass(frozen=True, slots=True)
class _Item:
    """A NewsItem, as all of the stories in it see it."""

    item: etree._Element
    envelope: etree._Element | None
    topics: Mapping[str, etree._Element]
    """Topics that the document defines, by their formal names."""
    context: Context

    def management(self, name: str) -> etree._Element | None:
        return xml.child(self.item, f"NewsManagement/{name}")

    def identifier(self, name: str) -> str | None:
        return line_of(xml.child(self.item, f"Identification/NewsIdentifier/{name}"))

    def instant(self, name: str) -> Instant | None:
        return times.instant(line_of(self.management(name)), self.context.timezone)


class _Chain:
    """A story's component and those around it, the innermost first: metadata are inherited."""

    def __init__(self, *components: etree._Element) -> None:
        self.components = components

    def all(self, path: str) -> list[etree._Element]:
        """The elements at a path in the innermost component that has any with content."""
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


def _read(
    element: etree._Element,
    envelope: etree._Element | None,
    root: etree._Element,
    context: Context,
) -> Iterator[Story | Skipped]:
    topics = {
        name: topic
        for topic in xml.descendants(root, "Topic")
        if (name := line_of(xml.child(topic, "FormalName")))
    }
    item = _Item(element, envelope, topics, context)
    created = item.instant("ThisRevisionCreated") or item.instant("FirstCreated")
    anchor = created.at if created else context.received_at
    near = anchor.date() if anchor else None
    found = _texts(element, near, captions=False)
    if not found and context.captions:
        found = _texts(element, near, captions=True)
    withdrawn = status.of_word(_formal(item.management("Status")))[0] is Status.WITHDRAWN
    tops = list(xml.children(element, "NewsComponent"))
    if not found and (withdrawn or _is_headline_alone(tops)):
        found = [(_Chain(*tops[:1]), Content())]
    if not found:
        yield Skipped(_reason(element), item.identifier("PublicIdentifier"))
        return
    for chain, content in found:
        yield _story(item, chain, content, created, alone=len(found) == 1)


def _texts(
    element: etree._Element, near: date | None, *, captions: bool
) -> list[tuple[_Chain, Content]]:
    """The components of an item that hold a story's text, each with its content."""
    chains = _components(element, (), captions=captions)
    read = ((chain, _content(chain.components[0], near)) for chain in chains)
    return [(chain, content) for chain, content in read if content.body]


def _is_headline_alone(components: Sequence[etree._Element]) -> bool:
    """Whether an item is an alert: a headline and nothing else, no picture and no reference."""
    others = ("ContentItem", "NewsItemRef", "NewsItem")
    return any(
        line_of(headline) for each in components for headline in xml.descendants(each, "HeadLine")
    ) and not any(
        _names_media(item) for each in components for item in xml.descendants(each, *others)
    )


def _components(
    parent: etree._Element, around: tuple[etree._Element, ...], *, captions: bool
) -> Iterator[_Chain]:
    """The components that are stories, in order, each with those around it."""
    for component in xml.children(parent, "NewsComponent"):
        chain = (component, *around)
        role = _role(component)
        if role in _ASIDE and not (captions and role == "caption"):
            continue
        inner = list(xml.children(component, "NewsComponent"))
        if any(_role(each) in _PARTS for each in inner) or any(
            _holds_text(each) for each in xml.children(component, "ContentItem")
        ):
            yield _Chain(*chain)
            continue
        below = list(_components(component, chain, captions=captions))
        # The members of an equivalents list say the same.
        yield from below[:1] if component.get("EquivalentsList") == "yes" else below


def _role(component: etree._Element) -> str:
    return (_formal(xml.child(component, "Role")) or "").casefold()


def _formal(element: etree._Element | None) -> str | None:
    """A formal name: the attribute's, or the text that some write instead."""
    return fields.line(xml.attribute(element, "FormalName")) or line_of(element)


def _names_media(element: etree._Element) -> bool:
    """Whether an element is a picture, sound or video, or points to another item."""
    return local_name(element) != "ContentItem" or bool(
        element.get("Href") or re.search(_MEDIA, _kind(element))
    )


def _kind(content_item: etree._Element) -> str:
    """What a ContentItem says that it is, in lower case: "text nitf3.1"."""
    names = ("MediaType", "Format", "MimeType")
    return " ".join(filter(None, (_formal(xml.child(content_item, n)) for n in names))).casefold()


def _holds_text(content_item: etree._Element) -> bool:
    """Whether a ContentItem is text, and neither a style sheet nor a picture."""
    return not re.search(rf"{_MEDIA}|xsl|css|style", _kind(content_item)) and any(
        len(data) or (data.text or "").strip()
        for data in xml.descendants(content_item, "DataContent")
    )


def _content(component: etree._Element, near: date | None) -> Content:
    """The text of a component: its first ContentItem that has one, or its parts put together."""
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
    return Content(headline=fields.line(parts.get("title")), body=body)


def _reason(element: etree._Element) -> str:
    """Why an item holds no story."""
    components = list(xml.descendants(element, "NewsComponent"))
    if not components:
        return "no component: a topic set, catalog or update"
    if next(xml.descendants(element, "NewsItemRef", "NewsItem"), None) is not None:
        return "a package that points to other items"
    kinds = fields.distinct(
        _formal(xml.child(item, "MediaType")) for item in xml.descendants(element, "ContentItem")
    )
    return f"no text: {', '.join(kinds)}" if kinds else "no text"


def _story(
    item: _Item, chain: _Chain, content: Content, created: Instant | None, *, alone: bool
) -> Story:
    context = item.context
    anchor = created.at if created else context.received_at
    near = anchor.date() if anchor else None
    source = agencies.short_name(*_signatures(item, chain), context.agency)
    headline = chain.line("NewsLines/HeadLine") or content.headline
    slugline = chain.line("NewsLines/SlugLine") or line_of(
        xml.child(item.item, "Identification/NameLabel")
    )
    status_sent = _formal(item.management("Status"))
    own_status, signal = status.of_word(status_sent)
    released = times.instant(
        line_of(item.management("StatusWillChange/DateAndTime")), context.timezone
    )
    told = signals.of_slug(chain.line("NewsLines/SlugLine")) or signals.of_headline(headline)
    own_status = status.under(own_status, told.signal if told else None)
    news_type = _formal(item.management("NewsItemType"))
    urgency = _formal(item.management("Urgency"))
    first, sent = item.instant("FirstCreated"), xml.child(item.envelope, "DateAndTime")
    last = created or times.instant(line_of(sent), context.timezone)
    printed = dateline.of_element(chain.line("NewsLines/DateLine"), near)
    if printed is None or printed.place is None:
        printed = content.dateline or dateline.of_body(content.body, near) or printed
    identity = _identity(item)
    if not alone:
        # Belga sends several stories in one item, each with an id of its own in Duid.
        identity = f"{identity}#{xml.attribute(chain.components[0], 'Duid') or headline or ''}"
    language = fields.first(
        _formal(chain.first("DescriptiveMetadata/Language")),
        *(xml.attribute(each, "xml:lang") for each in (*chain.components, item.item)),
    )
    return Story(
        id=fields.story_id(_provider(item) or context.agency or source, identity),
        source=source,
        provider_id=item.identifier("PublicIdentifier") or item.identifier("NewsItemId"),
        version=_version(item),
        status=own_status,
        status_sent=status_sent,
        signal=signal or (told.signal if told else _TYPES.get((news_type or "").casefold())),
        signal_sent=told.sent if told else None,
        headline=headline,
        slugline=slugline,
        byline=fields.byline(chain.line("NewsLines/ByLine")) or content.byline,
        dateline=printed,
        summary=chain.line("NewsLines/SubHeadLine") or content.summary,
        body=content.body,
        language=fields.language(language) or context.language,
        urgency=fields.urgency(urgency),
        urgency_sent=urgency,
        priority=fields.urgency(_formal(xml.child(item.envelope, "Priority"))),
        categories=_categories(chain),
        subjects=tuple(_subjects(item, chain, fields.language(language))),
        keywords=_keywords(chain),
        genre=_formal(chain.first("DescriptiveMetadata/Genre")),
        ednote="\n\n".join(fields.distinct([*_notes(chain), *content.notes])) or None,
        copyright=chain.line("NewsLines/CopyrightLine") or chain.line("RightsMetadata/Copyright"),
        usage_terms=_usage_terms(chain),
        located=tuple(_located(chain, content, printed)),
        first_created=first.at if first else None,
        version_created=last.at if last else None,
        embargoed_until=released.at if released and own_status is Status.EMBARGOED else None,
        zone_assumed=times.any_assumed((first, last, released)),
        links=tuple(_links(item)),
        format="newsml12",
    )


def _identity(item: _Item) -> str:
    """The provider's id of an item, the same for all of its revisions."""
    public, item_id = item.identifier("PublicIdentifier"), item.identifier("NewsItemId")
    day, provider = item.identifier("DateId") or "", item.identifier("ProviderId") or ""
    if item_id:
        revision = _version(item)
        item_id = re.sub(rf"[-_.]v?{revision}$", "", item_id) if revision else item_id
    if public and (item_id is None or item_id in public):
        parted = urn.parts(public)
        if parted is None:
            return public
        provider, day, item_id = parted
    if not item_id:
        raise ParseError("no NewsItemId and no PublicIdentifier", xml.place(item.item))
    if re.fullmatch(r"\d{8}T\d{4,6}.*", day):
        return item_id
    return ":".join(filter(None, ("urn:newsml", provider, day, item_id)))


def _provider(item: _Item) -> str | None:
    """Whose item it is by its identifier, which a cancel without components has as well."""
    parted = urn.parts(item.identifier("PublicIdentifier") or "")
    return agencies.short_name(item.identifier("ProviderId"), parted[0] if parted else None)


def _version(item: _Item) -> int | None:
    """RevisionId, without the update letter that some send with it ("1N")."""
    sent = re.match(r"\d{1,18}", item.identifier("RevisionId") or "", re.ASCII)
    return int(sent[0]) if sent else urn.revision(item.identifier("PublicIdentifier") or "")


def _signatures(item: _Item, chain: _Chain) -> Iterator[str | None]:
    """Where an item says whose it is, the surest first."""
    for path in ("Provider/Party", "Source/Party"):
        yield _formal(chain.first(f"AdministrativeMetadata/{path}"))
    yield item.identifier("ProviderId")
    yield _formal(xml.child(item.envelope, "SentFrom/Party"))
    yield chain.line("NewsLines/CreditLine")


def _properties(elements: Sequence[etree._Element]) -> Iterator[tuple[str, str]]:
    """The formal names, in lower case, and values of Property elements."""
    for element in elements:
        name, value = _formal(element), fields.line(xml.attribute(element, "Value"))
        if name and value:
            yield name.casefold(), value


def _keywords(chain: _Chain) -> tuple[str, ...]:
    properties = _properties(chain.all("DescriptiveMetadata/Property"))
    found = fields.distinct(value for name, value in properties if name in ("keyword", "keywords"))
    printed = (chain.line("NewsLines/KeywordLine") or "").split(";")
    return found or fields.distinct(map(fields.line, printed))


def _subject_elements(chain: _Chain) -> Iterator[etree._Element]:
    for group in chain.all("DescriptiveMetadata/SubjectCode"):
        yield from xml.descendants(group, *_SUBJECTS)


def _subjects(item: _Item, chain: _Chain, language: str | None) -> Iterator[Subject]:
    seen = set()
    for element in _subject_elements(chain):
        code = _formal(element)
        if not code or code in seen:
            continue
        seen.add(code)
        # SubjectCode is for the IPTC's Subject Reference System unless it says otherwise.
        scheme = xml.attribute(element, "Scheme") or xml.attribute(element, "Vocabulary")
        yield Subject(
            code=code,
            name=_topic_name(item.topics.get(code), language),
            scheme=scheme or ("IptcSubjectCodes" if re.fullmatch(r"\d{8}", code) else None),
        )


def _topic_name(topic: etree._Element | None, language: str | None) -> str | None:
    """A topic's name in the story's language, or in English, or in the first that there is."""
    names = {
        fields.language(xml.attribute(each, "xml:lang")): line_of(each)
        for each in reversed(list(xml.children(topic, "Description")))
        if (each.get("Variant") or "Name") == "Name"
    }
    return names.get(language) or names.get("en") or next(reversed(names.values()), None)


def _categories(chain: _Chain) -> tuple[str, ...]:
    """AFP's and EFE's category beside each subject code."""
    return fields.distinct(xml.attribute(each, "cat") for each in _subject_elements(chain))


def _notes(chain: _Chain) -> Iterator[str | None]:
    """NewsLines whose type says that they are notes to editors."""
    for newsline in chain.all("NewsLines/NewsLine"):
        if "note" in (_formal(xml.child(newsline, "NewsLineType")) or "").casefold():
            yield line_of(xml.child(newsline, "NewsLineText"))


def _usage_terms(chain: _Chain) -> str | None:
    rights = chain.all("RightsMetadata/UsageRights")
    parts = (line_of(part) for right in rights for part in right)
    return "\n".join(fields.distinct(parts)) or chain.line("NewsLines/RightsLine")


def _located(chain: _Chain, content: Content, printed: Dateline | None) -> Iterator[Located]:
    for location in chain.all("DescriptiveMetadata/Location"):
        named = dict(_properties(list(xml.children(location, "Property"))))
        if named:
            role = (location.get("HowPresent") or "").casefold()
            place = _place(named, _ROLES.get(role, role or None))
            moved = role == "origin" and dateline.contradicts(printed, place.name)
            yield msgspec.structs.replace(place, role=None) if moved else place
    loose = dict(_properties(chain.all("DescriptiveMetadata/Property")))
    if "city" in loose or "country" in loose:  # ANA puts them outside any Location
        yield _place(loose, None)
    if content.located:
        yield content.located


def _place(named: Mapping[str, str], role: str | None) -> Located:
    country = named.get("country")
    is_code = bool(country and re.fullmatch(r"[A-Z]{2,3}", country))
    return Located(
        name=named.get("city") or named.get("countryarea") or country,
        admin1=named.get("countryarea"),
        country=named.get("countryname") or (None if is_code else country),
        country_code=country if is_code else None,
        role=role,
    )


def _links(item: _Item) -> Iterator[Link]:
    relations = {"DerivedFrom": "derived-from", "AssociatedWith": "associated-with"}
    for name, relation in relations.items():
        for element in xml.children(item.item, f"NewsManagement/{name}"):
            href = fields.line(xml.attribute(element, "NewsItem"))
            if href:
                yield Link(href=href, rel=relation, type=_formal(element))
