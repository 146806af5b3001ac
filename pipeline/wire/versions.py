"""Which version of a story is newer: one number, from the story alone.

The number is what Elasticsearch gets as the document's external version and what the
worker compares before it enriches, so every stage, replay and rebuild agrees on it. It
never comes from a Kafka offset.

A story counts by one of three scales, each with a plane of its own in the number:

    killed       9·10^15 + milliseconds       a kill that names no version outranks all; but one
                                              whose story is that of the day before counts by its
                                              time under its own day's id: see `eve_id`
    numbered     10^14 + number·ROOM + slot   a kill outranks the version that it names
    timed        4·(10^13 + ms) + slot        version_created, else first_created, else received

The slot is 0 for a version that is held or under an embargo, 1 for a usable one and 2 for a
withdrawn one. So an embargo that is lifted under an unchanged number or date is lifted, in
whichever order the two arrive.

A number is 0 to 99,999. What is no number ("2.1", none at all, twenty digits, a date) is timed.
Where versions of one story are on different scales, their times decide, so that one bad value
hides nothing: `is_newer` compares times across scales, and a timed version that is newer than a
numbered one `follows` that number, above it and below the next:

    follows n    10^14 + n·ROOM + 8·(1 + seconds) + slot

The record on the enriched topic says what it follows; so every later stage and a rebuild have the
same number without a look at other versions.

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
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec

from pipeline.wire.story import Clock, Status, Story

REVISIONS = 1000
"""Enrichment revisions that fit under one version."""

AHEAD = timedelta(days=1)
"""How far an agency's date may lie after the receipt: clocks and zones differ."""

NUMBERS = 100_000
"""A larger number is a date, an id or a mistake: the story is timed."""

_SLOTS = 4
_HELD, _USABLE, _WITHDRAWN = range(3)
_NUMBERED_PLANE = 10**14
_ROOM = 81 * 10**9
"""Of one number: for the slots of its version, and for the timed versions that follow it."""
_STEP = 8
"""Of one second within that room."""
_KILL_PLANE = 9 * 10**15
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


@dataclass(frozen=True, slots=True)
class Held:
    """What is known of the newest version of a story."""

    version: int
    """Its index version."""
    at: datetime | None = None
    """Its `trusted_time`, where it was read: see `needs_time`."""
    received_at: datetime | None = None


def rank(story: Story, follows: int | None = None) -> int:
    """Returns the story's place among its versions: the higher is the newer.

    Equal stories have equal ranks; below 9.1·10^15, so that `index_version` fits a long.

    Args:
        story: the version.
        follows: the number that it follows, if its own scale is another.
    """
    clock = _clock(story)
    number = wire_number(story)
    if follows is not None:
        seconds = _milliseconds(trusted_time(story)) // _SECOND
        return _NUMBERED_PLANE + _ROOM * follows + _STEP * (1 + seconds) + _slot(story)
    if number is not None:
        return _NUMBERED_PLANE + _ROOM * number + _slot(story)
    dated = story.version_created or story.first_created
    if clock is Clock.VERSION and story.version is not None and not story.version_created:
        dated = None  # numbers too large, and one first date for all versions: the receipt is left
    at = _milliseconds(dated or story.received_at)
    if clock is Clock.RECEIPT and story.received_at:
        at = at // _SECOND * _SECOND + _lateness(_milliseconds(story.received_at) - at)
        at += story.text_source is not None  # the text of its page, fetched after the feed's own
    lead = story.version or 0
    at = min(at + (lead if 0 < lead < _MINUTE else 0), _MAX_MILLISECONDS)
    if dated is None or dated == trusted_time(story):
        at += _TRUSTED
    return _KILL_PLANE + at if _kills_all(story) else _SLOTS * at + _slot(story)


def wire_number(story: Story) -> int | None:
    """Returns the number that a version counts by; None if it counts by its time."""
    if _clock(story) is Clock.TRANSMISSION and story.version_created:
        return None
    return story.version if story.version is not None and 0 <= story.version < NUMBERS else None


def trusted_time(story: Story, enriched_at: datetime | None = None) -> datetime | None:
    """Returns a version's own date; its receipt where it has none or the date is a mistake.

    Args:
        story: the version.
        enriched_at: judges the date of a story without a receipt.
    """
    dated = story.version_created or story.first_created
    known = story.received_at or enriched_at
    if dated and known and dated - known > AHEAD:
        return known
    return dated or story.received_at


def _slot(story: Story) -> int:
    """Returns the place among deliveries of one version: the less restricted is the newer."""
    if story.status is Status.WITHDRAWN:
        return _WITHDRAWN
    held = story.status is Status.EMBARGOED or story.embargoed_until is not None
    return _HELD if held else _USABLE


