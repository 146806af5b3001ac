"""Reads reports about many stories: the race of the sources, and embargoes that lift.

Of stories only what the viewer may see is read, but for the calendar of embargoes, which is for
administrators, and the number of kills.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from elasticsearch import AsyncElasticsearch

from config.settings import Elasticsearch as ElasticsearchSettings
from pipeline.index.client import translated
from pipeline.index.document import Document
from pipeline.index.events import events_index
from pipeline.index.fingerprint import from_fields
from pipeline.index.lookup import look_up
from pipeline.index.setup import read_alias
from pipeline.search.race import Race, Row, race
from pipeline.search.visible import Clause, Viewer, iso, licensed, visible
from pipeline.wire.errors import SetupError
from pipeline.wire.story import Status
from pipeline.wire.versions import AHEAD

PAGE = 2_000
"""Stories of one request."""
MOST = 100_000
"""Stories of one report: of a longer period the newest."""
MAX_SOURCES = 500
TIMEOUT = "20s"

RACE_FIELDS = (
    *("id", "source", "signal", "headline", "published_at", "first_created"),
    *("fingerprint.sketch", "fingerprint.pairs"),
)


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
        self._events = events_index(settings.index)

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
        async for page in self._stories([period], RACE_FIELDS, now, most):
            found = [document for document in page if document.get("source")]
            events = await self.events_of([document["id"] for document in found])
            rows += [_row(document, events) for document in found]
        kills = await self._kills(period)
        return race(rows, kills, since, until, len(rows) < most, without)

    async def events_of(self, ids: Collection[str]) -> dict[str, str]:
        """Return the event of each of some stories, where it is known."""
        try:
            held = await look_up(self._client, self._settings, self._events, ids, ("event",))
        except SetupError:  # the index is older than events
            return {}
        return {n: each.document["event"] for n, each in held.items() if each.document.get("event")}

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

    async def _search(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        with translated(self._settings):
            answer = await self._client.search(index=self._index, body={**body, "timeout": TIMEOUT})
        return dict(answer.body)


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


def period(
    since: datetime | None, until: datetime | None, now: datetime, days: int
) -> tuple[datetime, datetime]:
    """Return a period: by default the last `days` days until now.

    Raises:
        ValueError: it ends before it begins.
    """
    end = min(until or now, now + AHEAD)
    begin = since or end - timedelta(days=days)
    if begin >= end:
        raise ValueError("since must lie before until")
    return begin, end


def in_utc(instant: datetime | None) -> datetime | None:
    """Return an instant in UTC; one without a zone is in UTC."""
    if instant is None:
        return None
    return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)


def span(seconds: float | None) -> str:
    """Return a span of time in words: "40 s", "12 min", "3.5 h", "2 d"."""
    if seconds is None:
        return ""
    for unit, size in (("d", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * size or (unit == "min" and seconds >= size):
            return f"{round(seconds / size, 1):g} {unit}"
    return f"{round(seconds)} s"
