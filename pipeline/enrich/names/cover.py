"""Spans that do not overlap, and what they cover."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable


class Cover:
    """Spans that do not overlap, asked what they cover."""

    def __init__(self, spans: Iterable[tuple[int, int]]) -> None:
        self._spans = sorted(spans)
        self._starts = [s for s, _ in self._spans]

    def within(self, start: int, end: int) -> list[tuple[int, int]]:
        """Returns the spans that lie wholly in a stretch."""
        return [s for s in self._near(start, end) if start <= s[0] and s[1] <= end]

    def touches(self, start: int, end: int) -> bool:
        """Returns whether any span overlaps the stretch."""
        return bool(self._near(start, end))

    def holds(self, start: int, end: int) -> bool:
        """Returns whether the stretch lies wholly in a span."""
        return bool(self.around(start, end))

    def around(self, start: int, end: int) -> list[tuple[int, int]]:
        """Returns the spans that the stretch lies wholly in."""
        return [(s, e) for s, e in self._near(start, end) if s <= start and end <= e]

    def _near(self, start: int, end: int) -> list[tuple[int, int]]:
        i = max(0, bisect_left(self._starts, start) - 1)
        found = []
        while i < len(self._spans) and self._spans[i][0] < end:
            if self._spans[i][1] > start:
                found.append(self._spans[i])
            i += 1
        return found
