"""Datelines: where and when a story was filed, from an element or the story's first words.

The printed forms that are read, of the agencies' style books:
"SEOUL, South Korea, Sept 12 (AP) — " · "Geneva (dpa) - " · "NEW YORK (AP) _ " ·
"Tegucigalpa, Jan 2 (EFE).- " · "(ANSA) - Rome, October 11 - " · "Jan 3 (Reuters) - " ·
"SYDNEY, March 10 AAP - " · "Tokyo Kyodo - " · "København /ritzau/: " ·
"OTTAWA - " (a place in capitals needs no agency).

"World Health Organization (WHO) said" is none: without a dash only a known agency or a day makes
a dateline, and the initials of the words before it are no agency.
"""

from __future__ import annotations

import re
from datetime import date
from typing import NamedTuple

from pipeline.wire import agencies
from pipeline.wire.days import day, nearest
from pipeline.wire.story import Dateline

_DASH = r"(?:\.?\s*[-–—−_]{1,2}|\.?:|\.?\s*=)"
_AGENCY = r"(?:\((?P<agency>[^()\d]{2,40}|[A-Z]{2,5}\d{1,2})\)|/(?P<slashed>[^/\s\d]{2,20})/)"
_NO_GROUPS = re.sub(r"\?P<\w+>", "?:", _AGENCY)
_PLAIN_DASH = r"[-–—−_]{1,2}"  # after a place, whose last full stop is its own: "N.L. - "
_DAY = r"(?:[^\W\d_]{3,10}\.?\s+\d{1,2}|\d{1,2}\.?\s+[^\W\d_]{3,10}\.?)"
_WITH_AGENCY = re.compile(  # brackets inside a place: "Vigo (España), 24 nov (EFE).- "
    rf"(?P<place>[^()/\n][^()\n]{{0,99}}?(?:\s\([^()\d\n]{{3,30}}\),[^()\n]{{0,40}}?)?)"
    rf"\s*{_AGENCY}\s*(?P<dash>{_DASH})?\.?(?:\s|(?<=[:—–]))"
)
_AGENCY_FIRST = re.compile(
    rf"{_AGENCY}\s*(?P<dash>{_DASH})?\s+(?P<place>[^()\n]{{2,99}}?)\s*{_PLAIN_DASH}\s"
)
# Russian agencies sign behind the day: "МОСКВА, 24 ноя - РИА Новости. "
_AGENCY_LAST = re.compile(
    rf"(?P<place>[^()\n]{{2,99}}?)[.,]\s+(?P<after>{_DAY})\s+{_PLAIN_DASH}\s+(?P<agency>[^.()\n]{{2,30}})\.\s"
)
# Interfax: "МОСКВА. 30 ноября. ИНТЕРФАКС - "
_AGENCY_BEHIND_DAY = re.compile(
    rf"(?P<place>[^()\n]{{2,99}}?)[.,]\s+(?P<after>{_DAY})\.\s+(?P<agency>[^\s()\d]{{4,20}})"
    rf"\s+{_PLAIN_DASH}\s"
)
# Xinhua's 新华社北京11月24日电, Kyodo's 【ソウル共同】.
_CHINESE = re.compile(
    r"(?:[(（【])?(?P<agency>新华社|新華社|中新社|中央社)?(?P<place>[^\W\da-zA-Z]{2,8}?)"
    r"(?P<month>\d{1,2})月(?P<day>\d{1,2})日?电(?:[)）】])?"
)
_JAPANESE = re.compile(r"【(?P<place>[^\W\da-zA-Z]{2,12}?)＝?(?P<agency>共同|時事)(?:通信)?】")
# Yonhap's (서울=연합뉴스).
_KOREAN = re.compile(r"\((?P<place>[^\W\da-zA-Z]{2,12})=(?P<agency>연합뉴스|뉴시스|뉴스1)\)")
_DAY_BEHIND = re.compile(
    rf"(?P<place>[^()/\n][^()\n]{{0,99}}?)\s*{_AGENCY},?\s+(?P<after>{_DAY})\s*(?P<dash>{_DASH})\s"
)
# AAP, Kyodo, ANSA and NZPA print the agency without brackets: "SYDNEY, March 10 AAP - ".
_BARE_AGENCY = re.compile(
    rf"(?P<place>[^()\n]{{2,99}}?(?P<day>,?\s+{_DAY})?),?\s+(?P<agency>[A-Z][A-Za-z]{{1,9}})"
    rf"\s*{_PLAIN_DASH}\s"
)
# Text follows that is not in capitals itself: "SOCCER - SCOTTISH LEAGUE RESULTS" is a headline.
_CAPITALS = re.compile(
    rf"(?P<place>[^\W\d_a-z][^()\n]{{1,99}}?)\s+{_PLAIN_DASH}\s(?=\W*[^\W\d_a-zß-ÿа-яё])(?=(?:\S+\s+){{0,2}}?\S*[a-zß-ÿа-яё])"
)
# Press releases: "NEW YORK--(BUSINESS WIRE)--Example Ltd said".
_RELEASE = re.compile(rf"(?P<place>[^()/\n][^()\n]{{0,99}}?)--{_AGENCY}(?P<dash>--)")
_PATTERNS = (
    _RELEASE,
    _AGENCY_FIRST,
    _DAY_BEHIND,
    _AGENCY_LAST,
    _AGENCY_BEHIND_DAY,
    _WITH_AGENCY,
    _BARE_AGENCY,
    _CAPITALS,
)
# A byline that a feed has joined to the dateline: "By Anna Keller GENEVA, Nov 24 (Reuters) - ".
_CREDIT = re.compile(
    r"By\s+(?:[A-ZÀ-Ý][\w.'’-]*[a-zà-ÿ][\w.'’-]*\s+(?:and\s+)?){1,6}(?=[A-Z]{3,}\b)"
)
_LABELS = frozenset(  # what stands in capitals before a dash and is no place
    re.findall(
        r"\S+",
        "nato opec unesco unicef fifa uefa nasa imf ecb nba nfl nhl mlb bbc cnn "
        "advisory alert alpine analysis athletics background baseball basketball boxing brief "
        "briefs business commentary correction cricket cycling economy editors embargoed "
        "exclusive factbox feature flash football golf handball hockey interview kill motoring "
        "news note obituary opinion politics preview profile recap results review roundup "
        "rowing rtrs rugby sailing sidebar skiing soccer sport sports summary swimming tennis "
        "timeline update urgent volleyball warning weather wrapup wrestling writethru",
    )
)
_LAST_DAY = re.compile(rf"(?P<place>.*?\w\.?),?\s+(?P<day>{_DAY})")
_WEEKDAY = re.compile(r"[^\W\d_]{3,12}")
_NUMBERED_DAY = re.compile(r"(?P<place>.*[^\W\d_]),?\s+(?P<first>\d{1,2})/(?P<second>\d{1,2})")
_LONGEST_HEAD = 200  # characters of the notes and the byline that stand before a dateline
_ANY_YEAR = date(2000, 2, 29)  # tells a day from a place, where no year can be known
_WORD = re.compile(r"[^\W\d_]+")
_LINKS = frozenset(  # the small words inside a place's name
    re.findall(
        r"\S+",
        "de del della delle di do da das des du la le les los las el al en sur sous am an der die "
        "den im in of and und et y i bei ob on upon the von am/main s/o",
    )
)


