"""What a story says of itself: its agency's tag, its byline and its credit line.

"SEOUL (AP) —", "told AFP", "By Jane Doe" and "___ Associated Press writer Jane Doe in Rome
contributed" are printed in the text, but they are no news: what they name is no entity of the
story. Another agency that a story quotes is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from pipeline.enrich.folding import fold
from pipeline.enrich.mentions import Field, Named
from pipeline.wire import agencies, dateline

_AGENCY = agencies.in_text()
_INTERVIEWER = re.compile(rf"\btold (?:the |The )?({_AGENCY})\b")
_CREDIT = re.compile(
    r"(?:^_{2,}.*\Z)"
    rf"|(?:^\W*(?:The )?{_AGENCY}\b[^\n]{{0,60}}\b(?:writer|journalist"
    r"|reporter|correspondent|photographer)s?\b[^\n]*\Z)"
    r"|(?:^[^\n]{0,200}\bcontributed (?:to this report|reporting)?[^\n]*\Z)"
    r"|(?:^\W*\(?(?:Additional )?[Rr]eporting by [^\n]*)",
    re.MULTILINE | re.DOTALL,
)
_BYLINE = re.compile(r"\A\s*(?:By|BY) [^\n]{3,80}\n")
_CREDIT_SPAN = 1500
"""Credit lines stand in this many characters at the end."""


def without_agency(
    named: Sequence[Named], texts: Mapping[Field, str], source: str | None
) -> list[Named]:
    """Returns the mentions without the story's own agency, its byline and its credit line."""
    body = texts.get("body", "")
    filed = dateline.printed_in(body)
    interviewer = _INTERVIEWER.search(body)
    own = _names_of(source) | _names_of(filed.agency if filed else None)
    if not own and interviewer:  # no source and no tag: the agency that interviewed people wrote it
        own = _names_of(interviewer[1])
    skipped = _asides(body)
    return [
        m for m in named
        if not (m.field != "headline" and fold(m.text).removeprefix("the ") in own)
        and not (
            m.field == "body" and any(start <= m.start < end for start, end in skipped)
        )
    ]  # fmt: skip


def _names_of(agency: str | None) -> frozenset[str]:
    names = agencies.names(agency) if agency else ()
    return frozenset(fold(name).removeprefix("the ") for name in names)


def _asides(body: str) -> list[tuple[int, int]]:
    """Returns the spans of the body that are byline or credit."""
    spans = []
    byline = _BYLINE.match(body)
    if byline:
        spans.append(byline.span())
    start = max(0, len(body) - _CREDIT_SPAN)
    start = body.find("\n", start) + 1 if start else 0
    spans += [m.span() for m in _CREDIT.finditer(body, start)]
    return spans
