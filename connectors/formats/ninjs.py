"""ninjs 1.x, 2.x and 3.x: IPTC's News in JSON, in any of the envelopes agencies wrap it in.

Specification: the JSON Schemas of ninjs 1.0 to 3.x (iptc.org/std/ninjs, github iptc/newsinjson).
1.x has one property for each form (body_html, headline), 2.x and 3.x have arrays with roles
(bodies, headlines), 3.x writes camelCase: all are read by the same names in lower case.
Superdesk's output (guid, service, extra properties) and the BBC's (embargotime, types "story"
and "advisory") are dialects of 1.x.

Of several bodies of one story the plain one is taken if it keeps its paragraphs, else the HTML.
Pictures, video, packages and events are skipped; what is associated becomes a link.

Id: agency and `uri`, or `guid` or `id` where there is none.
"""

from __future__ import annotations

import re
from typing import Any

from connectors.fields import restrictions, signals, values
from connectors.fields.times import Instant, any_assumed, instant
from connectors.formats import jsontree
from connectors.formats.base import Context, Format, Parsed, Skipped, read_each
from connectors.formats.jsontree import Object, dicts, paragraphs, prose, text, texts
from pipeline.wire import dateline, ids
from pipeline.wire.agencies import id_name, short_name
from pipeline.wire.errors import ParseError
from pipeline.wire.story import Clock, Dateline, Link, Located, Status, Story, Subject

MARKS = frozenset((
    "uri", "guid", "headline", "headlines", "bodies", "body_html", "body_text", "body_xhtml",
    "versioncreated", "pubstatus", "altids",
    "definition_short", "planning_date", "planning_item",  # Superdesk's events and plans
))  # fmt: skip
_KEYS = MARKS | frozenset((
    "type", "firstcreated", "contentcreated", "language", "version", "urgency", "slugline",
    "byline", "by", "description_text", "description_html", "descriptions", "subject", "subjects",
    "place", "places", "ednote", "keywords", "copyrightholder", "copyrightnotice", "usageterms",
    "embargoed", "embargoeduntil", "embargotime", "profile", "located", "renditions", "source",
    "provider", "infosource", "infosources", "service", "services", "genre", "genres", "standard",
    "associations", "authors", "mimetype", "$schema", "id", "body", "priority",
))  # fmt: skip
_SPECIFIC = _KEYS - {"uri", "guid", "id", "type", "language", "version", "source", "provider",
                     "authors", "by", "body", "subject", "genre", "place", "priority"}  # fmt: skip
_TYPES = frozenset(("text", "article", "story", "advisory", "alert", "flash"))
_MEDIA = frozenset(("picture", "photo", "image", "graphic", "video", "audio"))
_NO_STORY = frozenset(
    (
        "composite",
        "package",
        "component",
        "event",
        "events",
        "planning",
        "assignment",
        "coverage",
        "sportsml",
        "statistics",
    )
)
_ALIASES = {
    "http://cv.iptc.org/newscodes/mediatopic/": "medtop",
    "http://cv.iptc.org/newscodes/subjectcode/": "subj",
}


def parse(raw: bytes, context: Context) -> Parsed:
    """Returns the stories of a ninjs delivery.

    Raises:
        ParseError: not JSON, or no item in it; names line and column, or the key.
    """
    return read_each(jsontree.objects(raw, MARKS), lambda item: (_read(item, context),))


