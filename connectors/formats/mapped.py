"""An agency's own XML, JSON or CSV, read by the paths that the feed's table `map` gives.

Content decides which of the three a delivery is. `item` leads to the items; every other path leads
from an item to a field of the story. XML paths are XPath 1.0 without namespaces: elements are found
by their local names. JSON paths are keys joined by dots, with `[n]` and `[*]` for lists:
"data.reports[*]". CSV has a header line, and a path is the name of a column. Several paths may be
given for a field; the first that leads to something counts.

Id: the feed's agency and the path `id`; where that identifies nothing, a hash of slugline or
headline and day. A story without version number counts by its date, and under an unchanged date by
receipt.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from lxml import etree

from connectors.fields import printed, restrictions, signals, values, wrapping
from connectors.fields.charset import decode, sanitise
from connectors.fields.markup import local_name, looks_like_markup, text_of, text_of_html
from connectors.fields.times import any_assumed, instant
from connectors.formats import jsontree, xml
from connectors.formats.base import Context, Format, Parsed, Skipped, read_each
from pipeline.wire import dateline, ids
from pipeline.wire.agencies import id_name, short_name
from pipeline.wire.errors import ParseError
from pipeline.wire.story import Clock, Link, Status, Story

FIELDS = (
    "id", "version", "headline", "body", "summary", "byline", "dateline", "slugline", "ednote",
    "language", "urgency", "priority", "source", "status", "embargoed_until", "first_created",
    "version_created", "categories", "keywords", "genre", "copyright", "usage_terms", "links",
)  # fmt: skip
"""The fields that a path can be given for."""

_STEP = re.compile(r"([^.\[\]]+)|\[(\d+|\*)\]")
_JSON_STEP = r"(?:[^.\[\]]+|\[(?:\d+|\*)\])"
_JSON_PATH = re.compile(rf"(?:\$\.?)?{_JSON_STEP}(?:\.?{_JSON_STEP})*|\$")

Map = Mapping[str, Sequence[str]]
"""The paths of each field, and of `item`."""


def parse(raw: bytes, context: Context) -> Parsed:
    """Returns the stories of a delivery.

    Raises:
        ParseError: no map, no item where `item` leads, or a delivery that can't be read.
    """
    if not context.map:
        raise ParseError("the format mapped needs a table `map` of its feed", "the feed")
    printed.check_text(raw)
    items = list(_items(raw, context.map))
    if not items:
        raise ParseError(f"no item at {' or '.join(context.map.get('item', ()))}", "the delivery")
    printed.check_count(len(items))
    return read_each(items, lambda item: (_read(item, context),))


def found(raw: bytes, paths: Map) -> dict[str, tuple[int, str | None]]:
    """Returns for each path in how many items it found something, and the first that it found.

    Raises:
        ParseError: the delivery can't be read.
    """
    items = [item for _, item in _items(raw, paths) if not isinstance(item, ParseError)]
    result: dict[str, tuple[int, str | None]] = {"item": (len(items), None)}
    for name in paths:
        if name != "item":
            texts = [text for item in items if (text := next(iter(item.texts(paths, name)), None))]
            result[name] = (len(texts), " ".join(texts[0].split())[:80] if texts else None)
    return result


def check_paths(paths: Map) -> str | None:
    """Returns what is wrong with a map, None where all of its paths can be used."""
    unknown = sorted(set(paths) - {*FIELDS, "item"})
    if unknown:
        return f"map.{unknown[0]}: no such field (known: {', '.join(('item', *FIELDS))})"
    if not {"headline", "body"}.intersection(paths):
        return "map: needs a path for headline or body"
    for name, given in paths.items():
        for path in given:
            if not (_is_xpath(path) or _JSON_PATH.fullmatch(path)):
                return f"map.{name}: neither an XPath nor a JSON path: {path!r}"
    return None


def _is_xpath(path: str) -> bool:
    try:
        etree.XPath(path)
    except etree.XPathSyntaxError:
        return False
    return True


class _Item:
    """One item, whatever the delivery's form."""

    def __init__(self, node: Any) -> None:
        self._node = node

    def values(self, path: str) -> list[Any]:
        """Returns what a path leads to, in order; [] for nothing."""
        if isinstance(self._node, etree._Element):
            return _of_xpath(self._node, path)
        return _of_json(self._node, path)

    def texts(self, paths: Map, name: str, *, prose: bool = False) -> list[str]:
        """Returns the texts of the first of a field's paths that leads to any."""
        for path in paths.get(name, ()):
            texts = [text for value in self.values(path) if (text := _text(value, prose))]
            if texts:
                return texts
        return []


def _items(raw: bytes, paths: Map) -> Iterator[tuple[str, _Item | ParseError]]:
    text = decode(raw).lstrip("\ufeff \t\r\n")
    if text.startswith("<"):
        root = _without_namespaces(xml.parse(raw))
        for path in paths.get("item", ("/*",)):
            nodes = [node for node in _of_xpath(root, path) if isinstance(node, etree._Element)]
            if nodes:
                yield from ((xml.place(node), _Item(node)) for node in nodes)
                return
    elif text[:1] in ("{", "["):
        for where, document in jsontree.documents(raw):
            if isinstance(document, ParseError):
                yield where, document
                continue
            for path in paths.get("item", ("$",)):
                found_ = _of_json(document, path)
                for number, each in enumerate(found_, start=1):
                    yield f"{where} item {number}".strip(), _Item(each)
                if found_:
                    break
    else:
        yield from _rows(text)


