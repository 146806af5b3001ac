"""Documents by id: a read that sees each write at once, before any refresh."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from elasticsearch import AsyncElasticsearch, Elasticsearch

from config.settings import Elasticsearch as ElasticsearchSettings
from pipeline.index.client import refresh, translated
from pipeline.index.document import Document
from pipeline.index.mapping import UNREAD
from pipeline.wire.errors import IndexUnavailable, SetupError
from pipeline.wire.ids import takes_prefix

STORIES_PER_SEARCH, TAKES_PER_PAGE = 200, 1000

Fields = Sequence[str] | None
"""The fields that are read, none for versions alone; None for all that is there to be read."""
WHOLE: Fields = ("*",)
"""What is there to be searched, too."""


@dataclass(frozen=True, slots=True)
class Held:
    """What the index holds under an id."""

    version: int
    document: Document
    index: str
    """The concrete index, where an alias was asked."""


def index_missing(name: str) -> SetupError:
    """Return the error for an index that does not exist."""
    return SetupError(
        f"the index {name} is missing: run `newswire setup` or, if it was lost, `newswire reindex`"
    )


async def look_up(
    client: AsyncElasticsearch,
    settings: ElasticsearchSettings,
    index: str,
    ids: Iterable[str],
    fields: Fields = None,
) -> dict[str, Held]:
    """Return what an index holds of some ids, without those that it does not hold.

    Raises:
        IndexUnavailable: it can't answer for each of them now.
        SetupError: it is missing, or refuses the credentials.
    """
    if not (wanted := _unique(ids)):
        return {}
    with translated(settings):
        answer = await client.mget(index=index, ids=wanted, **_source(fields))
    return _held(answer.body, index)


async def find_takes(
    client: AsyncElasticsearch,
    settings: ElasticsearchSettings,
    index: str,
    ids: Iterable[str],
) -> list[str]:
    """Return the ids of all takes of some stories, up to the last write.

    Raises:
        IndexUnavailable: it can't be asked now.
        SetupError: it is missing, or refuses the credentials.
    """
    found: list[str] = []
    last: list[str] = []
    wanted = _unique(ids)
    chunks = [wanted[n : n + STORIES_PER_SEARCH] for n in range(0, len(wanted), STORIES_PER_SEARCH)]
    with translated(settings):
        if chunks:
            await refresh(client, index)
        while chunks:
            prefixes = [{"prefix": {"id": takes_prefix(story_id)}} for story_id in chunks[-1]]
            answer = await client.search(
                index=index,
                query={"bool": {"should": prefixes}},
                sort=["id"],
                size=TAKES_PER_PAGE,
                source=False,
                search_after=last or None,
            )
            page = [hit["_id"] for hit in answer["hits"]["hits"]]
            found += page
            last = page[-1:]
            if len(page) < TAKES_PER_PAGE:
                chunks.pop()
                last = []
    return found


def look_up_sync(
    client: Elasticsearch,
    settings: ElasticsearchSettings,
    index: str,
    ids: Iterable[str],
    fields: Fields = None,
) -> dict[str, Held]:
    """Return the same as `look_up`, with the blocking client."""
    if not (wanted := _unique(ids)):
        return {}
    with translated(settings):
        answer = client.mget(index=index, ids=wanted, **_source(fields))
    return _held(answer.body, index)


def _unique(ids: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(ids))


def _source(fields: Fields) -> dict[str, Any]:
    if fields is None:
        return {"source_excludes": list(UNREAD)}
    return {"source_includes": list(fields)} if fields else {"source": False}


def _held(answer: Mapping[str, Any], index: str) -> dict[str, Held]:
    for error in (doc["error"] for doc in answer["docs"] if "error" in doc):
        if error.get("type") == "index_not_found_exception":
            raise index_missing(index)
        raise IndexUnavailable(f"look-up by id in {index}: {error.get('type')}")
    return {
        doc["_id"]: Held(doc["_version"], doc.get("_source") or {}, doc["_index"])
        for doc in answer["docs"]
        if doc.get("found")
    }