def _read(item: Object, context: Context) -> Story | Skipped:
    sent = [text(item.get(key)) for key in ("uri", "guid", "id")]
    provider_id = next(filter(values.identifies, sent), None)
    if "@context" in item or len(_KEYS.intersection(item)) < 2:
        raise ParseError("JSON of no known format: fewer than two keys of ninjs", "the item")
    kind = (text(item.get("type")) or "text").casefold()
    body = _body(item)
    summary = _described(item)
    headline = text(item.get("headline")) or _of_role(item.get("headlines"), "main")
    slugline = text(item.get("slugline"))
    notes = (prose(item.get("ednote")),)
    said = signals.strongest(signals.of_slug(slugline), headline, notes)
    verdict = _verdict(item, headline, said, context)
    published = verdict.status
    if kind in _MEDIA and not (context.captions and (body or summary)):
        if published is not Status.WITHDRAWN:
            return Skipped(f"no text: the item is of type {kind}", provider_id)
    elif kind in _NO_STORY and not body and published is not Status.WITHDRAWN:
        return Skipped(f"no text: the item is of type {kind}", provider_id)
    if kind in _MEDIA:
        body = body if summary is None else summary
    if not (provider_id or body or summary) and published is not Status.WITHDRAWN:
        raise ParseError("JSON of no known format: a headline alone is no item", "the item")
    if not (headline or body or summary) and published is not Status.WITHDRAWN:
        is_typed = (text(item.get("type")) or "").casefold() in _TYPES
        if not is_typed and not _SPECIFIC.intersection(item):
            raise ParseError("JSON of no known format: no key of ninjs has a text", "the item")
        return Skipped("an item without text", provider_id)
    until = verdict.until
    created = _time(item, context, "versioncreated")
    first = _time(item, context, "firstcreated", "contentcreated")
    signed = _signatures(item, context)
    source = short_name(*signed)
    near = created or first
    # A kill can be so bare that it does not even name its source.
    owner = id_name(context.agency) or id_name(*signed)

    def made_on(day: str) -> str:
        name = signals.topic(slugline or headline or body[:80])
        return values.story_id(owner, provider_id or values.hashed_id(name, day))

    day = _day(first or created)
    signal = verdict.signal or (said.signal if said else None)
    return Story(
        id=made_on(day),
        former_ids=values.former_ids(
            made_on(day),
            published,
            [values.story_id(owner, each) for each in sent if each][:1],
        ),
        eve_id=ids.eve_id(made_on, day, verdict.status, signal),
        source=source,
        provider_id=provider_id,
        version=values.integer(text(item.get("version"))),
        status=published,
        status_sent=verdict.sent,
        signal=signal,
        signal_sent=said.sent if said else None,
        headline=headline,
        slugline=slugline,
        byline=_byline(item),
        dateline=_dateline(item, body, near),
        summary=summary if summary != body else None,
        body=body,
        language=values.language(text(item.get("language"))) or context.language,
        urgency=values.urgency(text(item.get("urgency"))),
        urgency_sent=text(item.get("urgency")),
        priority=values.integer(text(item.get("priority"))),
        categories=values.distinct(
            text(service.get("code")) or text(service.get("name"))
            for service in dicts(item.get("service") or item.get("services"))
        ),
        subjects=values.distinct(
            map(_subject, dicts(item.get("subject")) + dicts(item.get("subjects")))
        ),
        keywords=_keywords(item.get("keywords")),
        genre=_named(item.get("genre") or item.get("genres")),
        ednote=prose(item.get("ednote")),
        copyright=text(item.get("copyrightnotice")) or text(item.get("copyrightholder")),
        usage_terms="\n".join(texts(item.get("usageterms"))) or None,
        located=_located(item),
        first_created=first.at if first else None,
        version_created=created.at if created else None,
        embargoed_until=until.at if until else None,
        zone_assumed=any_assumed((created, first, until)),
        links=_links(item),
    )


def _keywords(sent: Any) -> tuple[str, ...]:
    """Returns the keywords; a sender without lists writes them into one text: "ferry, pier"."""
    if isinstance(sent, str):
        return values.distinct(map(values.line, re.split(r"[,;]", sent)))
    return texts(sent)


def _verdict(
    item: Object, headline: str | None, said: signals.Signalled | None, context: Context
) -> restrictions.Verdict:
    created = _time(item, context, "versioncreated")
    near = created.at.date() if created else None
    notes = (headline, prose(item.get("ednote")))
    return restrictions.decide(
        jsontree.word(item.get("pubstatus")),
        said,
        restrictions.of_keys(item, context.timezone),
        (restrictions.instruction(note, near, context.timezone) for note in notes),
        context.status_words,
    )


def _day(created: Instant | None) -> str:
    return created.at.date().isoformat() if created else ""


def _time(item: Object, context: Context, *names: str) -> Instant | None:
    for name in names:
        found = instant(text(item.get(name)), context.timezone)
        if found:
            return found
    return None


def _signatures(item: Object, context: Context) -> tuple[str | None, ...]:
    """Returns where an item says whose it is, the surest first."""
    informers = dicts(item.get("infosource")) + dicts(item.get("infosources"))
    names = [text(informer.get("name")) for informer in informers]
    return (
        text(item.get("source")),
        text(item.get("provider")),
        text(item.get("copyrightholder")),
        *names,
        context.agency,
    )


