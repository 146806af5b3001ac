"""What a wire's own words say that a version does: correct, replace, add, kill.

The words stand in sluglines, keyword lines and headlines: "BC-Heat-Hawks, 1st Ld-Writethru",
"USA-WEATHER/ (UPDATE 1, PIX, CORRECTED)", "CORRECTED-S. Illinois battles flooding". A slugline
is read wholly; of a headline only the capitals before its first separator, for a headline may
mention a correction without being one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from connectors.fields import retractions
from pipeline.wire.story import Signal, Status


class Signalled(NamedTuple):
    """A signal with the words it was read from."""

    signal: Signal
    sent: str
    """The wire's words: "1st Ld-Writethru", "CORRECTED"."""
    lead: int | None = None
    """The number of a lead, writethru, update, add or sub; None if it has none."""
    holds: bool = False
    """True for a hold: the story is not to be shown until it is released."""


# In order of force: a corrected second lead is first of all a correction.
_ORDINAL = r"(?P<n>\d+)(?:st|nd|rd|th)\s*"
_SEGMENTS: tuple[tuple[Signal, str], ...] = (
    (Signal.KILL, retractions.pattern(Signal.KILL)),
    (Signal.WITHDRAW, retractions.pattern(Signal.WITHDRAW)),
    (Signal.ADVISORY, retractions.pattern(Signal.ADVISORY)),  # a hold
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
    (Signal.ADD, r"adds?(?:\s*(?P<n>\d+))?|take\s*(?P<take>[2-9]|\d\d)(?:\s*of\s*\d+)?"),
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
    Signal.ADD: rf"{_ORDINAL}add?",  # ANPA's header shortens it: "1stAd"
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
_HOLD = 2  # the position of the pattern that holds
_SEPARATORS = re.compile(r"[,/()\[\]|;:\n【】：]+|\+{2,}")
_HEADLINE_END = re.compile(r"\s*(?:[-–—:/,)\]>：】=]|[*+]{2,}|!+(?=\s))")
_TO_EDITORS = re.compile(rf"(?:{retractions.TO_EDITORS})\s*[-:–—!,]+\s*", re.IGNORECASE)
_REPEATED = re.compile(r"([^\W\d_]{4,})(?:[\s!*-]+\1\b)+")  # "HOLD HOLD HOLD Ferry"
_OPENERS = " \t*!<>[(-–—+【=/#"
_CLOSERS = _OPENERS + ")]】:：,"
_BRACKETS = re.compile(r"\([^()]{1,60}\)")
_LONGEST_START = 60
_HEADLINE_ORDINAL = re.compile(
    rf"\W{{0,3}}({_ORDINAL}(?:ld|lead|sub|add)(?:-writethr(?:u|ough))?)\s*[-:]\s*\w", re.IGNORECASE
)


def of_slug(*texts: str | None) -> Signalled | None:
    """Returns the strongest signal in sluglines, keyword lines or take lines; None for none.

    A signal is a part of its own between commas, slashes and brackets: "Sub-Saharan-Africa" is
    no sub. A numbered lead, writethru, sub or add may stand anywhere.
    """
    cut = [text[:400] for text in texts if text]
    for order, (signal, segment, anywhere) in enumerate(_PATTERNS):
        for text in cut:
            for part in map(str.strip, _SEPARATORS.split(text)):
                match = segment.fullmatch(part) or (anywhere.search(part) if anywhere else None)
                if match is not None:
                    numbers = match.groupdict()
                    number = numbers.get("n") or numbers.get("take")
                    lead = int(number[:6]) if number else None
                    return Signalled(signal, match[0].strip(), lead, holds=order == _HOLD)
    return None


def of_headline(headline: str | None) -> Signalled | None:
    """Returns the signal that a headline begins with, in capitals: "UPDATE 1-", "CORRECTED-".

    It must be all that stands there: "CORRECTION OFFICERS STRIKE - UNION" is none. Of several,
    as in "ADVISORY-STORY WITHDRAWN-Ferry sinks", the strongest counts.
    """
    starts = _starts((headline or "").lstrip(_OPENERS))
    found = [signalled for start in starts if (signalled := _alone(start))]
    ordinal = _HEADLINE_ORDINAL.match(headline or "")
    if not found and ordinal:
        return _alone(ordinal[1])
    return min(found, key=_force, default=None)


def strongest(
    slug: Signalled | None, headline: str | None, notes: Iterable[str | None] = ()
) -> Signalled | None:
    """Returns what a version does: whatever withdraws or holds it, else what its slug says first.

    Args:
        slug: what slugline or keyword line say.
        headline: the headline, whose first words count.
        notes: notes to editors; they count only where they withdraw or hold ("ANNULATION").
    """
    spoken = of_headline(headline)
    noted = (of_headline((note or "").partition(". ")[0].rstrip(". ")) for note in notes)
    orders = [said for said in (slug, spoken, *noted) if status_of(said) is not Status.USABLE]
    return min(filter(None, orders), key=_force, default=slug or spoken)


def topic(text: str) -> str:
    """Returns a slugline or headline without what it says that the version does, for an id.

    "Ferry sinks" of "UPDATE 2-Ferry sinks" and "STORY WITHDRAWN: Ferry sinks", "FERRY/" of
    "FERRY/ (UPDATE 1)". A text that says nothing else is returned as it is.
    """
    left = _BRACKETS.sub(lambda match: "" if of_slug(match[0]) else match[0], text)
    for _ in range(3):  # "CORRECTED-UPDATE 2-Ferry sinks"
        left = left.lstrip(_OPENERS)
        said = [start for start in _starts(left) if start and _alone(start)]
        left = left[len(max(said, key=len)) :].lstrip(_CLOSERS) if said else left
    return " ".join(left.split()) or text


def status_of(signalled: Signalled | None) -> Status:
    """Returns withdrawn for a kill or a withdrawal, embargoed for a hold, else usable."""
    if signalled is None:
        return Status.USABLE
    if signalled.signal in (Signal.KILL, Signal.WITHDRAW):
        return Status.WITHDRAWN
    return Status.EMBARGOED if signalled.holds else Status.USABLE


def _starts(headline: str) -> list[str]:
    """Returns what a headline begins with, up to each separator or its end."""
    ends = [match.start() for match in _HEADLINE_END.finditer(headline[:_LONGEST_START])]
    starts = [headline[:end].strip() for end in ends]
    starts += [match[0] for match in (_REPEATED.match(headline),) if match]
    is_whole = len(headline) <= _LONGEST_START and status_of(_alone(headline)) is not Status.USABLE
    if is_whole:
        starts.append(headline)
    # "Mandatory kill: Ferry": phrases that take a story back count in any case.
    return [
        start
        for start in starts
        if start.isupper() or status_of(_alone(start)) is not Status.USABLE
    ]


def _force(signalled: Signalled) -> int:
    signals = [signal for signal, _ in _SEGMENTS]
    is_notice = signalled.signal is Signal.ADVISORY and not signalled.holds
    return len(signals) if is_notice else signals.index(signalled.signal)


def _alone(start: str) -> Signalled | None:
    """Returns the signal of words that say nothing else."""
    bare = start.strip()
    found = of_slug(bare)
    if found and found.sent == bare:
        return found
    addressed = _TO_EDITORS.match(bare)  # "Achtung, Rückzug": the capitals may be missing
    words = bare[addressed.end() :] if addressed else ""
    said = of_slug(words) or of_slug(words.upper())
    is_order = status_of(said) is not Status.USABLE
    return said._replace(sent=bare) if said and is_order and len(said.sent) == len(words) else None
