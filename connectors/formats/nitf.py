"""NITF 3.x: IPTC's News Industry Text Format, in the dialects of AP, PA, EFE, CP and NTB.

Specification: NITF 3.6, its schema documentation and DTD (iptc.org/std/NITF). docs/formats.md
has the table of fields. Where dialects differ:

- PA, EFE and NTB keep categories and sluglines in `head/meta`: see `_META`.
- CP puts `urgency` beside docdata, keywords into the text of `keyword`, and leaves unfilled
  templates ("YYYYMMDD000000-HHMM") in dates.
- AP's features have no `doc-id/@id-string`, only a `regsrc`.

Identity. `doc-id/@id-string` is the id that all deliveries of one document share; one that is a
NewsML URN loses its revision. Without it, `du-key/@key` (which stays the same while a story
develops, and comes again another day) with the day of issue. As the last resort a hash of the
slugline, or of the headline, with that day; AP keeps a story's first headline for this, in an
`hl2` of its own.

What a document does to another. docdata has a status for itself (`management-status`) and one
for another document (`management-doc-idref`, `management-idref-status`). A document that is
canceled itself and names another is the notice that kills the other one, and no story: it comes
out withdrawn under the id of the one it names. A usable one that names another as canceled,
withheld or replaced is a story, and beside it comes the withdrawal of the other.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

import msgspec
from lxml import etree

from connectors.fields import pubstatus, restrictions, signals, times, values
from connectors.fields.markup import line_of, local_name
from connectors.fields.times import Instant
from connectors.formats import nitf_content, urn, xml
from connectors.formats.base import Context, Format, Parsed, Skipped, read_each
from connectors.formats.nitf_content import Content
from connectors.formats.start import has_element
from pipeline.wire import agencies, dateline, ids
from pipeline.wire.errors import ParseError
from pipeline.wire.story import Clock, Link, Located, Signal, Status, Story, Subject

_META: Mapping[str, str] = {  # head/meta/@name of the dialects, by what it holds
    "anpa-keyword": "slugline",
    "ntbstikkord": "slugline",
    "category": "category",
    "categoria": "category",
    "anpa-category": "category",
    "anpa-takekey": "take",
    "keywords": "keywords",
}
# CP's revision-history says what a version does: "ADDS military statement".
_COMMENTS: Mapping[str, Signal] = {
    "ADDS": Signal.UPDATE,
    "UPDATES": Signal.UPDATE,
    "RECASTS": Signal.WRITETHRU,
    "CORRECTS": Signal.CORRECTION,
}


def parse(raw: bytes, context: Context) -> Parsed:
    """Returns the stories of a NITF document, or of several inside one wrapper element.

    Raises:
        ParseError: not XML, or no NITF in it.
    """
    root = xml.parse(raw)
    names = ("nitf", "ttnitf")  # TT's own root
    documents = [root] if local_name(root) in names else list(xml.descendants(root, *names))
    if not documents:
        raise ParseError("not NITF: there is no nitf element", xml.place(root))
    return read_each(
        ((None, document) for document in documents), lambda document: _read(document, context)
    )


class _Head(NamedTuple):
    """The parts of a document's head that most fields are read from."""

    head: etree._Element | None
    docdata: etree._Element | None
    meta: Mapping[str, tuple[str, ...]]
    title: str | None

    def sent(self, path: str, attribute: str) -> str | None:
        """Returns an attribute of the first element at a path below docdata, on one line."""
        return values.line(xml.attribute(xml.child(self.docdata, path), attribute))


def _read(nitf: etree._Element, context: Context) -> Iterator[Story | Skipped]:
    head = _head(nitf)
    issued = _issued(nitf, head, context)
    anchor = issued.at if issued else context.received_at
    content = nitf_content.read(nitf, anchor.date() if anchor else None)
    story = _story(nitf, head, content, issued, context)
    if not story.body and content.has_media and story.status is not Status.WITHDRAWN:
        if not (context.captions and content.captions):
            yield Skipped("a picture or video without a story", story.provider_id)
            return
        story = msgspec.structs.replace(story, body="\n\n".join(content.captions))
    if not (story.headline or story.body or story.status is Status.WITHDRAWN):
        raise ParseError("a story with neither headline nor text", xml.place(nitf))
    yield from _with_its_effect(story, nitf, head, context)


