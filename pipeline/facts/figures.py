"""The figures of a text: how much, in which unit, and of what.

"at least 12 people were killed" is 12 people, dead; "$3.2 million" is 3200000 USD; "magnitude
6.1", "4.1 per cent" and "300 homes" are figures too. Years, dates, times of day, ordinals and
numbers within names are not.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Mapping

import msgspec

from pipeline.facts.dates import dates
from pipeline.facts.numbers import Number, numbers
from pipeline.facts.words import (
    BOUNDS,
    COUNTED,
    CURRENCY_CODES,
    CURRENCY_SIGNS,
    CURRENCY_WORDS,
    MEASURES,
    PEOPLE,
    STATES,
    STOPS,
    SUBJECTS,
    alternatives,
)

MAX_CHARS = 100_000
"""Of a longer text only the beginning is read."""
REACH = 90
"""Characters to either side in which a figure's subject is looked for."""


class Figure(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One figure of a text."""

    start: int
    end: int
    """Where the number stands in the text."""
    value: str
    """In plain decimals: "3200000", "4.1"; "12-15" is a range, "dozens" a figure without number."""
    unit: str | None = None
    """"people", a currency's ISO 4217 code, "percent", "magnitude", "km", ...; None for things."""
    counts: str | None = None
    """What it counts or is of: "dead", "injured", "homes", "inflation"."""
    bound: str | None = None
    """"at least", "about" or "at most"."""
    former: bool = False
    """True for what it was before: 12 in "rose from 12 to 15"."""


_SIGN = re.compile(rf"(?:{alternatives(CURRENCY_SIGNS)}|\b(?:{'|'.join(CURRENCY_CODES)}))\s?$")
_CODE = re.compile(rf"[\s\u00a0]?({'|'.join(sorted(CURRENCY_CODES))}|[€£¥])(?!\w)")
_MONEY = re.compile(
    rf"[\s\u00a0-]*(?:d['’]|de\s|di\s)?({alternatives(CURRENCY_WORDS)})(?!\w)", re.IGNORECASE
)
_MEASURE = re.compile(rf"[\s\u00a0-]*({alternatives(MEASURES)})(?![\w²])")
_OLD = re.compile(r"[\s-]*(?:years?[\s-]old|year-old|Jahre alt|ans\b(?= \w+é))")
_AGED = re.compile(r"\b(?:aged|age|im Alter von)\s$", re.I)
_MAGNITUDE_BEFORE = re.compile(
    r"(?:magnitude|magnitud|magnitudo|Stärke|Magnitude)(?:[\s-]+(?:of|von|de|di))?[\s-]*"
    r"(?:(?:about|around|etwa|preliminary)\s)?$|Richter scale (?:at|of)\s$",
    re.I,
)
_MAGNITUDE_AFTER = re.compile(r"[\s-]*magnitude\b|\son the Richter scale", re.I)
_BOUND = re.compile(
    rf"\b({alternatives(BOUNDS)})(?:\s+of)?[\s\u00a0]*(?:[A-Z]{{0,3}}[$€£¥])?$", re.I
)
_FORMER = re.compile(
    r"\b(?:from|compared with|down from|up from|previously|earlier figure of|earlier toll of"
    r"|instead of|not)\s(?:(?:the|an?|earlier|at least|about|previous)\s)*[A-Z]{0,3}[$€£¥]?$",
    re.I,
)
_FROM = re.compile(r"(?:\s[\w%-]+){0,2}\s(?:up |down )?(?:from|to)\s(?:at least |about )?")
_OF = re.compile(r"\s(?:out\s)?of\s(?:the\s|its\s|all\s)?")
_SENTENCE = re.compile(r"(?<=[.!?])[\"”»']?\s+(?=[\"“«„]?[A-ZÀ-Þ0-9])|\n+")
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*|\d+")
_SCORE = re.compile(r"(?<![\w.,-])(\d{1,3})[-–](\d{1,3})(?![\w-])")
_STATE = re.compile(rf"(?<![\w-])({alternatives(STATES)})(?!\w)", re.IGNORECASE)
_CLAUSE = re.compile(r"[;:()]|,\s|\s[–—-]\s|\b(?:while|but|whereas|sowie)\b")
_STATES = {word.lower(): name for word, name in STATES.items()}
_MONEY_WORDS = {word.lower(): code for word, code in CURRENCY_WORDS.items()}
_PEOPLE = {word.lower() for word in PEOPLE}
_SUBJECTS = {word.lower() for word in SUBJECTS}
_ACTIVE = re.compile(
    r"\s(?:at least|more than|about|the|his|her|their|its|two|three|four|five|\d)", re.I
)
_YEAR = range(1500, 2200)


def figures(text: str, language: str | None = None) -> tuple[Figure, ...]:
    """Return the figures of a text, in order.

    Args:
        text: of one language.
        language: BCP 47; English where it is not known. It decides what "1.234" means.
    """
    text = text[:MAX_CHARS]
    taken = [(date.start, date.end) for date in dates(text)]
    found = [
        number
        for number in numbers(text, language)
        if not any(start < number.end and number.start < end for start, end in taken)
    ]
    edges = [0, *(match.end() for match in _SENTENCE.finditer(text)), len(text)]
    result: list[Figure] = []
    for n, number in enumerate(found):
        at = bisect_right(edges, number.start) - 1
        begin, end = edges[at], edges[min(at + 1, len(edges) - 1)]
        before = found[n - 1].end if n and found[n - 1].end > begin else begin
        after = found[n + 1].start if n + 1 < len(found) else end
        sides = _Sides(
            left=text[max(begin, number.start - REACH) : number.start],
            near=text[max(before, number.start - REACH) : number.start],
            right=text[number.end : min(after, end, number.end + REACH)],
            whole=text[number.end : min(end, number.end + REACH)],
        )
        figure = _figure(text, number, sides) or _shared(text, number, result)
        if figure and n and (part := _part(text, found[n - 1], result, figure)):
            result.append(part)
        if figure:
            result.append(figure)
    return tuple(result)


def _part(text: str, number: Number, found: list[Figure], whole: Figure) -> Figure | None:
    """Return a bare number as a part of the figure behind it: 120 in "120 of 300 seats"."""
    known = bool(found) and found[-1].start == number.start
    if known or not _OF.fullmatch(text[number.end : whole.start]):
        return None
    return Figure(
        start=number.start, end=number.end, value=number.value, unit=whole.unit, counts=whole.counts
    )


def _shared(text: str, number: Number, found: list[Figure]) -> Figure | None:
    """Return a bare number as a figure of what the one before counts: 15 in "to 31 from 15"."""
    if not found:
        return None
    last = found[-1]
    between = text[last.end : number.start]
    if not _FROM.fullmatch(between):
        return None
    return Figure(
        start=number.start, end=number.end, value=number.value, unit=last.unit,
        counts=last.counts, former="from" in between,
    )  # fmt: skip


class _Sides(msgspec.Struct, frozen=True):
    """What stands around a number, in its sentence."""

    left: str
    near: str
    """The left, from the number before."""
    right: str
    """The right, to the next number."""
    whole: str


def _figure(text: str, number: Number, sides: _Sides) -> Figure | None:
    unit, counts = _unit(text, number, sides)
    if unit is None and counts is None:
        return None
    bound = _BOUND.search(sides.left[-30:])
    return Figure(
        start=number.start,
        end=number.end,
        value=number.value,
        unit=unit,
        counts=counts,
        bound=_canonical(BOUNDS, bound[1]) if bound else None,
        former=bool(_FORMER.search(sides.left)),
    )


def _unit(text: str, number: Number, sides: _Sides) -> tuple[str | None, str | None]:
    """Return the unit of a number and what it counts; twice None where it is no figure."""
    if sign := _SIGN.search(sides.left[-5:]):
        said = sign[0].strip()
        return CURRENCY_SIGNS.get(said, said), _subject(sides)
    if code := _CODE.match(sides.whole):
        return CURRENCY_SIGNS.get(code[1], code[1]), _subject(sides, code.end())
    if (money := _MONEY.match(sides.whole)) and money[1].lower() in _MONEY_WORDS:
        return _MONEY_WORDS[money[1].lower()], _subject(sides, money.end())
    if _MAGNITUDE_BEFORE.search(sides.left) or _MAGNITUDE_AFTER.match(sides.whole):
        return "magnitude", None
    if _OLD.match(sides.whole) or _AGED.search(sides.left):
        return "years", "age"
    if _SCORE.fullmatch(text[number.start : number.end]) and not _noun(sides.right)[0]:
        return "score", None
    if measure := _MEASURE.match(sides.whole):
        unit = _canonical(MEASURES, measure[1]) or measure[1]
        if unit in COUNTED:
            return None, unit
        if unit == "points" and not re.search(r"\d", number.value):
            return None, None
        return unit, _subject(sides, measure.end())
    state, people = _state(sides)
    noun, is_people = _noun(sides.right)
    if state:
        return "people", state
    if is_people:
        return "people", noun
    if people:
        return "people", None
    if _is_year(number) or number.value in ("one", "1"):
        return None, None
    return None, noun


def _is_year(number: Number) -> bool:
    return (
        not number.scaled
        and number.value.isdigit()
        and number.end - number.start == 4
        and int(number.value) in _YEAR
    )


def _state(sides: _Sides) -> tuple[str | None, bool]:
    """Return what happened to the people that a number counts, and whether it did to people."""
    right = _CLAUSE.split(sides.right, maxsplit=1)[0]
    words = list(_WORD.finditer(right))
    noun, is_people = _noun(right)
    # "12 dead", "12 deaths", "12 others injured", "12 of them wounded"
    for word in words[:1] + [w for w in words[1:4] if noun is None or is_people]:
        if (state := _STATE.match(right, word.start())) and not _ACTIVE.match(right, state.end()):
            return _STATES[_spaced(state[1])], True
        if word[0].lower() in ("and", "und", "et", "y", "in", "im", "to", "on"):
            break
    # "killed at least 12 people", "the death toll rose to 12", "killing 12"
    near = _CLAUSE.split(sides.near)[-1]
    if near != sides.near and not near.strip():
        near = sides.near.rstrip(" ,:")  # "Dead: 12"
    states = list(_STATE.finditer(near))
    if states and (noun is None or is_people):
        last = states[-1]
        gap = _WORD.findall(near[last.end() :])
        if len(gap) <= 6 and not _passive(sides.left, near, last.start()):
            return _STATES[_spaced(last[1])], True
    # "12 people were taken to hospital", "12 soldiers have died"
    if is_people:
        for state in _STATE.finditer(right):
            if not _ACTIVE.match(right, state.end()):
                return _STATES[_spaced(state[1])], True
    return None, False


def _passive(left: str, near: str, at: int) -> bool:
    """Return whether a state belongs to the people before it: "5 people were killed and 12 ..."."""
    return bool(
        re.search(r"\b(?:were|was|been|wurden|sind|ont été|fueron)\s+(?:\w+ly\s+)?$", near[:at])
        and len(near) < len(left)
    )


def _noun(right: str) -> tuple[str | None, bool]:
    """Return the noun that follows a number, in small letters, and whether it means people."""
    found: list[str] = []
    at = 0
    for word in _WORD.finditer(right):
        gap = right[at : word.start()]
        if not re.fullmatch(r"[\s\u00a0-]*(?:of\s)?", gap) or len(found) == 4:
            break
        text = word[0]
        if text.lower() in ("of", "de", "von"):
            at = word.end()
            continue
        if text.lower() in STOPS and text.lower() not in ("more", "other", "others"):
            break
        if text.lower() in _PEOPLE:
            return text.lower(), True
        found.append(text)
        at = word.end()
    for text in found:
        if text[0].islower() and text.endswith("s") and not text.endswith("ss") and len(text) > 3:
            return text.lower(), False
    named = [text for text in found if text[0].isupper() and text.lower() not in _PEOPLE]
    lower = [text for text in found if text[0].islower()]
    if lower and lower[0] not in ("more", "other"):
        return lower[0].lower(), False
    return (named[0].lower() if named and not lower and len(found) == 1 else None), False


def _subject(sides: _Sides, skip: int = 0) -> str | None:
    """Return what an amount is of: the nearest of the known subjects, the left one first."""
    right = _CLAUSE.split(sides.whole[skip:], maxsplit=1)[0]
    # "a $3.2 million loan", "4 percent of votes", "2 million dollars in damage"
    words = _WORD.findall(right)
    for n, word in enumerate(words[:4]):
        if word.lower() in _SUBJECTS:
            return str(word.lower())
        if n == 0 and word.lower() not in ("in", "of", "the", "for", "worth") and word in STOPS:
            break
    left = _WORD.findall(_CLAUSE.split(sides.left)[-1])
    for word in reversed(left):
        if word.lower() in _SUBJECTS:
            return str(word.lower())
    return None


def _canonical(table: Mapping[str, str], word: str) -> str | None:
    spaced = re.sub(r"[\s\u00a0-]+", " ", word)
    return table.get(spaced) or table.get(spaced.lower()) or table.get(word)


def _spaced(word: str) -> str:
    return re.sub(r"[\s\u00a0-]+", " ", word).lower()