class Printed(NamedTuple):
    """A dateline as a text begins with it."""

    dateline: Dateline
    agency: str | None
    """The agency as it is printed: "AP", "ritzau"."""
    place_end: int
    """Where its place ends in the paragraph; 0 where it names none."""


def of_element(text: str | None, near: date | None) -> Dateline | None:
    """Returns the dateline that an element or field holds; None for none.

    A dateline element that holds a timestamp or only a date has no place.

    Args:
        text: as printed: "STOCKHOLM, Aug 29, 2014 (AFP) -".
        near: a day near the filing, which decides the year where none is printed.
    """
    printed = " ".join((text or "").split())
    if not _WORD.search(printed) and not re.search(r"\d", printed):
        return None
    bare = re.sub(rf"\s*{_DASH}?$", "", printed)
    bare = re.sub(rf"\s*(?:{_DASH}\s*)?{_NO_GROUPS}$|^{_NO_GROUPS}\s*(?:{_DASH}\s*)?", "", bare)
    place, filed_on, _ = _parts(_without_agency(bare), near)
    if place is not None and not _WORD.match(place):
        place = None
    return Dateline(text=printed, place=place, filed_on=filed_on)


def of_body(body: str, near: date | None) -> Dateline | None:
    """Returns the dateline that a body's first paragraphs print; None if they print none.

    The body keeps it: it is the story's own text. A note or a byline may stand before it, so
    up to three lines are looked at.
    """
    found = printed_in(body, near)
    return found.dateline if found else None


