"""RSS 2.0, RSS 1.0 and Atom, with the extensions that news feeds use.

RSS 2.0 (rssboard.org/rss-specification), RSS 1.0 (web.resource.org/rss/1.0), Atom (RFC 4287)
and its tombstones (RFC 6721), Dublin Core, content:encoded, Media RSS, GeoRSS; WordPress'
export (WXR 1.2) and WENN's feed as dialects. feedparser reads what is standard; the tree
gives what feedparser drops: repeated extension elements.

An item is a story as soon as it has a title or a text. The text is content:encoded or
atom:content, else the description; a description beside it is the summary.

Id: guid, atom:id or rdf:about, else the link, else title and feed. It is prefixed with the
agency where the feed or its settings name one, and with the feed's title where the guid is no
URI, so that "12345" of two feeds stays apart. Never the date: a feed may lack or change it.
"""

from __future__ import annotations

import html
import io
import re
from collections.abc import Iterable, Mapping
from typing import Any

from lxml import etree

from connectors.fields import markup, printed, restrictions, signals, values
from connectors.fields.charset import sanitise
from connectors.fields.times import Instant, any_assumed, instant
from connectors.formats import xml
from connectors.formats.base import Context, Format, Parsed, Skipped, read_each
from connectors.formats.start import has_element
from pipeline.wire import dateline
from pipeline.wire.agencies import id_name, short_name
from pipeline.wire.errors import ParseError
from pipeline.wire.story import Clock, Link, Located, Signal, Status, Story, Subject

_ROOTS = ("rss", "feed", "RDF")
_BARE_AMPERSAND = re.compile(rb"&(?![A-Za-z][A-Za-z0-9]{0,31};|#\d{1,7};|#x[0-9A-Fa-f]{1,6};)")
_MAIL_AND_NAME = re.compile(r"^\S+@\S+\s*\((.+)\)$")  # RSS: "lawyer@boyer.net (Lawyer Boyer)"
_HIDDEN_POSTS = frozenset(("draft", "auto-draft", "pending", "private"))
_WP_TAXONOMIES = frozenset(("category", "post_tag", "post_format"))

Entry = dict[str, Any]
"""feedparser's: its own `get` falls back from `updated` to `published`, dict's does not."""


def parse(raw: bytes, context: Context) -> Parsed:
    """Returns the stories of a feed.

    Raises:
        ParseError: no feed, cut short, or hostile XML; names the line or element.
    """
    printed.check_text(raw)
    try:
        root = xml.parse(raw)
    except ParseError as error:
        # Hand-made feeds hold bare ampersands, which must not stop the page.
        repaired = _BARE_AMPERSAND.sub(b"&amp;", raw)
        if repaired == raw:
            raise
        try:
            root = xml.parse(repaired)
        except ParseError:
            raise error from None
    if markup.local_name(root) not in _ROOTS:
        raise ParseError(f"no feed: the root element is {markup.local_name(root)}", "line 1")
    nodes = list(xml.descendants(root, "item", "entry"))
    printed.check_count(len(nodes))
    clean = io.BytesIO(etree.tostring(root, encoding="utf-8"))
    try:
        import feedparser  # takes as long to import as all other formats together

        found = feedparser.parse(clean, sanitize_html=False, resolve_relative_uris=False)
    except Exception as error:  # feedparser raises whatever its handlers raise
        raise ParseError(f"the feed can't be read: {error}", "the document") from error
    paired = nodes if len(nodes) == len(found.entries) else [None] * len(found.entries)
    atom = found.version.startswith("atom")
    repeated = _repeated(found.entries)

    def read(item: Any) -> tuple[Story | Skipped]:
        if not isinstance(item, tuple):  # an Atom tombstone
            return (_withdrawn(found.feed, item, context),)
        entry, node = item
        try:
            return (_read(found.feed, entry, node, repeated, atom, context),)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise ParseError(f"the item can't be read: {error}") from error

    items: list[Any] = [*zip(found.entries, paired, strict=True)]
    items += xml.descendants(root, "deleted-entry")
    placed = ((f"item {number}", item) for number, item in enumerate(items, start=1))
    return read_each(placed, read)