def _owner(nitf: etree._Element, head: _Head, context: Context) -> str | None:
    """Returns whose document it is, for its id.

    A kill may say less than its story about where it comes from; their ids must be the same.
    """
    registrar = agencies.id_name(head.sent("doc-id", "regsrc")) or context.agency
    return registrar or agencies.id_name(*_signatures(nitf, head))


def _with_its_effect(
    story: Story, nitf: etree._Element, head: _Head, context: Context
) -> Iterator[Story]:
    """Yields the story, and what it does to the document that it names (see the module's text)."""
    named = values.line(xml.attribute(head.docdata, "management-doc-idref"))
    sent = xml.attribute(head.docdata, "management-idref-status")
    named_status, signal = pubstatus.of_word(sent)
    if named is None or named_status is not Status.WITHDRAWN:
        yield story
        return
    named_id = values.story_id(_owner(nitf, head, context), urn.without_revision(named))
    if story.status is Status.WITHDRAWN:
        yield msgspec.structs.replace(story, id=named_id, eve_id=None, former_ids=(), signal=signal)
        return
    yield story
    yield Story(
        id=named_id,
        source=story.source,
        provider_id=named,
        status=named_status,
        status_sent=sent,
        signal=signal,
        version_created=story.version_created,
        first_created=None,
        zone_assumed=story.zone_assumed,
        links=(Link(href=story.provider_id, rel="replaced-by"),) if story.provider_id else (),
    )


def _story(
    nitf: etree._Element,
    head: _Head,
    content: Content,
    issued: Instant | None,
    context: Context,
) -> Story:
    headline = content.headline or head.title
    slugline = values.first(
        *head.meta.get("slugline", ()),
        head.title if head.title != headline else None,
        _as_slugline(head.sent("du-key", "key")),
    )
    source = agencies.short_name(*_signatures(nitf, head), context.agency) or agencies.short_name(
        dateline.agency_of(content.dateline)
    )
    doc_id = head.sent("doc-id", "id-string")
    spoken = _spoken(head, headline)
    status_sent = xml.attribute(head.docdata, "management-status")
    release = restrictions.of_value(
        _written(xml.child(head.docdata, "date.release"), "norm"), context.timezone
    )
    if release and release.until and issued and release.until.at <= issued.at:
        release = None  # NITF 3.6 date.release: only one after the issue is an embargo
    near = issued.at.date() if issued else None
    notes = [_written(each, "info") for each in xml.children(head.docdata, "ed-msg")]
    verdict = restrictions.decide(
        status_sent,
        spoken,
        release,
        (restrictions.instruction(note, near, context.timezone) for note in (headline, *notes)),
        context.status_words,
    )
    urgency = xml.attribute(next(xml.descendants(head.head, "urgency"), None), "ed-urg")
    named = values.line(xml.attribute(head.docdata, "management-doc-idref"))
    owner = _owner(nitf, head, context)

    def made_on(day: str) -> str:
        identity = _identity(nitf, head, content, slugline or headline, day)
        return values.story_id(owner, identity)

    day = f"{issued.at:%Y%m%d}" if issued else ""
    signal = verdict.signal or (spoken.signal if spoken else None)
    former = _sent_identity(head, day, bool)
    return Story(
        id=made_on(day),
        former_ids=values.former_ids(
            made_on(day), verdict.status, [former and values.story_id(owner, former)]
        ),
        eve_id=ids.eve_id(made_on, day, verdict.status, signal),
        source=source,
        provider_id=doc_id,
        version=_version(head, doc_id),
        status=verdict.status,
        status_sent=verdict.sent,
        signal=signal,
        signal_sent=spoken.sent if spoken else None,
        headline=headline,
        slugline=slugline,
        byline=content.byline,
        dateline=content.dateline,
        summary=content.summary,
        body=content.body,
        language=values.language(_language(nitf)) or context.language,
        urgency=values.urgency(urgency),
        urgency_sent=urgency,
        categories=values.distinct(head.meta.get("category", ())),
        subjects=tuple(_subjects(head)),
        keywords=values.distinct((*content.keywords, *_split(head.meta.get("keywords", ())))),
        genre=values.line(
            xml.attribute(xml.child(head.head, "tobject/tobject.property"), "tobject.property.type")
        ),
        ednote=_ednote(head, content),
        copyright=_copyright(nitf, head),
        usage_terms=_usage_terms(nitf, head),
        located=tuple(_located(head, content)),
        # NITF knows no time of first creation: the issue of a document counts as both.
        first_created=issued.at if issued else None,
        version_created=issued.at if issued else None,
        embargoed_until=verdict.until.at if verdict.until else None,
        zone_assumed=times.any_assumed((issued, verdict.until)),
        links=(Link(href=named, rel="replaces"),) if named else (),
    )