def index_version(story: Story, revision: int, follows: int | None = None) -> int:
    """Returns the document's external version in Elasticsearch.

    Args:
        story: the version to be indexed.
        revision: of the enrichment, 0 to 999.
        follows: as for `rank`.

    Raises:
        ValueError: the revision does not fit its digits.
    """
    if not 0 <= revision < REVISIONS:
        raise ValueError(f"an enrichment revision is 0 to {REVISIONS - 1}, not {revision}")
    return rank(story, follows) * REVISIONS + revision


def is_kill_of_eve(version: int) -> bool:
    """Returns whether an index version is that of a kill whose story is that of the day before."""
    place = version // REVISIONS
    return place < _NUMBERED_PLANE and place % _SLOTS == _WITHDRAWN


def is_soon_after(story: Story, version: int, within: timedelta) -> bool:
    """Returns whether a story can go on with the one that has an index version.

    By time: filed at most so long after it. By number: its number is higher. A killed one has
    no time to go by, and every later version belongs to it.
    """
    place = version // REVISIONS
    if place >= _KILL_PLANE:
        return True
    if place >= _NUMBERED_PLANE:
        return rank(story) > place
    since = _milliseconds(trusted_time(story)) - place // _SLOTS % _TRUSTED
    return since <= within // timedelta(milliseconds=1)


def needs_time(story: Story, version: int) -> bool:
    """Returns whether the time of the held version must be known to compare a story with it."""
    timed = wire_number(story) is None and not _kills_all(story)
    number, since = _numbered(version // REVISIONS)
    return timed and number is not None and since is None


def followed(story: Story, held: Held | None) -> int | None:
    """Returns the number that a newer story has to follow; None where its own rank says enough."""
    number, since = _numbered(held.version // REVISIONS) if held else (None, None)
    if held is None or number is None:
        return None
    own = wire_number(story)
    if own is None:
        if _kills_all(story) or _is_mistaken(story):
            return None
        return number if since is not None or _is_later(story, held) else None
    # The same number again, behind a timed version that followed it: a kill, an embargo lifted.
    says_when = story.version_created or story.status is Status.WITHDRAWN
    later = since is not None and says_when and _seconds(story) >= since
    return number if own == number and later else None


def is_newer(story: Story, revision: int, held: Held | None) -> bool:
    """Returns whether a story is newer than the newest version known for its id."""
    if held is None:
        return True
    follows = followed(story, held)
    if index_version(story, revision, follows) <= held.version:
        return False
    timed = _timed(held.version // REVISIONS)
    if follows is not None or wire_number(story) is None or timed is None:
        return True
    return _seconds(story) >= timed


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


def _kills_all(story: Story) -> bool:
    """Returns whether a kill names no version, nor the day before's story instead of this."""
    killed = story.status is Status.WITHDRAWN
    return killed and wire_number(story) is None and story.eve_id is None


def _clock(story: Story) -> Clock:
    return story.clock or _BEFORE_CLOCKS.get(story.format or "", Clock.VERSION)


def _is_later(story: Story, held: Held) -> bool:
    """Returns whether a timed story is later than a numbered one; of one date by the receipt."""
    at = trusted_time(story)
    if at is None or held.at is None:
        return False
    mine, its = (_milliseconds(each) // _SECOND for each in (at, held.at))
    if mine == its and story.received_at and held.received_at:
        return story.received_at > held.received_at
    return mine > its


def _is_mistaken(story: Story) -> bool:
    """Returns whether the story's date lies in the future."""
    dated = story.version_created or story.first_created
    return dated is not None and dated != trusted_time(story)


def _seconds(story: Story) -> float:
    """Returns the trusted time; of a story without any, one that is never too early."""
    at = trusted_time(story)
    return math.inf if at is None else _milliseconds(at) // _SECOND


def _numbered(rank: int) -> tuple[int | None, int | None]:
    """Returns the number that a rank stands for, and the seconds of a timed version behind it."""
    if not _NUMBERED_PLANE <= rank < _KILL_PLANE:
        return None, None
    number, rest = divmod(rank - _NUMBERED_PLANE, _ROOM)
    return number, rest // _STEP - 1 if rest >= _STEP else None


def _timed(rank: int) -> int | None:
    """Returns the seconds that a timed version counts by, unless they are a mistake."""
    if rank >= _NUMBERED_PLANE:
        return _numbered(rank)[1]
    at = rank // _SLOTS - _TRUSTED
    return at // _SECOND if at >= 0 else None


def _lateness(milliseconds: int) -> int:
    """Returns 0 to 998, which orders receipts under one date: never less for a later one."""
    late = max(0, milliseconds) / _SECOND
    return min(_SECOND - 2, int(_STEPS * math.log1p(late / 10)))


def _milliseconds(instant: datetime | None) -> int:
    if instant is None:
        return 0
    return min(max(0, int(instant.timestamp() * 1000)), _MAX_MILLISECONDS)