def _read(
    feed: Entry,
    entry: Entry,
    node: etree._Element | None,
    repeated: frozenset[str],
    atom: bool,
    context: Context,
) -> Story | Skipped:
    wenn = _wenn(node)
    wordpress = dict.get(entry, "wp_status")
    guid = _guid(entry, repeated)
    headline = _title(entry.get("title"), entry.get("title_detail"))
    content = _content(entry, bool(wordpress))
    description = _description(entry)
    body = wenn.get("body") or content or description
    summary = wenn.get("first_line") or _plain(entry.get("excerpt_encoded"))
    if not summary and content and description != content:
        summary = description
    if wordpress in _HIDDEN_POSTS:
        return Skipped(f"a post that is not published: {wordpress}", guid)
    if entry.get("wp_post_type") == "attachment" or (
        not body and entry.get("wp_attachment_url") and not context.captions
    ):
        return Skipped("an attachment without text", guid)
    if not body and not headline:
        return Skipped("an item without text", guid)
    updated = _time(entry, "updated", context)
    published = _time(entry, "published", context) or _time(entry, "created", context)
    if not atom:
        published = published or updated  # dc:date, the only one of RSS 1.0
    if wenn:
        published = instant(wenn.get("published"), context.timezone) or published
        updated = instant(wenn.get("updated"), context.timezone) or updated
    created = updated or published
    near = created.at.date() if created else None
    filed = dateline.of_body(body, near)
    signalled = signals.of_headline(headline)
    scheduled = restrictions.of_value(published.at.isoformat(), "UTC") if published else None
    verdict = restrictions.decide(
        wordpress,
        signalled,
        scheduled if wordpress == "future" else None,
        (restrictions.instruction(headline, near, context.timezone),),
        {"publish": Status.USABLE, "inherit": Status.USABLE, **context.status_words},
    )
    source = _source(feed, context)
    words = _media_keywords(entry)  # feedparser puts them among the categories
    wire_id = guid or values.hashed_id(_feed_name(feed), signals.topic(headline or body[:80]))
    story_id = _id(feed, wire_id, context)
    sent = values.line(entry.get("id") or entry.get("link"))
    return Story(
        id=story_id,
        former_ids=values.former_ids(
            story_id,
            verdict.status,
            [_id(feed, sent, context)] if sent and not values.identifies(sent) else [],
        ),
        source=source,
        provider_id=guid,
        status=verdict.status,
        status_sent=verdict.sent if verdict.status is not Status.USABLE else None,
        signal=signalled.signal if signalled else None,
        signal_sent=signalled.sent if signalled else None,
        headline=headline,
        slugline=wenn.get("slug"),
        byline=_byline(feed, entry, node, atom),
        dateline=filed,
        summary=summary,
        body=body,
        language=values.language(wenn.get("lang"))
        or values.language(_language(entry))
        or values.language(feed.get("language"))
        or context.language,
        categories=tuple(
            tag for tag in _tags(entry, lambda scheme: scheme != "post_tag") if tag not in words
        ),
        subjects=_subjects(entry),
        keywords=values.distinct(
            (*_tags(entry, lambda scheme: scheme == "post_tag"), *wenn.get("tags", ()), *words)
        ),
        copyright=values.line(entry.get("rights") or feed.get("rights")),
        located=_located(entry),
        first_created=published.at if published else None,
        version_created=created.at if created else None,
        embargoed_until=verdict.until.at if verdict.until else None,
        zone_assumed=any_assumed((published, updated)),
        links=_links(entry),
    )


def _withdrawn(feed: Entry, tombstone: etree._Element, context: Context) -> Story:
    """Returns the withdrawal that an Atom tombstone is (RFC 6721 section 3)."""
    guid = xml.attribute(tombstone, "ref") or ""
    when = instant(xml.attribute(tombstone, "when"), context.timezone)
    return Story(
        id=_id(feed, guid, context),
        source=_source(feed, context),
        provider_id=guid or None,
        status=Status.WITHDRAWN,
        status_sent="deleted-entry",
        signal=Signal.WITHDRAW,
        signal_sent="deleted-entry",
        ednote=markup.line_of(xml.child(tombstone, "comment")),
        version_created=when.at if when else None,
        zone_assumed=any_assumed((when,)),
    )


