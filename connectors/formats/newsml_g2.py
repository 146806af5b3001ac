"""NewsML-G2: news items alone, in news messages, and what is skipped beside them.

Specification: NewsML-G2 2.35 (iptc.org/std/NewsML-G2); docs/formats.md has the table of fields.
Read from dpa, Reuters, ANSA, STT, AFP and the IPTC's own examples.

Identity. @guid is the same for all versions of an item (section "Identifying items"), @version
tells them apart; an item without it counts by its time, though the standard says 1, since it may
follow a numbered one. A version can be a very large number (Reuters).

Status. pubStatus is usable where it is absent. embargoed makes a usable item embargoed until
then; an empty embargoed element means until further notice. A canceled item needs no content.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date
from typing import NamedTuple

import msgspec
from lxml import etree

from connectors.fields import restrictions, signals, times, values
from connectors.fields.markup import line_of, local_name, text_of
from connectors.fields.printed import Embargo
from connectors.fields.times import Instant
from connectors.formats import g2_concepts, inline, xml
from connectors.formats.base import Context, Format, Parsed, Skipped, read_each
from connectors.formats.g2_concepts import Concepts
from connectors.formats.nitf_content import Content
from connectors.formats.start import has_element
from pipeline.wire import agencies, dateline, ids
from pipeline.wire.errors import ParseError
from pipeline.wire.story import Clock, Dateline, Link, Located, Signal, Status, Story

_ITEMS = ("newsItem", "packageItem", "conceptItem", "knowledgeItem", "planningItem", "catalogItem")
_SIGNALS: Mapping[str, Signal] = {
    "sig:update": Signal.UPDATE,
    "sig:correction": Signal.CORRECTION,
    "sig:corrected": Signal.CORRECTION,
    "sig:writethru": Signal.WRITETHRU,
    "sig:kill": Signal.KILL,
    "sig:withdrawal": Signal.WITHDRAW,
    "sig:advisory": Signal.ADVISORY,
    "sig:alert": Signal.NEWSALERT,
    "sig:flash": Signal.FLASH,
    "sig:urgent": Signal.URGENT,
    # Reuters' editorial status; its N, a new story, is no signal.
    "edstat:u": Signal.UPDATE,
    "edstat:c": Signal.CORRECTION,
    "edstat:w": Signal.WITHDRAW,
}
# Data, no text: EventsML-G2, SportsML, SportsML-G2, planning.
_DATA = frozenset((
    "events", "event", "sports-content", "sports-event", "sportsMessage", "planningItem",
    "newsCoverageSet", "newsCoverage", "statistics", "election-results",
))  # fmt: skip
_MEDIA = frozenset(("picture", "photo", "graphic", "video", "audio", "animation"))
_FORCE = (Signal.KILL, Signal.WITHDRAW, Signal.CORRECTION)  # one of these goes before any other


def parse(raw: bytes, context: Context) -> Parsed:
    """Returns the stories of a news message or of a single item.

    Raises:
        ParseError: not XML, or no item of the G2 family in it.
    """
    root = xml.parse(raw)
    items = [root] if local_name(root) in _ITEMS else list(xml.descendants(root, *_ITEMS))
    if not items:
        if local_name(root) == "newsMessage":
            return Parsed(skipped=(Skipped("a news message without items"),))
        raise ParseError("not NewsML-G2: there is no item", xml.place(root))
    return read_each(xml.placed(items), lambda item: _read(item, root, context))


class _Item(NamedTuple):
    """One news item with what is needed to read it."""

    item: etree._Element
    header: etree._Element | None
    meta: etree._Element | None
    content: etree._Element | None
    concepts: Concepts
    context: Context

    def instant(self, parent: etree._Element | None, name: str) -> Instant | None:
        return times.instant(line_of(xml.child(parent, name)), self.context.timezone)

    def text(self, name: str) -> str | None:
        """Returns the first non-empty property of contentMeta with a name, on one line."""
        return next(filter(None, map(line_of, xml.children(self.content, name))), None)


def _read(
    element: etree._Element, root: etree._Element, context: Context
) -> Iterator[Story | Skipped]:
    guid = xml.attribute(element, "guid")
    kind = local_name(element)
    if kind != "newsItem":
        references = sum(1 for _ in xml.descendants(element, "itemRef"))
        is_package = kind == "packageItem"
        yield Skipped(f"a package of {references} items" if is_package else f"a {kind}", guid)
        return
    content_meta = xml.child(element, "contentMeta")
    language = values.language(
        xml.attribute(xml.child(content_meta, "language"), "tag")
        or xml.attribute(element, "xml:lang")
    )
    item = _Item(
        element,
        xml.child(root, "header"),
        xml.child(element, "itemMeta"),
        content_meta,
        g2_concepts.read(root, element, language),
        context,
    )
    data = next((name for name in map(local_name, _inline(element)) if name in _DATA), None)
    if data is not None:
        yield Skipped(f"no text: {data}", guid)
        return
    created = _created(item)
    anchor = created.at if created else context.received_at
    content = _content(item, anchor.date() if anchor else None)
    story = _story(item, guid, content, created)
    if story.status is not Status.WITHDRAWN:
        item_class = _class(item)
        reason = _without_text(item, item_class, content)
        if reason is not None:
            caption = _caption(item, content) if context.captions else None
            if caption is None:
                yield Skipped(reason, guid)
                return
            story = msgspec.structs.replace(story, body=caption)
        if not (story.headline or story.body):
            raise ParseError("a story with neither headline nor text", xml.place(element))
    yield story


def _inline(element: etree._Element) -> Iterator[etree._Element]:
    """Yields the elements that stand inside an item's inline XML."""
    for rendition in xml.children(element, "contentSet/inlineXML"):
        yield from rendition


