"""Which stories a viewer may see."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from config.feeds import Feed
from pipeline.wire.story import Status

Body = dict[str, Any]
Clause = dict[str, Any]


class Role(StrEnum):
    """What a person may do; each role includes the ones before it."""

    READER = "reader"
    """Reads what is published."""
    EDITOR = "editor"
    """Also reads embargoed stories, and writes notes and alerts."""
    ADMIN = "admin"
    """Also uses the operations page."""


@dataclass(frozen=True, slots=True)
class Viewer:
    """Whom stories are shown to. Every read of stories takes one, and `visible` applies it."""

    role: Role = Role.READER
    sources: tuple[str, ...] | None = None
    """The sources that may be read, in any case; None for all. Stories without a source are
    shown only to viewers of all sources."""
    without_feeds: tuple[str, ...] = ()
    """The feeds whose stories are not shown, as of a licence that forbids use by machines."""

    @property
    def sees_embargoed(self) -> bool:
        """Return whether embargoed stories are shown; held ones, without an end, are not."""
        return self.role is not Role.READER


SHOWN_BY = ("status", "embargoed_until", "source", "feed")
"""What `is_visible` reads of a document: whoever reads a part of one reads these too."""
ANYBODY = Viewer()
"""A reader of all sources."""


def machine(feeds: Iterable[Feed]) -> Viewer:
    """Return what machines may see: what any reader may, without the feeds that forbid it."""
    return Viewer(
        Role.READER, without_feeds=tuple(feed.name for feed in feeds if not feed.machine_use)
    )


def visible(now: datetime, viewer: Viewer) -> Clause:
    """Return the clause of the stories that a viewer may see at `now`.

    They are neither withdrawn nor held, their source is one of the viewer's, and their embargo
    has passed or the viewer may see embargoed stories.
    """
    embargoed: list[Clause] = [{"range": {"embargoed_until": {"gt": iso(now)}}}]
    hidden: list[Clause] = [
        {"term": {"status": Status.WITHDRAWN.value}},
        *([] if viewer.sees_embargoed else embargoed),
        {
            "bool": {
                "filter": [{"term": {"status": Status.EMBARGOED.value}}],
                "must_not": [{"exists": {"field": "embargoed_until"}}],
            }
        },
    ]
    return {"bool": {"must_not": hidden, "filter": licensed(viewer)}}


def licensed(viewer: Viewer) -> list[Clause]:
    """Return the clauses of what a viewer may read by licence, withdrawn stories included."""
    feeds: list[Clause] = (
        [{"bool": {"must_not": [{"terms": {"feed": list(viewer.without_feeds)}}]}}]
        if viewer.without_feeds
        else []
    )
    if viewer.sources is None:
        return feeds
    named = [
        {"term": {"source": {"value": source, "case_insensitive": True}}}
        for source in viewer.sources
    ]
    # Without an alternative Elasticsearch would match everything.
    if not named:
        return [{"match_none": {}}]
    return [*feeds, {"bool": {"should": named, "minimum_should_match": 1}}]


def is_visible(document: dict[str, Any], now: datetime, viewer: Viewer) -> bool:
    """Apply `visible` to a document, such as one that was read by its id."""
    status, until = document.get("status"), document.get("embargoed_until")
    if status == Status.WITHDRAWN or not is_licensed(document, viewer):
        return False
    if until is None:
        return bool(status != Status.EMBARGOED)
    return viewer.sees_embargoed or datetime.fromisoformat(until) <= now


def is_licensed(document: dict[str, Any], viewer: Viewer) -> bool:
    """Apply `licensed` to a document."""
    if document.get("feed") in viewer.without_feeds:
        return False
    if viewer.sources is None:
        return True
    return (document.get("source") or "").lower() in {source.lower() for source in viewer.sources}


def iso(instant: datetime) -> str:
    """Return an instant as Elasticsearch reads it, in UTC."""
    return instant.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