def _guid(entry: Entry, repeated: frozenset[str]) -> str | None:
    """Returns an item's guid, else its link: a guid that several links share names none of them."""
    guid, link = values.line(entry.get("id")), values.line(entry.get("link"))
    usable = (each for each in (guid, link) if each and each not in repeated)
    return next(filter(values.identifies, usable), None)


def _repeated(entries: Iterable[Entry]) -> frozenset[str]:
    """Returns the guids that stand for several links in one delivery."""
    links: dict[str, set[str]] = {}
    for entry in entries:
        guid, link = values.line(entry.get("id")), values.line(entry.get("link"))
        if guid and link and guid != link:
            links.setdefault(guid, set()).add(link)
    return frozenset(guid for guid, found in links.items() if len(found) > 1)


def _source(feed: Entry, context: Context) -> str | None:
    return short_name(*_signatures(feed, context))


def _signatures(feed: Entry, context: Context) -> tuple[str | None, str | None]:
    return context.agency or _publisher(feed), _feed_name(feed)


def _publisher(feed: Entry) -> str | None:
    # feedparser also calls RSS's webMaster, an address, the publisher.
    name = feed.get("publisher")
    return name if name and "@" not in name else None


def _feed_name(feed: Entry) -> str | None:
    return _title(feed.get("title"), feed.get("title_detail"))


def _id(feed: Entry, guid: str, context: Context) -> str:
    agency, name = _signatures(feed, context)
    return values.item_id(id_name(agency), id_name(agency, name), guid)


def _title(text: str | None, detail: Mapping[str, Any] | None) -> str | None:
    """Returns a title on one line; RSS titles hold HTML, escaped once or twice, or none."""
    if not text:
        return None
    if (detail or {}).get("type") != "text/plain" or markup.looks_like_markup(text):
        text = markup.text_of_html(text)
    return values.line(html.unescape(text))


def _byline(feed: Entry, entry: Entry, node: etree._Element | None, atom: bool) -> str | None:
    """Returns the authors' names; in Atom those of the source or feed stand in (RFC 4287 4.2.1)."""
    if not atom and node is not None:
        # feedparser knows top-level domains of up to four letters and cuts the others.
        printed_names = [markup.line_of(author) for author in xml.children(node, "author")]
        names = [_MAIL_AND_NAME.sub(r"\1", name) for name in printed_names if name]
        names += filter(None, (markup.line_of(found) for found in xml.children(node, "creator")))
    else:
        sources = (entry, entry.get("source") or {}, feed) if atom else (entry,)
        named = (source["authors"] for source in sources if any(source.get("authors") or ()))
        names = [author.get("name") or author.get("email") for author in next(named, [])]
    return values.byline(", ".join(values.distinct(names)))


def _content(entry: Entry, wordpress: bool) -> str:
    """Returns the text of content:encoded or atom:content, of several the longest; "" for none."""
    texts = []
    for content in entry.get("content") or ():
        value, kind = str(content.get("value") or ""), str(content.get("type") or "")
        if kind.startswith("text/plain") and not markup.looks_like_markup(value):
            texts.append(_paragraphs(html.unescape(value)))
        elif "html" in kind or kind.startswith("text/"):
            # WordPress' editor separates paragraphs by empty lines and lines by line ends.
            if wordpress:
                value = re.sub(r"\r?\n", "<br/>", re.sub(r"\r?\n\s*\r?\n", "<p>", value.strip()))
            texts.append(markup.text_of_html(value))
    return max(texts, key=len, default="")


def _description(entry: Entry) -> str:
    value = str(entry.get("summary") or "")
    return _plain(value) or ""


