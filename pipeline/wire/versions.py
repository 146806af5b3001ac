"""Which version of a story is newer: one number, from the story alone.

The number is what Elasticsearch gets as the document's external version and what the
worker compares before it enriches, so every stage, replay and rebuild agrees on it. It
never comes from a Kafka offset.

The clocks of a story never mix: each has a plane of its own in the number, and the planes
are ordered. Within its plane a story counts by

    killed         9·10^15 + milliseconds      a kill that names no version outranks all; but one
                                               whose story is that of the day before counts by its
                                               time under its own day's id: see `eve_id`
    wire version   10^14 + 4·version + slot    a kill outranks the version that it names
    time           4·(10^13 + ms) + slot     version_created, else first_created, else received

The slot is 0 for a version that is held or under an embargo, 1 for a usable one and 2 for a
withdrawn one. So an embargo that is lifted under an unchanged number or date is lifted, in
whichever order the two arrive.

A date more than AHEAD after the receipt is a mistake (2099, 9999): such a version counts below
every one whose date can be right, so that it does not hide its own correction for years.

Each format declares its clock, and the story carries it (`Story.clock`):

- `version`: the wire numbers its versions. A version without a number counts by its time.
- `transmission`: a teletype wire (ANPA 1312, IPTC 7901) numbers its leads and nothing else: the
  first take, a correction and a kill have no number. The time of transmission is the clock; it is
  given to the minute, and within one minute the lead number decides.
- `receipt`: a feed (RSS, Atom) shows its items as they are now, and many edit them under an
  unchanged date. The second of that date decides first and the receipt within it, more coarsely the
  later it is: two edits an hour after the date are distinguished when they are a minute apart.

A story that has neither a version nor a time of its own counts by its receipt: the one case
in which an older version that is delivered again wins. The record on the topic keeps the time
of receipt, so a replay agrees even then.

The low three digits are the enrichment revision: the same version of a story, enriched
again, wins over the older enrichment and never over a newer version.
"""

from __future__ import annotations

import math
from datetime import datetime, timedelta

import msgspec

from pipeline.wire.story import Clock, Status, Story

REVISIONS = 1000
"""Enrichment revisions that fit under one version."""

AHEAD = timedelta(days=1)
"""How far an agency's date may lie after the receipt: clocks and zones differ."""

_SLOTS = 4
_HELD, _USABLE, _WITHDRAWN = range(3)
_VERSION_PLANE = 10**14
_KILL_PLANE = 9 * 10**15
_MAX_WIRE_VERSION = 2 * 10**15
"""A longer number may be a time or an id, so the story's time is its clock."""
_BEFORE_CLOCKS = {
    **dict.fromkeys(("anpa1312", "iptc7901", "text", "mail"), Clock.TRANSMISSION),
    "rss": Clock.RECEIPT,
}
"""The clocks of records that were written before stories carried one, by format."""
_STEPS = 72
"""Parts of a second's 999 that a receipt e times as late takes: enough for four months."""
_SECOND = 1000
_MINUTE = 60_000
_TRUSTED = 10**13
_MAX_MILLISECONDS = _TRUSTED - 1
"""In the year 2286: a later time, mistyped by the wire, must not leave its plane."""


def rank(story: Story) -> int:
    """Returns the story's place among its versions: the higher is the newer.

    Equal stories have equal ranks; below 9.1·10^15, so that `index_version` fits a long.
    """
    clock = story.clock or _BEFORE_CLOCKS.get(story.format or "", Clock.VERSION)
    withdrawn = story.status is Status.WITHDRAWN
    version = story.version
    if version is not None and not 0 <= version < _MAX_WIRE_VERSION:
        version = None
    if version is None or (clock is Clock.TRANSMISSION and story.version_created):
        dated = story.version_created or story.first_created
        at = _milliseconds(dated or story.received_at)
        if clock is Clock.RECEIPT and story.received_at:
            at = at // _SECOND * _SECOND + _lateness(_milliseconds(story.received_at) - at)
        at = min(at + min(version or 0, _MINUTE - 1), _MAX_MILLISECONDS)
        if dated is None or dated == trusted_time(story):
            at += _TRUSTED
        outranks_all = withdrawn and story.eve_id is None
        return _KILL_PLANE + at if outranks_all else _SLOTS * at + _slot(story)
    return _VERSION_PLANE + _SLOTS * version + _slot(story)


def trusted_time(story: Story) -> datetime | None:
    """Returns a version's own date; its receipt where it has none or the date is a mistake."""
    dated = story.version_created or story.first_created
    if dated and story.received_at and dated - story.received_at > AHEAD:
        return story.received_at
    return dated or story.received_at


def _slot(story: Story) -> int:
    """Returns the place among deliveries of one version: the less restricted is the newer."""
    if story.status is Status.WITHDRAWN:
        return _WITHDRAWN
    held = story.status is Status.EMBARGOED or story.embargoed_until is not None
    return _HELD if held else _USABLE


def index_version(story: Story, revision: int) -> int:
    """Returns the document's external version in Elasticsearch.

    Args:
        story: the version to be indexed.
        revision: of the enrichment, 0 to 999.

    Raises:
        ValueError: the revision does not fit its digits.
    """
    if not 0 <= revision < REVISIONS:
        raise ValueError(f"an enrichment revision is 0 to {REVISIONS - 1}, not {revision}")
    return rank(story) * REVISIONS + revision


def is_kill_of_eve(version: int) -> bool:
    """Returns whether an index version is that of a kill whose story is that of the day before."""
    place = version // REVISIONS
    return place < _VERSION_PLANE and place % _SLOTS == _WITHDRAWN


def is_soon_after(story: Story, version: int, within: timedelta) -> bool:
    """Returns whether a story can go on with the one that has an index version.

    By time: filed at most so long after it. By number: its number is higher. A killed one has
    no time to go by, and every later version belongs to it.
    """
    place = version // REVISIONS
    if place >= _KILL_PLANE:
        return True
    if place >= _VERSION_PLANE:
        return rank(story) > place
    since = _milliseconds(trusted_time(story)) - place // _SLOTS % _TRUSTED
    return since <= within // timedelta(milliseconds=1)


def is_newer(story: Story, revision: int, newest: int | None) -> bool:
    """Returns whether a story is newer than the newest index version known for its id."""
    return newest is None or index_version(story, revision) > newest


def blank(story: Story) -> Story:
    """Returns a withdrawn story as it may be kept: whose, when and why, none of what it said.

    The slugline and the note to editors stay: they are the kill notice itself.
    """
    return msgspec.structs.replace(
        story,
        headline=None,
        byline=None,
        dateline=None,
        summary=None,
        body="",
        keywords=(),
        subjects=(),
        located=(),
        links=tuple(link for link in story.links if link.rel == "replaces"),
    )


def _lateness(milliseconds: int) -> int:
    """Returns 0 to 999, which orders receipts under one date: never less for a later one."""
    late = max(0, milliseconds) / _SECOND
    return min(_SECOND - 1, int(_STEPS * math.log1p(late / 10)))


def _milliseconds(instant: datetime | None) -> int:
    if instant is None:
        return 0
    return min(max(0, int(instant.timestamp() * 1000)), _MAX_MILLISECONDS)
