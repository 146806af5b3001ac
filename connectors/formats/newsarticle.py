"""schema.org NewsArticle in JSON-LD, in a web page or alone.

Vocabulary: schema.org/NewsArticle and the other types of Article; JSON-LD 1.1 for @graph and @type.
The text is `articleBody`; in a page without one, that of its `article` or `main` element, without
menus, forms, captions and footers. Of a page the first article is the story, of a document alone
each one is.

Id: `@id`, `identifier`, `url` or `mainEntityOfPage` after the agency; else a hash of publisher,
headline and day.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import orjson
from lxml import etree
from lxml import html as lxml_html

from connectors.fields import printed, restrictions, signals, values
from connectors.fields.charset import decode
from connectors.fields.markup import has_overlong_tag, text_of
from connectors.fields.times import any_assumed, instant
from connectors.formats import jsontree, xml
from connectors.formats.base import Context, Format, Parsed, Skipped, read_each
from connectors.formats.jsontree import Object, dicts, paragraphs, text
from connectors.formats.start import Start
from pipeline.wire import dateline
from pipeline.wire.agencies import id_name, short_name
from pipeline.wire.errors import ParseError
from pipeline.wire.story import Clock, Link, Story

_TYPE = r"(?:https?:\\?/\\?/schema\.org\\?/)?(?:[A-Za-z]*Article|(?:Live)?BlogPosting|Report)"
_ARTICLE = re.compile(_TYPE)
_LINKED_DATA = re.compile(rb"<script[^>]{0,300}application/ld\+json", re.IGNORECASE)
_SCRIPT = "application/ld+json"
_WRAPPING = re.compile(r"^\s*(?://)?\s*(?:<!--|<!\[CDATA\[)|(?://)?\s*(?:-->|\]\]>)\s*$")
_ASIDES = (
    "nav", "header", "footer", "aside", "form", "figure", "button", "dialog", "script", "style",
    "noscript", "template", "iframe", "svg", "h1",
)  # fmt: skip
_ASIDE_NAMES = re.compile(
    r"(?:^|[\s_-])(?:cookies?|consent|gdpr|newsletter|paywall|shar(?:e|ing)|social|related|promo"
    r"|advert\w*|ads?|byline|authors?|breadcrumbs?|comments?|subscri\w+|captions?)(?:$|[\s_-])",
    re.IGNORECASE,
)
"""Words in the class or id of what stands inside an article and is not its text."""
_MOST_OF_TEXT = 0.4
"""What holds more of the article's text is the text, whatever its name."""
_DEEPEST = 12


def parse(raw: bytes, context: Context) -> Parsed:
    """Returns the stories of a page or of a JSON-LD document.

    Raises:
        ParseError: no article in it; names the line or the types that were found.
    """
    printed.check_text(raw)
    page = None
    documents: Iterable[Any] = (document for _, document in jsontree.documents(raw))
    if decode(raw[:64]).lstrip("\ufeff \t\r\n").startswith("<"):
        page = _tree(decode(raw))
        documents = _scripts(page)
    articles = [article for document in documents for article in _articles(document)]
    if not articles:
        raise ParseError("no NewsArticle or other article of schema.org", "line 1")
    printed.check_count(len(articles))
    if page is not None:
        articles = [next((each for each in articles if each.get("articlebody")), articles[0])]
    placed = ((f"article {n}", article) for n, article in enumerate(articles, start=1))
    return read_each(placed, lambda article: (_read(article, page, context),))


def _tree(source: str) -> etree._Element:
    if source.count("<") > jsontree.MAX_TAGS:
        raise ParseError(f"more than {jsontree.MAX_TAGS} tags", "the page")
    if has_overlong_tag(source):
        raise ParseError("a tag of too many attributes", "the page")
    parser = lxml_html.HTMLParser(encoding="utf-8", no_network=True, huge_tree=False)
    try:
        return lxml_html.document_fromstring(source.encode("utf-8", "replace"), parser=parser)
    except etree.LxmlError as error:
        raise ParseError(f"not HTML: {error}", "line 1") from error