def _plain(value: str | None) -> str | None:
    if not value or not value.strip():
        return None
    if markup.looks_like_markup(value) or "&" in value:
        return markup.text_of_html(value) or None
    return _paragraphs(value) or None


def _paragraphs(text: str) -> str:
    return "\n\n".join(
        " ".join(paragraph.split()) for paragraph in re.split(r"\n\s*\n", sanitise(text).strip())
    )


def _language(entry: Entry) -> str | None:
    details = [
        *(entry.get("content") or ()),
        entry.get("title_detail"),
        entry.get("summary_detail"),
    ]
    return next((d["language"] for d in details if d and d.get("language")), None)


def _time(entry: Entry, name: str, context: Context) -> Instant | None:
    sent = dict.get(entry, name)
    found = instant(sent, context.timezone)
    parsed = dict.get(entry, f"{name}_parsed")
    if found is None and sent and parsed:
        # feedparser passes over zones that it does not know.
        found = instant("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z".format(*parsed[:6]), "UTC")
        found = found and found._replace(assumed=True)
    return found


def _tags(entry: Entry, wanted: Any) -> tuple[str, ...]:
    return values.distinct(
        values.line(tag.get("label") or tag.get("term"))
        for tag in entry.get("tags") or ()
        if wanted(tag.get("scheme"))
    )


def _subjects(entry: Entry) -> tuple[Subject, ...]:
    """Returns categories of a named scheme: RSS' domain, Atom's scheme; WordPress' own are none."""
    return tuple(
        Subject(
            code=values.line(tag.get("term")),
            name=values.line(tag.get("label")),
            scheme=tag["scheme"],
        )
        for tag in entry.get("tags") or ()
        if tag.get("scheme") and tag["scheme"] not in _WP_TAXONOMIES
    )


def _media_keywords(entry: Entry) -> tuple[str, ...]:
    return tuple(word.strip() for word in str(entry.get("media_keywords") or "").split(","))


def _located(entry: Entry) -> tuple[Located, ...]:
    """Returns GeoRSS and W3C geo points; feedparser gives GeoJSON, longitude first."""
    where = entry.get("where") or {}
    try:
        if where.get("type") == "Point":
            longitude, latitude = map(float, where["coordinates"][:2])
        else:
            latitude, longitude = float(entry["geo_lat"]), float(entry["geo_long"])
    except (KeyError, TypeError, ValueError):
        return ()
    if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
        return ()
    name = values.line(entry.get("georss_featurename"))
    return (Located(name=name, latitude=latitude, longitude=longitude),)


def _links(entry: Entry) -> tuple[Link, ...]:
    links = [
        Link(
            href=link["href"],
            rel=link.get("rel"),
            title=values.line(link.get("title")),
            type=link.get("type"),
        )
        for link in entry.get("links") or ()
        if link.get("href")
    ]
    links += [
        Link(href=media["url"], rel="enclosure", type=media.get("type"))
        for media in entry.get("media_content") or ()
        if media.get("url")
    ]
    return values.distinct(links)


def _wenn(node: etree._Element | None) -> dict[str, Any]:
    """Returns WENN's extension elements: entry text, times and tags beside Atom's own."""
    if node is None:
        return {}
    content = xml.child(node, "ContentMetadata")
    if content is None or not str(content.tag).startswith("{http://feed.wenn.com/"):
        return {}

    def text(path: str) -> str | None:
        found = xml.child(node, path)
        return found.text if found is not None else None

    return {
        "body": _paragraphs(text("ContentMetadata/body") or ""),
        "first_line": values.line(text("ContentMetadata/first_line")),
        "slug": values.line(text("ContentMetadata/slug")),
        "lang": xml.attribute(content, "lang"),
        "published": text("NewsManagement/published"),
        "updated": text("NewsManagement/updated"),
        "tags": [
            values.line(xml.attribute(tag, "value")) for tag in xml.children(content, "tags/tag")
        ],
    }


FORMAT = Format(
    name="rss",
    parse=parse,
    recognises=has_element(*_ROOTS),
    clock=Clock.RECEIPT,
)
