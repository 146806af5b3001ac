"""What a text says of its toponyms: what they lie in, what they are, what is near them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from pipeline.enrich.geo.gazetteer import Sense
from pipeline.enrich.geo.places import holds
from pipeline.enrich.geo.toponyms import SHARED_HEAD, Candidate
from pipeline.enrich.lexicon import cues

_COMMAS = frozenset({", ", ",", " (", ",\n", ", in ", " in "})
_TYPES = {
    "city": "PPL", "town": "PPL", "village": "PPL", "capital": "PPL", "province": "ADM1",
    "state": "ADM1", "county": "ADM2", "district": "ADM", "region": "ADM1", "river": "STM",
    "lake": "LK", "island": "ISL", "republic": "PCL",
}  # fmt: skip
_OF = frozenset({"of", "from", "outside"})
_OFFSET = re.compile(
    r"(?:\b(?:about|some|around|nearly)\s+)?"
    r"\b(?:[\d.,]+|a few|several|\w+)\s+(?:\([^)]*\)\s*)?(?:km|kilomet(?:er|re)s?|miles?|mi)\b"
    r"(?:\s*\([^)]*\))?\s*(?:to the\s+)?(?:[a-z-]+\s+)?(?:of|from|outside)\s+(?:the\s+)?$"
)


@dataclass(frozen=True, slots=True)
class Toponym:
    """A toponym of one field of a story, ready to be resolved."""

    candidate: Candidate
    field: str
    container: tuple[Sense, ...] = ()
    """What the text says that the place lies in: "Ill." of "Springfield, Ill."."""
    type_hint: str | None = None
    """What the text says that it is, as the beginning of a feature code: "PPL", "ADM1"."""
    offset: str | None = None
    """"5 km north of", where the text means a spot near the place."""


def link(candidates: Sequence[Candidate], text: str, field: str = "body") -> list[Toponym]:
    """Returns the toponyms of one text, each with what the text says about it."""
    heads = [SHARED_HEAD.match(text, c.end) if not c.demonym else None for c in candidates]
    candidates = [
        _county(candidate) if head else candidate
        for candidate, head in zip(candidates, heads, strict=True)
    ]
    return [
        Toponym(
            candidate,
            field,
            _around(candidates, head.end(), text) if head else _container(candidates, i, text),
            _type_hint(candidate, text),
            _offset(candidate, text),
        )
        for i, (candidate, head) in enumerate(zip(candidates, heads, strict=True))
    ]


def _county(candidate: Candidate) -> Candidate:
    """Returns "Pierce" of "Pierce and Wayne counties" as a county, and as no town of that name."""
    counties = tuple(
        s for s in candidate.senses
        if s.entry.feature == "ADM2" and s.entry.name.endswith((" County", " Parish"))
    )  # fmt: skip
    return replace(candidate, senses=counties)


def _around(candidates: Sequence[Candidate], at: int, text: str) -> tuple[Sense, ...]:
    """Returns the senses of what follows right behind a head: "counties in Florida"."""
    return next(
        (c.senses for c in candidates if c.start >= at and text[at : c.start] in _COMMAS), ()
    )


def _container(candidates: Sequence[Candidate], i: int, text: str) -> tuple[Sense, ...]:
    """Returns the senses of what a toponym is said to lie in.

    "Ill." of "Springfield, Ill."; "Spanish" of "the Spanish city of Córdoba".
    """
    candidate = candidates[i]
    if candidate.demonym:
        return ()
    if i + 1 < len(candidates):
        following = candidates[i + 1]
        gap = text[candidate.end : following.start]
        if gap in _COMMAS and not following.demonym:
            inside = _containing(following, candidate)
            if inside:
                return inside
    if i:
        previous = candidates[i - 1]
        words = text[previous.end : candidate.start].lower().split()
        types = cues().place_types | {"capital"}
        if (
            any(s.kind == "demonym" for s in previous.senses)
            and words
            and len(words) <= 4
            and (words[-1] in types or (words[-1] == "of" and words[-2:-1] and words[-2] in types))
        ):
            return _containing(previous, candidate, demonyms=True)
        if text[previous.end : candidate.start] in ("'s ", "’s ") and not previous.demonym:
            return _containing(previous, candidate)
    return ()


def _containing(outer: Candidate, inner: Candidate, demonyms: bool = False) -> tuple[Sense, ...]:
    """Returns the places of one name that contain a place of the other."""
    return tuple(
        o for o in outer.senses
        if (o.kind == "demonym" or not demonyms)
        and any(holds(o.entry, s.entry) for s in inner.senses)
    )  # fmt: skip


def _type_hint(candidate: Candidate, text: str) -> str | None:
    """Returns the type that a word beside the toponym gives it, "the city of" or "province"."""
    before = text[max(0, candidate.start - 24) : candidate.start].lower().split()
    if len(before) >= 2 and before[-1] == "of" and before[-2] in _TYPES:
        return _TYPES[before[-2]]
    after = re.match(r" (\w+)", text[candidate.end : candidate.end + 14])
    return _TYPES.get(after[1].lower()) if after is not None else None


def _offset(candidate: Candidate, text: str) -> str | None:
    before = text[max(0, candidate.start - 70) : candidate.start]
    if _OF.isdisjoint(before.split()[-2:]):  # quicker than the expression
        return None
    found = _OFFSET.search(before)
    return " ".join(found[0].split()) if found is not None else None
