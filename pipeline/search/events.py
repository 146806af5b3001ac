"""An event as readers see it: the stories that report one thing, told together. Pure.

The index of events says which stories are together; what is told of them is read from the stories
themselves, as far as the viewer may see them. So an event has the name of the first story that he
may see, and no count, place or word of any other.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from pipeline.events.fingerprints import first_published
from pipeline.facts.developing import Series, Telling, developed
from pipeline.index.document import Document
from pipeline.search.results import PlaceCount, Source, Summary
from pipeline.search.visible import SHOWN_BY
from pipeline.wire.story import Signal

MAX_NAMES, MAX_PLACES, MAX_QUOTES = 12, 60, 30
SUMMARY_FIELDS = (
    "id", "source", "language", "headline", "slugline", "signal", "version", "published_at",
    "first_created", "version_created", "received_at", *SHOWN_BY,
)  # fmt: skip
"""What `summary` reads of a story."""
FIELDS = (
    *SUMMARY_FIELDS, "persons", "organisations", "places.geonames_id", "places.name",
    "places.location", "places.country_code", "changed",
)  # fmt: skip
"""What `event` reads of each story's newest version."""
TOLD = (
    *SUMMARY_FIELDS, "body", "quotes", "entities.id", "entities.text", "entities.name", "changed",
)  # fmt: skip
"""What `event` reads of each version."""

_SHORT = frozenset({Signal.FLASH, Signal.NEWSALERT, Signal.BULLETIN, Signal.ADVISORY})
"""Versions whose headline is no title for the event, where there is another."""


class EventVersion(msgspec.Struct, frozen=True, kw_only=True):
    """A version of one of an event's stories."""

    story: str
    key: str
    """Names the version in /api/versions; text, since it exceeds what JavaScript counts to."""
    source: str | None = None
    version: int | None = None
    signal: str | None = None
    headline: str | None = None
    changed: tuple[str, ...] = ()
    at: datetime | None = None
    is_first: bool = False
    """True for the first version that is known of the story."""


