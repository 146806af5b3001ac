"""What near-duplicates of a story have in common with it, in a few numbers. Pure.

Agencies print each other's stories under other headlines, cut, extended, in their house style.
What stays is names and figures, in their order: so a text is taken as the set of pairs of names
and figures that follow each other, and two texts are near-duplicates where the shorter has most
of its pairs in the other. Bulletins of one mould (weather, scores, shares) share sentences but
not these.

The set is kept as a MinHash (A. Broder, "On the resemblance and containment of documents",
1997), cut into bands for look-up (locality-sensitive hashing): texts that share a band are worth
comparing. A fingerprint depends on the text alone, so a replay gives the same one, and nothing
has to be written to other stories when one arrives, changes or is killed.
"""

from __future__ import annotations

import base64
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import eq
from typing import Any

from rensa import RMinHash

SLOTS = 64
"""Of a MinHash, two to a band. Two bands of every three are met by texts that share a fifth of
their pairs."""
LEAST_PAIRS = 8
"""A text with fewer, or in a script without capitals, is taken by its words, three at a time."""
LEAST_SHARED = 0.15
"""Of all pairs of both texts: below it, the estimate says too little."""
CONTAINED = 0.55
"""Of the shorter text's pairs. Measured: docs/quality.md, "Duplicates"."""

_WORD = re.compile(r"\w+(?:[.,]\d+\w*)*")
# The same words, without most that begin in a small letter: the class in front skips them fast.
_TELLING = re.compile(r"[A-Z0-9\u0080-\U0010ffff](?<=\w)(?<!\w.)(?<!\w[.,]\d)\w*(?:[.,]\d+\w*)*")
_SEED = 1


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """A text's MinHash, for comparing with others and for finding those."""

    sketch: bytes
    """A byte of each slot."""
    pairs: int
    """How many there are in the text."""
    bands: tuple[str, ...]
    """Texts that share one of these may be near-duplicates."""


def fingerprint(text: str) -> Fingerprint | None:
    """Return the fingerprint of a text, or None if it has fewer than LEAST_PAIRS words."""
    pairs = _pairs(text)
    if len(pairs) < LEAST_PAIRS:
        return None
    minima = RMinHash(SLOTS, _SEED)
    minima.update(list(pairs))
    slots = minima.digest()
    return Fingerprint(
        bytes(slot & 0xFF for slot in slots),
        len(pairs),
        tuple(
            f"{n:x}-{one:x}-{other:x}"
            for n, (one, other) in enumerate(zip(slots[::2], slots[1::2], strict=True))
        ),
    )


def are_near(one: Fingerprint, other: Fingerprint) -> bool:
    """Return True if two texts are near-duplicates, by estimate."""
    shared: float = sum(map(eq, one.sketch, other.sketch)) / SLOTS
    if shared < LEAST_SHARED:
        return False
    in_both = shared / (1 + shared) * (one.pairs + other.pairs)
    return in_both >= CONTAINED * min(one.pairs, other.pairs)


def as_fields(found: Fingerprint) -> dict[str, Any]:
    """Return a fingerprint as a document holds it."""
    sketch = base64.b64encode(found.sketch).decode()
    return {"sketch": sketch, "pairs": found.pairs, "bands": list(found.bands)}


def from_fields(fields: Mapping[str, Any]) -> Fingerprint:
    """Return the fingerprint in a document's fields."""
    return Fingerprint(base64.b64decode(fields["sketch"]), fields["pairs"], tuple(fields["bands"]))


def _pairs(text: str) -> set[str]:
    text = unicodedata.normalize("NFKC", text)
    pairs = _runs([word.lower() for word in telling(text)], 2)
    if len(pairs) >= LEAST_PAIRS:
        return pairs
    return _runs([word.lower() for word in _WORD.findall(text)], 3)


def telling(text: str) -> list[str]:
    """Return the words of a normalised text that begin with a capital or a digit, in order."""
    return [word for word in _TELLING.findall(text) if word[0].isupper() or word[0].isdigit()]


def _runs(words: Sequence[str], length: int) -> set[str]:
    return set(map(" ".join, zip(*(words[n:] for n in range(length)), strict=False)))
