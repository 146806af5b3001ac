"""The versions of a story that the index has shown, each kept until the story is withdrawn.

The index holds a story's newest version alone. Beside it `<base>-history` holds one
document for each version that was indexed, id and text included, so that a reader sees
what changed. A withdrawal purges them all: of a killed story the ids and numbers of its
versions are kept, on empty documents, and nothing else.

The step that indexes calls `History.keep` after every bulk write, with its outcomes. It
may call it again for the same ones: a version has one id, and a purge finds nothing left.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any

import orjson
from elasticsearch import AsyncElasticsearch

from config.settings import Elasticsearch as ElasticsearchSettings
from pipeline.index.client import refresh, translated
from pipeline.index.document import Document
from pipeline.index.faults import is_documents_fault, reason
from pipeline.index.lookup import Held, look_up
from pipeline.index.mapping import DATE, KEYWORD, LONG, STORED, UNREAD
from pipeline.index.setup import read_alias, setup_beside
from pipeline.index.writer import Outcome, Write
from pipeline.process.waiting import Answer, Waiting
from pipeline.wire.errors import IndexUnavailable
from pipeline.wire.story import Status

log = logging.getLogger(__name__)

PURGE_PAGE = 1000

KEPT, PURGED = 1, 10**9
"""External versions: a request that arrives late, of a worker that has since been killed or cut
off, brings nothing back. A deletion would be forgotten; so what is purged stays, as an empty
document."""

ALL_VERSIONS = 2**63 - 1

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


def history_index(base: str) -> str:
    """Return the name of the index with earlier versions."""
    return f"{base}-history"


def setup_history(settings: ElasticsearchSettings) -> list[str]:
    """Create the index where it is missing; return what was done, a line each.

    Raises:
        IndexUnavailable: Elasticsearch can't be reached.
        SetupError: it refuses.
    """
    return setup_beside(settings, history_index(settings.index), MAPPING)


def version_id(story_id: str, index_version: int) -> str:
    """Return the id of one version's document."""
    return f"{story_id}@{index_version}"


def history(write: Write) -> Document | None:
    """Return what is kept of an indexed version; None for a withdrawn one, which purges."""
    document = write.document
    if document["status"] == Status.WITHDRAWN:
        return None
    return {
        "story_id": write.id,
        "index_version": write.version,
        "published_at": document.get("published_at"),
        "indexed_at": document.get("indexed_at"),
        "document": {name: value for name, value in document.items() if name not in UNREAD},
    }


def _index(name: str, version: int, entry: Document) -> list[bytes]:
    """Return the lines of a bulk request that put a document."""
    action = {"index": {"_id": name, "version": version, "version_type": "external_gte"}}
    return [orjson.dumps(action), orjson.dumps(entry)]