def _class(item: _Item) -> str | None:
    """Returns the nature of an item, without its scheme: "text", "picture", "composite"."""
    found = item.concepts.code(xml.child(item.meta, "itemClass"))
    return found.code.casefold() if found else None


def _without_text(item: _Item, item_class: str | None, content: Content) -> str | None:
    """Returns why an item is no story; None where it is one.

    A headline without a text is a story (an alert), unless the text stands elsewhere.
    """
    if item_class in _MEDIA:
        return f"no text: {item_class}"
    remote = [
        values.first(xml.attribute(each, "contenttype"), xml.attribute(each, "href"))
        for each in xml.children(item.item, "contentSet/remoteContent")
    ]
    if content.body or (item_class in ("text", None) and not remote):
        return None
    if remote:
        return f"its content is remote: {', '.join(values.distinct(remote))}"
    return f"no text: {item_class}"


def _caption(item: _Item, content: Content) -> str | None:
    return _description(item, "caption") or content.body or _description(item, "") or None


def _created(item: _Item) -> Instant | None:
    """Returns when this version was made; by the content's time where the item's is empty (STT)."""
    return values.first(
        item.instant(item.meta, "versionCreated"),
        item.instant(item.content, "contentModified"),
        item.instant(item.content, "contentCreated"),
        item.instant(item.header, "sent"),
    )


def _content(item: _Item, near: date | None) -> Content:
    """Returns the first rendition that has a text, of those inside and of those already fetched."""
    for element in xml.children(item.item, "contentSet"):
        for rendition in element:
            kind = local_name(rendition)
            if kind in ("inlineXML", "inlineData") and not rendition.get("encoding"):
                content = inline.read(rendition, near)
            elif kind == "remoteContent":
                linked = item.context.linked.get(xml.attribute(rendition, "href") or "")
                content = inline.read_document(linked, near) if linked else Content()
            else:
                continue
            if content.body or content.has_media:
                return content
    return Content()


