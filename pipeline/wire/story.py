"""The record that every stage passes on: one version of one story.

Names follow the trade and the IPTC's standards (NewsML-G2, ninjs, NITF). Unknown
is None or an empty tuple, never invented. Every instant is an aware datetime in UTC.
The JSON form is what `pipeline.wire.codec` writes; docs/story.md describes it.
"""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated

import msgspec

Instant = Annotated[datetime, msgspec.Meta(tz=True)]
"""In UTC; one without a zone is refused, since it could not be ordered."""


class Status(StrEnum):
    """What may be done with a story now."""

    USABLE = "usable"
    """Free to publish."""
    EMBARGOED = "embargoed"
    """Not to be published before `embargoed_until`, or until released where that is unknown."""
    WITHDRAWN = "withdrawn"
    """Killed, cancelled or withdrawn: not to be used; the index keeps it blanked."""


class Signal(StrEnum):
    """What this version does to the ones before it, or how urgent it is."""

    UPDATE = "update"
    """New facts, same story."""
    WRITETHRU = "writethru"
    """Replaces the whole text ("1st Ld-Writethru")."""
    LEAD = "lead"
    """A new top for the story ("2nd Ld")."""
    ADD = "add"
    """A further take, goes below what was sent."""
    SUB = "sub"
    """Replaces a part or the whole."""
    CORRECTION = "correction"
    KILL = "kill"
    """Mandatory: remove wherever published."""
    WITHDRAW = "withdraw"
    """The agency takes it back, without the force of a kill."""
    ADVISORY = "advisory"
    """For editors, not for publication."""
    NEWSALERT = "newsalert"
    """One sentence, story to follow."""
    BULLETIN = "bulletin"
    FLASH = "flash"
    URGENT = "urgent"


class Clock(StrEnum):
    """What orders the versions of a story, which differs by format."""

    VERSION = "version"
    """The wire's version number; the time of a version that has none."""
    TRANSMISSION = "transmission"
    """The time of transmission, and within one minute the lead number: only leads are numbered."""
    RECEIPT = "receipt"
    """The item's date, and under an unchanged date the receipt: a feed shows items as they are."""


class Dateline(msgspec.Struct, frozen=True, kw_only=True):
    """Where and when a story was filed, as printed."""

    text: str | None = None
    """The whole dateline as printed: "SEOUL, South Korea, Sept 12 (AP) —"."""
    place: str | None = None
    """The place alone: "SEOUL, South Korea"."""
    filed_on: date | None = None
    """None when the wire omits the day, or the year is unknown."""


class Subject(msgspec.Struct, frozen=True, kw_only=True):
    """A topic, usually of the IPTC's subject codes or media topics."""

    code: str | None = None
    """Without its scheme's prefix: "15054000", never "subj:15054000"."""
    name: str | None = None
    """The topic in words."""
    scheme: str | None = None
    """The code's scheme or qcode alias: "subj", "medtop", "iptc_subject_code"."""
    relation: str | None = None
    """How the provider ties it to the story: "direct", "ancestor", "category"."""


class Located(msgspec.Struct, frozen=True, kw_only=True):
    """A place that the provider names in the story's metadata."""

    name: str | None = None
    """As the provider writes it."""
    code: str | None = None
    """The provider's code of the place, without its scheme's prefix."""
    scheme: str | None = None
    """The code's scheme or qcode alias."""
    admin1: str | None = None
    """State or province, as the provider gives it."""
    country: str | None = None
    """The country's name."""
    country_code: str | None = None
    """ISO 3166-1, as sent (two or three letters)."""
    latitude: float | None = None
    """WGS 84 degrees."""
    longitude: float | None = None
    """WGS 84 degrees."""
    role: str | None = None
    """"dateline" (filed from), "event" (happened at), "subject", or None."""


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """Another resource that the story points to."""

    href: str
    """A URL, or another item's id as the provider writes it."""
    rel: str | None = None
    """"canonical", "derived-from", "replaces", "enclosure", ..."""
    title: str | None = None
    """The link's text."""
    type: str | None = None
    """Media type."""