class History:
    """Keeps versions and purges them, for as long as it takes."""

    def __init__(
        self,
        client: AsyncElasticsearch,
        settings: ElasticsearchSettings,
        waiting: Waiting | None = None,
    ) -> None:
        self._client = client
        self._settings = settings
        self._index = history_index(settings.index)
        self._waiting = waiting or Waiting()

    async def keep(self, written: Sequence[tuple[Write, Outcome]]) -> None:
        """Record what a bulk write did. Returns when it is kept, or purged.

        Raises:
            SetupError: Elasticsearch refuses, or the index is missing.
        """
        writes = [write for write, outcome in written if outcome is not Outcome.REJECTED]
        upto = {w.id: w.version for w in writes if w.document["status"] == Status.WITHDRAWN}
        # A stale write may be a replay of what was indexed before a crash, or an older version:
        # it is history too, unless the story is withdrawn now.
        stale = [write for write, outcome in written if outcome is Outcome.STALE]
        upto |= await self._withdrawn(stale, or_equal=True)
        kept = [write for write in writes if write.version > upto.get(write.id, -1)]
        await self._put(kept)
        # Another worker may have taken a kill since: its purge may have come before our put.
        upto |= await self._withdrawn(kept, or_equal=False)
        for story_id, version in sorted(upto.items()):
            # These by name too: one that a killed worker has sent may not have arrived yet.
            await self._empty(
                version_id(write.id, write.version)
                for write in writes
                if write.id == story_id and write.version <= version
            )
            await self._purge(story_id, version)

    async def forget(self, ids: Iterable[str]) -> None:
        """Delete all versions of stories whose days are over: no late request is that late.

        Raises:
            SetupError: Elasticsearch refuses, or the index is missing.
        """
        wanted = sorted(ids)
        if not wanted:
            return
        while True:
            # What was kept a moment ago is not yet found by a search.
            await self._patiently(lambda: refresh(self._client, self._index))
            answer = await self._patiently(
                lambda: self._client.search(
                    index=self._index,
                    query={"terms": {"story_id": wanted}},
                    size=PURGE_PAGE,
                    source=False,
                )
            )
            found = [hit["_id"] for hit in answer["hits"]["hits"]]
            if not found:
                return
            await self._bulk([orjson.dumps({"delete": {"_id": name}}) for name in found])

    async def _withdrawn(self, writes: Sequence[Write], or_equal: bool) -> dict[str, int]:
        """Return the stories that the index holds as withdrawn, each with a version above all.

        Reading a document that was written a moment ago is slow, reading its version is fast: the
        status is read only where the index holds a newer version than was written.

        Args:
            or_equal: the same one too: it may be another's, if the index refused this.
        """
        written: dict[str, int] = {}
        for write in writes:
            written[write.id] = max(write.version, written.get(write.id, -1))
        held = await self._held(written, fields=())
        newer = [name for name, each in held.items() if each.version + or_equal > written[name]]
        statuses = await self._held(newer, fields=("status",))
        return {
            name: ALL_VERSIONS
            for name, each in statuses.items()
            if each.document["status"] == Status.WITHDRAWN
        }

    async def _held(self, names: Iterable[str], fields: Sequence[str]) -> dict[str, Held]:
        """Return what the index holds of some stories."""
        ids, index = list(names), read_alias(self._settings.index)
        return await self._patiently(
            lambda: look_up(self._client, self._settings, index, ids, fields)
        )

    async def _put(self, writes: Sequence[Write]) -> None:
        operations: list[bytes] = []
        for write in writes:
            if entry := history(write):
                operations += _index(version_id(write.id, write.version), KEPT, entry)
        await self._bulk(operations)

    async def _purge(self, story_id: str, version: int) -> None:
        """Empty what is kept of a story up to a version."""
        wanted = [
            {"term": {"story_id": story_id}},
            {"range": {"index_version": {"lte": version}}},
        ]
        # What was kept a moment ago is not yet found by a search.
        await self._patiently(lambda: refresh(self._client, self._index))
        while True:
            answer = await self._patiently(
                lambda: self._client.search(
                    index=self._index,
                    query={"bool": {"filter": wanted}},
                    size=PURGE_PAGE,
                    source=False,
                )
            )
            found = [hit["_id"] for hit in answer["hits"]["hits"]]
            if not found:
                return
            await self._empty(found)
            await self._patiently(lambda: refresh(self._client, self._index))
            log.info("history purged", extra={"story_id": story_id, "versions": len(found)})

    async def _empty(self, names: Iterable[str]) -> None:
        operations: list[bytes] = []
        for name in names:
            operations += _index(name, PURGED, {})
        await self._bulk(operations)

    async def _bulk(self, operations: Any) -> None:  # lines, which the client passes through
        if not operations:
            return

        async def send() -> Any:
            answer = await self._client.bulk(index=self._index, operations=operations)
            for item in (next(iter(each.values())) for each in answer["items"]):
                status, error = item["status"], item.get("error") or {}
                if status < 300 or status == 409 or (status == 404 and not error):
                    continue
                if is_documents_fault(status, error):
                    log.error("history: not kept", extra={"reason": reason(status, error)})
                else:
                    raise IndexUnavailable(f"history: {reason(status, error)}")
            return answer

        # Every action is idempotent, so all of them may be sent again for one that failed.
        await self._patiently(send)

    async def _patiently(self, call: Callable[[], Awaitable[Answer]]) -> Answer:
        async def attempt() -> Answer:
            with translated(self._settings):
                return await call()

        return await self._waiting.until("history", attempt)
