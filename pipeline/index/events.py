"""Which event each story is in: `<base>-events`, one document a story.

It holds ids and no text. An event is the stories whose documents name it, so that a rename, a
merge or a kill writes the documents of the stories that it concerns. The reader shows of them only
what may be shown. A withheld story has a document without an event, which keeps its version:
Elasticsearch would forget that of a deleted one.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from elasticsearch import AsyncElasticsearch

from config.settings import Elasticsearch as ElasticsearchSettings
from pipeline.index.client import connect_sync, refresh, translated
from pipeline.index.mapping import DATE, KEYWORD, LONG
from pipeline.index.setup import readers_alias, setup_beside

MOST = 10_000
"""Stories of one event that are read."""

REFRESHED = "200ms"
"""How often searches see what was written: an open page shows how an event grows."""

MAPPING: dict[str, Any] = {
    "dynamic": "strict",
    "properties": {
        "story": KEYWORD,
        # The id of the event's first story; absent for a story that is withheld.
        "event": KEYWORD,
        # Of a withheld story: one of the stories that it was with.
        "alias": KEYWORD,
        "published_at": DATE,
        "source": KEYWORD,
        # How its source stands in the race for the event: alone, first or late. Of the first story
        # of each source alone, so that numbers of stories are numbers of events.
        "race": KEYWORD,
        "behind_seconds": LONG,
        "ahead_seconds": LONG,
        "changed_at": DATE,
    },
}


class Member(NamedTuple):
    """What the index of events holds of a story."""

    published_at: str | None
    source: str | None


def events_index(base: str) -> str:
    """Return the name of the index of events."""
    return f"{base}-events"


def setup_events(settings: ElasticsearchSettings, anew: bool) -> list[str]:
    """Create the index where it is missing; return what was done, a line each.

    Args:
        settings: of the index of stories, beside which it stands.
        anew: an index that is there belongs to a topic that is no more: its versions, which
            are offsets, would refuse all that comes.

    Raises:
        IndexUnavailable: Elasticsearch can't be reached.
        SetupError: it refuses.
    """
    name = events_index(settings.index)
    if anew:
        with (
            translated(settings, quotes_no_story=True),
            connect_sync(settings) as client,
        ):
            client.indices.delete(index=name, ignore_unavailable=True)
    shown = (readers_alias(name), {"exists": {"field": "event"}})
    return setup_beside(settings, name, MAPPING, refresh_interval=REFRESHED, shown_as=shown)


async def members(
    client: AsyncElasticsearch, settings: ElasticsearchSettings, event: str
) -> dict[str, Member]:
    """Return the stories of an event, as last indexed.

    Raises:
        IndexUnavailable, SetupError: see `pipeline.index.client.translated`.
    """
    index = events_index(settings.index)
    with translated(settings):
        await refresh(client, index)
        answer = await client.search(index=index, query={"term": {"event": event}}, size=MOST)
    found = [hit["_source"] for hit in answer["hits"]["hits"]]
    return {held["story"]: Member(held.get("published_at"), held.get("source")) for held in found}
