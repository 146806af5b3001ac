"""Everything that the web process reads from Elasticsearch.

Each method returns only what may be shown now. A search sees a kill once the index has
refreshed; what is read by id, and every further page of a frozen listing, sees it at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import Any

from elasticsearch import ApiError, AsyncElasticsearch, NotFoundError
from elasticsearch import BadRequestError as RefusedError

from config.settings import Elasticsearch as ElasticsearchSettings
from pipeline.errors import NewswireError
from pipeline.index.client import connect, translated
from pipeline.index.document import Document
from pipeline.index.history import history_index, version_id
from pipeline.index.setup import read_alias
from pipeline.search import query, results, suggestions
from pipeline.search.query import SearchRequest, is_visible, visible
from pipeline.web.cursors import Cursor, decode, digest, encode

KEEP_ALIVE = "3m"
"""How long a listing waits for its next page to be asked for."""
SEARCH_SECONDS = 8
"""Elasticsearch stops a search that takes longer, and hands over what it has."""
SCAN_PAGE = 200
MAX_VERSIONS = 200


class CursorExpired(NewswireError):
    """A listing's next page was asked for too late."""


class Reader:
    """Searches and look-ups on one index.

    Args:
        client: open for as long as the reader is used; `open_reader` makes both.
    """

    def __init__(self, client: AsyncElasticsearch, settings: ElasticsearchSettings) -> None:
        self._client = client
        self._settings = settings
        self._index = read_alias(settings.index)
        self._history = history_index(settings.index)
        self._languages = tuple(settings.analyzers)
        self._closing: set[asyncio.Task[None]] = set()

    async def close(self) -> None:
        """Close the connection."""
        await asyncio.gather(*self._closing, return_exceptions=True)
        await self._client.close()

    async def search(
        self, request: SearchRequest, cursor: str | None = None
    ) -> tuple[results.Page, str | None]:
        """A page, and the cursor of the next one where there is one.

        Raises:
            CursorError: the cursor does not fit.
            CursorExpired: the next page was asked for too late.
            IndexUnavailable, SetupError: see `pipeline.index.client.translated`.
        """
        at = decode(cursor, request) if cursor else await self._frozen(request)
        response = await self._page(request, at)
        hits = response["hits"]["hits"]
        after = results.last_sort(response)
        if after is None or len(hits) < request.size:
            self._release(response.get("pit_id", at.pit))
            following = None
        else:
            pit = response.get("pit_id", at.pit)
            following = encode(Cursor(pit, after, at.now, at.request))
        if cursor:
            await self._drop_hidden(hits)
        return results.page(response), following

    async def top(self, request: SearchRequest) -> results.Page:
        """The first page alone, for a reader who won't turn it."""
        now = datetime.now(UTC)
        return results.page(await self._search(self._body(request, now), index=self._index))

    async def scan(self, request: SearchRequest, limit: int) -> AsyncIterator[list[Document]]:
        """Whole documents of all matching stories, up to a limit, in pages."""
        request = request.model_copy(update={"size": SCAN_PAGE, "facets": False})
        at = await self._frozen(request)
        pit, after, left = at.pit, at.after, limit
        try:
            while left > 0:
                body = self._body(request, at.now) | {"_source": True, "size": min(left, SCAN_PAGE)}
                body.pop("highlight", None)
                response = await self._pit_search(body, Cursor(pit, after, at.now, at.request))
                pit = response.get("pit_id", pit)
                hits = response["hits"]["hits"]
                if not hits:
                    return
                after, left = hits[-1]["sort"], left - len(hits)
                full = len(hits) == body["size"]
                await self._drop_hidden(hits)
                yield [hit["_source"] for hit in hits]
                if not full:
                    return
        finally:
            self._release(pit)

    async def story(self, story_id: str) -> Document | None:
        """The newest version of a story; None where there is none that may be shown."""
        return (await self.stories([story_id])).get(story_id)

    async def stories(self, ids: Sequence[str]) -> dict[str, Document]:
        """Stories by id, without those that may not be shown."""
        if not ids:
            return {}
        with translated(self._settings):
            answer = await self._client.mget(index=self._index, ids=list(ids))
        now = datetime.now(UTC)
        found = {doc["_id"]: doc["_source"] for doc in answer["docs"] if doc.get("found")}
        return {name: doc for name, doc in found.items() if is_visible(doc, now)}

    async def versions(self, story_id: str) -> list[tuple[int, Document]]:
        """A story's versions with their index versions, newest first.

        An earlier version's own embargo holds even where a later one lifted it.
        """
        if await self.story(story_id) is None:
            return []
        try:
            response = await self._search(
                {
                    "size": MAX_VERSIONS,
                    "query": {"term": {"story_id": story_id}},
                    "sort": [{"index_version": "desc"}],
                },
                index=self._history,
                passing=(NotFoundError,),
            )
        except NotFoundError:  # an index from before there was a history
            return []
        now = datetime.now(UTC)
        found = [hit["_source"] for hit in response["hits"]["hits"]]
        return [
            (entry["index_version"], entry["document"])
            for entry in found
            if is_visible(entry["document"], now)
        ]

    async def version(self, story_id: str, index_version: int) -> Document | None:
        """One version of a story, by its index version."""
        if await self.story(story_id) is None:
            return None
        try:
            with translated_but(self._settings, NotFoundError):
                answer = await self._client.get(
                    index=self._history, id=version_id(story_id, index_version)
                )
        except NotFoundError:
            return None
        document: Document | None = answer["_source"].get("document")  # None of a purged one
        return document if document and is_visible(document, datetime.now(UTC)) else None

    async def alike(self, story_id: str, size: int = 8) -> list[results.Hit]:
        """Stories on the same subject, the most alike first."""
        if await self.story(story_id) is None:
            return []
        like = {
            "more_like_this": {
                "fields": ["headline", "body"],
                "like": [{"_index": self._index, "_id": story_id}],
                "min_term_freq": 1,
                "min_doc_freq": 2,
                "max_query_terms": 25,
                "minimum_should_match": "30%",
            }
        }
        response = await self._search(
            {
                "size": size,
                "query": {
                    "bool": {
                        "must": [like],
                        "filter": [visible(datetime.now(UTC))],
                        "must_not": [{"ids": {"values": [story_id]}}],
                    }
                },
                "_source": list(query.RESULT_FIELDS),
            },
            index=self._index,
        )
        return [results.hit(found) for found in response["hits"]["hits"]]

    async def suggest(self, typed: str) -> suggestions.Suggestions:
        """Completions of what is being typed."""
        body = suggestions.body(typed, datetime.now(UTC))
        if body is None:
            return suggestions.Suggestions()
        return suggestions.suggestions(typed, await self._search(body, index=self._index))

    async def among(
        self, ids: Sequence[str], requests: Sequence[SearchRequest]
    ) -> list[list[results.Hit]]:
        """For each request the hits that it has among some stories."""
        if not ids or not requests:
            return [[] for _ in requests]
        now = datetime.now(UTC)
        searches: list[Mapping[str, Any]] = []
        for request in requests:
            body = self._body(request.model_copy(update={"facets": False}), now)
            wanted = {"bool": {"filter": [{"ids": {"values": list(ids)}}, body["query"]]}}
            searches += [
                {"index": self._index},
                {**body, "query": wanted, "size": len(ids), "sort": ["_doc"]},
            ]
        with translated(self._settings):
            answer = await self._client.msearch(searches=searches)
        return [
            [results.hit(found) for found in response.get("hits", {}).get("hits", ())]
            for response in answer["responses"]
        ]

    async def raw(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """The response to a search that hides nothing: for the process, never for readers."""
        return await self._search(body, index=self._index)

    def _body(self, request: SearchRequest, now: datetime) -> query.Body:
        return query.body(request, now, self._languages)

    async def _frozen(self, request: SearchRequest) -> Cursor:
        with translated(self._settings):
            opened = await self._client.open_point_in_time(index=self._index, keep_alive=KEEP_ALIVE)
        return Cursor(opened["id"], [], datetime.now(UTC), digest(request))

    async def _page(self, request: SearchRequest, at: Cursor) -> dict[str, Any]:
        return await self._pit_search(self._body(request, at.now), at)

    async def _pit_search(self, body: query.Body, at: Cursor) -> dict[str, Any]:
        body = body | {"pit": {"id": at.pit, "keep_alive": KEEP_ALIVE}}
        if at.after:
            body["search_after"] = at.after
        if not at.after:
            return await self._search(body)
        try:
            return await self._search(body, passing=(NotFoundError, RefusedError))
        except (NotFoundError, RefusedError) as error:
            raise CursorExpired("this listing is too old: begin again without a cursor") from error

    async def _search(
        self,
        body: Mapping[str, Any],
        index: str | None = None,
        passing: tuple[type[ApiError], ...] = (),
    ) -> dict[str, Any]:
        with translated_but(self._settings, *passing):
            answer = await self._client.search(
                index=index, body=dict(body) | {"timeout": f"{SEARCH_SECONDS}s"}
            )
        return dict(answer.body)

    async def _drop_hidden(self, hits: list[dict[str, Any]]) -> None:
        """Take out what was withdrawn or embargoed since the listing was frozen."""
        if not hits:
            return
        with translated(self._settings):
            answer = await self._client.mget(
                index=self._index,
                ids=[hit["_id"] for hit in hits],
                source_includes=["status", "embargoed_until"],
            )
        now = datetime.now(UTC)
        shown = {
            doc["_id"]
            for doc in answer["docs"]
            if doc.get("found") and is_visible(doc["_source"], now)
        }
        hits[:] = [hit for hit in hits if hit["_id"] in shown]

    def _release(self, pit: str) -> None:
        """Free a listing that has ended, without keeping its reader waiting."""

        async def close() -> None:
            with suppress(Exception):  # it ends by itself after KEEP_ALIVE
                await self._client.close_point_in_time(id=pit)

        task = asyncio.create_task(close())
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)


def open_reader(settings: ElasticsearchSettings) -> Reader:
    """A reader with a connection of its own; to be closed."""
    return Reader(connect(settings), settings)


@contextmanager
def translated_but(settings: ElasticsearchSettings, *passing: type[ApiError]) -> Iterator[None]:
    """`translated`, which lets some errors of the client's pass."""
    kept: ApiError | None = None
    with translated(settings):
        try:
            yield
        except passing as error:
            kept = error
    if kept:
        raise kept