def _rows(text: str) -> Iterator[tuple[str, _Item | ParseError]]:
    first = text.partition("\n")[0]
    delimiter = max(",;\t|", key=first.count)
    try:
        reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter, restval="")
        for row in reader:
            yield f"line {reader.line_num}", _Item(row)
    except csv.Error as error:
        raise ParseError(f"not CSV: {error}", "the delivery") from error


def _without_namespaces(root: etree._Element) -> etree._Element:
    for element in root.iter(etree.Element):
        element.tag = local_name(element)
    return root


def _of_xpath(node: etree._Element, path: str) -> list[Any]:
    try:
        result = node.xpath(path)
    except etree.XPathError as error:
        raise ParseError(f"the path {path!r} can't be used: {error}", xml.place(node)) from error
    return result if isinstance(result, list) else [result]


def _of_json(value: Any, path: str) -> list[Any]:
    values_ = [value]
    for key, index in _STEP.findall(path.removeprefix("$").removeprefix(".")):
        following: list[Any] = []
        for each in values_:
            if key and isinstance(each, dict):
                following += [each[key]] if key in each else []
            elif index == "*" and isinstance(each, list):
                following += each
            elif index.isdecimal() and isinstance(each, list):
                following += each[int(index) : int(index) + 1]
        values_ = following
    return [each for each in values_ if each is not None]


def _text(value: Any, prose: bool) -> str | None:
    if isinstance(value, etree._Element):
        if prose:
            plain = text_of(value) if len(value) else _paragraphs(value.text or "")
            return plain or None
        return " ".join(text_of(value).split()) or None
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return jsontree.text(value)
    if isinstance(value, str):
        printed.check_story(len(value), "a field")
        return (_paragraphs(value) if prose else values.line(value)) or None
    return None


def _paragraphs(text: str) -> str:
    return text_of_html(text) if looks_like_markup(text) else wrapping.paragraphs(sanitise(text))


def _read(item: _Item, context: Context) -> Story | Skipped:
    paths = context.map or {}

    def line(name: str) -> str | None:
        return next(iter(item.texts(paths, name)), None)

    def words(name: str) -> tuple[str, ...]:
        sent = (word for text in item.texts(paths, name) for word in re.split(r"[,;]", text))
        return values.distinct(map(values.line, sent))

    headline, slugline, sent_id = line("headline"), line("slugline"), line("id")
    body = "\n\n".join(item.texts(paths, "body", prose=True))
    summary = "\n\n".join(item.texts(paths, "summary", prose=True)) or None
    first = instant(line("first_created"), context.timezone)
    created = instant(line("version_created"), context.timezone) or first
    near = created.at.date() if created else None
    notes = "\n\n".join(item.texts(paths, "ednote", prose=True)) or None
    signalled = signals.strongest(signals.of_slug(slugline), headline, (notes,))
    verdict = restrictions.decide(
        line("status"),
        signalled,
        restrictions.of_value(line("embargoed_until"), context.timezone),
        (restrictions.instruction(text, near, context.timezone) for text in (headline, notes)),
        context.status_words,
    )
    if not (headline or body or summary) and verdict.status is not Status.WITHDRAWN:
        return Skipped("an item without text", sent_id)
    provider_id = sent_id if values.identifies(sent_id) else None
    name = slugline or headline or body[:80]
    if not provider_id and not name:
        raise ParseError("no id, headline or text to make one of")
    day = f"{(first or created).at:%Y%m%d}" if first or created else ""  # type: ignore[union-attr]
    signed = (line("source"), context.agency)
    filed = dateline.of_element(line("dateline"), near)
    urgency = line("urgency")
    version = line("version")
    owner = id_name(context.agency) or id_name(*signed)

    def made_on(day: str) -> str:
        # "12345" of two feeds that name no agency are two stories.
        return values.item_id(
            owner, context.feed, provider_id or values.hashed_id(signals.topic(name), day)
        )

    signal = verdict.signal or (signalled.signal if signalled else None)
    return Story(
        id=made_on(day),
        eve_id=ids.eve_id(made_on, day, verdict.status, signal),
        source=short_name(*signed),
        provider_id=provider_id,
        version=values.integer(version),
        status=verdict.status,
        status_sent=verdict.sent,
        signal=signal,
        signal_sent=signalled.sent if signalled else None,
        headline=headline,
        slugline=slugline,
        byline=values.byline(", ".join(item.texts(paths, "byline"))),
        dateline=dateline.of_metadata(filed.place, dateline.of_body(body, near))
        if filed and filed.place
        else dateline.of_body(body, near),
        summary=summary if summary != body else None,
        body=body or summary or "",
        language=values.language(line("language")) or context.language,
        urgency=values.urgency(urgency),
        urgency_sent=urgency,
        priority=values.integer(line("priority")),
        categories=words("categories"),
        keywords=words("keywords"),
        genre=line("genre"),
        ednote=notes,
        copyright=line("copyright"),
        usage_terms=line("usage_terms"),
        first_created=first.at if first else None,
        version_created=created.at if created else None,
        embargoed_until=verdict.until.at if verdict.until else None,
        zone_assumed=any_assumed((first, created, verdict.until)),
        links=tuple(Link(href=href, rel="alternate") for href in item.texts(paths, "links")),
    )


FORMAT = Format(
    name="mapped",
    parse=parse,
    recognises=lambda start: False,  # a feed must name it
    clock=Clock.RECEIPT,
)