class Quote(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody said, as the first story that quotes it has it."""

    text: str
    speaker: str
    story: str
    source: str | None = None
    at: datetime | None = None


class Kill(msgspec.Struct, frozen=True, kw_only=True):
    """The notice of a story that was in the event and was withdrawn, without its text."""

    id: str
    source: str | None = None
    slugline: str | None = None
    ednote: str | None = None
    indexed_at: datetime | None = None


class Event(Summary, frozen=True, kw_only=True):
    """An event with all that its page shows."""

    timeline: tuple[EventVersion, ...]
    """The versions of its stories, the newest first."""
    places: tuple[PlaceCount, ...] = ()
    persons: tuple[tuple[str, int], ...] = ()
    """Names, and how many stories have each."""
    organisations: tuple[tuple[str, int], ...] = ()
    quotes: tuple[Quote, ...] = ()
    corrections: tuple[EventVersion, ...] = ()
    kills: tuple[Kill, ...] = ()
    figures: tuple[Series, ...] = ()
    """Figures as they developed, those that most stories have first."""


def summary(stories: Sequence[Document]) -> Summary:
    """Return an event in short.

    Args:
        stories: the newest versions of its stories, at least one, each of which may be shown.
    """
    return Summary(**_summary(stories))


def event(
    stories: Sequence[Document],
    versions: Iterable[tuple[int, Document]],
    killed: Sequence[Document] = (),
) -> Event:
    """Return an event with all that is told of it.

    Args:
        stories: as for `summary`.
        versions: index version and document of versions of these stories that may be shown.
        killed: the notices of its withdrawn stories.
    """
    told = sorted(versions, key=lambda each: (_received(each[1]), each[1]["id"], each[0]))
    seen: set[str] = set()
    timeline: list[EventVersion] = []
    for key, document in told:
        timeline.append(_version(key, document, document["id"] not in seen))
        seen.add(document["id"])
    timeline.reverse()
    return Event(
        **_summary(stories),
        timeline=tuple(timeline),
        places=tuple(_places(stories)),
        persons=_names(stories, "persons"),
        organisations=_names(stories, "organisations"),
        quotes=tuple(_quotes(document for _, document in told)),
        corrections=tuple(each for each in timeline if each.signal == Signal.CORRECTION),
        kills=tuple(msgspec.convert(each, Kill) for each in killed),
        figures=developed(
            Telling(
                story=document["id"],
                source=document.get("source"),
                at=_instant(document.get("published_at")),
                text=_text(document),
                language=document.get("language"),
            )
            for _, document in told
        ),
    )


def _summary(stories: Sequence[Document]) -> dict[str, Any]:
    aged = sorted(stories, key=_age)
    newest = max(stories, key=lambda story: (_is_title(story), _received(story), story["id"]))
    times = [time for story in stories if (time := _instant(story.get("published_at")))]
    return {
        "id": aged[0]["id"],
        "headline": newest.get("headline") or newest.get("slugline"),
        "newest": newest["id"],
        "stories": len(stories),
        "sources": tuple(_sources(stories)),
        "languages": dict(Counter(s["language"] for s in stories if s.get("language"))),
        "first_at": min((time for story in stories if (time := first_seen(story))), default=None),
        "last_at": max(times, default=None),
    }


def _sources(stories: Sequence[Document]) -> list[Source]:
    by_source: dict[str | None, list[Document]] = {}
    for story in sorted(stories, key=lambda story: (_ordered(first_seen(story)), story["id"])):
        by_source.setdefault(story.get("source"), []).append(story)
    began = None
    found = []
    for source, own in by_source.items():
        at = first_seen(own[0])
        began = began or at
        found.append(
            Source(
                source=source,
                stories=len(own),
                story=own[0]["id"],
                first_at=at,
                behind_seconds=int((at - began).total_seconds()) if at and began else None,
            )
        )
    return found


def first_seen(story: Document) -> datetime | None:
    """Return when a story was first published, or received where its agency does not say."""
    return first_published(story) or _instant(story.get("received_at"))


def _age(story: Document) -> tuple[bool, datetime | None, str]:
    """Return what orders stories for the name of their event, as `pipeline.events` does."""
    published = first_published(story)
    return published is None, published, story["id"]


def _ordered(at: datetime | None) -> tuple[bool, datetime | None]:
    return at is None, at


def _received(story: Document) -> tuple[bool, datetime | None]:
    at = _instant(story.get("published_at"))
    return at is not None, at


def _is_title(story: Document) -> bool:
    return bool(story.get("headline")) and story.get("signal") not in _SHORT


def _version(key: int, document: Document, is_first: bool) -> EventVersion:
    return EventVersion(
        story=document["id"],
        key=str(key),
        source=document.get("source"),
        version=document.get("version"),
        signal=document.get("signal"),
        headline=document.get("headline") or document.get("slugline"),
        changed=tuple(document.get("changed", ())),
        at=_instant(document.get("published_at")),
        is_first=is_first,
    )


def _places(stories: Iterable[Document]) -> list[PlaceCount]:
    counts: Counter[int] = Counter()
    known: dict[int, Mapping[str, Any]] = {}
    for story in stories:
        for place in {each["geonames_id"]: each for each in story.get("places", ())}.values():
            counts[place["geonames_id"]] += 1
            known[place["geonames_id"]] = place
    return [
        PlaceCount(
            geonames_id=geonames_id,
            name=known[geonames_id]["name"],
            country_code=known[geonames_id].get("country_code"),
            latitude=known[geonames_id]["location"]["lat"],
            longitude=known[geonames_id]["location"]["lon"],
            count=count,
        )
        for geonames_id, count in counts.most_common(MAX_PLACES)
    ]


def _names(stories: Iterable[Document], field: str) -> tuple[tuple[str, int], ...]:
    counts = Counter(name for story in stories for name in dict.fromkeys(story.get(field, ())))
    return tuple(counts.most_common(MAX_NAMES))


def _quotes(versions: Iterable[Document]) -> list[Quote]:
    found: dict[str, Quote] = {}
    for document in versions:
        speakers = {e["id"]: e.get("name") or e["text"] for e in document.get("entities", ())}
        for quote in document.get("quotes", ()):
            text = (document.get("body") or "")[quote["start"] : quote["end"]].strip()
            if text and quote["speaker"] in speakers:
                key = " ".join(text.lower().split()).strip(" ,.\"“”„«»'‘’")
                found.setdefault(
                    key,
                    Quote(
                        text=text,
                        speaker=speakers[quote["speaker"]],
                        story=document["id"],
                        source=document.get("source"),
                        at=_instant(document.get("published_at")),
                    ),
                )
    return list(found.values())[-MAX_QUOTES:][::-1]


def _text(document: Document) -> str:
    return "\n\n".join(filter(None, (document.get("headline"), document.get("body"))))


def _instant(value: str | None) -> datetime | None:
    return datetime.fromisoformat(value) if value else None
