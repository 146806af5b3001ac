"""Where names begin and end, where capitals alone do not tell.

Runs of capitalised words are laid beside the spans of the model and the gazetteer: some are two
names ("Asia-Europe", "Kim-Putin"), some are one that was cut ("Trinidad and Tobago"), some have
a number too many ("England 288").
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence, Set

from pipeline.enrich.lexicon import given_names
from pipeline.enrich.mentions import Placed, RawMention
from pipeline.enrich.names.aliases import Aliases
from pipeline.enrich.names.capitals import Piece

SURE = 0.6
"""Of a toponym that takes the place of the runs of capitals in it."""


def joined(found: Sequence[Piece], text: str, places: Sequence[Placed]) -> list[Piece]:
    """Pieces that are parts of one name of the gazetteer: "Trinidad and Tobago", where the
    capitals end at a small word, "St. John's" and "Prince George's County"."""
    whole = Cover(
        [(p.start, p.end) for p in places if p.place is not None and p.probability > SURE]
    )
    result: list[Piece] = []
    for piece in found:
        around = next(
            (s for s in whole.around(piece.start, piece.end) if s != (piece.start, piece.end)), None
        )
        if around is None:
            result.append(piece)
        elif not result or (result[-1].start, result[-1].end) != around:
            result.append(_part(piece, text, *around))
    return result


def resized(
    found: Sequence[Piece],
    text: str,
    model: Sequence[RawMention],
    places: Sequence[Placed],
    aliases: Aliases,
) -> list[Piece]:
    """Pieces whose ends the model or the gazetteer knows better.

    A piece without a head word gives way where the gazetteer knows the whole of it in parts
    ("Asia-Europe"), and loses a number that no one takes for a part of it ("England 288").
    """
    at = {(m.start, m.end) for m in model} | {(c.start, c.end) for c in places}
    starts = defaultdict(list)
    for start, end in sorted(at):
        starts[start].append(end)
    place_ends = {c.start: c.end for c in places}
    plain = {text[p.start : p.end] for p in found} | {p.text for p in places}
    product = {(m.start, m.end) for m in model if m.label == "PRODUCT"}
    result = []
    for piece in found:
        start, end = piece.start, piece.end
        if piece.label:
            result.append(piece)
            continue
        last = piece.words[-1]
        if last.isdigit() and len(piece.words) > 1:
            cut = end - len(last) - 1
            part_of = (start, end) in product or (cut + 1, end) in product
            alone = (start, cut) in at or text[start:cut] in plain
            score = len(last) == 3 or last == "0" or (start, end) not in at
            if len(last) == 4 or (alone and score and not part_of):
                result.append(_part(piece, text, start, cut))
                continue
        if (start, end) in at and "-" not in text[start:end]:
            result.append(piece)
            continue
        parts = _tiled(start, end, text, place_ends)
        parts = parts or _compound(start, end, text, plain, aliases)
        if (start, end) not in at:
            parts = parts or _tiled_by_model(start, end, text, starts)
        if parts:
            result += [_part(piece, text, s, e) for s, e in parts]
        else:
            result.append(piece)
    return result


def _part(piece: Piece, text: str, start: int, end: int) -> Piece:
    """A piece with other ends, and so without what its head word said."""
    first = start == piece.start
    return Piece(
        start, end, tuple(text[start:end].split()), None,
        piece.title if first else None, piece.starts_sentence and first,
    )  # fmt: skip


def _tiled(start: int, end: int, text: str, ends: Mapping[int, int]) -> list[tuple[int, int]]:
    """A compound of places, in its parts: "Asia-Europe", "AMSTERDAM/TOKYO"."""
    parts = []
    at = start
    while at in ends and ends[at] <= end:
        parts.append((at, ends[at]))
        if ends[at] == end:
            return parts if len(parts) > 1 else []
        if text[ends[at]] not in "-–/":
            return []
        at = ends[at] + 1
    return []


def _compound(
    start: int, end: int, text: str, plain: Set[str], aliases: Aliases
) -> list[tuple[int, int]]:
    """A compound of two names that are known, or stand alone elsewhere: "Kim-Putin"."""
    left, hyphen, right = text[start:end].partition("-")
    if hyphen and all(part in plain or aliases.find(part) for part in (left, right)):
        return [(start, start + len(left)), (start + len(left) + 1, end)]
    return []


def _tiled_by_model(
    start: int, end: int, text: str, starts: Mapping[int, Sequence[int]]
) -> list[tuple[int, int]]:
    """Two names in a row, or a compound ("Kim-Putin"), as the model parted them."""
    words = text[start:end].split()
    if any(c.isdigit() for c in text[start:end]) or (
        len(words) == 2 and words[0].lower() in given_names()  # "London Pruitt"
    ):
        return []
    parts = []
    at = start
    while at < end:
        inner = [e for e in starts.get(at, ()) if e <= end and e > at]
        if not inner:
            return []
        parts.append((at, inner[-1]))
        at = inner[-1]
        while at < end and text[at] in " -–/":
            at += 1
    return parts if len(parts) > 1 else []


class Cover:
    """Spans that do not overlap, asked what they cover."""

    def __init__(self, spans: Iterable[tuple[int, int]]) -> None:
        self._spans = sorted(spans)
        self._starts = [s for s, _ in self._spans]

    def within(self, start: int, end: int) -> list[tuple[int, int]]:
        """The spans that lie wholly in a stretch."""
        return [s for s in self._near(start, end) if start <= s[0] and s[1] <= end]

    def touches(self, start: int, end: int) -> bool:
        """Whether any span overlaps the stretch."""
        return bool(self._near(start, end))

    def holds(self, start: int, end: int) -> bool:
        """Whether the stretch lies wholly in a span."""
        return bool(self.around(start, end))

    def around(self, start: int, end: int) -> list[tuple[int, int]]:
        """The spans that the stretch lies wholly in."""
        return [(s, e) for s, e in self._near(start, end) if s <= start and end <= e]

    def _near(self, start: int, end: int) -> list[tuple[int, int]]:
        i = max(0, bisect_left(self._starts, start) - 1)
        found = []
        while i < len(self._spans) and self._spans[i][0] < end:
            if self._spans[i][1] > start:
                found.append(self._spans[i])
            i += 1
        return found