def _scripts(page: etree._Element) -> list[Any]:
    """Returns the JSON-LD of a page; a script that can't be read does not stop the others."""
    found = []
    for script in page.iter("script"):
        if (script.get("type") or "").split(";")[0].strip().casefold() == _SCRIPT:
            written = _WRAPPING.sub("", script.text or "")
            try:
                found.append(orjson.loads(written))
            except orjson.JSONDecodeError:
                try:  # line ends inside strings are common
                    found.append(json.loads(written, strict=False))
                except (ValueError, RecursionError):
                    continue
    return found


def _articles(value: Any, depth: int = 0) -> Iterator[Object]:
    """Yields the articles of a document, at its root, in lists and in graphs."""
    if depth > _DEEPEST:
        return
    if isinstance(value, list):
        for inner in value[: printed.MAX_STORIES + 1]:
            yield from _articles(inner, depth + 1)
    elif isinstance(value, dict):
        kinds = value.get("@type")
        kinds = kinds if isinstance(kinds, list) else [kinds]
        if any(isinstance(kind, str) and _ARTICLE.fullmatch(kind) for kind in kinds):
            yield jsontree.lowered(value)
            return
        for key in ("@graph", "mainEntity", "itemListElement", "item"):
            yield from _articles(value.get(key), depth + 1)


def _read(item: Object, page: etree._Element | None, context: Context) -> Story | Skipped:
    headline = _line(item.get("headline")) or _line(item.get("name"))
    provider_id = _identifier(item)
    summary = _paragraphs(item.get("description"))
    body = _paragraphs(item.get("articlebody")) or _paragraphs(item.get("text"))
    body = body or (_main_text(page) if page is not None else None) or summary or ""
    if not headline and not body:
        return Skipped("an article without text", provider_id)
    published = instant(text(item.get("datepublished")), context.timezone)
    first = published or instant(text(item.get("datecreated")), context.timezone)
    updated = instant(text(item.get("datemodified")), context.timezone)
    created = updated or first
    near = created.at.date() if created else None
    signalled = signals.of_headline(headline)
    verdict = restrictions.decide(
        jsontree.word(item.get("creativeworkstatus")),
        signalled,
        None,
        (restrictions.instruction(headline, near, context.timezone),),
        context.status_words,
    )
    publisher = _names(item.get("publisher")) or _names(item.get("sourceorganization"))
    signed = (context.agency, *publisher)
    name = publisher[0] if publisher else None
    day = f"{first.at:%Y%m%d}" if first else ""
    guid = provider_id or values.hashed_id(name, signals.topic(headline or body[:80]), day)
    filed = dateline.of_element(_line(item.get("dateline")), near)
    section = item.get("articlesection")
    return Story(
        id=values.item_id(id_name(context.agency), id_name(*signed), guid),
        source=short_name(*signed),
        provider_id=provider_id,
        status=verdict.status,
        status_sent=verdict.sent,
        signal=signalled.signal if signalled else None,
        signal_sent=signalled.sent if signalled else None,
        headline=headline,
        byline=values.byline(", ".join(_names(item.get("author")) or _names(item.get("creator")))),
        dateline=filed if filed and filed.place else dateline.of_body(body, near),
        summary=summary if summary != body else None,
        body=body,
        language=_language(item.get("inlanguage"), page) or context.language,
        categories=values.distinct(map(_line, section if isinstance(section, list) else [section])),
        keywords=_words(item.get("keywords")),
        copyright=_line(item.get("copyrightnotice"))
        or next(iter(_names(item.get("copyrightholder"))), None),
        first_created=first.at if first else None,
        version_created=created.at if created else None,
        embargoed_until=verdict.until.at if verdict.until else None,
        zone_assumed=any_assumed((first, updated, verdict.until)),
        links=_links(item),
    )


