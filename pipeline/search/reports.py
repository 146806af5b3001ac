"""Reads reports about many stories: the race of the sources, the reach of kills, embargoes.

Of stories only what the viewer may see is read. Of killed ones the notice is, and their number.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from elasticsearch import AsyncElasticsearch
from msgspec import structs

from config.settings import Elasticsearch as ElasticsearchSettings
from pipeline.index.client import translated
from pipeline.index.document import Document
from pipeline.index.fingerprint import are_near, from_fields
from pipeline.index.lookup import look_up
from pipeline.index.setup import read_alias
from pipeline.search import roles
from pipeline.search.event_reader import EventReader
from pipeline.search.race import Race, Row, race
from pipeline.search.roles import PersonRoles
from pipeline.search.trending import (
    FIELDS,
    Habit,
    Trend,
    Trends,
    Window,
    before,
    candidates,
    found,
    is_trend,
    ranked,
    score,
)
from pipeline.search.visible import Clause, Viewer, is_licensed, iso, licensed, visible
from pipeline.wire.errors import IndexUnavailable
from pipeline.wire.story import Status
from pipeline.wire.versions import AHEAD

PAGE = 2_000
"""Stories of one request."""
MOST = 100_000
"""Stories of one report: of a longer period the newest."""
MAX_SOURCES = 500
TIMEOUT = "20s"

MAX_LIFTS, MAX_KILLS, MAX_COPIES = 1_000, 200, 500

MAX_GROWING = 5_000
"""Stories of a window whose events are counted: the newest."""
MAX_TOLD = 50

RACE_FIELDS = (
    *("id", "source", "signal", "headline", "published_at", "first_created"),
    *("fingerprint.sketch", "fingerprint.pairs"),
)


class Lift(msgspec.Struct, frozen=True, kw_only=True):
    """A story under an embargo, and when it lifts."""

    id: str
    source: str | None = None
    headline: str | None = None
    slugline: str | None = None
    embargoed_until: datetime


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """A withdrawal, without any text of the story."""

    id: str
    source: str | None = None
    signal: str | None = None
    slugline: str | None = None
    ednote: str | None = None
    indexed_at: datetime | None = None


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """A story that still stands."""

    id: str
    source: str | None = None
    headline: str | None = None
    published_at: datetime | None = None


class Reach(msgspec.Struct, frozen=True, kw_only=True):
    """What still stands of what a killed story said."""

    kill: Notice
    copies: tuple[Standing, ...]
    """Near-duplicates of its text."""
    others: tuple[Standing, ...]
    """Other stories of the same event."""


class Reports:
    """Reports as one viewer may see them.

    Args:
        client: open for as long as the reports are used.
        settings: of the index.
        viewer: whose stories they are made of.
    """

    def __init__(
        self, client: AsyncElasticsearch, settings: ElasticsearchSettings, viewer: Viewer
    ) -> None:
        self._client = client
        self._settings = settings
        self._viewer = viewer
        self._index = read_alias(settings.index)

    async def race(
        self,
        since: datetime,
        until: datetime,
        now: datetime,
        without: str | None = None,
        most: int = MOST,
    ) -> Race:
        """Return the race of the sources over a period.

        Args:
            since: where the period begins.
            until: where it ends.
            now: decides embargoes.
            without: a source whose loss is to be told.
            most: stories that are read.
        """
        # A story without a time of its own counts by its receipt, so each has a `published_at`.
        period = {"range": {"published_at": {"gte": iso(since), "lt": iso(until)}}}
        rows: list[Row] = []
        reader = self._events()
        async for page in self._stories([period], RACE_FIELDS, now, most):
            found = [document for document in page if document.get("source")]
            events = await reader.names([document["id"] for document in found])
            rows += [_row(document, events) for document in found]
        if self._viewer.sources is not None:
            rows = await _as_seen(rows, reader)
        kills = await self._kills(period)
        return race(rows, kills, since, until, len(rows) < most, without)

    async def trending(
        self, window: Window, now: datetime, clauses: Sequence[Clause] = ()
    ) -> Trends:
        """Return the names, places and events that grow against their habit.

        Args:
            window: over which stories are counted.
            now: where it ends.
            clauses: what else the stories must match.
        """
        shown = [visible(now, self._viewer), *clauses]
        current = await self._search(candidates(window, now, shown))
        names = {
            kind: [str(bucket["key"]) for bucket in current["aggregations"][kind]["buckets"]]
            for kind in FIELDS
        }
        past = await self._search(before(window, now, shown, names))
        told = found(window, now, current, past)
        events = await self._growing_events(window, now, clauses)
        return structs.replace(told, trends=ranked([*told.trends, *events]))

    async def _growing_events(
        self, window: Window, now: datetime, clauses: Sequence[Clause]
    ) -> list[Trend]:
        """Return the events that grow; the habit of one is the window before."""
        counts: list[Counter[str]] = []
        seen: dict[str, str] = {}  # of each event: the story that names it may be hidden
        reader = self._events()
        for end in (now, now - window.span):
            within = {"range": {"published_at": {"gt": iso(end - window.span), "lte": iso(end)}}}
            counted: Counter[str] = Counter()
            async for page in self._stories([within, *clauses], ("id",), now, MAX_GROWING):
                names = await reader.names([document["id"] for document in page])
                counted.update(names.values())
                seen |= {event: story for story, event in names.items()}
            counts.append(counted)
        current, before_ = counts
        grown = {
            event: (stories, Habit((float(before_[event]),)))
            for event, stories in current.items()
            if is_trend(stories, Habit((float(before_[event]),)))
        }
        told = await reader.summaries([seen[event] for event in list(grown)[:MAX_TOLD]])
        return [
            Trend(
                kind="event",
                name=summary.headline or summary.id,
                stories=stories,
                usual=habit.usual,
                score=round(score(stories, habit), 1),
                story=summary.id,
            )
            for event, (stories, habit) in grown.items()
            if (summary := told.get(seen[event]))
        ]

    async def roles(self, name: str, now: datetime) -> PersonRoles:
        """Return the titles of a person over time, in the stories that the viewer may see."""
        pages = self._stories([roles.named(name)], roles.FIELDS, now, roles.MOST)
        return roles.found(name, [document async for page in pages for document in page])

    async def embargoes(self, now: datetime) -> list[Lift]:
        """Return the embargoed stories that the viewer may see, the next to lift first."""
        ahead = {"range": {"embargoed_until": {"gt": iso(now)}}}
        answer = await self._search(
            {
                "size": MAX_LIFTS,
                "query": {"bool": {"filter": [visible(now, self._viewer), ahead]}},
                "sort": [{"embargoed_until": "asc"}, {"id": "asc"}],
                "_source": list(Lift.__struct_fields__),
            }
        )
        return [msgspec.convert(hit["_source"], Lift) for hit in answer["hits"]["hits"]]

    async def kills(self, since: datetime) -> list[Notice]:
        """Return the withdrawals since an instant, the newest first, without any text."""
        recent = {"range": {"indexed_at": {"gt": iso(since)}}}
        withdrawn = {"term": {"status": Status.WITHDRAWN.value}}
        answer = await self._search(
            {
                "size": MAX_KILLS,
                "query": {"bool": {"filter": [recent, withdrawn, *licensed(self._viewer)]}},
                "sort": [{"indexed_at": "desc"}, {"id": "asc"}],
                "_source": list(Notice.__struct_fields__),
            }
        )
        return [msgspec.convert(hit["_source"], Notice) for hit in answer["hits"]["hits"]]

    async def reach(self, story_id: str, now: datetime) -> Reach | None:
        """Return what still stands of a withdrawn story; None for one that is not withdrawn."""
        held = (await look_up(self._client, self._settings, self._index, [story_id])).get(story_id)
        if held is None or held.document["status"] != Status.WITHDRAWN:
            return None
        if not is_licensed(held.document, self._viewer):
            return None
        copies = await self._copies(held.document.get("withdrawn_fingerprint"), now)
        known = {each.id for each in copies}
        reader = self._events()
        others = [
            _standing(document)
            for document in await reader.stories(story_id)
            if document["id"] not in known
        ]
        return Reach(
            kill=msgspec.convert(held.document, Notice),
            copies=tuple(copies),
            others=tuple(sorted(others, key=lambda one: (one.source or "", one.id))),
        )

    async def _copies(self, known: Mapping[str, Any] | None, now: datetime) -> list[Standing]:
        """Return the visible stories that are near-duplicates of a fingerprint."""
        if known is None:
            return []
        sharing = {"terms": {"fingerprint.bands": list(known["bands"])}}
        answer = await self._search(
            {
                "size": MAX_COPIES,
                "query": {"bool": {"filter": [visible(now, self._viewer), sharing]}},
                "sort": [{"published_at": "asc"}, {"id": "asc"}],
                "_source": [*Standing.__struct_fields__, "fingerprint"],
            }
        )
        own = from_fields(known)
        found = (hit["_source"] for hit in answer["hits"]["hits"])
        return [
            _standing(document)
            for document in found
            if are_near(own, from_fields(document["fingerprint"]))
        ]

    async def _kills(self, period: Clause) -> dict[str, int]:
        """Return how many stories of each source were withdrawn."""
        withdrawn = {"term": {"status": Status.WITHDRAWN.value}}
        answer = await self._search(
            {
                "size": 0,
                "query": {"bool": {"filter": [withdrawn, period, *licensed(self._viewer)]}},
                "aggs": {"sources": {"terms": {"field": "source", "size": MAX_SOURCES}}},
            }
        )
        buckets = answer["aggregations"]["sources"]["buckets"]
        return {bucket["key"]: bucket["doc_count"] for bucket in buckets}

    async def _stories(
        self, clauses: Sequence[Clause], fields: Sequence[str], now: datetime, most: int
    ) -> AsyncIterator[list[Document]]:
        """Yield the fields of visible stories in pages, the newest first."""
        body: dict[str, Any] = {
            "size": min(PAGE, most),
            "query": {"bool": {"filter": [visible(now, self._viewer), *clauses]}},
            "sort": [{"published_at": "desc"}, {"id": "asc"}],
            "track_total_hits": False,
            "_source": list(fields),
        }
        left = most
        while left > 0:
            hits = (await self._search(body))["hits"]["hits"][:left]
            left -= len(hits)
            yield [hit["_source"] for hit in hits]
            if len(hits) < body["size"]:
                return
            body["search_after"] = hits[-1]["sort"]

    def _events(self) -> EventReader:
        return EventReader(self._client, self._settings, self._viewer, whole=True)

    async def _search(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        with translated(self._settings):
            answer = await self._client.search(
                index=self._index,
                body={**body, "timeout": TIMEOUT},
                allow_partial_search_results=False,  # a part would make a wrong report
            )
        if answer.body.get("timed_out"):
            raise IndexUnavailable(f"Elasticsearch took longer than {TIMEOUT} for a report")
        return dict(answer.body)


def _standing(document: Document) -> Standing:
    return msgspec.convert(document, Standing)


def _row(document: Document, events: Mapping[str, str]) -> Row:
    published = datetime.fromisoformat(document["published_at"])
    first = document.get("first_created")
    # A date that lies ahead is a mistake.
    at = min(published, datetime.fromisoformat(first)) if first else published
    found = document.get("fingerprint")
    return Row(
        id=document["id"],
        source=document["source"],
        event=events.get(document["id"], document["id"]),
        at=at,
        signal=document.get("signal"),
        headline=document.get("headline"),
        fingerprint=from_fields({**found, "bands": ()}) if found else None,
    )


async def _as_seen(rows: Sequence[Row], reader: EventReader) -> list[Row]:
    """Return rows with events named by the first story that the viewer may see, as he knows them.

    Else an event that began with a hidden story would not count, and so tell of that story.
    """
    ids = {row.id for row in rows}
    one_of = {row.event: row.id for row in rows if row.event not in ids}
    told = await reader.summaries(list(one_of.values()))
    first = {event: told[id].id for event, id in one_of.items() if id in told}
    return [structs.replace(row, event=first.get(row.event, row.event)) for row in rows]


EARLIEST = datetime.min.replace(tzinfo=UTC)
"""The first day of the calendar."""


def period(
    since: datetime | None, until: datetime | None, now: datetime, days: int
) -> tuple[datetime, datetime]:
    """Return a period: by default the last `days` days until now.

    Raises:
        ValueError: it ends before it begins.
    """
    end = min(until or now, now + AHEAD)
    begin = since or EARLIEST + max(end - EARLIEST - timedelta(days=days), timedelta())
    if begin >= end:
        raise ValueError("since must lie before until")
    return begin, end


def in_utc(instant: datetime | None) -> datetime | None:
    """Return an instant in UTC; one without a zone is in UTC.

    What lies beyond the calendar in UTC ("0001-01-01T00:00+14:00") is its beginning or end.
    """
    if instant is None:
        return None
    if instant.tzinfo is None:
        return instant.replace(tzinfo=UTC)
    try:
        return instant.astimezone(UTC)
    except OverflowError:
        return EARLIEST if instant.year == 1 else datetime.max.replace(tzinfo=UTC)


def span(seconds: float | None) -> str:
    """Return a span of time in words: "40 s", "12 min", "3.5 h", "2 d"."""
    if seconds is None:
        return ""
    for unit, size in (("d", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * size or (unit == "min" and seconds >= size):
            return f"{round(seconds / size, 1):g} {unit}"
    return f"{round(seconds)} s"
