"""Google News sitemaps: each entry with news is a story with headline, time and address.

Specification: sitemaps.org protocol 0.9 and Google's news extension
(developers.google.com/search/docs, "News sitemaps"). A sitemap holds no text. Addresses without
news are no stories.

Id: the address, after the agency.
"""

from __future__ import annotations

from lxml import etree

from connectors.fields import printed, restrictions, signals, values
from connectors.fields.markup import line_of, local_name
from connectors.fields.times import any_assumed, instant
from connectors.formats import xml
from connectors.formats.base import Context, Format, Parsed, Skipped, read_each
from connectors.formats.start import has_element
from pipeline.wire.agencies import id_name, short_name
from pipeline.wire.errors import ParseError
from pipeline.wire.story import Clock, Link, Story


def parse(raw: bytes, context: Context) -> Parsed:
    """Returns the stories of a sitemap.

    Raises:
        ParseError: not XML, an index of sitemaps, or no sitemap at all.
    """
    root = xml.parse(raw)
    if local_name(root) == "sitemapindex":
        first = line_of(xml.child(root, "sitemap/loc"))
        raise ParseError(
            f"an index of sitemaps: use the address of one of them ({first})", "line 1"
        )
    if local_name(root) != "urlset":
        raise ParseError("not a sitemap: the root element is not urlset", xml.place(root))
    urls = list(xml.children(root, "url"))
    printed.check_count(len(urls))
    news = [url for url in urls if xml.child(url, "news") is not None]
    parsed = read_each(xml.placed(news), lambda url: (_read(url, context),))
    others = len(urls) - len(news)
    if not others:
        return parsed
    reason = f"{others} addresses without news"
    return Parsed(parsed.stories, parsed.errors, (*parsed.skipped, Skipped(reason)))


def _read(url: etree._Element, context: Context) -> Story | Skipped:
    address = line_of(xml.child(url, "loc"))
    headline = line_of(xml.child(url, "news/title"))
    if not headline:
        return Skipped("an entry without a title", address)
    if not address:
        raise ParseError("an entry without loc", xml.place(url))
    published = instant(line_of(xml.child(url, "news/publication_date")), context.timezone)
    changed = instant(line_of(xml.child(url, "lastmod")), context.timezone)
    created = max(filter(None, (published, changed)), key=lambda time: time.at, default=None)
    signalled = signals.of_headline(headline)
    near = created.at.date() if created else None
    order = restrictions.instruction(headline, near, context.timezone)
    verdict = restrictions.decide(None, signalled, None, (order,))
    name = line_of(xml.child(url, "news/publication/name"))
    words = (line_of(xml.child(url, "news/keywords")) or "").split(",")
    images = (line_of(image) for image in xml.children(url, "image/loc"))
    return Story(
        id=values.item_id(id_name(context.agency), id_name(context.agency, name), address),
        source=short_name(context.agency, name),
        provider_id=address,
        status=verdict.status,
        status_sent=verdict.sent,
        signal=signalled.signal if signalled else None,
        signal_sent=signalled.sent if signalled else None,
        headline=headline,
        language=values.language(line_of(xml.child(url, "news/publication/language")))
        or context.language,
        keywords=values.distinct(map(values.line, words)),
        genre=line_of(xml.child(url, "news/genres")),
        first_created=published.at if published else None,
        version_created=created.at if created else None,
        embargoed_until=verdict.until.at if verdict.until else None,
        zone_assumed=any_assumed((published, changed, verdict.until)),
        links=(
            Link(href=address, rel="alternate"),
            *(Link(href=image, rel="enclosure") for image in images if image),
        ),
    )


FORMAT = Format(
    name="sitemap",
    parse=parse,
    recognises=has_element("urlset", "sitemapindex"),
    clock=Clock.RECEIPT,
)
