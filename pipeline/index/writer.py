"""Documents to Elasticsearch in bulk, each outcome judged separately.

Every document carries an external version, so a write is idempotent and an older one loses. A
409 therefore means that this version or a newer one is there already: success, counted as stale.
What is a fault of the document itself is rejected. Whatever else is refused is tried again for
as long as it takes; only where the index takes other documents meanwhile, the refused one is
handed back, so that the others do not wait for it. A missing index stops the worker.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import orjson
from elasticsearch import AsyncElasticsearch

from config.settings import Elasticsearch as ElasticsearchSettings
from pipeline.index.client import refused_credentials, translated
from pipeline.index.document import Document
from pipeline.index.faults import is_documents_fault, is_whole_index, reason
from pipeline.index.lookup import Fields, Held, find_takes, index_missing, look_up
from pipeline.index.setup import write_alias
from pipeline.process.waiting import Waiting
from pipeline.wire import versions
from pipeline.wire.errors import IndexUnavailable, NewswireError, RequestRefused

TRIES = 3
"""Of a document that is refused while others are taken, before it is handed back."""
PROBE = "newswire:probe"
"""The id of no document."""


class Outcome(StrEnum):
    """What became of one document."""

    INDEXED = "indexed"
    STALE = "stale"
    REJECTED = "rejected"
    """A fault of the document itself."""
    REFUSED = "refused"
    """Not a fault of the document, and the index takes others: to be tried again later."""


@dataclass(frozen=True, slots=True)
class Write:
    """One document to be indexed under its external version."""

    id: str
    version: int
    document: Document


@dataclass(frozen=True, slots=True)
class Written:
    """The outcome of one write; `reason` says why it was not taken, without the document's text."""

    outcome: Outcome
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class _Refusal:
    """A document that was not taken now, and why."""

    reason: str
    whole_index: bool
    """Every other document would be refused too."""


def _taken(written: Written | None) -> bool:
    return written is not None and written.outcome in (Outcome.INDEXED, Outcome.STALE)


