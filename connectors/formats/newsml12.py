"""NewsML 1.0 to 1.2, in the dialects of AFP, dpa, Kyodo, ANA, ATS, ANP, Belga and TASS.

Specification: NewsML 1.2 Functional Specification and DTD (iptc.org/std/NewsML/1.2).
docs/formats.md has the table of fields.

`newsml12_components` decides which NewsComponents of an item are stories. Metadata that a
component lacks are those of the components around it.

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

import msgspec
from lxml import etree

from connectors.fields import pubstatus, restrictions, signals, times, values
from connectors.fields.markup import line_of, local_name
from connectors.fields.times import Instant
from connectors.formats import urn, xml
from connectors.formats.base import Context, Format, Parsed, Skipped, read_each
from connectors.formats.newsml12_components import (
    Chain,
    formal_name,
    is_headline_alone,
    reason,
    texts,
)
from connectors.formats.nitf_content import Content
from connectors.formats.start import has_element
from pipeline.wire import agencies, dateline, ids
from pipeline.wire.errors import ParseError
from pipeline.wire.story import Clock, Dateline, Link, Located, Signal, Status, Story, Subject

_SUBJECTS = frozenset(("Subject", "SubjectMatter", "SubjectDetail", "SubjectQualifier"))
_TYPES: Mapping[str, Signal] = {  # NewsItemType, in lower case
    "alert": Signal.NEWSALERT,
    "flash": Signal.FLASH,
    "bulletin": Signal.BULLETIN,
    "advisory": Signal.ADVISORY,
}
_ROLES: Mapping[str, str] = {"origin": "dateline", "from": "dateline", "event": "event"}


def parse(raw: bytes, context: Context) -> Parsed:
    """Returns the stories of a NewsML document, of one or several NewsItems.

    Raises:
        ParseError: not XML, or no NewsItem in it.
    """
    root = xml.parse(raw)
    items = [root] if local_name(root) == "NewsItem" else list(xml.children(root, "NewsItem"))
    if not items:
        raise ParseError("not NewsML 1.x: there is no NewsItem", xml.place(root))
    envelope = xml.child(root, "NewsEnvelope")
    return read_each(xml.placed(items), lambda item: _read(item, envelope, root, context))


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
    found = texts(element, near, captions=False)
    if not found and context.captions:
        found = texts(element, near, captions=True)
    withdrawn = pubstatus.of_word(formal_name(item.management("Status")))[0] is Status.WITHDRAWN
    tops = list(xml.children(element, "NewsComponent"))
    if not found and (withdrawn or is_headline_alone(tops)):
        found = [(Chain(*tops[:1]), Content())]
    if not found:
        yield Skipped(reason(element), item.identifier("PublicIdentifier"))
        return
    for chain, content in found:
        yield _story(item, chain, content, created, alone=len(found) == 1)


def _story(
    item: _Item, chain: Chain, content: Content, created: Instant | None, *, alone: bool
) -> Story:
    context = item.context
    anchor = created.at if created else context.received_at
    near = anchor.date() if anchor else None
    signed = (*_signatures(item, chain), context.agency)
    source = agencies.short_name(*signed)
    headline = chain.line("NewsLines/HeadLine") or content.headline
    slugline = chain.line("NewsLines/SlugLine") or line_of(
        xml.child(item.item, "Identification/NameLabel")
    )
    status_sent = formal_name(item.management("Status"))
    notes = (headline, *_notes(chain))
    slugged = signals.of_slug(chain.line("NewsLines/SlugLine"))
    spoken = signals.strongest(slugged, headline, notes)
    changes = line_of(item.management("StatusWillChange/DateAndTime"))
    becomes = pubstatus.of_word(formal_name(item.management("StatusWillChange/FutureStatus")))[0]
    own = pubstatus.of_word(status_sent, context.status_words)[0]
    released = None
    if own is not Status.USABLE and becomes is Status.USABLE:
        released = restrictions.of_value(changes, context.timezone)
    verdict = restrictions.decide(
        status_sent,
        spoken,
        released,
        (restrictions.instruction(note, near, context.timezone) for note in notes),
        context.status_words,
    )
    typed = _TYPES.get((formal_name(item.management("NewsItemType")) or "").casefold())
    urgency = formal_name(item.management("Urgency"))
    first, sent = item.instant("FirstCreated"), xml.child(item.envelope, "DateAndTime")
    last = created or times.instant(line_of(sent), context.timezone)
    printed = dateline.of_element(chain.line("NewsLines/DateLine"), near)
    if printed is None or printed.place is None:
        printed = content.dateline or dateline.of_body(content.body, near) or printed
    # Belga sends several stories in one item, each with an id of its own in Duid.
    part = "" if alone else f"#{xml.attribute(chain.components[0], 'Duid') or headline or ''}"
    name = slugline or headline or content.body.partition("\n")[0]
    language = values.first(
        formal_name(chain.first("DescriptiveMetadata/Language")),
        *(xml.attribute(each, "xml:lang") for each in (*chain.components, item.item)),
    )
    owner = _provider(item) or context.agency or agencies.id_name(*signed)

    def made_on(day: str) -> str:
        return values.story_id(owner, _identity(item, name, day) + part)

    day = (item.identifier("DateId") or "")[:8] or (f"{created.at:%Y%m%d}" if created else "")
    signal = verdict.signal or (spoken.signal if spoken else typed)
    public = item.identifier("PublicIdentifier") or ""
    former = [*urn.former(public, _version(item)), _formerly(item, part)]
    return Story(
        id=made_on(day),
        eve_id=ids.eve_id(made_on, day, verdict.status, signal),
        former_ids=values.former_ids(
            made_on(day),
            verdict.status,
            (values.story_id(owner, each) for each in former if each),
        ),
        source=source,
        provider_id=item.identifier("PublicIdentifier") or item.identifier("NewsItemId"),
        version=_version(item),
        status=verdict.status,
        status_sent=verdict.sent,
        signal=signal,
        signal_sent=spoken.sent if spoken else None,
        headline=headline,
        slugline=slugline,
        byline=values.byline(chain.line("NewsLines/ByLine")) or content.byline,
        dateline=printed,
        summary=chain.line("NewsLines/SubHeadLine") or content.summary,
        body=content.body,
        language=values.language(language) or context.language,
        urgency=values.urgency(urgency),
        urgency_sent=urgency,
        priority=values.urgency(formal_name(xml.child(item.envelope, "Priority"))),
        categories=_categories(chain),
        subjects=tuple(_subjects(item, chain, values.language(language))),
        keywords=_keywords(chain) or content.keywords,
        genre=formal_name(chain.first("DescriptiveMetadata/Genre")),
        ednote="\n\n".join(values.distinct([*_notes(chain), *content.notes])) or None,
        copyright=chain.line("NewsLines/CopyrightLine") or chain.line("RightsMetadata/Copyright"),
        usage_terms=_usage_terms(chain),
        located=tuple(_located(chain, content, printed)),
        first_created=first.at if first else None,
        version_created=last.at if last else None,
        embargoed_until=verdict.until.at if verdict.until else None,
        zone_assumed=times.any_assumed((first, last, verdict.until)),
        links=tuple(_links(item)),
    )


def _identity(item: _Item, name: str | None, day_of_issue: str) -> str:
    """Returns the provider's id of an item, the same for all of its revisions.

    An id that identifies nothing (empty, "0", a host) is replaced by a hash of the slugline or
    headline and the day, as in NITF.
    """
    public = _named(item.identifier("PublicIdentifier"), item)
    item_id = _named(item.identifier("NewsItemId"), item)
    if identity := _joined(item, public, item_id):
        return identity
    if not name:
        raise ParseError(
            "no NewsItemId, no PublicIdentifier, and no headline or text to make an id of",
            xml.place(item.item),
        )
    return values.hashed_id(item.identifier("ProviderId"), day_of_issue, signals.topic(name))


def _joined(item: _Item, public: str | None, item_id: str | None, mark: str = "v") -> str | None:
    """Returns the identity that the identifiers make together; None without any.

    ANP's item id ends in its revision ("-v2"); a number alone may be that of the item.
    """
    day, provider = item.identifier("DateId") or "", item.identifier("ProviderId") or ""
    if item_id:
        revision = _version(item)
        item_id = re.sub(rf"[-_.]{mark}{revision}$", "", item_id) if revision else item_id
    if public and (item_id is None or item_id in public):
        parted = urn.parts(public)
        if parted is None:
            return urn.without_revision(public, _version(item))
        provider, day, item_id = parted
    if not item_id:
        return None
    if re.fullmatch(r"\d{8}T\d{4,6}.*", day):
        return item_id
    return ":".join(filter(None, ("urn:newsml", provider, day, item_id)))


def _formerly(item: _Item, part: str) -> str | None:
    """Returns the identity of earlier releases.

    They took identifiers that identify nothing, and any number for a revision.
    """
    identifiers = item.identifier("PublicIdentifier"), item.identifier("NewsItemId")
    identity = _joined(item, *identifiers, mark="v?")
    return identity + part if identity else None


def _named(identifier: str | None, item: _Item) -> str | None:
    """Returns an identifier if it identifies an item, not only its provider or its day."""
    if not values.identifies(identifier):
        return None
    parts = re.sub(r"^urn:newsml:", "", identifier or "", flags=re.IGNORECASE).split(":")
    others = (item.identifier("ProviderId"), item.identifier("DateId"))
    rest = [part for part in parts if part not in others and values.identifies(part)]
    return identifier if rest else None


def _provider(item: _Item) -> str | None:
    """Returns the provider of the identifier, which a cancel without components has as well."""
    parted = urn.parts(item.identifier("PublicIdentifier") or "")
    return agencies.id_name(item.identifier("ProviderId"), parted[0] if parted else None)


def _version(item: _Item) -> int | None:
    """Returns RevisionId, without the update letter that some send with it ("1N")."""
    sent = re.fullmatch(r"(\d+)[A-Za-z]?", item.identifier("RevisionId") or "", re.ASCII)
    return (
        values.integer(sent[1]) if sent else urn.revision(item.identifier("PublicIdentifier") or "")
    )


def _signatures(item: _Item, chain: Chain) -> Iterator[str | None]:
    """Yields where an item says whose it is, the surest first."""
    for path in ("Provider/Party", "Source/Party"):
        yield formal_name(chain.first(f"AdministrativeMetadata/{path}"))
    yield item.identifier("ProviderId")
    yield formal_name(xml.child(item.envelope, "SentFrom/Party"))
    yield chain.line("NewsLines/CreditLine")


def _properties(elements: Sequence[etree._Element]) -> Iterator[tuple[str, str]]:
    """Yields the formal names, in lower case, and values of Property elements."""
    for element in elements:
        name, value = formal_name(element), values.line(xml.attribute(element, "Value"))
        if name and value:
            yield name.casefold(), value


def _keywords(chain: Chain) -> tuple[str, ...]:
    properties = _properties(chain.all("DescriptiveMetadata/Property"))
    found = values.distinct(value for name, value in properties if name in ("keyword", "keywords"))
    printed = (line_of(line) or "" for line in chain.all("NewsLines/KeywordLine"))
    return found or values.distinct(
        values.line(word) for line in printed for word in line.split(";")
    )


def _subject_elements(chain: Chain) -> Iterator[etree._Element]:
    for group in chain.all("DescriptiveMetadata/SubjectCode"):
        yield from xml.descendants(group, *_SUBJECTS)


def _subjects(item: _Item, chain: Chain, language: str | None) -> Iterator[Subject]:
    seen = set()
    for element in _subject_elements(chain):
        code = formal_name(element)
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
    """Returns a topic's name in the story's language, else in English, else in any."""
    names = {
        values.language(xml.attribute(each, "xml:lang")): line_of(each)
        for each in reversed(list(xml.children(topic, "Description")))
        if (each.get("Variant") or "Name") == "Name"
    }
    return names.get(language) or names.get("en") or next(reversed(names.values()), None)


def _categories(chain: Chain) -> tuple[str, ...]:
    """Returns the category that AFP and EFE write beside each subject code."""
    return values.distinct(xml.attribute(each, "cat") for each in _subject_elements(chain))


def _notes(chain: Chain) -> Iterator[str | None]:
    """Yields AdvisoryLines, and the NewsLines whose type says that they are notes to editors."""
    yield from map(line_of, chain.all("NewsLines/AdvisoryLine"))
    for newsline in chain.all("NewsLines/NewsLine"):
        kind = (formal_name(xml.child(newsline, "NewsLineType")) or "").casefold()
        if "note" in kind or "advisory" in kind:
            yield line_of(xml.child(newsline, "NewsLineText"))


def _usage_terms(chain: Chain) -> str | None:
    rights = chain.all("RightsMetadata/UsageRights")
    parts = (line_of(part) for right in rights for part in right)
    return "\n".join(values.distinct(parts)) or chain.line("NewsLines/RightsLine")


def _located(chain: Chain, content: Content, printed: Dateline | None) -> Iterator[Located]:
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
            href = values.line(xml.attribute(element, "NewsItem"))
            if href:
                yield Link(href=href, rel=relation, type=formal_name(element))


FORMAT = Format(
    name="newsml12",
    parse=parse,
    recognises=has_element("NewsML"),
    clock=Clock.VERSION,
)
