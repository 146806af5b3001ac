"""AP Media API: a feed page or an item in JSON, and the NITF that an item points to.

Documentation: "Content metadata fields" and "About bylines", AP Media API (developer.ap.org).
A page holds data.items[].item, an item's own answer data.item; the text stands in a NITF
document at renditions.nitf.href, which the source fetches (`Context.linked`), or is embedded as
nitf.body_html. An item whose text was not fetched is a story with an empty body.

Subjects keep how AP ties them to the story: "direct", "ancestor" or "category" (the ANPA
category, also in `categories`). Of places only the direct ones are read: the others contain
them. Positions are GeoJSON, longitude first.

Id: agency and altids.itemid, which all versions of an item share; altids.etag changes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import Any

from connectors.fields import printed, restrictions, signals, values
from connectors.fields.times import any_assumed, instant
from connectors.formats import inline, jsontree
from connectors.formats.anpa import PRIORITIES
from connectors.formats.base import Context, Format, Parsed, Skipped, read_each
from connectors.formats.jsontree import Object, dicts, prose, text, texts
from connectors.formats.nitf_content import Content
from pipeline.wire import dateline, ids
from pipeline.wire.agencies import id_name, short_name
from pipeline.wire.errors import ParseError
from pipeline.wire.story import Clock, Dateline, Link, Located, Signal, Status, Story, Subject

MARKS = frozenset(("altids",))
_AP = re.compile(r'"(?:itemid|api_version)"\s*:')
_MEDIA = frozenset(("picture", "graphic", "video", "audio"))
_STRONG = (Signal.KILL, Signal.WITHDRAW, Signal.CORRECTION)
_RELATIONS = ("category", "direct", "ancestor")


def parse(raw: bytes, context: Context) -> Parsed:
    """Returns the stories of an answer of the AP Media API.

    Raises:
        ParseError: not JSON, or no item in it; names line and column, or the key.
    """
    return read_each(_items(raw), lambda item: (_read(*item, context),))


def _items(raw: bytes) -> Iterator[tuple[str, tuple[Object, Any] | ParseError]]:
    """Yields each item with the text that its document embeds, and where it stands."""
    for place, document in jsontree.documents(raw):
        if isinstance(document, ParseError):
            yield place, document
            continue
        embedded = document.get("nitf") if isinstance(document, dict) else None
        for where, item in jsontree.unwrap(document, MARKS, place):
            yield where, item if isinstance(item, ParseError) else (item, embedded)


def _read(item: Object, embedded: Any, context: Context) -> Story | Skipped:
    named_ids = item["altids"] if isinstance(item["altids"], dict) else {}
    named = (text(named_ids.get("itemid")), text(item.get("uri")))
    provider_id = next(filter(values.identifies, named), None)
    kind = (text(item.get("type")) or "text").casefold()
    slug = printed.slug(text(item.get("slugline")) or "")
    notes = (text(item.get("headline")), prose(item.get("ednote")))
    said = signals.strongest(_signal(item, slug), *notes[:1], notes[1:])
    created = instant(text(item.get("versioncreated")), context.timezone)
    near = created.at.date() if created else None
    verdict = restrictions.decide(
        jsontree.word(item.get("pubstatus")),
        said,
        restrictions.of_keys(item, context.timezone),
        (restrictions.instruction(note, near, context.timezone) for note in notes),
        context.status_words,
    )
    published = verdict.status
    caption = jsontree.paragraphs(item.get("description_caption"))
    if kind in _MEDIA and published is not Status.WITHDRAWN and not (context.captions and caption):
        return Skipped(f"no text: the item is of type {kind}", provider_id)
    first = instant(text(item.get("firstcreated")), context.timezone)
    until = verdict.until
    content = _content(item, embedded, near, context)
    body = (caption or "") if kind in _MEDIA else content.body
    informers = [text(informer.get("name")) for informer in dicts(item.get("infosource"))]
    signed = (text(item.get("provider")), *informers, context.agency or "AP")
    source = short_name(*signed)
    letter = text(item.get("editorialpriority"))
    sent = text(item.get("urgency"))
    headline = text(item.get("headline")) or content.headline
    if not (headline or body or content.summary) and published is not Status.WITHDRAWN:
        return Skipped("an item without text", provider_id)
    # A kill can be so bare that it does not even name its source.
    owner = id_name(context.agency) or id_name(*signed)

    def made_on(day: str) -> str:
        name = signals.topic(slug.slugline or headline or "")
        return values.story_id(owner, provider_id or values.hashed_id(name, day))

    made = first or created
    day = made.at.date().isoformat() if made else ""
    signal = verdict.signal or (said.signal if said else None)
    return Story(
        id=made_on(day),
        former_ids=values.former_ids(
            made_on(day),
            published,
            [values.story_id(owner, each) for each in named if each][:1],
        ),
        eve_id=ids.eve_id(made_on, day, published, signal),
        source=source,
        provider_id=provider_id,
        version=values.integer(text(item.get("version"))),
        status=published,
        status_sent=verdict.sent,
        signal=signal,
        signal_sent=said.sent if said else None,
        headline=headline,
        slugline=slug.slugline or None,
        byline=_byline(item) or content.byline,
        dateline=_dateline(item, content),
        summary=jsontree.paragraphs(item.get("description_summary"))
        or text(item.get("headline_extended")),
        body=body,
        language=values.language(text(item.get("language"))) or context.language,
        urgency=values.urgency(sent) or values.urgency(letter, PRIORITIES),
        urgency_sent=letter or sent,
        categories=values.distinct(
            text(subject.get("code"))
            for subject in dicts(item.get("subject"))
            if _relation(subject) == "category"
        ),
        subjects=values.distinct(map(_subject, dicts(item.get("subject")))),
        keywords=texts(item.get("keywords")),
        ednote="\n".join(filter(None, (prose(item.get("ednote")), *content.notes))) or None,
        copyright=text(item.get("copyrightnotice")),
        usage_terms="\n".join(texts(item.get("usageterms"))) or None,
        located=_located(item),
        first_created=first.at if first else None,
        version_created=created.at if created else None,
        embargoed_until=until.at if until else None,
        zone_assumed=any_assumed((created, first, until)),
        links=_links(item),
    )


def _content(item: Object, embedded: Any, near: date | None, context: Context) -> Content:
    """Returns the text of an item, from the answer itself or from the NITF it points to."""
    if isinstance(embedded, dict):
        body = jsontree.paragraphs(embedded.get("body_html")) or ""
        return Content(body=body, dateline=dateline.of_body(body, near))
    renditions = item.get("renditions") if isinstance(item.get("renditions"), dict) else {}
    for rendition in dicts((renditions or {}).get("nitf")):
        raw = context.linked.get(text(rendition.get("href")) or "")
        if raw is not None:
            return inline.read_document(raw, near)
    return Content()


def _signal(item: Object, slug: printed.Slug) -> signals.Signalled | None:
    """Returns the slug's signal, unless an editorial type says something stronger."""
    said = signals.of_slug(slug.version)
    types = (*texts(item.get("editorialtypes")), *texts(item.get("signals")))
    types = (*types, text(item.get("editorialrole")) or "")
    typed = signals.of_slug(", ".join(kind.upper() for kind in types))
    if typed and (said is None or (typed.signal in _STRONG and said.signal not in _STRONG)):
        return typed._replace(lead=said.lead if said else typed.lead)
    return said