def _of_role(values: Any, *roles: str) -> str | None:
    """Returns the text of an array with roles: that of the first role met, else the first text."""
    found = dicts(values)
    for role in roles:
        for each in found:
            if (text(each.get("role")) or "").casefold() == role:
                return paragraphs(each.get("value"))
    return next((said for each in found if (said := paragraphs(each.get("value")))), None)


def _described(item: Object) -> str | None:
    forms = ("description_text", "description", "description_html")
    said = next((said for form in forms if (said := paragraphs(item.get(form)))), None)
    return said or _of_role(item.get("descriptions"), "text", "summary", "main")


def _body(item: Object) -> str:
    """Returns the text of a story: its plain body if that keeps paragraphs, else its HTML."""
    plain = [item.get("body_text"), item.get("body")]
    marked = [
        item.get("body_html"),
        item.get("body_xhtml"),
        item.get("body_html5"),
        item.get("body_nitf"),
    ]
    for body in dicts(item.get("bodies")):
        kind = (text(body.get("contenttype")) or "").casefold()
        role = (text(body.get("role")) or "").casefold()
        if re.search("html|nitf", kind) or (not kind and re.search("html|nitf", role)):
            marked.append(body.get("value"))
        elif "xml" not in kind:
            plain.append(body.get("value"))
    as_plain = next((said for each in plain if (said := paragraphs(each))), "")
    if "\n\n" in as_plain:
        return as_plain
    as_marked = next((said for each in marked if (said := paragraphs(each))), "")
    return as_marked or as_plain


def _byline(item: Object) -> str | None:
    printed_ = values.byline(text(item.get("byline")) or text(item.get("by")))
    if printed_:
        return printed_
    authors = [
        text(author.get("name"))
        for author in dicts(item.get("authors"))
        if (text(author.get("role")) or "author").casefold() in {"author", "writer"}
    ]
    return values.byline(", ".join(values.distinct(authors)))


def _dateline(item: Object, body: str, near: Instant | None) -> Dateline | None:
    """Returns the place is `located`, if the body prints no other; the words are the body's."""
    day = near.at.date() if near else None
    in_body = dateline.of_body(body, day)
    place = text(item.get("located"))
    return dateline.of_metadata(place, in_body)


def _subject(subject: Object) -> Subject | None:
    code, scheme = text(subject.get("code")), text(subject.get("scheme"))
    uri = text(subject.get("uri"))
    if code is None and uri and "/" in uri:  # ninjs 2 and 3: the code ends the concept's URI
        base, _, code = uri.rstrip("/").rpartition("/")
        scheme = f"{base}/"
    code = text(subject.get("literal")) or code
    if code and scheme is None and "://" not in code and code.count(":") == 1:
        scheme, _, code = code.partition(":")  # a qcode: "medtop:20000148"
    elif code and scheme:
        code = code.removeprefix(f"{scheme}:")
    name = text(subject.get("name"))
    if not code and not name:
        return None
    return Subject(
        code=code or None,
        name=name,
        scheme=_ALIASES.get(scheme or "", scheme),
        relation=text(subject.get("rel")),
    )


def _named(value: Any) -> str | None:
    if isinstance(value, str):
        return text(value)
    found = [text(each.get("name")) or text(each.get("code")) for each in dicts(value)]
    return next(filter(None, found), None)


def _located(item: Object) -> tuple[Located, ...]:
    places = dicts(item.get("place")) + dicts(item.get("places"))
    return values.distinct(map(jsontree.located, places))


def _links(item: Object) -> tuple[Link, ...]:
    """Returns associated items, and the story's own address where its uri is one."""
    links = []
    for associated in dicts(item.get("associations")):
        href = text(associated.get("uri")) or text(associated.get("guid"))
        if href:
            links.append(
                Link(
                    href=href,
                    rel="association",
                    title=text(associated.get("headline")),
                    type=text(associated.get("mimetype")),
                )
            )
    return values.distinct(links)


FORMAT = Format(
    name="ninjs",
    parse=parse,
    recognises=lambda start: start.is_json,
    clock=Clock.VERSION,
)
