"""JSON Feed 1.0 and 1.1, which newswire itself publishes at /feed.json.

Specification: JSON Feed 1.1 (jsonfeed.org/version/1.1). An item is a story as soon as it has a
title or a text. The text is `content_text` where that keeps its paragraphs, else `content_html`,
else the summary. 1.0 has one `author`, 1.1 has `authors`; the feed's stand in where an item has
none.

A feed of another newswire says of each item in `_newswire` which id, source, version and clock its
story has there; they are kept. As of any story, the feed speaks only for its `agencies`.

Id of other items: as in RSS, the item's `id` after the agency, or after the feed's title where the
id is no URI; without an id the `url`; else a hash of feed and title.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from typing import Any

from connectors.fields import printed, restrictions, signals, values, wrapping
from connectors.fields.times import any_assumed, instant
from connectors.formats import jsontree
from connectors.formats.base import Context, Format, Parsed, Skipped, read_each
from connectors.formats.jsontree import Object, dicts, paragraphs, text, texts
from connectors.formats.start import Start
from pipeline.wire import dateline
from pipeline.wire.agencies import id_name, short_name
from pipeline.wire.errors import ParseError
from pipeline.wire.story import Clock, Link, Story

# PHP writes "https:\/\/jsonfeed.org\/version\/1".
_VERSION = re.compile(rb'"version"\s*:\s*"https?:(?:\\?/){2}(?:www\.)?jsonfeed\.org\\?/version')


def parse(raw: bytes, context: Context) -> Parsed:
    """Returns the stories of a feed.

    Raises:
        ParseError: not JSON, or no list of items; names line and column, or the key.
    """
    _, document = next(jsontree.documents(raw))
    if isinstance(document, ParseError):
        raise document
    feed = jsontree.lowered(document) if isinstance(document, dict) else {}
    items = feed.get("items")
    if not isinstance(items, list):
        raise ParseError("not a JSON Feed: it has no list of items", "items")
    printed.check_count(len(items))
    return read_each(_objects(items), lambda item: (_read(item, feed, context),))


def _objects(items: list[Any]) -> Iterator[tuple[str, Object | ParseError]]:
    for number, item in enumerate(items):
        where = f"items[{number}]"
        is_object = isinstance(item, dict)
        yield where, jsontree.lowered(item) if is_object else ParseError("not an object", where)


def _read(item: Object, feed: Object, context: Context) -> Story | Skipped:
    sent = [name for name in (text(item.get("id")), text(item.get("url"))) if name]
    guid = next(filter(values.identifies, sent), None)
    headline = _title(item.get("title"))
    content = _content(item)
    summary = _plain(item.get("summary"))
    body = content or summary or ""
    if not body and not headline:
        return Skipped("an item without text", guid)
    published = instant(text(item.get("date_published")), context.timezone)
    updated = instant(text(item.get("date_modified")), context.timezone)
    created = updated or published
    signalled = signals.of_headline(headline)
    near = created.at.date() if created else None
    order = restrictions.instruction(headline, near, context.timezone)
    verdict = restrictions.decide(None, signalled, None, (order,))
    name = _title(feed.get("title"))
    agency, owner = id_name(context.agency), id_name(context.agency, name)
    known = _of_newswire(item)
    own = text(known.get("id"))
    clock = known.get("clock")
    wire_id = guid or values.hashed_id(name, signals.topic(headline or body[:80]))
    story_id = values.story_id(None, own) if own else values.item_id(agency, owner, wire_id)
    former = [values.item_id(agency, owner, each) for each in sent[:1] if not own]
    return Story(
        id=story_id,
        former_ids=values.former_ids(story_id, verdict.status, former),
        source=text(known.get("source")) or short_name(context.agency, None if own else name),
        provider_id=guid,
        version=values.integer(text(known.get("version"))),
        clock=Clock(clock) if clock in list(Clock) else None,
        status=verdict.status,
        status_sent=verdict.sent,
        signal=signalled.signal if signalled else None,
        signal_sent=signalled.sent if signalled else None,
        headline=headline,
        byline=_byline(item) or _byline(feed),
        dateline=dateline.of_body(body, near),
        summary=summary if content and summary != content else None,
        body=body,
        language=values.language(text(item.get("language")))
        or values.language(text(feed.get("language")))
        or context.language,
        keywords=texts(item.get("tags")),
        first_created=published.at if published else None,
        version_created=created.at if created else None,
        embargoed_until=verdict.until.at if verdict.until else None,
        zone_assumed=any_assumed((published, updated, verdict.until)),
        links=_links(item),
    )


def _of_newswire(item: Object) -> Object:
    """Returns what a newswire says of its own story; empty for the item of any other feed."""
    known = item.get("_newswire")
    known = jsontree.lowered(known) if isinstance(known, dict) else {}
    return known if values.identifies(text(known.get("id"))) else {}


def _title(value: Any) -> str | None:
    """Returns a title on one line; it is plain text, but many feeds escape it as HTML."""
    return values.line(html.unescape(value)) if isinstance(value, str) else None


def _content(item: Object) -> str | None:
    plain = _plain(item.get("content_text"))
    if plain and "\n\n" in plain:
        return plain
    return paragraphs(item.get("content_html")) or plain


def _plain(value: Any) -> str | None:
    """Returns plain text as paragraphs: a "<" in it is a character and begins no tag."""
    if not isinstance(value, str):
        return None
    printed.check_story(len(value), "the text")
    return wrapping.paragraphs(value) or None


def _byline(of: Object) -> str | None:
    sent = [of.get("authors"), of.get("author")]
    names = [text(author.get("name")) for each in sent for author in dicts(each)]
    return values.byline(", ".join(values.distinct(names)))


def _links(item: Object) -> tuple[Link, ...]:
    sent = [
        ("alternate", item.get("url"), None, None),
        ("related", item.get("external_url"), None, None),
        ("enclosure", item.get("image"), None, None),
        *(
            ("enclosure", each.get("url"), each.get("title"), each.get("mime_type"))
            for each in dicts(item.get("attachments"))
        ),
    ]
    return values.distinct(
        Link(href=href, rel=rel, title=text(title), type=text(kind))
        for rel, url, title, kind in sent
        if (href := text(url))
    )


def _recognises(start: Start) -> bool:
    # The version may be the last of the keys.
    return start.is_json and bool(_VERSION.search(start.whole))


FORMAT = Format(name="jsonfeed", parse=parse, recognises=_recognises, clock=Clock.RECEIPT)