def _story(item: _Item, guid: str | None, content: Content, created: Instant | None) -> Story:
    concepts, context = item.concepts, item.context
    near = created.at.date() if created else None
    # The id must be the same in a cancel that says no more than it must: who provides it.
    signed = (*_signatures(item), context.agency)
    owner = agencies.id_name(*_provider(item)) or context.agency or agencies.id_name(*signed)
    source = agencies.short_name(*signed)
    headline = _headline(item) or content.headline
    first = item.instant(item.meta, "firstCreated") or item.instant(item.content, "contentCreated")
    sent = xml.child(item.meta, "pubStatus")
    status_sent = next(
        filter(None, (xml.attribute(sent, name) for name in ("qcode", "uri", "literal"))), None
    ) or line_of(sent)
    notes = [text_of(each) for each in xml.children(item.meta, "edNote")]
    spoken = signals.strongest(signals.of_slug(item.text("slugline")), headline, notes)
    signal, signal_sent = _signal(item, spoken)
    verdict = restrictions.decide(
        status_sent,
        signals.Signalled(signal, signal.value) if signal in _FORCE[:2] else spoken,
        _embargo(item),
        (restrictions.instruction(note, near, context.timezone) for note in (headline, *notes)),
        context.status_words,
    )
    urgency = item.text("urgency")
    printed = _dateline(item, content, near)
    version = xml.attribute(item.item, "version")
    identity = guid if guid and values.identifies(guid) else None
    name = item.text("slugline") or headline or content.body.partition("\n")[0]
    if not (identity or name):
        raise ParseError("no guid, headline or text to make an id of", xml.place(item.item))

    def made_on(day: str) -> str:
        return values.story_id(owner, identity or values.hashed_id(signals.topic(name or ""), day))

    made = first or created
    day = f"{made.at:%Y%m%d}" if made else ""
    return Story(
        id=made_on(day),
        former_ids=values.former_ids(
            made_on(day), verdict.status, [guid and values.story_id(owner, guid)]
        ),
        eve_id=ids.eve_id(made_on, day, verdict.status, verdict.signal or signal),
        source=source,
        provider_id=guid,
        version=values.integer(version),
        status=verdict.status,
        status_sent=verdict.sent,
        signal=verdict.signal or signal,
        signal_sent=signal_sent,
        headline=headline,
        slugline=item.text("slugline"),
        byline=values.byline(item.text("by")) or content.byline,
        dateline=printed,
        summary=_description(item, "summary") or content.summary,
        body=content.body,
        language=concepts.language or context.language,
        urgency=values.urgency(urgency),
        urgency_sent=urgency,
        priority=values.urgency(line_of(xml.child(item.header, "priority"))),
        categories=_categories(item),
        subjects=values.distinct(map(concepts.subject, xml.children(item.content, "subject"))),
        keywords=values.distinct(
            values.line(word)
            for each in xml.children(item.content, "keyword")
            for word in (line_of(each) or "").split(";")
        )
        or content.keywords,
        genre=_genre(item),
        ednote=_ednote(item, content),
        copyright=_in_language(item, "rightsInfo/copyrightNotice")
        or concepts.name(xml.child(item.item, "rightsInfo/copyrightHolder")),
        usage_terms=_in_language(item, "rightsInfo/usageTerms"),
        located=tuple(_located(item, printed)),
        first_created=first.at if first else None,
        version_created=created.at if created else None,
        embargoed_until=verdict.until.at if verdict.until else None,
        zone_assumed=times.any_assumed((first, created, verdict.until)),
        links=tuple(_links(item)),
    )


def _signatures(item: _Item) -> Iterator[str | None]:
    """Yields where an item says whose it is, the surest first."""
    holder = xml.child(item.item, "rightsInfo/copyrightHolder")
    sources = xml.children(item.content, "infoSource")
    yield from _provider(item)
    for element in (*sources, holder):
        found = item.concepts.code(element)
        yield found.code if found else None
        yield item.concepts.name(element)
    yield line_of(xml.child(item.header, "sender"))
    yield item.text("creditline")


def _provider(item: _Item) -> tuple[str | None, str | None]:
    element = xml.child(item.meta, "provider")
    found = item.concepts.code(element)
    return found.code if found else None, item.concepts.name(element)


def _headline(item: _Item) -> str | None:
    """Returns the headline: the first without a role or with the main one; else the title."""
    titles = list(xml.children(item.content, "headline"))
    titles.sort(key=lambda each: not re.search(r"^$|main", each.get("role") or ""))
    return next(filter(None, map(line_of, titles)), None) or line_of(xml.child(item.meta, "title"))


def _description(item: _Item, role: str) -> str | None:
    """Returns the first description of a role: a summary, a caption, or "" for any.

    One without a role is a summary.
    """
    for element in xml.children(item.content, "description"):
        sent = (xml.attribute(element, "role") or "drol:summary").casefold()
        if role in sent and (text := text_of(element)):
            return text
    return None


