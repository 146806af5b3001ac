"""Candidates: every span of a paragraph that may be a name, nested ones included.

A name is a stretch of capitalised words, with figures and the small words that names have inside.
Which part of such a stretch is one name is left to `pipeline.enrich.names.features` and the fitted
weights: "Bank of Japan Governor Ueda" has ten candidates, two of which are names.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from pipeline.enrich.lexicon import cues
from pipeline.enrich.mentions import Span as Found
from pipeline.enrich.names.capitals import NAME_WORD, SMALL_WORD, quoted_titles

MOST_WORDS = 8
"""Capitalised words of the longest candidate."""

_TOKEN = re.compile(
    rf"(?<![\w.,:$£€])\d{{1,4}}(?:st|nd|rd|th|ers|[A-Z]{{1,2}})?(?![\w%])(?![.,:–-]\d)|(?<!\w){NAME_WORD}"
    rf"|(?<!\w)[a-z]{{1,2}}[A-Z]\w+"
)
_GAP = re.compile(
    rf"[ \u00a0](?:{SMALL_WORD} ){{0,3}}|['’]s? |, (?=(?:Inc|Ltd|Corp|Co|LLC|INC|LTD|Llc)\b)"
    r"|[-/–]| ?& ?| [-–] "
    rf"|, (?={NAME_WORD}(?:,? {NAME_WORD})? & )"
    r"| (?:“[^\W\d_]\w{0,11}”|\"[^\W\d_]\w{0,11}\"|``\w{1,12}'') "
)
"""What stands between two words of one name: "Meyer, Lund & Co.", "Jan “Bo” Karlsson"."""
_PART = re.compile(r"(?:[-–]|(?<!\bA)/)(?=[^\W\d_]*[A-Z\u00c0-\u00de])")
_PARTICLES = re.compile(rf"(?<!\w)(?:(?:{'|'.join(sorted(cues().particles))}) ){{1,3}}$")


class Candidate(NamedTuple):
    """A span of a paragraph that may be a name."""

    start: int
    end: int


def candidates(text: str, found: Sequence[Found]) -> list[Candidate]:
    """Returns the candidates of a paragraph in order.

    Args:
        found: spans that the model or the gazetteer takes for names.
    """
    spans = {Candidate(*span) for span in quoted_titles(text)}
    for start, end, _ in found:
        while start < end and not text[start].isalnum():
            start += 1
        if any(map(str.isupper, text[start:end])):
            spans.add(Candidate(start, end))
    for chunk in _chunks(text):
        for i, (start, _) in enumerate(chunk):
            if text[start].isdigit() and text[start : chunk[i][1]].isdigit():
                continue
            particles = _PARTICLES.search(text, max(0, start - 16), start)
            for j in range(i, min(len(chunk), i + MOST_WORDS)):
                end = chunk[j][1]
                last = text[chunk[j][0] : end]
                if last.isdigit() and j > i and text[chunk[j - 1][0] : chunk[j - 1][1]].isdigit():
                    break
                spans.add(Candidate(start, end))
                if particles is not None:
                    spans.add(Candidate(particles.start(), end))
    return sorted(spans)


def _chunks(text: str) -> Iterator[list[tuple[int, int]]]:
    """Yields stretches of words of names, each word with its offsets."""
    chunk: list[tuple[int, int]] = []
    for start, end in _words(text):
        if chunk and not (start > chunk[-1][1] and _GAP.fullmatch(text, chunk[-1][1], start)):
            yield chunk
            chunk = []
        chunk.append((start, end))
    if chunk:
        yield chunk


def _words(text: str) -> Iterator[tuple[int, int]]:
    """Yields the spans of capitalised words and figures, and of the parts of "Asia-Europe"."""
    for match in _TOKEN.finditer(text):
        at = match.start()
        for part in _PART.finditer(match[0]):
            yield at, match.start() + part.start()
            at = match.start() + part.end()
        yield at, match.end()