def _line(value: Any) -> str | None:
    if isinstance(value, dict):  # {"@value": "Ferry returns", "@language": "en"}
        value = value.get("@value")
    return values.line(html.unescape(value)) if isinstance(value, str) else None


def _paragraphs(value: Any) -> str | None:
    return paragraphs(html.unescape(value)) if isinstance(value, str) else None


def _names(value: Any) -> tuple[str, ...]:
    """Returns the names of people or organisations, which are objects or texts."""
    listed = value if isinstance(value, list) else [value]
    return values.distinct(
        _line(each.get("name")) if isinstance(each, dict) else _line(each) for each in listed
    )


def _words(value: Any) -> tuple[str, ...]:
    listed = value if isinstance(value, list) else [value]
    words = (word for each in listed for word in (_line(each) or "").split(","))
    return values.distinct(map(values.line, words))


def _identifier(item: Object) -> str | None:
    sent = [item.get(key) for key in ("@id", "identifier", "url", "mainentityofpage")]
    named = [
        each.get("value") or each.get("@id") if isinstance(each, dict) else each for each in sent
    ]
    return next((each for each in map(text, named) if each and _identifies(each)), None)


def _identifies(identifier: str) -> bool:
    """Returns whether an id names a story, and not a node of its page ("#article", "_:b0")."""
    return values.identifies(identifier) and not identifier.startswith(("#", "_:"))


def _language(sent: Any, page: etree._Element | None) -> str | None:
    sent = sent.get("name") if isinstance(sent, dict) else sent
    return values.language(text(sent)) or values.language(
        page.get("lang") if page is not None else None
    )


def _main_text(page: etree._Element) -> str:
    """Returns the text of a page's article, without menus, captions and footers."""
    elements = list(page.iter(etree.Element))
    tests: tuple[Callable[[etree._Element], bool], ...] = (
        lambda element: element.get("itemprop") == "articleBody",
        lambda element: element.tag == "article",
        lambda element: element.tag == "main" or element.get("role") == "main",
    )
    for test in tests:
        found = [element for element in elements if test(element)]
        if found:
            main = max(found, key=_length)
            for aside in list(main.iter(*_ASIDES)):
                if aside is not main:
                    xml.remove(aside)
            most = _length(main) * _MOST_OF_TEXT
            for element in list(main.iter(etree.Element)):
                if element is not main and _is_named_aside(element) and _length(element) < most:
                    xml.remove(element)
            return text_of(main)
    return ""


def _length(element: etree._Element) -> int:
    return len("".join(map(str, element.itertext())))


def _is_named_aside(element: etree._Element) -> bool:
    return bool(_ASIDE_NAMES.search(f"{element.get('class') or ''} {element.get('id') or ''}"))


def _links(item: Object) -> tuple[Link, ...]:
    page = item.get("mainentityofpage")
    address = text(item.get("url")) or text(page.get("@id") if isinstance(page, dict) else page)
    images = item.get("image")
    urls = [
        text(each.get("url") if isinstance(each, dict) else each)
        for each in (images if isinstance(images, list) else [images])
    ]
    links = [Link(href=address, rel="canonical")] if address else []
    links += [Link(href=url, rel="enclosure") for url in urls if url]
    links += [
        Link(href=url, rel="derived-from")
        for each in dicts(item.get("isbasedon"))
        if (url := text(each.get("url")) or text(each.get("@id")))
    ]
    return values.distinct(links)


def _recognises(start: Start) -> bool:
    if start.is_json:
        return '"@context"' in start.text and "schema.org" in start.text
    # A page whose data are of other types is no story: its text would be menus and all.
    return start.element == "html" and bool(_LINKED_DATA.search(start.whole))


FORMAT = Format(name="newsarticle", parse=parse, recognises=_recognises, clock=Clock.RECEIPT)