def _dateline(item: _Item, content: Content, near: date | None) -> Dateline | None:
    """Returns the dateline as printed: the property's, the content's, or the text's own.

    Reuters puts a timestamp into the property, which names no place.
    """
    sent = dateline.of_element(item.text("dateline"), near)
    if sent and sent.place:
        return sent
    return content.dateline or dateline.of_body(content.body, near) or sent


def _signal(item: _Item, spoken: signals.Signalled | None) -> tuple[Signal | None, str | None]:
    """Returns the signal with the most force, and what the wire called it."""
    found = [
        (_SIGNALS[qcode.casefold()], qcode)
        for element in xml.children(item.meta, "signal")
        if (code := item.concepts.code(element))
        and (qcode := ":".join(filter(None, (code.scheme, code.code)))).casefold() in _SIGNALS
    ]
    if spoken:
        found.append((spoken.signal, spoken.sent))
    if not found:
        return None, None
    return next((each for force in _FORCE for each in found if each[0] is force), found[0])


def _embargo(item: _Item) -> Embargo | None:
    """Returns the embargo; an empty element means until further notice (NewsML-G2 2.35)."""
    element = xml.child(item.meta, "embargoed")
    sent = line_of(element)
    if element is not None and sent is None and item.context.empty_embargo:
        return Embargo("embargoed", None)
    return restrictions.of_value(sent, item.context.timezone)


def _categories(item: _Item) -> tuple[str, ...]:
    """Returns subjects that are the provider's categories, and ANPA 1312's ("a1312cat:s")."""
    codes = [
        (item.concepts.code(each), xml.attribute(each, "type") or "")
        for each in xml.children(item.content, "subject")
    ]
    return values.distinct(
        code.code
        for code, kind in codes
        if code and (re.search(r":cat(?:egory)?$", kind) or code.scheme == "a1312cat")
    )


def _genre(item: _Item) -> str | None:
    for element in xml.children(item.content, "genre"):
        code = item.concepts.code(element)
        found = item.concepts.name(element) or (code.code if code else None)
        if found:
            return found
    return None


def _ednote(item: _Item, content: Content) -> str | None:
    """Returns all notes to editors, whatever their role; none of them is ever part of the body."""
    notes = [text_of(each) for each in xml.children(item.meta, "edNote")]
    return "\n\n".join(values.distinct([*notes, *content.notes])) or None


def _in_language(item: _Item, path: str) -> str | None:
    """Returns the first text at a path in the story's language, or else the first."""
    found = [(each, text) for each in xml.children(item.item, path) if (text := line_of(each))]
    same = (text for each, text in found if item.concepts.speaks(xml.attribute(each, "xml:lang")))
    return next(same, found[0][1] if found else None)


def _located(item: _Item, printed: Dateline | None) -> Iterator[Located]:
    """Yields where the content was made, then the places that it is about."""
    for element in xml.children(item.content, "located"):
        place = item.concepts.place(element, "dateline")
        if place is None:
            continue
        moved = dateline.contradicts(printed, place.name)
        yield msgspec.structs.replace(place, role=None) if moved else place
    seen = set()
    for element in xml.children(item.content, "subject"):
        place = item.concepts.place(element, "subject") if item.concepts.is_place(element) else None
        if place is not None and place not in seen:
            seen.add(place)
            yield place


def _links(item: _Item) -> Iterator[Link]:
    for element in xml.children(item.meta, "link"):
        href = xml.attribute(element, "href") or xml.attribute(element, "residref")
        if href:
            relation = (xml.attribute(element, "rel") or "").rpartition(":")[2]
            yield Link(
                href=href,
                rel=re.sub(r"(?<=[a-z])(?=[A-Z])", "-", relation).lower() or None,
                title=line_of(xml.child(element, "title")),
                type=xml.attribute(element, "contenttype"),
            )
    for element in xml.children(item.item, "contentSet/remoteContent"):
        href = xml.attribute(element, "href") or xml.attribute(element, "residref")
        if href:
            yield Link(href=href, rel="enclosure", type=xml.attribute(element, "contenttype"))


FORMAT = Format(
    name="newsml_g2",
    parse=parse,
    recognises=has_element("newsMessage", *_ITEMS),
    clock=Clock.VERSION,
)
