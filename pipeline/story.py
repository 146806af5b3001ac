"""The record that everything else passes on: one version of one story.

Names follow the trade and the IPTC's standards (NewsML-G2, ninjs, NITF). Unknown
is None or an empty tuple, never invented. Every instant is an aware datetime in UTC.
The JSON form is what `pipeline.codec` writes; docs/story.md describes it.
"""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

import msgspec


class Status(StrEnum):
    """What may be done with a story now."""

    USABLE = "usable"
    EMBARGOED = "embargoed"
    WITHDRAWN = "withdrawn"


class Signal(StrEnum):
    """What this version does to the ones before it, or how loudly it rings."""

    UPDATE = "update"  # new facts, same story
    WRITETHRU = "writethru"  # replaces the whole text ("1st Ld-Writethru")
    LEAD = "lead"  # a new top for the story ("2nd Ld")
    ADD = "add"  # a further take, goes below what was sent
    SUB = "sub"  # replaces a part or the whole
    CORRECTION = "correction"
    KILL = "kill"  # mandatory: remove wherever published
    WITHDRAW = "withdraw"  # the agency takes it back, without the force of a kill
    ADVISORY = "advisory"  # for editors, not for publication
    NEWSALERT = "newsalert"  # one sentence, story to follow
    BULLETIN = "bulletin"
    FLASH = "flash"
    URGENT = "urgent"


class Dateline(msgspec.Struct, frozen=True, kw_only=True):
    """Where and when a story was filed, as printed."""

    text: str | None = None
    """The whole dateline as printed: "SEOUL, South Korea, Sept 12 (AP) —"."""
    place: str | None = None
    """The place alone: "SEOUL, South Korea"."""
    filed_on: date | None = None
    """None when the wire omits the day, or the year can't be known."""


class Subject(msgspec.Struct, frozen=True, kw_only=True):
    """A topic, usually of the IPTC's subject codes or media topics."""

    code: str | None = None
    """Without its scheme's prefix: "15054000", never "subj:15054000"."""
    name: str | None = None
    scheme: str | None = None
    """The code's scheme or qcode alias: "subj", "medtop", "iptc_subject_code"."""
    relation: str | None = None
    """How the provider ties it to the story: "direct", "ancestor", "category"."""


class Located(msgspec.Struct, frozen=True, kw_only=True):
    """A place that the provider names in the story's metadata."""

    name: str | None = None
    code: str | None = None
    scheme: str | None = None
    admin1: str | None = None
    """State or province, as the provider gives it."""
    country: str | None = None
    country_code: str | None = None
    """ISO 3166-1, as sent (two or three letters)."""
    latitude: float | None = None
    """WGS 84 degrees."""
    longitude: float | None = None
    role: str | None = None
    """"dateline" (filed from), "event" (happened at), "subject", or None."""


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """Another resource that the story points to."""

    href: str
    """A URL, or another item's id as the provider writes it."""
    rel: str | None = None
    """"canonical", "derived-from", "replaces", "enclosure", ..."""
    title: str | None = None
    type: str | None = None
    """Media type."""


class Story(msgspec.Struct, frozen=True, kw_only=True):
    """One version of one story, as an agency sent it."""

    id: str
    """Stable across the versions of one story: agency + the provider's own id."""
    source: str | None = None
    """The agency's short name, as the trade writes it: "AP", "AFP", "dpa"."""
    provider_id: str | None = None
    """The provider's id of the story, as delivered."""
    version: int | None = None
    status: Status = Status.USABLE
    status_sent: str | None = None
    """The wire's own word for the status: "stat:canceled", "embargoed"."""
    signal: Signal | None = None
    signal_sent: str | None = None
    """The wire's own words for the signal: "1st Ld-Writethru", "sig:correction"."""
    headline: str | None = None
    slugline: str | None = None
    byline: str | None = None
    dateline: Dateline | None = None
    summary: str | None = None
    """Abstract or description, where the wire gives one beside the body."""
    body: str = ""
    """Plain text; paragraphs are parted by one empty line."""
    language: str | None = None
    """BCP 47: "en", "de-CH"."""
    urgency: int | None = None
    """1, most urgent, to 9."""
    urgency_sent: str | None = None
    """The letter or number that the wire sent for it: "r", "b", "3"."""
    priority: int | None = None
    categories: tuple[str, ...] = ()
    """The provider's own category codes or names: "i", "sports"."""
    subjects: tuple[Subject, ...] = ()
    keywords: tuple[str, ...] = ()
    genre: str | None = None
    ednote: str | None = None
    """Notes to editors, never part of the body."""
    copyright: str | None = None
    usage_terms: str | None = None
    located: tuple[Located, ...] = ()
    first_created: datetime | None = None
    version_created: datetime | None = None
    embargoed_until: datetime | None = None
    zone_assumed: bool = False
    """True where a time came without a zone and the feed's zone was assumed."""
    links: tuple[Link, ...] = ()
    received_at: datetime | None = None
    """When the connector took the delivery; None outside a connector."""
    format: str | None = None
    feed: str | None = None
