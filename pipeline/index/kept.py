"""What each person keeps: saved searches, columns, pins and notes, in `<base>-desk`.

The index is hidden, so that no pattern with a wildcard finds it, and no view of Kibana names it.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import msgspec
from elasticsearch import AsyncElasticsearch

from config.settings import Elasticsearch as ElasticsearchSettings
from pipeline.index.client import MISSING, connect, delete, translated
from pipeline.index.mapping import DATE, KEYWORD, STORED
from pipeline.index.setup import setup_beside
from pipeline.wire.errors import IndexUnavailable, KeptAll

MOST = 2000
"""Things that one person may keep."""

PAGE = 1000

MAPPING: dict[str, Any] = {
    "dynamic": "strict",
    "properties": {
        "owner": KEYWORD,
        "kind": KEYWORD,
        "name": KEYWORD,
        "at": DATE,
        "data": STORED,
    },
}


class Kind(StrEnum):
    """What is kept; the name of each thing is unique among the person's things of its kind."""

    SEARCH = "search"
    """A saved search, by its title."""
    COLUMNS = "columns"
    """The columns of the desk: one thing."""
    PIN = "pin"
    """A pinned story, by its id."""
    NOTE = "note"
    """A note on a story, by the story's id."""
    ALERT = "alert"
    """An alert, by its title: see `pipeline.desk.alerts`."""


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that a person keeps."""

    kind: Kind
    name: str
    at: datetime
    data: dict[str, Any] = {}


def desk_index(base: str) -> str:
    """Return the name of the index."""
    return f"{base}-desk"


def setup_desk(settings: ElasticsearchSettings) -> list[str]:
    """Create the index where it is missing; return what was done, a line each.

    Raises:
        IndexUnavailable: Elasticsearch can't be reached.
        SetupError: it refuses.
    """
    return setup_beside(settings, desk_index(settings.index), MAPPING, hidden=True)


class Desk:
    """Reads and writes what people keep; each call names the owner and sees nothing of others.

    Args:
        client: an open client; `open_desk` opens one.
        settings: the index.
    """

    def __init__(self, client: AsyncElasticsearch, settings: ElasticsearchSettings) -> None:
        self._client = client
        self._settings = settings
        self._index = desk_index(settings.index)

    async def close(self) -> None:
        """Close the connection."""
        await self._client.close()

    async def all(self, owner: str, *kinds: Kind) -> list[Kept]:
        """Return what a person keeps, of some kinds or of all, the newest first."""
        of_kinds = [{"terms": {"kind": [kind.value for kind in kinds]}}] if kinds else []
        with translated(self._settings):
            answer = await self._client.search(
                index=self._index,
                size=MOST,
                query={"bool": {"filter": [{"term": {"owner": owner}}, *of_kinds]}},
                sort=[{"at": "desc"}, {"name": "asc"}],
                ignore_unavailable=True,  # where `newswire setup` has not run nothing is kept
            )
        return [msgspec.convert(hit["_source"], Kept) for hit in answer["hits"]["hits"]]

    async def everybodys(self, kind: Kind) -> list[tuple[str, Kept]]:
        """Return what all people keep of a kind, each with its owner; not for readers."""
        body: dict[str, Any] = {"size": PAGE, "sort": [{"owner": "asc"}, {"name": "asc"}]}
        body["query"] = {"term": {"kind": kind.value}}
        found: list[tuple[str, Kept]] = []
        while True:
            with translated(self._settings):
                answer = await self._client.search(
                    index=self._index, body=body, ignore_unavailable=True
                )
            hits = answer["hits"]["hits"]
            found += [(h["_source"]["owner"], msgspec.convert(h["_source"], Kept)) for h in hits]
            if len(hits) < PAGE:
                return found
            body["search_after"] = hits[-1]["sort"]

    async def one(self, owner: str, kind: Kind, name: str) -> Kept | None:
        """Return one thing; a read that sees every write at once.

        Raises:
            IndexUnavailable: it can't be read now; who took it for absent would write over it.
        """
        with translated(self._settings):
            answer = await self._client.mget(index=self._index, ids=[_id(owner, kind, name)])
        (found,) = answer["docs"]
        if (why := found.get("error", {}).get("type")) not in (None, MISSING):
            raise IndexUnavailable(f"look-up by id in {self._index}: {why}")
        return msgspec.convert(found["_source"], Kept) if found.get("found") else None

    async def keep(self, owner: str, kind: Kind, name: str, data: dict[str, Any]) -> None:
        """Keep a thing, in place of the one of this kind and name.

        Raises:
            KeptAll: the person keeps MOST things already.
        """
        with translated(self._settings):
            held = await self._client.count(index=self._index, query={"term": {"owner": owner}})
            if held["count"] >= MOST and await self.one(owner, kind, name) is None:
                raise KeptAll(f"You keep {MOST} things already. Remove some first.")
            at = datetime.now(UTC).isoformat()
            document = {"owner": owner, "kind": kind, "name": name, "at": at, "data": data}
            await self._client.index(
                index=self._index, id=_id(owner, kind, name), document=document, refresh=True
            )

    async def remove(self, owner: str, kind: Kind, name: str) -> None:
        """Remove a thing, if it is there."""
        with translated(self._settings):
            await delete(self._client, self._index, [_id(owner, kind, name)])

    async def clear(self, owner: str) -> int:
        """Remove all that a person keeps; return how many things that were."""
        held = await self.all(owner)
        if not held:
            return 0
        with translated(self._settings):
            ids = [_id(owner, each.kind, each.name) for each in held]
            await delete(self._client, self._index, ids)
        return len(held)


def open_desk(settings: ElasticsearchSettings, answer_seconds: float) -> Desk:
    """Return a desk with a connection of its own; close it after use.

    Args:
        settings: the index.
        answer_seconds: how long to wait for each answer.
    """
    return Desk(connect(settings).options(request_timeout=answer_seconds), settings)


def _id(owner: str, kind: Kind, name: str) -> str:
    parts = "".join(f"{len(part)}:{part}" for part in (owner, kind, name))
    return hashlib.sha256(parts.encode()).hexdigest()
