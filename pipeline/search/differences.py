"""The differences of two versions of a text, word by word."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from typing import Literal

import msgspec

Kind = Literal["same", "added", "removed"]

_PIECE = re.compile(r"\w+|[^\w\s]|\s+")
MAX_WORDS = 4000
"""Of one changed stretch: a longer one is shown as wholly removed and added."""


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """A stretch of text that both versions have, or only one."""

    kind: Kind
    text: str


def difference(old: str, new: str) -> tuple[Change, ...]:
    """Return both texts as one: without "added" the old one, without "removed" the new one.

    Paragraphs are matched first, then the words of those that differ, so that the time is
    nearly linear for texts that mostly agree.
    """
    changes: list[Change] = []
    for kind, before, after in _matched(_paragraphs(old), _paragraphs(new)):
        if kind == "same":
            changes.append(Change(kind="same", text=before))
        else:
            changes += _words(before, after)
    return tuple(_joined(changes))


def _words(before: str, after: str) -> Iterator[Change]:
    old, new = _PIECE.findall(before), _PIECE.findall(after)
    if max(len(old), len(new)) > 2 * MAX_WORDS:
        pairs: Iterator[tuple[str, str, str]] = iter([("changed", before, after)])
    else:
        pairs = _matched(old, new)
    for kind, removed, added in pairs:
        if kind == "same":
            yield Change(kind="same", text=removed)
            continue
        if removed:
            yield Change(kind="removed", text=removed)
        if added:
            yield Change(kind="added", text=added)


def _matched(old: Sequence[str], new: Sequence[str]) -> Iterator[tuple[str, str, str]]:
    matcher = SequenceMatcher(None, old, new, autojunk=len(old) + len(new) > 2000)
    for tag, i1, i2, j1, j2 in matcher.get_opcodes():
        kind = "same" if tag == "equal" else "changed"
        yield kind, "".join(old[i1:i2]), "".join(new[j1:j2])


def _paragraphs(text: str) -> list[str]:
    return re.findall(r"[^\n]+\n*|\n+", text)


def _joined(changes: Sequence[Change]) -> Iterator[Change]:
    """Join neighbours of one kind."""
    held: Change | None = None
    for change in changes:
        if held and held.kind == change.kind:
            held = Change(kind=held.kind, text=held.text + change.text)
            continue
        if held:
            yield held
        held = change
    if held:
        yield held
