"""The versions of a story that the index has shown, each kept until the story is withdrawn.

The index holds a story's newest version alone. Beside it `<base>-history` holds one
document for each version that was indexed, id and text included, so that a reader sees
what changed. A withdrawal purges them all: nothing is kept of a killed story.

The step that indexes calls `History.keep` after every bulk write, with its outcomes. It
may call it again for the same ones: a version has one id, and a purge finds nothing left.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

from elasticsearch import AsyncElasticsearch

from config.settings import Elasticsearch as ElasticsearchSettings
from pipeline.backoff import delays
from pipeline.errors import IndexUnavailable
from pipeline.index.client import RETRIABLE, connect_sync, translated
from pipeline.index.document import Document
from pipeline.index.mapping import DATE, KEYWORD, LONG, STORED
from pipeline.index.setup import read_alias
from pipeline.index.writer import Outcome, Write
from pipeline.story import Status

log = logging.getLogger(__name__)

PURGE_PAGE = 1000

MAPPING: dict[str, Any] = {
    "dynamic": "strict",
    "properties": {
        "story_id": KEYWORD,
        "index_version": LONG,
        "published_at": DATE,
        "indexed_at": DATE,
        "document": STORED,
    },
}

Answer = TypeVar("Answer")


def history_index(base: str) -> str:
    """The name of the index with earlier versions."""
    return f"{base}-history"


def setup_history(settings: ElasticsearchSettings) -> list[str]:
    """Create the index where it is missing; what was done, a line each.

    Raises:
        IndexUnavailable: Elasticsearch can't be reached.
        SetupError: it refuses.
    """
    name = history_index(settings.index)
    sizes = {"number_of_shards": settings.shards, "number_of_replicas": settings.replicas}
    with translated(settings), connect_sync(settings) as client:
        # Where the index is deleted under a running worker, it comes back as it should be.
        client.indices.put_index_template(
            name=name,
            index_patterns=[name],
            priority=200,
            template={"mappings": MAPPING, "settings": sizes},
        )
        if client.indices.exists(index=name):
            return [f"index {name} exists"]
        client.indices.create(index=name)
    return [f"index {name}"]


def version_id(story_id: str, index_version: int) -> str:
    """The id of one version's document."""
    return f"{story_id}@{index_version}"


def history(write: Write) -> Document | None:
    """What is kept of a version that was indexed; None of a withdrawn one: it purges."""
    document = write.document
    if document["status"] == Status.WITHDRAWN:
        return None
    return {
        "story_id": write.id,
        "index_version": write.version,
        "published_at": document.get("published_at"),
        "indexed_at": document.get("indexed_at"),
        "document": document,
    }


class History:
    """Keeps versions and purges them, for as long as it takes."""

    def __init__(
        self,
        client: AsyncElasticsearch,
        settings: ElasticsearchSettings,
        retry_seconds: tuple[float, float] = (0.2, 15.0),
    ) -> None:
        self._client = client
        self._settings = settings
        self._index = history_index(settings.index)
        self._retry_seconds = retry_seconds

    async def keep(self, written: Sequence[tuple[Write, Outcome]]) -> None:
        """Record what a bulk write did. Returns when it is kept, or purged.

        Raises:
            SetupError: Elasticsearch refuses, or the index is missing.
        """
        current = await self._current([w for w, outcome in written if outcome is Outcome.STALE])
        kept: list[Write] = []
        killed: set[str] = set()
        for write, outcome in written:
            if outcome is Outcome.REJECTED:
                continue
            # A stale write may be a replay of what was indexed before a crash, or an older
            # version: it is history too, unless the story has been withdrawn.
            status = current.get(write.id) if outcome is Outcome.STALE else None
            if Status.WITHDRAWN in (status, write.document["status"]):
                killed.add(write.id)
            else:
                kept.append(write)
        kept = [write for write in kept if write.id not in killed]
        await self._put(kept)
        # Another worker may have taken a kill since: its purge may have come before our put.
        withdrawn = await self._current(kept)
        killed |= {name for name, status in withdrawn.items() if status == Status.WITHDRAWN}
        for story_id in sorted(killed):
            await self._purge(story_id)

    async def _current(self, writes: Sequence[Write]) -> dict[str, str]:
        """The status that the index holds of each story."""
        ids = list(dict.fromkeys(write.id for write in writes))
        if not ids:
            return {}
        answer = await self._patiently(
            lambda: self._client.mget(
                index=read_alias(self._settings.index), ids=ids, source_includes=["status"]
            )
        )
        return {d["_id"]: d["_source"]["status"] for d in answer["docs"] if d.get("found")}

    async def _put(self, writes: Sequence[Write]) -> None:
        operations: list[dict[str, Any]] = []
        for write in writes:
            if entry := history(write):
                operations += [{"index": {"_id": version_id(write.id, write.version)}}, entry]
        await self._bulk(operations)

    async def _purge(self, story_id: str) -> None:
        # What was kept a moment ago is not yet found by a search.
        await self._patiently(lambda: self._client.indices.refresh(index=self._index))
        while True:
            answer = await self._patiently(
                lambda: self._client.search(
                    index=self._index,
                    query={"term": {"story_id": story_id}},
                    size=PURGE_PAGE,
                    source=False,
                )
            )
            found = [hit["_id"] for hit in answer["hits"]["hits"]]
            if not found:
                return
            await self._bulk([{"delete": {"_id": name}} for name in found])
            await self._patiently(lambda: self._client.indices.refresh(index=self._index))
            log.info("history purged", extra={"story_id": story_id, "versions": len(found)})

    async def _bulk(self, operations: Sequence[dict[str, Any]]) -> None:
        if not operations:
            return

        async def send() -> Any:
            answer = await self._client.bulk(index=self._index, operations=operations)
            statuses = {next(iter(item.values()))["status"] for item in answer["items"]}
            if statuses & RETRIABLE:
                raise IndexUnavailable(f"history: HTTP {max(statuses)}")
            return answer

        # Every action is idempotent, so all of them may be sent again for one that failed.
        await self._patiently(send)

    async def _patiently(self, call: Callable[[], Awaitable[Answer]]) -> Answer:
        waits = delays(*self._retry_seconds)
        while True:
            try:
                with translated(self._settings):
                    return await call()
            except IndexUnavailable as error:
                log.warning("history: waiting", extra={"reason": str(error)})
                await asyncio.sleep(next(waits))
