"""What changed between two versions of a story, in facts.

A fact that only one version has came or went. One that came and one that went are one change where
they tell the same thing: a figure of the same unit that counts the same, a day for a day, a name in
another spelling, a quote in other words.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from difflib import SequenceMatcher
from enum import StrEnum
from typing import Any

import msgspec

from pipeline.facts.dates import Date, dates
from pipeline.facts.figures import Figure, figures
from pipeline.facts.quotes import quotes
from pipeline.facts.words import STATES

SPELLING = 0.75
"""The least likeness of two spellings of one name."""
WORDING = 0.6
"""The least likeness of two wordings of one quote."""
MAX_FACTS = 400
"""Of one kind in a version; the rest of a longer list (results, tables) is not compared."""


class Kind(StrEnum):
    """What kind of fact changed."""

    FIGURES = "figures"
    NAMES = "names"
    PLACES = "places"
    DATES = "dates"
    QUOTES = "quotes"


class FactChange(msgspec.Struct, frozen=True, kw_only=True):
    """One fact that came, went or changed."""

    kind: Kind
    before: str | None = None
    """What the older version says; None where the fact came."""
    after: str | None = None
    """What the newer version says; None where the fact went."""


class _Fact(msgspec.Struct, frozen=True):
    """A fact as it is compared."""

    key: str
    """Equal facts have equal keys."""
    about: str
    """A fact may only have become one about the same."""
    shown: str


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[FactChange, ...]:
    """Return what changed from one version to another, given as documents of the index."""
    old, new = _text(before), _text(after)
    language = after.get("language")
    return (
        *_compared(
            Kind.FIGURES,
            _figures(figures(old, before.get("language"))),
            _figures(figures(new, language)),
            _same_figure,
        ),
        *_compared(Kind.NAMES, _names(before), _names(after), _same_name, _spelling),
        *_compared(Kind.PLACES, _places(before), _places(after)),
        *_compared(Kind.DATES, _dates(dates(old)), _dates(dates(new)), _same_date),
        *_compared(Kind.QUOTES, _quotes(old), _quotes(new), match=_wording),
    )


def changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """Return the kinds of facts that changed, each once."""
    return list(dict.fromkeys(change.kind.value for change in changes(before, after)))


def shown(figure: Figure) -> str:
    """Return a figure in words: "12 dead", "3,200,000 USD (profit)", "magnitude 6.1"."""
    value = figure.value
    if value.isdigit() and len(value) > 3:
        value = f"{int(value):,}"
    if figure.unit == "magnitude":
        return f"magnitude {value}"
    if figure.unit in (None, "people"):
        return f"{value} {figure.counts or figure.unit}"
    if figure.unit == "score":
        return value
    return f"{value} {figure.unit}" + (f" ({figure.counts})" if figure.counts else "")


def _text(document: Mapping[str, Any]) -> str:
    return "\n\n".join(filter(None, (document.get("headline"), document.get("body"))))


def _figures(found: Sequence[Figure]) -> list[_Fact]:
    facts = (
        _Fact(f"{f.value}|{f.unit}|{f.counts}", f"{f.unit}|{f.counts}", shown(f))
        for f in found
        if not f.former
    )
    return list(dict.fromkeys(facts))[:MAX_FACTS]


def _dates(found: Sequence[Date]) -> list[_Fact]:
    facts = (_Fact(date.value, date.kind, date.value) for date in found)
    return list(dict.fromkeys(facts))[:MAX_FACTS]


def _quotes(text: str) -> list[_Fact]:
    return [_Fact(quote.casefold(), "", quote) for quote in quotes(text)]


def _names(document: Mapping[str, Any]) -> list[_Fact]:
    entities = document.get("entities", ())[:MAX_FACTS]
    return [
        _Fact(entity["id"], entity["label"], entity.get("name") or entity["text"])
        for entity in entities
        if entity["label"] in ("PERSON", "ORG", "EVENT", "PRODUCT", "LAW", "WORK_OF_ART")
    ]


def _places(document: Mapping[str, Any]) -> list[_Fact]:
    """Return the places; one may have become its namesake: Springfield of another state."""
    places = document.get("places", ())[:MAX_FACTS]
    return [
        _Fact(
            str(place["geonames_id"]),
            place["name"],
            ", ".join(filter(None, (place["name"], place.get("admin1"), place.get("country")))),
        )
        for place in places
    ]


def _compared(
    kind: Kind,
    before: Sequence[_Fact],
    after: Sequence[_Fact],
    same: Callable[[_Fact, _Fact], bool] = lambda one, other: False,
    match: Callable[[_Fact, _Fact], bool] = lambda one, other: one.about == other.about,
) -> list[FactChange]:
    """Return the changes of one kind.

    Args:
        kind: of all these facts.
        before: the facts of the older version.
        after: those of the newer version.
        same: whether two facts with different keys say the same, so that nothing changed.
        match: whether one fact may have become the other.
    """
    old_keys, new_keys = {fact.key for fact in before}, {fact.key for fact in after}
    went = [fact for fact in before if fact.key not in new_keys]
    came = [fact for fact in after if fact.key not in old_keys]
    for old in list(went):
        if new := _first(came, lambda fact, old=old: same(old, fact)):  # type: ignore[misc]
            went.remove(old)
            came.remove(new)
    found: list[FactChange] = []
    for old in went:
        new = _first(came, lambda fact, old=old: match(old, fact))  # type: ignore[misc]
        if new:
            came.remove(new)
        found.append(FactChange(kind=kind, before=old.shown, after=new.shown if new else None))
    return found + [FactChange(kind=kind, after=fact.shown) for fact in came]


def _first(facts: Iterable[_Fact], fits: Callable[[_Fact], bool]) -> _Fact | None:
    return next((fact for fact in facts if fits(fact)), None)


def _same_figure(one: _Fact, other: _Fact) -> bool:
    """Return whether a number is the same, told in other words; never 12 dead for 12 injured."""
    value, unit, counts = one.key.split("|", 2)
    value2, unit2, counts2 = other.key.split("|", 2)
    states = set(STATES.values())
    return (value, unit) == (value2, unit2) and not (counts in states and counts2 in states)


def _same_date(one: _Fact, other: _Fact) -> bool:
    """Return whether a day is the same, in one version without its year."""
    return one.about == other.about == "day" and (
        one.key.endswith(f"-{other.key}") or other.key.endswith(f"-{one.key}")
    )


def _same_name(one: _Fact, other: _Fact) -> bool:
    """Return whether one is the longer form of the other: Smith, John Smith."""
    words, words2 = set(one.shown.casefold().split()), set(other.shown.casefold().split())
    return one.about == other.about and (words <= words2 or words2 <= words)


def _spelling(one: _Fact, other: _Fact) -> bool:
    return one.about == other.about and _likeness(one.shown, other.shown) >= SPELLING


def _wording(one: _Fact, other: _Fact) -> bool:
    return _likeness(one.key, other.key) >= WORDING


def _likeness(one: str, other: str) -> float:
    matcher = SequenceMatcher(None, one, other, autojunk=False)
    return matcher.ratio() if matcher.real_quick_ratio() > WORDING else 0.0
