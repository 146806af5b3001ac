"""NewsML URNs (RFC 3085): urn:newsml:PROVIDER:DATE:ITEM:REVISION[UPDATE].

The revision and its update letter ("1N") change from version to version; what stands before
them is the story. Some providers leave out the date.
"""

from __future__ import annotations

import re

from connectors.fields import values

_URN = re.compile(
    r"(?P<item>urn:newsml:(?P<provider>[^:\s]+):(?P<date>\d{8}(?:T\w+)?)(?P<offset>[+-]\d{2}:?\d{2})?"
    r":(?P<id>.+?)):(?P<revision>\d+(?:\.\d+)*)(?P<update>[A-Za-z]?)",  # "2.1" is sent by mistake
    re.IGNORECASE,
)
_UNDATED = re.compile(
    r"(?P<item>urn:newsml:[^:\s]+:(?P<id>.+?)):(?P<revision>\d{1,18})(?P<update>[A-Za-z]?)",
    re.IGNORECASE,
)
_MOST_FORMER = 20


def without_revision(identifier: str, revision: int | None = None) -> str:
    """Returns an identifier without the revision at its end; as it is where it is no such URN.

    Args:
        identifier: as sent.
        revision: the version, if it is known from elsewhere. A URN without a date loses a number
            at its end only if that has an update letter or is the version.
    """
    bare = identifier.strip()
    match = _URN.fullmatch(bare)
    if match is None:
        match = _UNDATED.fullmatch(bare)
        if match and not match["update"] and int(match["revision"]) != revision:
            match = None
    return match["item"] if match else bare


def former(identifier: str, version: int | None) -> tuple[str, ...]:
    """Returns the identifiers of a URN's earlier revisions, where it has no date.

    Until such URNs lost their revision, each version of a story had an id of its own.
    """
    match = None if _URN.fullmatch(identifier) else _UNDATED.fullmatch(identifier)
    if match is None or (not match["update"] and int(match["revision"]) != version):
        return ()
    last = min(int(match["revision"]), _MOST_FORMER)
    return tuple(f"{match['item']}:{n}{match['update']}" for n in range(last + 1))


def parts(identifier: str) -> tuple[str, str, str] | None:
    """Returns the provider, date and item id of a NewsML URN; None for other identifiers."""
    match = _URN.fullmatch(identifier.strip())
    return (match["provider"], match["date"], match["id"]) if match else None


def revision(identifier: str) -> int | None:
    """Returns the revision of a NewsML URN; None for one without, and for other identifiers."""
    match = _URN.fullmatch(identifier.strip())
    return values.integer(match["revision"]) if match else None
