"""A wire that knows its right end: stories, their versions, and what must be left of them.

Nothing here asks newswire's own code which version is newer: a numbered story goes by its
number, one without numbers by its time, and so does one with mistyped numbers, whose dates agree
with those that are right. A kill stands above the version that it names, and one that names none
stands above all.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

FEEDS = ("alpha", "bravo")
AGENCY = "TW"

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
JUMPS = (
    timedelta(0),
    timedelta(days=-9000),
    timedelta(days=-1),
    timedelta(days=1),
    timedelta(days=3000),
)
"""By how much an agency's clock may be wrong, for all that it sends of a story."""
PAST_JUMPS = JUMPS[:3]

MISTYPED = ("", ":2.1", ":11111111111111111111")
"""What may stand behind an item's id instead of a version's number."""

_WORDS = (
    "harbour", "ferry", "council", "budget", "river", "bridge", "storm", "rail", "strike", "vote",
    "market", "wheat", "court", "ruling", "school", "clinic", "summit", "treaty", "border",
)  # fmt: skip
_REPORTS = (
    "Fire destroys the Kessandra mill in Lower Tarn, owner Piet Hallow says",
    "Lower Tarn: Kessandra mill burns, Piet Hallow vows to rebuild",
    "Chipmaker Ondulex names Sarita Voss chief executive in Bremerton",
    "Sarita Voss of Bremerton is to run Ondulex, the chipmaker",
)
"""What a version reports, besides: two events, so that stories come together and part."""


@dataclass(frozen=True, slots=True)
class Version:
    """One version of one story."""

    item: str
    number: int | None
    """As the wire counts; None where it is mistyped, where the wire goes by time, and for a kill
    that names no version."""
    issued: datetime
    killed: bool
    embargoed_until: datetime | None
    marker: str
    """A word that stands in this version's text and nowhere else."""
    raw: bytes

    @property
    def story_id(self) -> str:
        """As the index has it."""
        return f"{AGENCY}:{self.item}"


@dataclass(frozen=True, slots=True)
class Delivery:
    """One file, and when it is dropped."""

    at: float
    """0 to 1, of the time that deliveries take."""
    feed: str
    name: str
    raw: bytes


@dataclass(frozen=True, slots=True)
class Story:
    """All versions of a story."""

    feed: str
    numbered: bool
    mistyped: bool
    """Some of its numbers are."""
    versions: tuple[Version, ...]

    @property
    def newest(self) -> Version:
        """The version that must be left."""

        return max(self.versions, key=self._order)

    @property
    def gone(self) -> tuple[Version, ...]:
        """The versions that a kill took back, though the story may live on."""
        kills = [version for version in self.versions if version.killed]
        if not kills:
            return ()
        last = max(map(self._order, kills))
        return tuple(version for version in self.versions if self._order(version) <= last)

    def _order(self, version: Version) -> tuple[bool, float, bool]:
        if not self.numbered or self.mistyped:
            return version.killed and version.number is None, version.issued.timestamp(), False
        unnamed = version.number is None
        return unnamed, float(version.number or 0), version.killed


@dataclass(frozen=True, slots=True)
class Wire:
    """All that is delivered, and the right end."""

    stories: tuple[Story, ...]
    damaged: tuple[bytes, ...]
    """Deliveries that no format can read."""
    deliveries: tuple[Delivery, ...] = field(repr=False)

    @property
    def newest(self) -> dict[str, Version]:
        """The version that must be left of each story, by id."""
        return {story.newest.story_id: story.newest for story in self.stories}

    @property
    def killed_words(self) -> frozenset[bytes]:
        """What must be nowhere: the words of every version that a kill took back."""
        return frozenset(v.marker.encode() for story in self.stories for v in story.gone)

    def visible(self, now: datetime) -> set[str]:
        """The ids that a search may show at a time."""
        return {
            name
            for name, version in self.newest.items()
            if not version.killed
            and (version.embargoed_until is None or version.embargoed_until <= now)
        }


