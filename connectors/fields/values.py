"""Readers of single fields, shared by the formats.

Times are in `connectors.fields.times`, signals in `connectors.fields.signals`, datelines in
`pipeline.wire.dateline`, agencies' names in `pipeline.wire.agencies`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from typing import TypeVar

from connectors.fields.charset import sanitise
from pipeline.wire.story import Status

_LONGEST_ID = 480  # bytes; Elasticsearch takes 512 for an _id
_JOINED_BY = re.compile(r"^(By|BY)(?=[A-Z][a-z]+ )")
_BYLINE_ENDS = " \t\n=<,;|"
_LANGUAGE = re.compile(r"([a-z]{2,3})(?:[-_]([a-z]{4}))?(?:[-_]([a-z]{2}|\d{3}))?\b", re.IGNORECASE)
# ISO 639-2 codes that wires use where BCP 47 wants the two letters of ISO 639-1.
_TWO_LETTERS: Mapping[str, str] = {
    "eng": "en", "fra": "fr", "fre": "fr", "deu": "de", "ger": "de", "spa": "es", "por": "pt",
    "ita": "it", "nld": "nl", "dut": "nl", "jpn": "ja", "ell": "el", "gre": "el", "rus": "ru",
    "ara": "ar", "zho": "zh", "chi": "zh", "swe": "sv", "dan": "da", "nor": "no", "fin": "fi",
    "pol": "pl", "tur": "tr", "kor": "ko", "cat": "ca", "ces": "cs", "cze": "cs", "hun": "hu",
}  # fmt: skip
_PLACEHOLDER = re.compile(
    r"[\W0_]+|none|null|nil|n/?a|nan|unknown|undefined|false|true|id|guid|tba|tbd", re.IGNORECASE
)
# A host, a site's first page, the beginning of a URN: "www.press.example", "urn:newsml:dpa.com".
_NAME = r"(?:[a-z0-9-]+\.)*[a-z0-9-]+"
_HOST = re.compile(
    rf"(?:https?://|www\.){_NAME}(?::\d{{1,5}})?/?|urn:newsml:{_NAME}:?"
    rf"|tag:{_NAME}(?:,\d{{4}}(?:-\d\d){{0,2}})?:?"
    r"|(?:[a-z0-9-]+\.)+(?:com|org|net|info|news|example|eu|int|[a-z]{2})(?::\d{1,5})?/?",
    re.IGNORECASE,
)
_URI = re.compile(r"^[A-Za-z][A-Za-z0-9+.-]*:\S+$")

T = TypeVar("T")


def line(text: str | None) -> str | None:
    """Returns a text on one line, sanitised, its white space collapsed; None for none or empty."""
    return (" ".join(sanitise(text).split()) or None) if text else None


def first(*values: T | None) -> T | None:
    """Returns the first value that is not None or empty; None if there is none."""
    return next((value for value in values if value), None)


def distinct(values: Iterable[T | None]) -> tuple[T, ...]:
    """Returns the values in their order, without repeats, None and empty ones."""
    return tuple(dict.fromkeys(value for value in values if value))


def story_id(agency: str | None, provider_id: str) -> str:
    """Returns a story's id: the agency and the provider's own id, "AFP:TX-PAR-FXW86".

    One that is too long for the index keeps its start and ends in a hash of the whole.
    """
    whole = ":".join(filter(None, (agency, line(provider_id))))
    raw = whole.encode("utf-8", "replace")
    if len(raw) <= _LONGEST_ID:
        return whole
    return f"{raw[:400].decode('utf-8', 'ignore')}~{hashlib.sha256(raw).hexdigest()}"


def item_id(agency: str | None, feed: str | None, guid: str) -> str:
    """Returns the id of a feed's item: its own id after the agency.

    Where no agency is known, an id that is no URI stands after the feed's name, so that "12345" of
    two feeds stays apart.
    """
    return story_id(agency or (None if _URI.match(guid) else feed), guid)


def identifies(identifier: str | None) -> bool:
    """Returns whether an identifier can name one story: not "", "0", "n/a" or a host alone."""
    bare = (identifier or "").strip()
    return bool(bare) and not (_PLACEHOLDER.fullmatch(bare) or _HOST.fullmatch(bare))


def former_ids(story_id: str, status: Status, former: Iterable[str | None]) -> tuple[str, ...]:
    """Returns the ids that a kill's story had before, as far as they are known and others.

    Earlier releases took placeholders ("0", a host) for ids.
    """
    if status is not Status.WITHDRAWN:
        return ()
    return distinct(each for each in former if each != story_id)


def hashed_id(*parts: str | None) -> str:
    """Returns an id made of what stays the same in all versions, where the provider gives none.

    The last resort, of the slugline or headline and the day of issue, say; never of the body.
    """
    told_apart = "\x1f".join((line(part) or "").casefold() for part in parts)
    return hashlib.sha256(told_apart.encode("utf-8", "replace")).hexdigest()[:24]


def byline(text: str | None) -> str | None:
    """Returns a byline as printed, on one line, without ANPA's line ends: "By CHARLES ODUM=".

    A sender's own conversion may have joined its words: "ByAna Example".
    """
    return _JOINED_BY.sub(r"\1 ", (line(text) or "").strip(_BYLINE_ENDS)) or None


def language(tag: str | None) -> str | None:
    """Returns a BCP 47 tag in its usual letter case: "en", "nl-NL", "zh-Hant"; None for none.

    "x-default", "und" and "mul" name no language.
    """
    match = _LANGUAGE.match((tag or "").strip())
    if match is None:
        return None
    primary = match[1].lower()
    primary = _TWO_LETTERS.get(primary, primary)
    if primary in {"und", "mul", "zxx", "mis"}:
        return None
    parts = (primary, (match[2] or "").title(), (match[3] or "").upper())
    return "-".join(filter(None, parts))


def urgency(sent: str | None, letters: Mapping[str, int] | None = None) -> int | None:
    """Returns an urgency of 1 to 9; None for none, or for one outside the scale.

    Args:
        sent: the number or letter of the wire.
        letters: what a wire's letters stand for, in lower case.
    """
    text = (sent or "").strip()
    if letters and text.casefold() in letters:
        return letters[text.casefold()]
    return int(text) if re.fullmatch(r"[1-9]", text, re.ASCII) else None


def integer(sent: str | None) -> int | None:
    """Returns a whole number of the wire, "04" or "978556838"; None for anything else.

    Versions can be very large, but not larger than the index's long.
    """
    text = (sent or "").strip()
    if not re.fullmatch(r"\d{1,30}", text, re.ASCII):
        return None
    number = int(text)
    return number if number < 2**63 else None
