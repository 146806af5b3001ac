"""Documents to Elasticsearch in bulk, each outcome judged by itself.

Every document carries an external version, so a write is idempotent and an older one
loses. A 409 therefore means that this version or a newer one is there already: success,
counted as stale. What says "later" is tried again for as long as it takes, what the
mapping rejects is handed back, and a missing index stops the worker with a sentence.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import orjson
from elasticsearch import AsyncElasticsearch

from config.settings import Elasticsearch as ElasticsearchSettings
from pipeline.index.client import RETRIABLE, refused_credentials, translated
from pipeline.index.document import Document
from pipeline.index.lookup import Fields, Held, index_missing, look_up
from pipeline.index.setup import write_alias
from pipeline.process.waiting import Waiting
from pipeline.wire.errors import IndexUnavailable, RequestRefused, SetupError


class Outcome(StrEnum):
    """What became of one document."""

    INDEXED = "indexed"
    STALE = "stale"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class Write:
    """One document to be indexed under its external version."""

    id: str
    version: int
    document: Document


@dataclass(frozen=True, slots=True)
class Written:
    """The outcome of one write; `reason` is Elasticsearch's own where it rejected."""

    outcome: Outcome
    reason: str | None = None


class Writer:
    """The bulk endpoint of one index.

    Args:
        client: open for as long as the writer is used.
        waiting: how it waits for an index that is away, and where it says so.
        index: another index than the one behind the write alias.
    """

    def __init__(
        self,
        client: AsyncElasticsearch,
        settings: ElasticsearchSettings,
        waiting: Waiting | None = None,
        index: str | None = None,
    ) -> None:
        self._waiting = waiting or Waiting()
        self._client = client
        self._settings = settings
        self._index = index or write_alias(settings.index)
        # A missing alias must not become an index with a guessed mapping.
        self._require_alias = index is None

    async def write(self, writes: Sequence[Write]) -> list[Written]:
        """Index documents and say what became of each, in the given order.

        Writes of one id keep no order among them: their versions decide.

        Raises:
            SetupError: the index, its write alias or its credentials are missing.
        """
        results: list[Written | None] = [None] * len(writes)
        encoded: dict[int, bytes] = {}
        for n, write in enumerate(writes):
            try:
                encoded[n] = self._lines(write)
            except TypeError as error:  # orjson's: a number past 64 bits, a lone surrogate
                results[n] = Written(Outcome.REJECTED, f"not JSON: {error}")

        async def attempt() -> None:
            reason = ""
            for chunk in self._chunks([n for n in encoded if results[n] is None], encoded):
                try:
                    outcomes = await self._bulk([encoded[n] for n in chunk])
                except IndexUnavailable as error:
                    reason = str(error)
                    continue
                for n, outcome in zip(chunk, outcomes, strict=True):
                    if isinstance(outcome, Written):
                        results[n] = outcome
                    else:
                        reason = outcome
            if reason:
                raise IndexUnavailable(reason)

        await self._waiting.until("index", attempt)
        return [result for result in results if result is not None]

    async def require(self) -> None:
        """Check that the index is there. Waits while Elasticsearch is away.

        Raises:
            SetupError: the index, its write alias or its credentials are missing.
        """
        await self._held(["-"], fields=())

    async def newest(self, ids: Iterable[str]) -> dict[str, int]:
        """The external version that the index holds of each id, where it holds one.

        Reads by id, so it sees a write at once, before any refresh. Waits while the index
        is away.

        Raises:
            SetupError: the index, its write alias or its credentials are missing.
        """
        held = await self._held(ids, fields=())
        return {name: each.version for name, each in held.items()}

    async def documents(self, ids: Iterable[str]) -> dict[str, tuple[int, Document]]:
        """The version and document that the index holds of each id; as `newest`."""
        held = await self._held(ids, fields=None)
        return {name: (each.version, each.document) for name, each in held.items()}

    async def _held(self, ids: Iterable[str], fields: Fields) -> dict[str, Held]:
        wanted = list(ids)
        return await self._waiting.until(
            "index", lambda: look_up(self._client, self._settings, self._index, wanted, fields)
        )

    def _lines(self, write: Write) -> bytes:
        index = {
            "_index": self._index,
            "_id": write.id,
            "version": write.version,
            "version_type": "external",
        }
        return orjson.dumps({"index": index}) + b"\n" + orjson.dumps(write.document)

    def _chunks(self, pending: Sequence[int], encoded: Mapping[int, bytes]) -> Iterable[list[int]]:
        chunk: list[int] = []
        size = 0
        for n in pending:
            if chunk and size + len(encoded[n]) > self._settings.bulk_bytes:
                yield chunk
                chunk, size = [], 0
            chunk.append(n)
            size += len(encoded[n])
        if chunk:
            yield chunk

    async def _bulk(self, lines: Sequence[bytes]) -> list[Written | str]:
        """One request; each item's outcome in order, or why it is to be tried again.

        A request refused as a whole is halved until the document that spoils it is alone.
        """
        operations: Any = lines  # encoded once; the client passes bytes through
        try:
            with translated(self._settings):
                answer = await self._client.bulk(
                    operations=operations, require_alias=self._require_alias
                )
        except RequestRefused as error:
            if len(lines) == 1:
                return [Written(Outcome.REJECTED, str(error))]
            half = len(lines) // 2
            # A half that is done and told again for the other's sake comes back as stale.
            return await self._bulk(lines[:half]) + await self._bulk(lines[half:])
        return [self._judge(item["index"]) for item in answer["items"]]

    def _judge(self, item: dict[str, Any]) -> Written | str:
        """The outcome of an item, or the reason when it is to be tried again."""
        status = item["status"]
        if status in (200, 201):
            return Written(Outcome.INDEXED)
        if status == 409:
            return Written(Outcome.STALE)
        error = item.get("error") or {}
        kind = error.get("type", "")
        cause = (error.get("caused_by") or {}).get("reason")
        reason = ": ".join(part for part in (kind, error.get("reason"), cause) if part)
        if status in RETRIABLE or kind == "cluster_block_exception":
            return f"HTTP {status}: {reason}"
        if status in (400, 413):
            return Written(Outcome.REJECTED, reason or f"HTTP {status}")
        if status == 404:
            raise index_missing(self._index)
        if status in (401, 403):
            raise refused_credentials(self._settings, status)
        # Neither the document's fault nor "later": no reason to dead-letter a whole wire.
        raise SetupError(f"Elasticsearch at {', '.join(self._settings.url)}: {status}: {reason}")