def _as_slugline(key: str | None) -> str | None:
    """Returns a du-key that is words; a code such as "A-20260302-17" names nothing to a reader."""
    letters, digits = (len(re.findall(kind, key or "")) for kind in (r"[^\W\d_]", r"\d"))
    return key if letters >= digits else None


def _head(nitf: etree._Element) -> _Head:
    head = xml.child(nitf, "head")
    meta: dict[str, tuple[str, ...]] = {}
    for element in xml.children(head, "meta"):
        holds = _META.get((xml.attribute(element, "name") or "").casefold())
        value = values.line(xml.attribute(element, "content"))
        if holds and value:
            meta[holds] = (*meta.get(holds, ()), value)
    return _Head(head, xml.child(head, "docdata"), meta, line_of(xml.child(head, "title")))


def _issued(nitf: etree._Element, head: _Head, context: Context) -> Instant | None:
    """Returns when the document was issued, else its last revision, else its publication."""
    revisions = [
        xml.attribute(each, "norm") for each in xml.descendants(head.head, "revision-history")
    ]
    filed = xml.child(nitf, "body/body.head/dateline/story.date")
    candidates = (
        head.sent("date.issue", "norm"),
        *(
            xml.attribute(each, "date.publication")
            for each in xml.descendants(head.head, "pubdata")
        ),
        *reversed(revisions),
        xml.attribute(filed, "norm"),
    )
    return values.first(*(times.instant(sent, context.timezone) for sent in candidates))


def _identity(
    nitf: etree._Element,
    head: _Head,
    content: Content,
    name: str | None,
    day: str,
) -> str:
    """Returns the provider's id, or the best that is stable without it (see the module's text)."""
    if identity := _sent_identity(head, day, values.identifies):
        return identity
    first_headline = next(
        (
            line_of(each)
            for each in xml.children(nitf, "body/body.head/hedline/hl2")
            if each.get("id") == "originalHeadline"
        ),
        None,
    )
    lasting = head.title or first_headline or name or content.body.partition("\n")[0]
    if not lasting:
        raise ParseError("no id, title, headline or text to make one of", xml.place(nitf))
    return values.hashed_id(signals.topic(lasting), day)


def _sent_identity(head: _Head, day: str, accepts: Callable[[str], bool]) -> str | None:
    """Returns the provider's id or key, if it is accepted."""
    doc_id, key = head.sent("doc-id", "id-string"), head.sent("du-key", "key")
    if doc_id and accepts(doc_id):
        return urn.without_revision(doc_id)
    return ":".join(filter(None, (day, key))) if key and accepts(key) else None


def _version(head: _Head, doc_id: str | None) -> int | None:
    sent = values.integer(head.sent("du-key", "version"))
    return sent if sent is not None else urn.revision(doc_id or "")


def _signatures(nitf: etree._Element, head: _Head) -> Iterator[str | None]:
    """Yields where a document says whose it is, the surest first."""
    yield head.sent("doc-id", "regsrc")
    for source in xml.children(head.docdata, "del-list/from-src"):
        yield xml.attribute(source, "src-name")
    yield line_of(xml.child(nitf, "body/body.head/distributor"))
    yield line_of(xml.child(nitf, "body/body.head/rights/rights.owner"))
    yield head.sent("doc.copyright", "holder")
    yield head.sent("doc.rights", "owner")
    if local_name(nitf) == "ttnitf":
        yield "TT"


def _split(keywords: Iterable[str]) -> Iterator[str | None]:
    """Yields keywords, several of which one meta element may hold: "barco, puerto; mar"."""
    for held in keywords:
        yield from map(values.line, re.split(r"[,;]", held))


def _written(element: etree._Element | None, attribute: str) -> str | None:
    """Returns what an empty element's attribute says, or its text from those who write it there."""
    return values.line(xml.attribute(element, attribute)) or line_of(element)


