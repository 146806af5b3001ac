"""HTML, XHTML and NITF content to plain text, with its paragraphs kept.

Nothing is added that the wire did not send (no bullets, no numbers) and no text is dropped but
what is not the story's own: scripts, styles, document heads, media with their captions. A list
item and a table row are a line each, the cells of a table stand in columns, everything else of
block level is a paragraph. Element names count without their namespace.

Vocabularies: HTML Living Standard section 15.3 (which elements are blocks), NITF 3.6
body.content (block, hl2, bq, nitf-table, media, ...).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from html import unescape

from lxml import etree, html

from connectors.fields.charset import sanitise

_PARAGRAPHS = frozenset(
    re.findall(
        r"\S+",
        "address article aside blockquote body body.content body.head body.end block bq caption "
        "center datasource dd details dialog div dl dt fieldset figcaption figure footer fn form "
        "h1 h2 h3 h4 h5 h6 header hl1 hl2 hr main nav note ol p pre section summary tagline ul "
        "bibliography abstract nitf-table-metadata nitf-col",
    )
)
_LINES = frozenset(("li", "tr", "br"))
_CELLS = frozenset(("td", "th"))
_TABLES = frozenset(("table", "nitf-table"))
_SKIPPED = frozenset(
    re.findall(
        r"\S+",
        "script style head template noscript iframe object embed svg video audio canvas math map "
        "select button input textarea media media-metadata media-caption media-producer "
        "media-reference frame revision-history",
    )
)
_HIDDEN = re.compile(
    r"(?:^|;)\s*(?:display\s*:\s*none|visibility\s*:\s*hidden|mso-hide\s*:\s*all"
    r"|(?:font-size|max-height)\s*:\s*0(?:px|pt|em|%)?(?=\s*(?:;|!|$)))",
    re.I,
)
_LONG_TAG = re.compile(r"<[^<>]{4000,}")
_SPACE = re.compile(r"[\s/]+")
_MOST_ATTRIBUTES = 2_000
_BLANK_LINE = re.compile(r"\n[^\S\n]*\n\s*")
_MARKUP = re.compile(r"<[/!]?[a-zA-Z-][^<>]*>")
_WIDEST_COLUMN = 40  # a longer cell is prose: aligning to it would waste memory and screen


def local_name(element: etree._Element) -> str:
    """Returns an element's name without its namespace; "" for a comment or an instruction."""
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def has_overlong_tag(text: str) -> bool:
    """Returns whether a tag has more attributes than a parser reads in time.

    A long value, such as a picture in a data URI, is no harm.
    """
    return any(
        len(_SPACE.findall(text, *match.span())) > _MOST_ATTRIBUTES
        for match in _LONG_TAG.finditer(text)
    )


def looks_like_markup(text: str) -> bool:
    """Returns whether a text that claims to be plain holds tags after all."""
    return bool(_MARKUP.search(text))


@dataclass(slots=True)
class _Flow:
    """The paragraphs of one body or one table cell while they are being read."""

    paragraphs: list[list[str]] = field(default_factory=list)
    """Finished paragraphs, each a list of its lines."""
    lines: list[str] = field(default_factory=list)
    words: list[str] = field(default_factory=list)

    def text(self, text: str) -> None:
        parts = _BLANK_LINE.split(text)
        for number, part in enumerate(parts):
            # Reuters sets its signoff apart by blank lines inside the last <p>.
            if number and part and any(map(str.strip, self.words)):
                self.end_paragraph()
            self.words.append(part)

    def verbatim(self, text: str) -> None:
        for number, part in enumerate(text.split("\n")):
            if number:
                self._end_verbatim_line()
            self.words.append(part)

    def _end_verbatim_line(self) -> None:
        self.lines.append("".join(self.words).rstrip())
        self.words.clear()

    def end_line(self) -> None:
        line = " ".join("".join(self.words).split())
        self.words.clear()
        if line:
            self.lines.append(line)

    def end_paragraph(self, verbatim: bool = False) -> None:
        if verbatim:
            self._end_verbatim_line()
        else:
            self.end_line()
        if any(self.lines):
            while not self.lines[0]:
                self.lines.pop(0)
            while not self.lines[-1]:
                self.lines.pop()
            self.paragraphs.append(self.lines)
        self.lines = []

    def result(self) -> str:
        self.end_paragraph()
        return "\n\n".join("\n".join(lines) for lines in self.paragraphs)


def text_of(*elements: etree._Element) -> str:
    """Returns the plain text of elements: paragraphs separated by one empty line, sanitised.

    The elements' own tails are not theirs and are left out.
    """
    flow = _Flow()
    for element in elements:
        _read(element, flow)
        flow.end_paragraph()
    return flow.result()


