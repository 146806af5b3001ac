"""What may be done with a story, from all that restricts it: status, embargo, the wire's own words.

The most restrictive counts. A restriction that is present and not understood (a word in no table,
an embargo whose time can't be read) holds the story until a person releases it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, NamedTuple

from connectors.fields import pubstatus, signals
from connectors.fields.printed import Embargo, spoken_time
from connectors.fields.signals import Signalled
from connectors.fields.times import Instant, instant
from pipeline.wire.story import Signal, Status

_NONE = frozenset(("", "0", "false", "no", "none", "null", "nil", "n/a", "na", "-", "never"))
# A template left in place: "YYYYMMDD000000-HHMM", "0000-00-00T00:00:00".
_TEMPLATE = re.compile(r"[YMDHS0TZ:.+\s-]*", re.IGNORECASE)
_CAPITALS = (
    "EMBARGOED|UNDER EMBARGO|HOLD FOR RELEASE|NOT FOR RELEASE|NOT FOR USE"
    "|SPERRFRIST|GESPERRT|SOUS EMBARGO|EMBARGAD[OA]"
    "|SOTTO EMBARGO|EMBARGERT|EMBARGERAD"
)
_UNTIL = (
    r"(?:until|till|til|bis|jusqu\w*|hasta)\b"
    r"|(?:to|for|on|at|before|after|fino|tot|from)\b\D{0,30}\d"
)
_COPY = r"(?:story|text|copy|article|item|material|content|dispatch|report|release)"
_TO_EDITORS = r"^\W*(?i:(?:note\s+to\s+)?(?:eds?|editors?)\b[\W\s]*)?"
_WHEN = rf"(?=\d|(?i:{_UNTIL}))"
# Capitals with a time, colon, dash or stop: not "EMBARGOED ARMS REACH PORT", "EMBARGO - why".
_INSTRUCTION = re.compile(
    rf"(?<![^\W_])(?:{_CAPITALS})\b\s*(?:$|[*)\]>|!.;/…]|{_WHEN}|[:,–—-]+)\s*(?P<capitals>.*)"
    rf"|(?<![^\W_])(?:EMBARGO|FOR RELEASE)\b\s*:?\s*{_WHEN}(?P<noun>.*)"
    rf"|{_TO_EDITORS}"
    r"(?i:(?:strictly\s+)?embargoed|under embargo|not for (?:release|use|publication))"
    rf"\s*(?:[:–—]|-\s|(?=(?i:until|till|before)\b))\s*(?P<start>.*)"
    rf"|(?i:\bthis\s+{_COPY}\s+is\s+(?:(?:strictly|now|still)\s+)?(?:under embargo|embargoed))"
    r"\b\s*(?:[.!*]*$|(?=(?i:until|till)\b))(?P<copy>.*)"
    rf"|^\W*(?i:sperrfrist)\b:?\s*(?=(?i:{_UNTIL})|\D{{0,20}}\d)(?P<german>.*)"
)
_END_OF_TIME = re.compile(r"\s[-–—]+\s|[–—)\]>*]|:\s|-(?=[A-ZÀ-Ý][a-zß-ÿ])")


class Verdict(NamedTuple):
    """What may be done with a story."""

    status: Status
    signal: Signal | None
    """Of a status word that takes the story back."""
    until: Instant | None
    """When its embargo ends; None for a hold."""
    sent: str | None
    """The wire's status word, else the words that restrict the story."""


def decide(
    word: str | None = None,
    signalled: Signalled | None = None,
    field: Embargo | None = None,
    texts: Iterable[Embargo | None] = (),
    words: Mapping[str, Status] | None = None,
) -> Verdict:
    """Returns the most restrictive of a story's status word, signal and embargoes.

    Args:
        word: the status as the wire wrote it.
        signalled: what slugline and headline say that the version does.
        field: the embargo of an element or key, see `of_value`.
        texts: the embargoes that headline and notes print, see `instruction`.
        words: the feed's own status words.
    """
    status, signal = pubstatus.of_word(word, words)
    spoken = signals.status_of(signalled)
    printed = [each for each in texts if each is not None]
    if Status.WITHDRAWN in (status, spoken):
        return Verdict(Status.WITHDRAWN, signal, None, word or (signalled and signalled.sent))
    embargoes = [*filter(None, (field,)), *printed]
    is_held = spoken is Status.EMBARGOED or (
        status is Status.EMBARGOED and pubstatus.bare(word) not in pubstatus.TIMED
    )
    if not embargoes and Status.EMBARGOED not in (status, spoken):
        return Verdict(Status.USABLE, None, None, word)
    times = [each.until for each in embargoes if each.until]
    is_unread = field is not None and field.until is None
    until = None if is_held or is_unread else max(times, default=None)
    reasons = [signalled.sent if signalled else None, *(each.sent for each in printed)]
    unread = field.sent if field and is_unread else None
    return Verdict(Status.EMBARGOED, None, until, word or next(filter(None, reasons), unread))


def of_value(value: Any, feed_zone: str) -> Embargo | None:
    """Returns the embargo that an element or key states; None for none or an unfilled template.

    A value that can't be read as a time is an embargo without an end.
    """
    if isinstance(value, list | tuple):
        found = [each for each in (of_value(inner, feed_zone) for inner in value) if each]
        times = [each.until for each in found]
        known = [until for until in times if until is not None]
        return (
            Embargo(found[0].sent, max(known) if len(known) == len(times) else None)
            if found
            else None
        )
    if value is None or isinstance(value, bool | dict):
        return Embargo("embargoed", None) if value else None
    text = " ".join(str(value).split())
    if text.casefold() in _NONE or _TEMPLATE.fullmatch(text):
        return None
    return Embargo(text[:200], instant(text, feed_zone) or spoken_time(text, None, feed_zone))


def of_keys(item: Mapping[str, Any], feed_zone: str) -> Embargo | None:
    """Returns the embargo of an object whose keys are in lower case.

    ninjs 1 and 2 say embargoed, 3 embargoedUntil, the BBC embargotime: whatever begins so counts.
    """
    sent = [value for key, value in item.items() if key.startswith("embargo")]
    return of_value(sent, feed_zone)


def instruction(text: str | None, near: date | None, feed_zone: str) -> Embargo | None:
    """Returns the embargo that a headline or a note to editors orders; None for none.

    "EMBARGOED UNTIL 1600 GMT MARCH 2 - Ferry" is one, "Embargoed arms reach port" is not.
    """
    match = _INSTRUCTION.search((text or "")[:1000])
    if match is None:
        return None
    after = next(filter(None, match.groups()), "")
    when = _END_OF_TIME.split(after, maxsplit=1)[0].strip()
    until = instant(when, feed_zone) or spoken_time(when, near, feed_zone)
    words = match[0][: len(match[0]) - len(after)] + (when if until else "")
    return Embargo(" ".join(words.split()).strip(" :,-–—)]"), until)