class Story(msgspec.Struct, frozen=True, kw_only=True):
    """One version of one story, as an agency sent it."""

    id: str
    """Stable across the versions of one story: agency + the provider's own id."""
    former_ids: tuple[str, ...] = ()
    """Ids that earlier releases of newswire gave this story; a kill withdraws them as well."""
    eve_id: str | None = None
    """The id that it has if its story was filed the day before: of a kill or a new version whose id
    is made of the day. The worker decides, and leaves it on a kill that withdraws that story."""
    source: str | None = None
    """The agency's short name, as the trade writes it: "AP", "AFP", "dpa"."""
    provider_id: str | None = None
    """The provider's id of the story, as delivered."""
    version: int | None = None
    """The wire's own number of this version; None where it has no such number."""
    status: Status = Status.USABLE
    """What may be done with the story now."""
    status_sent: str | None = None
    """The wire's own word for the status: "stat:canceled", "embargoed"."""
    signal: Signal | None = None
    """What this version does to the ones before it, or how urgent it is."""
    signal_sent: str | None = None
    """The wire's own words for the signal: "1st Ld-Writethru", "sig:correction"."""
    headline: str | None = None
    """The agency's headline."""
    slugline: str | None = None
    """The desk's short name of the story: "BC-Heat-Hawks", "USA-WEATHER/"."""
    byline: str | None = None
    """Who wrote it, as printed."""
    dateline: Dateline | None = None
    """Where and when it was filed."""
    summary: str | None = None
    """Abstract or description, where the wire gives one beside the body."""
    body: str = ""
    """Plain text; paragraphs are separated by one empty line."""
    text_source: str | None = None
    """The address of the page that the body was taken from; None if the delivery had it."""
    language: str | None = None
    """BCP 47: "en", "de-CH"."""
    urgency: int | None = None
    """1, most urgent, to 9."""
    urgency_sent: str | None = None
    """The letter or number that the wire sent for it: "r", "b", "3"."""
    priority: int | None = None
    """The wire's priority of transmission, where it sends one beside the urgency."""
    categories: tuple[str, ...] = ()
    """The provider's own category codes or names: "i", "sports"."""
    subjects: tuple[Subject, ...] = ()
    """Topics, usually of the IPTC's subject codes or media topics."""
    keywords: tuple[str, ...] = ()
    """The provider's keywords, one each."""
    genre: str | None = None
    """Kind of story: "Feature", "Interview", "Current"."""
    ednote: str | None = None
    """Notes to editors, never part of the body."""
    copyright: str | None = None
    """The copyright notice as sent."""
    usage_terms: str | None = None
    """Who may use it, where and when, as sent."""
    located: tuple[Located, ...] = ()
    """Places that the provider names in the metadata."""
    first_created: Instant | None = None
    """When the story's first version was made."""
    version_created: Instant | None = None
    """When this version was made: the clock of a story without version numbers."""
    embargoed_until: Instant | None = None
    """Not to be published before; hidden from search until then."""
    claimed_source: str | None = None
    """The agency that the delivery named, if its feed does not speak for that agency."""
    zone_assumed: bool = False
    """True where a time came without a zone and the feed's zone was assumed."""
    charset_assumed: str | None = None
    """The character set that was detected, where the delivery is not UTF-8 and declares none."""
    links: tuple[Link, ...] = ()
    """Other resources that the story points to."""
    received_at: Instant | None = None
    """When the connector received the delivery; None outside a connector."""
    format: str | None = None
    """Which format the delivery was read as: "nitf", "newsml_g2", "text"."""
    clock: Clock | None = None
    """What orders the versions of the story. None in records written before the field existed."""
    feed: str | None = None
    """The feed that it came by."""
