"""Stories whose days are over, and the audit of what was purged.

`<base>-purges` holds one document for each feed of a run that purged something: who, when, how
many, up to which date. It holds no story's id or text.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

import msgspec
from elasticsearch import Elasticsearch

from config.settings import Elasticsearch as ElasticsearchSettings
from pipeline.index.events import events_index
from pipeline.index.mapping import DATE, KEYWORD, LONG
from pipeline.index.setup import read_alias, setup_beside
from pipeline.wire.errors import IndexUnavailable
from pipeline.wire.story import Status

PAGE = 500
LISTED = 1000

MAPPING: dict[str, Any] = {
    "dynamic": "strict",
    "properties": {
        "at": DATE,
        "by": KEYWORD,
        "feed": KEYWORD,
        "days": LONG,
        "before": DATE,
        "stories": LONG,
        "segments": LONG,
        "left": LONG,
    },
}


class Purge(msgspec.Struct, frozen=True, kw_only=True):
    """What was purged of one feed."""

    at: datetime
    by: str
    """The account that ran the command."""
    feed: str
    days: int
    """The feed's `retain_days` then."""
    before: datetime
    """Stories of an earlier date were purged."""
    stories: int
    segments: int
    """Of the archive."""
    left: int = 0
    """Stories that the worker had not purged yet when the command ended."""


class Over(msgspec.Struct, frozen=True):
    """A story whose days are over."""

    id: str
    version: int
    """The index version that was seen."""
    published_at: datetime


def purges_index(base: str) -> str:
    """Return the name of the index with the audit."""
    return f"{base}-purges"


def setup_purges(settings: ElasticsearchSettings) -> list[str]:
    """Create the index where it is missing; return what was done, a line each.

    Raises:
        IndexUnavailable: Elasticsearch can't be reached.
        SetupError: it refuses.
    """
    return setup_beside(settings, purges_index(settings.index), MAPPING, hidden=True)


def _older(feed: str, before: datetime) -> dict[str, Any]:
    """Return the query of a feed's stories of an earlier date, without the markers of kills."""
    return {
        "bool": {
            "filter": [
                {"term": {"feed": feed}},
                {"range": {"published_at": {"lt": before.isoformat()}}},
            ],
            "must_not": [{"term": {"status": Status.WITHDRAWN.value}}],
        }
    }


def count_older(
    client: Elasticsearch, settings: ElasticsearchSettings, feed: str, before: datetime
) -> int:
    """Return how many stories of a feed have an earlier date."""
    answer = client.count(index=read_alias(settings.index), query=_older(feed, before))
    return int(answer["count"])


def older(
    client: Elasticsearch, settings: ElasticsearchSettings, feed: str, before: datetime
) -> Iterator[list[Over]]:
    """Yield the stories of a feed that have an earlier date, a page at a time."""
    after: list[Any] | None = None
    while True:
        answer = client.search(
            index=read_alias(settings.index),
            query=_older(feed, before),
            size=PAGE,
            sort=[{"id": "asc"}],
            source_includes=["published_at"],
            version=True,
            search_after=after,
        )
        hits = answer["hits"]["hits"]
        if not hits:
            return
        yield [
            Over(
                hit["_id"],
                hit["_version"],
                datetime.fromisoformat(hit["_source"]["published_at"]),
            )
            for hit in hits
        ]
        after = hits[-1]["sort"]


def forget_events(
    client: Elasticsearch, settings: ElasticsearchSettings, ids: Sequence[str]
) -> None:
    """Delete what the index of events says of some stories.

    Raises:
        IndexUnavailable: some are not deleted.
    """
    if not ids:
        return
    operations = [{"delete": {"_id": name}} for name in ids]
    answer = client.bulk(index=events_index(settings.index), operations=operations)
    for item in (each["delete"] for each in answer["items"]):
        if item.get("error"):
            raise IndexUnavailable(f"events: HTTP {item['status']} {item['error'].get('type')}")


def note(client: Elasticsearch, settings: ElasticsearchSettings, purge: Purge) -> None:
    """Add a purge to the audit."""
    client.index(
        index=purges_index(settings.index), document=msgspec.to_builtins(purge), refresh=True
    )


def noted(client: Elasticsearch, settings: ElasticsearchSettings) -> list[Purge]:
    """Return the audit, the last purge first."""
    answer = client.search(
        index=purges_index(settings.index),
        size=LISTED,
        sort=[{"at": "desc"}, {"feed": "asc"}],
        ignore_unavailable=True,
    )
    return [msgspec.convert(hit["_source"], Purge) for hit in answer["hits"]["hits"]]