def printed_in(body: str, near: date | None = None) -> Printed | None:
    """Returns the dateline that a body's first three lines print, with its agency.

    `place_end` counts in the body.
    """
    start = 0
    for paragraph in re.split(r"(?<=\n)(?!\n)", body[:4000])[:3]:
        found = read(paragraph, near)
        # Behind a paragraph of text, capitals before a dash are no dateline.
        if found is not None and not (start > _LONGEST_HEAD and is_guess(found.dateline)):
            return found._replace(place_end=found.place_end and start + found.place_end)
        start += len(paragraph)
    return None


def of_paragraph(paragraph: str, near: date | None) -> Dateline | None:
    """Returns the dateline that a paragraph begins with; None if it begins with none."""
    found = read(paragraph, near)
    return found.dateline if found else None


def read(paragraph: str, near: date | None) -> Printed | None:
    """Returns the dateline that a paragraph begins with, with its agency; None for none."""
    start = " ".join(paragraph[:240].split()) + " "
    if eastern := _east_asian(start, paragraph, near):
        return eastern
    credit = _CREDIT.match(start)
    start = start[credit.end() :] if credit else start
    for pattern in _PATTERNS:
        match = pattern.match(start)
        if match is None:
            continue
        parts = match.groupdict()
        agency = parts.get("agency") or parts.get("slashed")
        written = ", ".join(filter(None, (parts["place"], parts.get("after"))))
        place, filed_on, has_day = _parts(written, near)
        if pattern is _CAPITALS:
            fits = place is not None and _all_capitals(place)
        elif place is None:
            fits = has_day  # "Jan 3 (Reuters) - "
        elif pattern in (_AGENCY_LAST, _AGENCY_BEHIND_DAY):
            fits = _is_place(place) and _is_agency(agency)
        elif pattern is _AGENCY_FIRST and not parts["dash"]:
            fits = _is_place(place) and has_day and _is_agency(agency)
        elif pattern is _BARE_AGENCY:
            fits = _is_place(place) and (has_day or agencies.is_unmistakable(agency))
        else:
            is_dashed = pattern is _AGENCY_FIRST or bool(parts["dash"])
            is_known = _is_agency(agency)
            is_marked = is_dashed or is_known or has_day
            is_explained = not (is_dashed and is_known) and _explains(place, agency)
            fits = is_marked and not is_explained and _is_place(place)
        if fits:
            found = Dateline(text=match[0].strip(), place=place, filed_on=filed_on)
            return Printed(found, agency, _end_of(place, paragraph))
    return None


def _east_asian(start: str, paragraph: str, near: date | None) -> Printed | None:
    """Returns the dateline of a text in Chinese, Japanese or Korean."""
    match = _CHINESE.match(start) or _JAPANESE.match(start) or _KOREAN.match(start)
    if match is None:
        return None
    parts = match.groupdict()
    filed_on = nearest(int(parts["month"]), int(parts["day"]), near) if "day" in parts else None
    found = Dateline(text=match[0].strip(), place=parts["place"], filed_on=filed_on)
    return Printed(found, parts["agency"], _end_of(parts["place"], paragraph))


def agency_of(dateline: Dateline | None) -> str | None:
    """Returns the agency that a dateline prints: "AP" of "SEOUL, South Korea (AP) —"."""
    text = (dateline.text or "") if dateline else ""
    found = read(f"{text} X", None)
    match = re.search(_AGENCY, text)
    if found is not None and found.agency:
        return found.agency
    if match is not None:
        return match["agency"] or match["slashed"]
    return text[len(_without_agency(text)) :].strip(" ,") or None


def is_guess(dateline: Dateline) -> bool:
    """Returns whether a printed dateline names neither agency nor day: capitals before a dash."""
    return dateline.filed_on is None and agency_of(dateline) is None


def of_metadata(place: str | None, printed: Dateline | None) -> Dateline | None:
    """Returns the dateline of an item whose metadata name its place.

    The text's own dateline counts where it prints another place for certain.
    """
    if place is None or contradicts(printed, place):
        return printed
    is_same = printed is not None and place.casefold() in (printed.text or "").casefold()
    if printed is None or (is_guess(printed) and not is_same):
        return Dateline(text=place, place=place)
    return Dateline(text=printed.text, place=place, filed_on=printed.filed_on)


