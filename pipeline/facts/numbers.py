"""Numbers as texts write them: "3,200", "3.2 million", "two dozen", "12 to 15", "dozens"."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from pipeline.facts.words import NUMBER_WORDS, OWN, SCALES, VAGUE, alternatives

MAX_DIGITS = 15
"""A longer one is an id."""
DECIMAL_COMMA = frozenset({"de", "fr", "es", "it", "nl", "pt", "sv", "no", "da", "fi", "pl", "ru"})
"""Languages in which "1.234" is more than a thousand."""

_DIGITS = r"\d{1,3}(?:[,.'’\u00a0\u202f\u2009 ]\d{3}(?!\d))+(?:[.,]\d{1,2}(?!\d))?|\d+(?:[.,]\d+)?"
_VAGUE = {word.lower(): name for word, name in VAGUE.items()}
_FRACTIONS = {"½": "0.5", "¼": "0.25", "¾": "0.75"}
_SCALE = alternatives(SCALES)
_WORD = alternatives([*NUMBER_WORDS, "a", "an", "half a"])
_NUMBER = re.compile(
    rf"""
    (?: (?<![\w.,:/#@&-]) | (?<=\d-) | (?<=[Mm]agnitude-) ) (?:
      (?P<digits>{_DIGITS}) (?P<fraction>[½¼¾])?
      (?: (?P<close>k|m|bn|mn|tn|trn)(?!\w) | [\s\u00a0-]* (?P<scale>{_SCALE}) (?!\w) )?
    | (?P<words> (?i:{_WORD}) (?: (?:\s+and\s+|[\s-]+) (?i:{_WORD}|{_SCALE}) )* ) (?!\w)
    | (?P<vague> (?i:{alternatives(VAGUE)}) (?: \s+of\s+(?:thousands|millions) )? ) (?=\s)
    )
    """,
    re.VERBOSE,
)
_RANGE = re.compile(r"\s?[-–]\s?|\s(?:to|and|bis|und|et|à|y|a|e|tot|til|till)\s")
_TIME = re.compile(
    r"(?:[:.h]\d\d)?\s*(?:a\.?m\b|p\.?m\b|o'clock|GMT|UTC|BST|CET|EST|EDT|Uhr)", re.I
)


@dataclass(frozen=True, slots=True)
class Number:
    """A number and where it stands."""

    start: int
    end: int
    value: str
    """In plain decimals: "3200000", "4.1"; "12-15" for a range; "dozens" for a vague one."""
    word: bool = False
    """Written in words."""
    scaled: bool = False
    """Written with "million" or the like: no year, no time."""


def numbers(text: str, language: str | None = None) -> list[Number]:
    """Return the numbers of a text that may be figures, in order.

    Numbers within names and codes ("G20", "MH370"), ordinals ("12th") and times of day are left
    out; ranges are joined.
    """
    found = [
        number
        for match in _NUMBER.finditer(text)
        if (number := _number(text, match, (language or "en").split("-")[0]))
    ]
    return list(_joined(text, found))


def _number(text: str, match: re.Match[str], language: str) -> Number | None:
    start, end = match.span()
    if digits := match["digits"]:
        return _in_digits(text, match, digits, language)
    if match["vague"]:
        return Number(start, end, _VAGUE[match["vague"].split()[0].lower()], word=True)
    words = match["words"]
    value = _in_words(words, language)
    if value is None:
        return None
    return Number(start, end, _plain(value), word=True, scaled=value >= 1000)


def _in_digits(text: str, match: re.Match[str], digits: str, language: str) -> Number | None:
    start, end = match.span()
    if len(digits) > MAX_DIGITS or re.match(r"(?:st|nd|rd|th|er|ème|e)\b|[:/]\d|\w*\d", text[end:]):
        return None
    scale = match["close"] or match["scale"]
    # "3m" is three metres unless money stands before it; `figures` decides that for itself.
    if match["close"] in ("m", "k") and not re.search(r"[$€£¥₹]\s?$", text[:start]):
        scale, end = None, match.end("digits")
    if match["scale"] and re.fullmatch("m|k", match["scale"]):
        scale, end = None, match.end("digits")
    if not scale and _TIME.match(text, end):
        return None
    if re.match(r"[^\W\d_]", text[end:]) and not re.match(
        r"(?:km|kg|m|cm|mm|ft|mph|kph|MW|GW|bn|g|lb|ha)\b", text[end:]
    ):
        return None  # "5G", "737s", "12th"
    value = _decimal(digits, language)
    if match["fraction"]:
        value += Decimal(_FRACTIONS[match["fraction"]])
    if scale:
        value *= SCALES[" ".join(re.split(r"[\s\u00a0-]+", scale))]
    return Number(start, end, _plain(value), scaled=bool(scale))


def _decimal(digits: str, language: str) -> Decimal:
    """Return the value of digits with separators, which differ by language."""
    marks = re.findall(r"[^\d]", digits)
    if not marks:
        return Decimal(digits)
    last = marks[-1]
    tail = len(digits) - digits.rindex(last) - 1
    grouping = last not in ".," or marks.count(last) > 1
    if not grouping and tail == 3 and len(marks) == 1:
        grouping = (last == ".") == (language in DECIMAL_COMMA)
    if grouping:
        return Decimal(re.sub(r"\D", "", digits))
    whole, _, rest = digits.rpartition(last)
    return Decimal(re.sub(r"\D", "", whole) + "." + rest)


def _in_words(words: str, language: str) -> Decimal | None:
    """Return the value of number words; None where they are none: "a", "to" outside Norwegian."""
    total, current, counted = Decimal(0), Decimal(0), False
    parts = re.split(r"[\s\u00a0-]+", words)
    for n, part in enumerate(parts):
        word = part if part in NUMBER_WORDS or part in SCALES else part.lower()
        if word == "and":
            continue
        if word in ("a", "an"):
            following = parts[n + 1].lower() if n + 1 < len(parts) else ""
            if current == Decimal("0.5"):  # "half a million"
                continue
            if following not in SCALES:
                return None
            current = Decimal(1)
        elif word == "half":
            current = Decimal("0.5")
        elif word in SCALES:
            if word in ("m", "k"):
                return None
            scale = SCALES[word]
            counted = True
            if scale <= 100:
                current = (current or Decimal(1)) * scale
            else:
                total, current = total + (current or Decimal(1)) * scale, Decimal(0)
        elif word in NUMBER_WORDS:
            if language not in OWN.get(word, language).split():
                return None
            current += NUMBER_WORDS[word]
            counted = True
    return total + current if counted else None


def _plain(value: Decimal) -> str:
    text = f"{value:f}"
    return (text.rstrip("0").rstrip(".") if "." in text else text) or "0"


def _joined(text: str, found: list[Number]) -> Iterator[Number]:
    """Join the two ends of a range: "12 to 15", "between 12 and 15", "12-15"."""
    held: Number | None = None
    for number in found:
        if held and _is_range(text, held, number):
            held = Number(held.start, number.end, _range(held, number), held.word, number.scaled)
            continue
        if held:
            yield held
        held = number
    if held:
        yield held


def _is_range(text: str, low: Number, high: Number) -> bool:
    between = text[low.end : high.start]
    if not _RANGE.fullmatch(between) or not _is_plain(low) or not _is_plain(high):
        return False
    before = text[max(0, low.start - 12) : low.start].lower()
    if between.strip() in ("and", "und", "et", "y", "e", "und"):
        return bool(re.search(r"\b(?:between|zwischen|entre|tra|tussen|mellan)\s$", before))
    if between.strip() in ("-", "–"):
        return True
    # "rose from 12 to 15" tells two figures.
    return not re.search(r"\b(?:from|von|de|da|van|från|fra)\s$", before)


def _is_plain(number: Number) -> bool:
    return number.value.replace(".", "", 1).isdigit()


def _range(low: Number, high: Number) -> str:
    """Return both ends; in "2 to 3 million" the scale is of both."""
    small, large = Decimal(low.value), Decimal(high.value)
    if high.scaled and not low.scaled and large >= 1000 > small:
        while small * 1000 <= large:
            small *= 1000
    return f"{_plain(small)}-{_plain(large)}"
