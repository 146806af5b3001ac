"""What a wire's own words say that a version does: correct, replace, add, kill.

The words stand in sluglines, keyword lines and headlines: "BC-Heat-Hawks, 1st Ld-Writethru",
"USA-WEATHER/ (UPDATE 1, PIX, CORRECTED)", "CORRECTED-S. Illinois battles flooding". A slugline
is read wholly; of a headline only the capitals before its first separator, for a headline may
mention a correction without being one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from pipeline.wire.story import Signal


class Signalled(NamedTuple):
    """A signal with the words it was read from."""

    signal: Signal
    sent: str
    """The wire's words: "1st Ld-Writethru", "CORRECTED"."""
    lead: int | None = None
    """The number of a lead, writethru, update, add or sub; None if it has none."""


# In order of force: a corrected second lead is first of all a correction.
_ORDINAL = r"(?P<n>\d+)(?:st|nd|rd|th)\s*"
_SEGMENTS: tuple[tuple[Signal, str], ...] = (
    # Case counts for these: "BC-US--Deer,Kill" is about hunting.
    (Signal.KILL, r"(?-i:KILL(?:ED)?)|(?:mandatory|bulletin|story)\s+kill"),
    (Signal.WITHDRAW, r"(?-i:WITHDRAW(?:N|AL)?|WITHHELD|ZURÜCKGEZOGEN|RÜCKZUG)"),
    (
        Signal.CORRECTION,
        r"correct(?:ed|ion|ive|s)|refiled?|berichtigung|korrektur|korrigiert|rectificatifs?|"
        r"rectification|corrigée?|rettelse|rättelse|korjaus|korjattu|correcci[óo]n|correzione|"
        r"correctie|rectificatie",
    ),
    (Signal.WRITETHRU, rf"(?:{_ORDINAL})?(?:ld|lead)?[-\s]*writethr(?:u|ough)"),
    (Signal.LEAD, r"(?:ld|lead)\s*(?P<n>\d+)|lead"),
    (Signal.UPDATE, r"(?:update|wrapup)\s*(?P<n>\d+)|updated?"),
    (Signal.SUB, r"sub(?:s|stitute)?"),
    (Signal.ADD, r"adds?(?:\s*(?P<n>\d+))?"),
    (Signal.FLASH, r"flash"),
    (Signal.NEWSALERT, r"news\s?alert|alert"),
    (Signal.BULLETIN, r"bulletin|eilmeldung|eil|blitz"),
    (Signal.URGENT, r"urgent"),
    (Signal.ADVISORY, r"advisory|attention\s+editors"),
)
_ANYWHERE: Mapping[Signal, str] = {
    Signal.WRITETHRU: rf"(?:{_ORDINAL})?(?:ld|lead)\s?-\s?writethr(?:u|ough)",
    Signal.LEAD: rf"{_ORDINAL}(?:ld|lead)",
    Signal.SUB: rf"{_ORDINAL}sub",
    Signal.ADD: rf"{_ORDINAL}add",
}
_PATTERNS = [
    (
        signal,
        re.compile(words, re.IGNORECASE),
        re.compile(rf"(?<![^\W_])(?:{_ANYWHERE[signal]})(?![^\W_])", re.IGNORECASE)
        if signal in _ANYWHERE
        else None,
    )
    for signal, words in _SEGMENTS
]
_SEPARATORS = re.compile(r"[,/()\[\]|;:\n]+")
_HEADLINE_START = re.compile(r"\W{0,3}([A-ZÄÖÜÉ][A-ZÄÖÜÉ0-9 ]{1,40}?)\s*(?:[-–—:/,)\]>]|\*{2,})")
_HEADLINE_ORDINAL = re.compile(
    rf"\W{{0,3}}({_ORDINAL}(?:ld|lead|sub|add)(?:-writethr(?:u|ough))?)\s*[-:]\s*\w", re.IGNORECASE
)


def of_slug(*texts: str | None) -> Signalled | None:
    """Returns the strongest signal in sluglines, keyword lines or take lines; None for none.

    A signal is a part of its own between commas, slashes and brackets: "Sub-Saharan-Africa" is
    no sub. A numbered lead, writethru, sub or add may stand anywhere.
    """
    cut = [text[:400] for text in texts if text]
    for signal, segment, anywhere in _PATTERNS:
        for text in cut:
            for part in map(str.strip, _SEPARATORS.split(text)):
                match = segment.fullmatch(part) or (anywhere.search(part) if anywhere else None)
                if match is not None:
                    number = match.groupdict().get("n")
                    return Signalled(signal, match[0].strip(), int(number[:6]) if number else None)
    return None


def of_headline(headline: str | None) -> Signalled | None:
    """Returns the signal that a headline begins with, in capitals: "UPDATE 1-", "CORRECTED-".

    It must be all that stands there: "CORRECTION OFFICERS STRIKE - UNION" is none.
    """
    match = _HEADLINE_START.match(headline or "") or _HEADLINE_ORDINAL.match(headline or "")
    found = of_slug(match[1]) if match else None
    return found if found and match and found.sent == match[1].strip() else None