def contradicts(printed: Dateline | None, place: str | None) -> bool:
    """Returns whether a dateline prints another place than metadata say the story came from.

    Kyodo datelines from BEIJING what its Location calls Paris, Reuters files what is datelined
    BEIRUT from its desk in Bangalore: what is printed counts, unless it may be no dateline.
    """
    if printed is None or printed.place is None or place is None or is_guess(printed):
        return False
    return place.casefold() not in printed.place.casefold()


def _parts(text: str, near: date | None) -> tuple[str | None, date | None, bool]:
    """Returns the place and the day of "SEOUL, South Korea, Sept 12", and whether it has a day."""
    text = re.sub(r"(?<=\d)\.$", "", text.strip(" ,"))  # "MOSCOW, November 24. /TASS/"
    parts = [part.strip() for part in text.split(",")]
    if len(parts) > 2 and _WEEKDAY.fullmatch(parts[-1]) and parts[-2][-2:-1].isdigit():
        parts.pop()  # "Budapest, 2026. november 24., kedd"
    for count in (2, 1):  # "Aug 29, 2014" has a comma of its own
        last = ", ".join(parts[-count:])
        if len(parts) >= count and day(last, near or _ANY_YEAR):
            return ", ".join(parts[:-count]) or None, day(last, near), True
    whole = ", ".join(parts)
    spaced = _LAST_DAY.fullmatch(whole)  # "SYDNEY March 10"
    if spaced and day(spaced["day"], near or _ANY_YEAR):
        return _without_stop(spaced["place"]), day(spaced["day"], near), True
    numbered = _NUMBERED_DAY.fullmatch(whole)  # "BRUSSEL 24/11"
    if numbered:
        first, second = int(numbered["first"]), int(numbered["second"])
        filed_on = nearest(second, first, near) if first > 12 else None
        return numbered["place"], filed_on, True
    return whole or None, None, False


def _without_stop(place: str) -> str:
    """Returns a place without the full stop that parts it from its day: "MOSCOW. Nov 24"."""
    is_word = "," not in place and len(place.split()[-1]) > 4  # "Pa." and "St." have their own
    return place.removesuffix(".") if is_word else place


def _without_agency(text: str) -> str:
    """Returns a dateline without the agency at its end: "SYDNEY March 2 AAP"."""
    before, _, last = text.rpartition(" ")
    is_signed = agencies.is_unmistakable(last) or (
        before[-1:].isdigit() and agencies.is_known(last)
    )
    return before.rstrip(" ,") if before and is_signed else text


def _is_agency(name: str | None) -> bool:
    """Returns whether a name in brackets is a known agency's: "AP", "dpa/AFP", "Reuters Health"."""
    return any(map(agencies.is_known, (name, *re.split(r"[/\s-]+", name or ""))))


def _explains(place: str, agency: str | None) -> bool:
    """Returns whether brackets abbreviate the words before: "World Health Organization (WHO)"."""
    words = [word for word in _WORD.findall(place.partition(",")[0]) if word not in _LINKS]
    letters = re.sub(r"\W", "", agency or "").casefold()
    initials = "".join(word[0] for word in words).casefold()
    rest = iter(initials)
    is_short_for = len(words) > 1 < len(letters) and all(letter in rest for letter in letters)
    return agencies.is_known(place) or is_short_for


def _end_of(place: str | None, paragraph: str) -> int:
    """Returns where a place's words end in a paragraph, whatever white space is between them."""
    if place is None:
        return 0
    words = r"\W+".join(map(re.escape, re.findall(r"\w+", place)))
    stop = r"\." if place.endswith(".") else r"(?!\w)"
    match = re.search(words + stop, paragraph)
    return match.end() if match else 0


def _is_place(text: str) -> bool:
    """Returns whether words can be a place's name: capitalised, few, and no sentence."""
    words = _WORD.findall(text)
    return (
        0 < len(words) <= 9
        and re.sub(r"^['‘’][sS][- ]", "", text)[:1].isupper()  # 's-Hertogenbosch
        and not re.search(r"[;:!?\"“”]|\w{4,}\.\s", text)
        and all(word[0].isupper() or word.casefold() in _LINKS for word in words if len(word) > 1)
    )


def _all_capitals(text: str) -> bool:
    """Returns whether a place is printed in capitals: "ST. JOHN'S, N.L.", "SEOUL, South Korea"."""
    city = text.partition(",")[0]
    words = city.casefold().split()
    return (
        _is_place(text)
        and city.isupper()
        and len(city) > 2
        and len(words) <= 3
        and _LABELS.isdisjoint(words)
    )