def line_of(element: etree._Element | None) -> str | None:
    """Returns the text of an element on one line; None for none or an empty one."""
    return (" ".join(text_of(element).split()) or None) if element is not None else None


def text_of_html(markup: str) -> str:
    """Returns the plain text of an HTML document or fragment, however broken; "" if it has none."""
    markup = sanitise(markup)
    if not markup.strip():
        return ""
    if has_overlong_tag(markup):
        return _untagged(markup)
    parser = html.HTMLParser(encoding="utf-8", no_network=True, huge_tree=False)
    try:
        root = html.document_fromstring(
            markup.encode("utf-8", "replace"), parser=parser, ensure_head_body=True
        )
        if parser.error_log.filter_from_fatals():  # nested so deeply that text was lost
            return _untagged(markup)
    except etree.LxmlError:
        return _untagged(markup)
    return text_of(root)


def _untagged(markup: str) -> str:
    """Returns what is left of markup that no parser takes: its text without its tags."""
    flow = _Flow()
    flow.text(sanitise(unescape(_MARKUP.sub(" ", markup))))
    return flow.result()


def _read(root: etree._Element, flow: _Flow) -> None:  # noqa: C901, PLR0912 (rules in order)
    """Walks the tree without recursion: depth is the sender's choice."""
    outer: list[_Flow] = []  # flows that wait for a cell to end
    tables: list[list[list[str]]] = []  # rows of the open tables
    hidden: set[etree._Element] = set()
    verbatim = 0
    walk = etree.iterwalk(root, events=("start", "end", "comment", "pi"))
    for event, element in walk:
        if event in ("comment", "pi"):
            _tail(element, root, flow, verbatim)
            continue
        name = local_name(element).lower()
        if event == "start":
            if name in _SKIPPED or (element.attrib and _is_hidden(element)):
                hidden.add(element)
                walk.skip_subtree()
                continue
            if name in _PARAGRAPHS or name in _TABLES:
                flow.end_paragraph(bool(verbatim))
            if name in _TABLES:
                tables.append([])
            elif name == "tr" and tables:
                tables[-1].append([])
            elif name in _CELLS and tables:
                outer.append(flow)
                flow = _Flow()
            elif name in _LINES:
                flow.end_line()
            verbatim += name == "pre"
            _text(element.text, flow, verbatim)
            continue
        if element in hidden:
            hidden.discard(element)
            _tail(element, root, flow, verbatim)
            continue
        if name in _CELLS and tables and outer:
            cell, flow = flow.result(), outer.pop()
            if not tables[-1]:
                tables[-1].append([])  # a cell outside any row
            tables[-1][-1].append(cell)
        elif name in _TABLES and tables:
            flow.end_paragraph()
            _table(tables.pop(), flow)
        elif name in _PARAGRAPHS:
            flow.end_paragraph(bool(verbatim))
        elif name in _LINES and name != "br":
            flow.end_line()
        verbatim -= name == "pre"
        _tail(element, root, flow, verbatim)


def _is_hidden(element: etree._Element) -> bool:
    """Returns whether an element is not displayed, as the preheaders of newsletters are."""
    return element.get("hidden") is not None or bool(_HIDDEN.search(element.get("style") or ""))


def _tail(element: etree._Element, root: etree._Element, flow: _Flow, verbatim: int) -> None:
    if element is not root:
        _text(element.tail, flow, verbatim)


def _text(text: str | None, flow: _Flow, verbatim: int) -> None:
    if text:
        text = sanitise(text)
        flow.verbatim(text) if verbatim else flow.text(text)


def _table(rows: Sequence[Sequence[str]], flow: _Flow) -> None:
    """Adds rows as lines with cells in columns; cells of several paragraphs as paragraphs."""
    if any("\n\n" in cell for row in rows for cell in row):  # a table used for layout
        for cell in (cell for row in rows for cell in row if cell):
            flow.paragraphs += [paragraph.split("\n") for paragraph in cell.split("\n\n")]
        return
    widths: list[int] = []
    for row in rows:
        if sum(map(bool, row)) < 2:
            continue  # a caption line across the table sets no column's width
        for column, cell in enumerate(row):
            if column == len(widths):
                widths.append(0)
            widths[column] = max(widths[column], min(len(cell), _WIDEST_COLUMN))
    for row in rows:
        cells = [" ".join(cell.split()) for cell in row]
        if sum(map(bool, cells)) < 2:
            line = " ".join(filter(None, cells))
        else:
            line = "  ".join(
                cell.ljust(width) for cell, width in zip(cells, widths, strict=False)
            ).rstrip()
        if line:
            flow.lines.append(line)
    flow.end_paragraph()
