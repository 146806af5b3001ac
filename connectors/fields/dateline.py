"""Datelines: where and when a story was filed, from an element or the story's first words.

The printed forms that are read, of the agencies' style books:
"SEOUL, South Korea, Sept 12 (AP) — " · "Geneva (dpa) - " · "NEW YORK (AP) _ " ·
"Tegucigalpa, Jan 2 (EFE).- " · "(ANSA) - Rome, October 11 - " · "Jan 3 (Reuters) - " ·
"SYDNEY, March 10 AAP - " · "København /ritzau/: " ·
"OTTAWA - " (a place in capitals needs no agency).
"""

from __future__ import annotations

import re
from datetime import date

from connectors.fields.times import day
from pipeline.wire.story import Dateline

_DASH = r"(?:\.?\s*[-–—−_]{1,2}|\.?:|\.?\s*=)"
_AGENCY = r"(?:\([^()\d]{2,40}\)|/[^/\s\d]{2,20}/)"
_PLAIN_DASH = r"[-–—−_]{1,2}"  # after a place, whose last full stop is its own: "N.L. - "
_WITH_AGENCY = re.compile(rf"(?P<place>[^()/\n][^()\n]{{0,99}}?)\s*{_AGENCY}\s*{_DASH}?\s")
_AGENCY_FIRST = re.compile(rf"{_AGENCY}\s*{_DASH}\s+(?P<place>[^()\n]{{2,99}}?)\s*{_PLAIN_DASH}\s")
_CAPITALS = re.compile(rf"(?P<place>[^\W\d_a-z][^()\n]{{1,99}}?)\s+{_PLAIN_DASH}\s(?=\W*[^\W\d_])")
# AAP and NZPA print the agency without brackets, after the day: "SYDNEY, March 10 AAP - ".
_DAY_AND_AGENCY = re.compile(
    r"(?P<place>[^()\n]{2,99}?,\s+(?:[^\W\d_]{3,9}\.?\s+\d{1,2}|\d{1,2}\s+[^\W\d_]{3,9}\.?))"
    rf"\s+[A-Z]{{2,6}}\s*{_PLAIN_DASH}\s"
)
_ANY_YEAR = date(2000, 2, 29)  # tells a day from a place, where no year can be known
_WORD = re.compile(r"[^\W\d_]+")
_LINKS = frozenset(  # the small words inside a place's name
    re.findall(
        r"\S+",
        "de del della delle di do da das des du la le les los las el al en sur sous am an der die "
        "den im in of and und et y i bei ob on upon the von am/main s/o",
    )
)


def of_element(text: str | None, near: date | None) -> Dateline | None:
    """The dateline that an element or field holds; None for none.

    A dateline element that holds a timestamp or only a date has no place.

    Args:
        text: as printed: "STOCKHOLM, Aug 29, 2014 (AFP) -".
        near: a day near the filing, which decides the year where none is printed.
    """
    printed = " ".join((text or "").split())
    if not _WORD.search(printed) and not re.search(r"\d", printed):
        return None
    bare = re.sub(rf"\s*{_DASH}?$", "", printed)
    bare = re.sub(rf"\s*{_AGENCY}$|^{_AGENCY}\s*(?:{_DASH}\s*)?", "", bare)
    place, filed_on = _parts(bare, near)
    if place is not None and not _WORD.match(place):
        place = None
    return Dateline(text=printed, place=place, filed_on=filed_on)


def of_body(body: str, near: date | None) -> Dateline | None:
    """The dateline that a body's first paragraphs print; None if they print none.

    The body keeps it: it is the story's own text. A note or a byline may stand before it, so
    up to three lines are looked at.
    """
    for paragraph in re.split(r"\n+", body[:4000], maxsplit=3)[:3]:
        found = of_paragraph(paragraph, near)
        if found is not None:
            return found
    return None


def of_paragraph(paragraph: str, near: date | None) -> Dateline | None:
    """The dateline that a paragraph begins with; None if it begins with none."""
    start = " ".join(paragraph[:240].split()) + " "
    for pattern in (_AGENCY_FIRST, _WITH_AGENCY, _DAY_AND_AGENCY, _CAPITALS):
        match = pattern.match(start)
        if match is None:
            continue
        place, filed_on = _parts(match["place"], near)
        if place is None:
            # "Jan 3 (Reuters) - " names no place; without an agency it is no dateline.
            fits = filed_on is not None and pattern is not _CAPITALS
        else:
            fits = _all_capitals(place) if pattern is _CAPITALS else _is_place(place)
        if fits:
            return Dateline(text=match[0].strip(), place=place, filed_on=filed_on)
    return None


def contradicts(printed: Dateline | None, place: str | None) -> bool:
    """Whether a dateline prints another place than metadata say the story came from.

    Kyodo datelines from BEIJING what its Location calls Paris, Reuters files what is datelined
    BEIRUT from its desk in Bangalore: what is printed counts.
    """
    if printed is None or printed.place is None or place is None:
        return False
    return place.casefold() not in printed.place.casefold()


def _parts(text: str, near: date | None) -> tuple[str | None, date | None]:
    """The place and the day of "SEOUL, South Korea, Sept 12"."""
    parts = [part.strip() for part in text.strip(" ,").split(",")]
    for count in (2, 1):  # "Aug 29, 2014" has a comma of its own
        last = ", ".join(parts[-count:])
        if len(parts) >= count and day(last, near or _ANY_YEAR):
            return ", ".join(parts[:-count]) or None, day(last, near)
    return ", ".join(parts) or None, None


def _is_place(text: str) -> bool:
    """Whether words can be a place's name: capitalised, few, and no sentence."""
    words = _WORD.findall(text)
    return (
        0 < len(words) <= 9
        and text[0].isupper()
        and not re.search(r"[;:!?\"“”]|\w{4,}\.\s", text)
        and all(word[0].isupper() or word.casefold() in _LINKS for word in words if len(word) > 1)
    )


def _all_capitals(text: str) -> bool:
    """Whether a place is printed in capitals: "ST. JOHN'S, N.L.", "SEOUL, South Korea"."""
    city = text.partition(",")[0]
    return _is_place(text) and city.isupper() and len(city) > 2 and len(city.split()) <= 3