def _instant(value: str | None) -> datetime | None:
    return datetime.fromisoformat(value) if value else None


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

        tries: Counter[int] = Counter()

        async def attempt() -> None:
            why = ""
            refused: dict[int, _Refusal] = {}
            for chunk in self._chunks([n for n in encoded if results[n] is None], encoded):
                try:
                    outcomes = await self._bulk([encoded[n] for n in chunk])
                except IndexUnavailable as error:
                    why = str(error)
                    continue
                for n, outcome in zip(chunk, outcomes, strict=True):
                    if isinstance(outcome, Written):
                        results[n] = outcome
                    else:
                        refused[n] = outcome
            tries.update(list(refused))
            for n, refusal in refused.items():
                if (
                    tries[n] >= TRIES
                    and not refusal.whole_index
                    and (any(map(_taken, results)) or await self._takes_writes())
                ):
                    results[n] = Written(Outcome.REFUSED, refusal.reason)
                else:
                    why = f"{writes[n].id}: {refusal.reason}"
            if why:
                raise IndexUnavailable(why)

        await self._waiting.until("index", attempt)
        return [result for result in results if result is not None]

    async def purge(self, upto: Sequence[Write]) -> set[str]:
        """Delete documents up to the version of each; one that is newer stays. Waits as `write`.

        Returns:
            The ids that the index does not hold any more.

        Raises:
            SetupError: the index, its write alias or its credentials are missing.
        """
        if not upto:
            return set()
        lines: Any = [
            orjson.dumps(
                {
                    "delete": {
                        "_index": self._index,
                        "_id": write.id,
                        "version": write.version,
                        "version_type": "external_gte",
                    }
                }
            )
            for write in upto
        ]

        async def attempt() -> set[str]:
            with translated(self._settings):
                answer = await self._client.bulk(
                    operations=lines, require_alias=self._require_alias
                )
            gone = set()
            for item in (each["delete"] for each in answer["items"]):
                status, error = item["status"], item.get("error") or {}
                if status in (200, 404) and not error:
                    gone.add(item["_id"])
                elif status in (401, 403) and not is_whole_index(status, error):
                    raise refused_credentials(self._settings, status)
                elif error.get("type") == "index_not_found_exception":
                    raise index_missing(self._index)
                elif status != 409:
                    raise IndexUnavailable(f"purge of {item['_id']}: {reason(status, error)}")
            return gone

        return await self._waiting.until("index", attempt)

    async def require(self) -> None:
        """Check that the index is there. Waits while Elasticsearch is away.

        Raises:
            SetupError: the index, its write alias or its credentials are missing.
        """
        await self._held(["-"], fields=())

    async def found(self, story_id: str, version: int) -> bool:
        """Return whether a search finds a story in a version or a newer one.

        A look-up by id sees a document at once; a search sees it after the next refresh.

        Raises:
            IndexUnavailable, SetupError: the index does not answer, or is missing.
        """
        with translated(self._settings):
            answer = await self._client.search(
                index=self._index,
                query={"ids": {"values": [story_id]}},
                version=True,
                source=False,
                size=1,
            )
        return any(hit["_version"] >= version for hit in answer["hits"]["hits"])

    async def newest(self, ids: Iterable[str]) -> dict[str, int]:
        """Return the external version that the index holds of each id, where it holds one.

        Reads by id, so it sees a write at once, before any refresh. Waits while the index
        is away.

        Raises:
            SetupError: the index, its write alias or its credentials are missing.
        """
        held = await self._held(ids, fields=())
        return {name: each.version for name, each in held.items()}

    async def dated(self, ids: Iterable[str]) -> dict[str, versions.Held]:
        """Return what the index holds of each id, with the times; see `newest`."""
        held = await self._held(ids, fields=("published_at", "received_at"))
        return {
            name: versions.Held(
                each.version,
                _instant(each.document.get("published_at")),
                _instant(each.document.get("received_at")),
            )
            for name, each in held.items()
        }

    async def documents(
        self, ids: Iterable[str], fields: Fields = None
    ) -> dict[str, tuple[int, Document]]:
        """Return the version and document that the index holds of each id; see `newest`."""
        held = await self._held(ids, fields)
        return {name: (each.version, each.document) for name, each in held.items()}

    async def takes(self, ids: Iterable[str]) -> list[str]:
        """Return the ids of all takes that the index holds of some stories; see `newest`."""
        wanted = list(ids)
        return await self._waiting.until(
            "index", lambda: find_takes(self._client, self._settings, self._index, wanted)
        )

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

    async def _bulk(self, lines: Sequence[bytes]) -> list[Written | _Refusal]:
        """Send one request, and return what became of each document, in order.

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
                if error.for_document:
                    return [Written(Outcome.REJECTED, str(error))]
                return [_Refusal(str(error), whole_index=False)]
            half = len(lines) // 2
            # A half that is done and sent again for the other's sake comes back as stale.
            return await self._bulk(lines[:half]) + await self._bulk(lines[half:])
        return [self._judge(item["index"]) for item in answer["items"]]

    def _judge(self, item: dict[str, Any]) -> Written | _Refusal:
        """Return the outcome of an item."""
        status, error = item["status"], item.get("error") or {}
        if status in (200, 201):
            return Written(Outcome.INDEXED)
        if status == 409:
            return Written(Outcome.STALE)
        why = reason(status, error)
        if is_whole_index(status, error):
            return _Refusal(why, whole_index=True)
        if is_documents_fault(status, error):
            return Written(Outcome.REJECTED, why)
        if error.get("type") == "index_not_found_exception":
            raise index_missing(self._index)
        if status in (401, 403):
            raise refused_credentials(self._settings, status)
        return _Refusal(why, whole_index=False)

    async def _takes_writes(self) -> bool:
        """Return whether the index takes writes now: an update of a document that is not there.

        It changes nothing, and needs no privilege that the worker does not have.
        """
        lines: Any = [
            orjson.dumps({"update": {"_index": self._index, "_id": PROBE}}) + b'\n{"doc":{}}'
        ]
        try:
            with translated(self._settings):
                answer = await self._client.bulk(
                    operations=lines, require_alias=self._require_alias
                )
        except NewswireError:
            return False
        error = answer["items"][0]["update"].get("error") or {}
        return error.get("type") == "document_missing_exception"