def _byline(item: Object) -> str | None:
    names = (text(byline.get("by")) or text(byline.get("name")) for byline in _bylines(item))
    return values.byline(", ".join(filter(None, names)))


def _bylines(item: Object) -> list[Object]:
    sent = item.get("bylines")
    return dicts(sent) if isinstance(sent, list) else []


def _dateline(item: Object, content: Content) -> Dateline | None:
    """Returns the place is `located`, if the text prints no other; the words are the text's."""
    place = text(item.get("located"))
    return dateline.of_metadata(place, content.dateline)


def _relation(thing: Object) -> str | None:
    """Returns the closest of AP's relations: a subject may be direct and ancestor at once."""
    relations = texts(thing.get("rels"))
    return next((each for each in _RELATIONS if each in relations), next(iter(relations), None))


def _subject(subject: Object) -> Subject | None:
    code, name = text(subject.get("code")), text(subject.get("name"))
    if not code and not name:
        return None
    return Subject(
        code=code, name=name, scheme=text(subject.get("scheme")), relation=_relation(subject)
    )


def _located(item: Object) -> tuple[Located, ...]:
    filed = item.get("datelinelocation")
    found: list[Located | None] = []
    if isinstance(filed, dict):
        at = jsontree.point(filed.get("geometry_geojson"))
        found.append(
            Located(
                name=text(filed.get("city")) or text(filed.get("countryname")),
                admin1=text(filed.get("countryareaname")),
                country=text(filed.get("countryname")),
                country_code=text(filed.get("countrycode")),
                latitude=at[0] if at else None,
                longitude=at[1] if at else None,
                role="dateline",
            )
        )
    found += [
        jsontree.located(place, "subject")
        for place in dicts(item.get("place"))
        if _relation(place) == "direct"
    ]
    return values.distinct(found)


def _links(item: Object) -> tuple[Link, ...]:
    links = [
        Link(href=href, rel=text(link.get("rel")))
        for link in dicts(item.get("links"))
        if (href := text(link.get("href")))
    ]
    links += [
        Link(href=href, rel="association", title=text(associated.get("headline")))
        for associated in dicts(item.get("associations"))
        if (href := text(associated.get("uri")))
    ]
    return values.distinct(links)


FORMAT = Format(
    name="ap_media",
    parse=parse,
    recognises=lambda start: start.is_json and bool(_AP.search(start.text)),
    clock=Clock.VERSION,
)