def wire(seed: int, stories: int) -> Wire:
    """The wire of a seed: the same seed gives the same bytes in the same order."""
    rng = random.Random(f"wire {seed}")
    made = tuple(_story(rng, seed, number) for number in range(stories))
    damaged = tuple(_damaged(rng, seed, number) for number in range(max(3, stories // 8)))
    deliveries: list[Delivery] = []
    for story in made:
        deliveries += _deliveries(rng, story)
    for number, raw in enumerate(damaged):
        for _ in range(rng.choice((1, 1, 2))):
            at = rng.random()
            name = f"damaged-{number}-{rng.getrandbits(24):06x}.xml"
            deliveries.append(Delivery(at, rng.choice(FEEDS), name, raw))
    return Wire(made, damaged, tuple(sorted(deliveries, key=lambda delivery: delivery.at)))


def pulse(seed: int, number: int) -> tuple[Story, Delivery]:
    """A story of one version and its one file: how long it takes tells whether all goes on."""
    rng = random.Random(f"pulse {seed} {number}")
    item = f"urn:newsml:torture.example:20260301:{seed}-pulse-{number}"
    version = _version(rng, item, 1, NOON + timedelta(seconds=number))
    story = Story(rng.choice(FEEDS), True, False, (version,))
    return story, Delivery(0.0, story.feed, f"{version.marker}-0.xml", version.raw)


def _story(rng: random.Random, seed: int, number: int) -> Story:
    numbered = rng.random() < 0.6
    stem = f"{seed}-{number}-{rng.choice(_WORDS)}"
    item = f"urn:newsml:torture.example:20260301:{stem}" if numbered else f"tw-{stem}"
    mistyped = numbered and rng.random() < 0.3
    jump = rng.choice(PAST_JUMPS if mistyped else JUMPS)
    began = NOON + jump + timedelta(minutes=number)
    versions = [
        _version(
            rng,
            item,
            n if numbered else None,
            began + timedelta(seconds=n),
            rng.choice(MISTYPED) if mistyped and rng.random() < 0.4 else None,
        )
        for n in range(1, rng.choice((1, 2, 2, 3, 4, 6)) + 1)
    ]
    chance = rng.random()
    last = len(versions)
    if chance < 0.12:  # a kill of the last version, under its own number
        versions.append(_kill(rng, item, last if numbered else None, began, last + 1))
    elif chance < 0.22:  # a kill that names no version
        versions.append(_kill(rng, item, None, began, last + 1))
    elif chance < 0.28 and numbered:  # killed, and cleared again by a later version
        versions.append(_kill(rng, item, last, began, last + 1))
        versions.append(_version(rng, item, last + 1, began + timedelta(seconds=last + 2)))
    return Story(rng.choice(FEEDS), numbered, mistyped, tuple(versions))


def _version(
    rng: random.Random,
    item: str,
    number: int | None,
    issued: datetime,
    mistyped: str | None = None,
) -> Version:
    """Make a version; where its number is mistyped, that stands behind the id instead."""
    marker = _marker(rng)
    embargo = issued + timedelta(hours=rng.choice((1, 30, 900))) if rng.random() < 0.15 else None
    words = [rng.choice(_WORDS) for _ in range(rng.choice((8, 30, 120)))]
    words += _REPORTS[(len(words) + (number or 0)) % len(_REPORTS)].split()
    words.insert(rng.randrange(len(words)), marker)
    signal = '<ed-msg msg-type="correction"/>' if rng.random() < 0.2 else ""
    release = f'<date.release norm="{_norm(embargo)}"/>' if embargo else ""
    sent = _id(item, number) if mistyped is None else item + mistyped
    raw = (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<nitf><head><docdata>'
        f'<doc-id regsrc="{AGENCY}" id-string="{sent}"/>{signal}'
        f'<urgency ed-urg="{rng.randint(1, 8)}"/>'
        f'<date.issue norm="{_norm(issued)}"/>{release}</docdata></head>'
        f"<body><body.head><hedline><hl1>{words[0].title()} and {marker}</hl1></hedline>"
        f"</body.head><body.content><p>{' '.join(words)}.</p></body.content></body></nitf>\n"
    )
    known = number if mistyped is None else None
    return Version(item, known, issued, False, embargo, marker, raw.encode())


def _kill(
    rng: random.Random, item: str, number: int | None, began: datetime, seconds: int
) -> Version:
    # Agencies repeat what they kill: none of it may stay.
    marker = _marker(rng)
    issued = began + timedelta(seconds=seconds)
    raw = (
        f'<nitf><head><docdata management-status="canceled">'
        f'<doc-id regsrc="{AGENCY}" id-string="{_id(item, number)}"/>'
        f'<date.issue norm="{_norm(issued)}"/><ed-msg info="Do not use."/></docdata></head>'
        f"<body><body.content><p>What said {marker} is wrong.</p></body.content></body></nitf>\n"
    )
    return Version(item, number, issued, True, None, marker, raw.encode())


def _id(item: str, number: int | None) -> str:
    return item if number is None else f"{item}:{number}"


def _norm(instant: datetime) -> str:
    return f"{instant:%Y%m%dT%H%M%SZ}"


def _marker(rng: random.Random) -> str:
    return f"zq{rng.getrandbits(48):012x}"


def _damaged(rng: random.Random, seed: int, number: int) -> bytes:
    name = f"{seed}-{number}-{_marker(rng)}".encode()
    return rng.choice(
        (
            b"<nitf><head><docdata><doc-id id-string='" + name,  # cut off
            b"<notice>" + name + b"</notice>",  # another document altogether
            b"\x00\xff\xfe" + name + rng.randbytes(40),
            b"<nitf><head><title/></head><body><!-- " + name + b" --></body></nitf>",  # nothing
        )
    )


def _deliveries(rng: random.Random, story: Story) -> list[Delivery]:
    """Each version once at least; some twice, some in the wrong order."""
    versions: Sequence[Version] = story.versions
    began = rng.random() * 0.8
    times = sorted(began + rng.random() * min(0.4, 1 - began) for _ in versions)
    if rng.random() < 0.35:
        rng.shuffle(times)
    made = []
    for version, at in zip(versions, times, strict=True):
        for again in range(rng.choice((1, 1, 1, 2, 3))):
            when = at if not again else min(1.0, at + rng.random() * 0.5)
            name = f"{version.marker}-{again}.xml"
            made.append(Delivery(when, story.feed, name, version.raw))
    return made