def _spoken(head: _Head, headline: str | None) -> signals.Signalled | None:
    """Returns the signal that the document's words give, beside its status."""
    comments = [
        values.line(xml.attribute(each, "comment"))
        for each in xml.descendants(head.head, "revision-history")
    ]
    spoken = signals.of_slug(*head.meta.get("slugline", ()), *head.meta.get("take", ()))
    spoken = spoken or signals.of_headline(headline) or signals.of_slug(head.title)
    notes = [_written(each, "info") for each in xml.children(head.docdata, "ed-msg")]
    for message in xml.children(head.docdata, "ed-msg"):
        spoken = spoken or signals.of_slug(xml.attribute(message, "msg-type"))
        spoken = spoken or signals.of_headline(_written(message, "info"))
    if spoken is None and comments and comments[-1]:
        verb = comments[-1].split()[0].rstrip(":,")
        if verb in _COMMENTS:
            return signals.Signalled(_COMMENTS[verb], comments[-1])
    return signals.strongest(spoken, headline, notes)


def _language(nitf: etree._Element) -> str | None:
    for element in (nitf, xml.child(nitf, "body"), xml.child(nitf, "body/body.content")):
        for name in ("xml:lang", "baselang", "lang"):
            found = xml.attribute(element, name)
            if found:
                return found
    return None


def _subjects(head: _Head) -> Iterator[Subject]:
    """Yields tobject.subject, whose scheme (ipr) is IPTC by default, and classifiers."""
    seen = set()
    for element in xml.children(head.head, "tobject/tobject.subject"):
        code = xml.attribute(element, "tobject.subject.refnum")
        subject = Subject(
            code=code or xml.attribute(element, "tobject.subject.code"),
            name=_subject_name(element, code),
            scheme=xml.attribute(element, "tobject.subject.ipr") or "IPTC",
        )
        if (subject.code or subject.name) and subject not in seen:
            seen.add(subject)
            yield subject
    for element in xml.children(head.docdata, "identified-content/classifier"):
        value = values.line(xml.attribute(element, "value"))
        name = line_of(element)
        if value or name:
            yield Subject(code=value, name=name, scheme=values.line(xml.attribute(element, "type")))


def _subject_name(element: etree._Element, code: str | None) -> str | None:
    """Returns the name at the code's level: 11000000 a subject, 11006000 a matter."""
    subject, matter, detail = (
        values.line(xml.attribute(element, f"tobject.subject.{level}"))
        for level in ("type", "matter", "detail")
    )
    if code and code.endswith("000000"):
        return subject or matter or detail
    if code and code.endswith("000"):
        return matter or detail or subject
    return detail or matter or subject


def _ednote(head: _Head, content: Content) -> str | None:
    messages = (_written(each, "info") for each in xml.children(head.docdata, "ed-msg"))
    comments = [
        xml.attribute(each, "comment") for each in xml.descendants(head.head, "revision-history")
    ]
    notes = values.distinct([*map(values.line, messages), *content.notes])
    return "\n\n".join(notes) or (values.line(comments[-1]) if comments else None)


def _copyright(nitf: etree._Element, head: _Head) -> str | None:
    holder, year = head.sent("doc.copyright", "holder"), head.sent("doc.copyright", "year")
    printed = line_of(xml.child(nitf, "body/body.head/rights/rights.owner"))
    return " ".join(filter(None, ("©", year, holder))) if holder else printed


def _usage_terms(nitf: etree._Element, head: _Head) -> str | None:
    printed = (
        line_of(each) for each in xml.children(nitf, "body/body.head/rights/rights.limitations")
    )
    return "\n".join(values.distinct([head.sent("doc.rights", "limitations"), *printed])) or None


def _located(head: _Head, content: Content) -> Iterator[Located]:
    if content.located:
        yield content.located
    for element in xml.children(head.docdata, "evloc"):
        place = Located(
            name=values.first(
                xml.attribute(element, "city"),
                xml.attribute(element, "county-dist"),
                line_of(element),
            ),
            admin1=xml.attribute(element, "state-prov"),
            country_code=xml.attribute(element, "iso-cc"),
            role="event",
        )
        if place.name or place.admin1 or place.country_code:
            yield place
    for element in xml.children(head.docdata, "identified-content/location"):
        place = Located(
            name=line_of(element),
            code=xml.attribute(element, "location-code"),
            scheme=xml.attribute(element, "code-source"),
            role="subject",
        )
        if place.name or place.code:
            yield place


FORMAT = Format(
    name="nitf",
    parse=parse,
    recognises=has_element("nitf", "ttnitf"),
    clock=Clock.VERSION,
)
