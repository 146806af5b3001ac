"""Ids of takes, and of the day before: how items belong to a story whose id they do not have.

A further take of a story ("1st Add") is an item of its own. A kill or a new version that is filed
after midnight has the new day in an id that is made of the day: its story may be that of the day
before, the eve.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta

from pipeline.wire.story import Signal, Status

_TAKE = "#add-"
_DAY = re.compile(
    r"(?:(?P<year>\d{4})(?P<dash>-?))?(?P<month>\d\d)(?(dash)(?P=dash)|-)(?P<day>\d\d)"
)
_FOLLOWING = frozenset(
    {Signal.WRITETHRU, Signal.LEAD, Signal.ADD, Signal.SUB, Signal.CORRECTION, Signal.UPDATE}
)
_COMMON_YEAR = 2001


def take_id(story_id: str, name: str | int) -> str:
    """Returns the id of a further take of a story."""
    return f"{story_id}{_TAKE}{name}"


def takes_prefix(story_id: str) -> str:
    """Returns what the ids of all takes of a story begin with."""
    return f"{story_id}{_TAKE}"


def story_of(item_id: str) -> str:
    """Returns the id of the story that an item is: of a take, its first take's."""
    return item_id.partition(_TAKE)[0]


def is_take(item_id: str) -> bool:
    """Returns whether an id is that of a further take."""
    return _TAKE in item_id


def day_before(day: str) -> str | None:
    """Returns the day before one in an id, in its form: "2026-11-24", "20261124", "11-24".

    None for what is no day. Without a year February has 28 days.
    """
    match = _DAY.fullmatch(day)
    if match is None:
        return None
    try:
        at = date(int(match["year"] or _COMMON_YEAR), int(match["month"]), int(match["day"]))
        before = at - timedelta(days=1)
    except (ValueError, OverflowError):
        return None
    if not match["year"]:
        return f"{before:%m-%d}"
    return before.isoformat() if match["dash"] else before.isoformat().replace("-", "")


def eve_id(
    make: Callable[[str], str], day: str, status: Status, signal: Signal | None
) -> str | None:
    """Returns the id that a version has if its story was filed the day before.

    None for a version that begins a story, and where the id has no day.

    Args:
        make: makes the id of a day.
        day: of the version, as `make` takes it.
        status: of the version; a kill follows a story in any case.
        signal: what the version does to those before it.
    """
    before = day_before(day)
    follows = status is Status.WITHDRAWN or signal in _FOLLOWING
    made = make(before) if before and follows else None
    return made if made != make(day) else None
