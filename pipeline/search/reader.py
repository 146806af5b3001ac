"""Everything that the web process reads from Elasticsearch.

Each method returns only what may be shown now. A search sees a kill once the index has
refreshed; what is read by id, and every further page of a frozen listing, sees it at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import Any, TypeVar

import msgspec
from elasticsearch import ApiError, AsyncElasticsearch, NotFoundError
from elasticsearch import BadRequestError as RefusedError

from config.settings import Elasticsearch as ElasticsearchSettings
from pipeline.index.client import connect, translated
from pipeline.index.document import Document
from pipeline.index.history import history_index, version_id
from pipeline.index.lookup import look_up
from pipeline.index.setup import read_alias
from pipeline.search import (
    duplicates,
    query,
    results,
    suggestions,
)
from pipeline.search.counts import counts
from pipeline.search.cursors import Cursor, decode, digest, encode
from pipeline.search.request import SearchRequest
from pipeline.search.visible import Body, is_visible, visible
from pipeline.wire.errors import IndexUnavailable, NewswireError

KEEP_ALIVE = "3m"
"""How long a listing waits for its next page to be asked for."""
SEARCH_SECONDS = 8
"""Elasticsearch stops a search that takes longer, and hands over what it has."""
SCAN_PAGE = 200
COLLAPSE_ROUNDS = 5
"""Searches for one page of a listing of which most is near-duplicates; then it is a short one."""
MAX_VERSIONS = 200


A = TypeVar("A")
B = TypeVar("B")


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
        self.answered = False
        """Whether the index answered the search that ended last."""

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
        known = decode(cursor, request) if cursor else None

        async def listed() -> tuple[dict[str, Any], Cursor | None]:
            at = known or await self._frozen(request)
            response, following = await self._listed(request, at)
            if following is None:
                self._release(response.get("pit_id", at.pit))
            return response, following

        (response, following), counts = await together(listed(), self._counts(request))
        page = results.page(results.counted(response, counts) if counts else response)
        return page, encode(following) if following else None

    async def top(self, request: SearchRequest) -> results.Page:
        """The first page's hits alone, for a reader who won't turn it."""
        request = request.model_copy(update={"facets": False})
        if request.collapse:
            at = await self._frozen(request)
            response, _ = await self._listed(request, at)
            self._release(response.get("pit_id", at.pit))
        else:
            body = self._body(request, datetime.now(UTC))
            response = await self._search(body, index=self._index)
        return results.page(response)

    async def scan(self, request: SearchRequest, limit: int) -> AsyncIterator[list[Document]]:
        """Whole documents of all matching stories, up to a limit, in pages."""
        request = request.model_copy(update={"size": SCAN_PAGE, "facets": False})
        at = await self._frozen(request)
        following: Cursor | None = at
        left = limit
        try:
            while following and left > 0:
                at = following
                response, following = await self._listed(request, at, whole=True)
                hits = response["hits"]["hits"][:left]
                left -= len(hits)
                yield [hit["_source"] for hit in hits]
        finally:
            self._release(at.pit)

    async def story(self, story_id: str) -> Document | None:
        """The newest version of a story; None where there is none that may be shown."""
        return (await self.stories([story_id])).get(story_id)

    async def stories(self, ids: Sequence[str]) -> dict[str, Document]:
        """Stories by id, without those that may not be shown."""
        found = await look_up(self._client, self._settings, self._index, ids)
        now = datetime.now(UTC)
        return {n: each.document for n, each in found.items() if is_visible(each.document, now)}

    async def versions(self, story_id: str) -> list[tuple[int, Document]]:
        """A story's versions with their index versions, newest first.

        An earlier version's own embargo holds even where a later one lifted it.
        """
        kept = self._search(
            {
                "size": MAX_VERSIONS,
                "query": {"term": {"story_id": story_id}},
                "sort": [{"index_version": "desc"}],
            },
            index=self._history,
            passing=(NotFoundError,),
        )
        try:
            found = [hit["_source"] for hit in await self._hits_beside(story_id, kept)]
        except NotFoundError:  # an index from before there was a history
            return []
        now = datetime.now(UTC)
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
        near = self._search(
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
        return [results.hit(found) for found in await self._hits_beside(story_id, near)]

    async def _hits_beside(
        self, story_id: str, search: Awaitable[dict[str, Any]]
    ) -> list[dict[str, Any]]:
        """What a search for a story's sake finds; nothing where the story may not be shown."""
        response, story = await together(search, self.story(story_id))
        return [] if story is None else list(response["hits"]["hits"])

    async def suggest(self, typed: str) -> suggestions.Suggestions:
        """Completions of what is being typed."""
        body = suggestions.body(typed, datetime.now(UTC))
        if body is None:
            return suggestions.Suggestions()
        return suggestions.suggestions(typed, await self._search(body, index=self._index))

    async def matches(
        self, ids: Sequence[str], requests: Sequence[SearchRequest]
    ) -> list[frozenset[str]]:
        """For each request those of some stories that it finds now, as a search would.

        Raises:
            IndexUnavailable, SetupError: not every request was answered.
        """
        if not ids or not requests:
            return [frozenset() for _ in requests]
        now = datetime.now(UTC)
        searches: list[Mapping[str, Any]] = []
        for request in requests:
            among = {"ids": {"values": list(ids)}}
            wanted = [among, query.matching(request, now, self._languages)]
            body = {"query": {"bool": {"filter": wanted}}, "size": len(ids), "_source": False}
            searches += [{"index": self._index}, body]
        with translated(self._settings):
            answer = await self._client.msearch(searches=searches)
        for response in answer["responses"]:
            if "error" in response:
                raise IndexUnavailable(f"search by id: {response['error'].get('reason')}")
        return [
            frozenset(found["_id"] for found in response["hits"]["hits"])
            for response in answer["responses"]
        ]

    async def refresh(self) -> None:
        """Let searches see all that is indexed."""
        with translated(self._settings):
            await self._client.indices.refresh(index=self._index)

    async def held(self, ids: Sequence[str]) -> dict[str, tuple[int, Document]]:
        """Index version and document of stories by id, hidden ones too: for the process alone."""
        found = await look_up(self._client, self._settings, self._index, ids)
        return {name: (each.version, each.document) for name, each in found.items()}

    async def raw(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """The response to a search that hides nothing: for the process, never for readers."""
        return await self._search(body, index=self._index)

    async def _counts(self, request: SearchRequest) -> dict[str, Any] | None:
        if not request.facets:
            return None
        body = counts(request, datetime.now(UTC), self._languages)
        return await self._search(body, index=self._index, request_cache=True)

    def _body(self, request: SearchRequest, now: datetime) -> Body:
        return query.body(request, now, self._languages)

    async def _frozen(self, request: SearchRequest) -> Cursor:
        with translated(self._settings):
            opened = await self._client.open_point_in_time(index=self._index, keep_alive=KEEP_ALIVE)
        return Cursor(opened["id"], [], datetime.now(UTC), digest(request))

    async def _listed(
        self, request: SearchRequest, at: Cursor, whole: bool = False
    ) -> tuple[dict[str, Any], Cursor | None]:
        """The next hits of a listing as a response, and where it goes on, if it does.

        Args:
            whole: each hit's whole document instead of what a result shows.
        """
        body = self._body(request, at.now)
        if whole:
            del body["highlight"]
            body["_source"] = True
        if request.collapse and request.size:
            return await self._collapsed(body, at)
        response = await self._pit_search(body, at)
        hits = response["hits"]["hits"]
        following = _after(hits, response, at) if request.size <= len(hits) > 0 else None
        if at.after or whole:
            await self._drop_hidden(hits)
        return response, following

    async def _collapsed(self, body: Body, at: Cursor) -> tuple[dict[str, Any], Cursor | None]:
        """As `_listed`, without hits that stand behind another; it goes on until a page is full."""
        size = body["size"]
        first: dict[str, Any] = {}
        shown: list[dict[str, Any]] = []
        following: Cursor | None = at
        for _ in range(COLLAPSE_ROUNDS):
            response = await self._pit_search(body, at)
            first = first or response
            hits = response["hits"]["hits"]
            standing = await self._standing(body, hits, at)
            leading = [n for n, hit in enumerate(hits) if hit["_id"] in standing]
            leading = leading[: size - len(shown)]
            shown += [hits[n] | {"similar": standing[hits[n]["_id"]]} for n in leading]
            full = len(shown) == size
            taken = leading[-1] + 1 if full else len(hits)
            following = None
            if taken < len(hits) or len(hits) == size:
                at = following = _after(hits[:taken], response, at)
            if full or following is None:
                break
        await self._drop_hidden(shown)
        first["hits"]["hits"] = shown
        return first, following

    async def _standing(
        self, body: Body, hits: list[dict[str, Any]], at: Cursor
    ) -> dict[str, list[dict[str, Any]]]:
        """The hits that stand behind no other, each with those that stand behind it."""
        asked = duplicates.candidates(body, hits)
        if asked is None:
            return duplicates.standing(hits, [])
        response = await self._pit_search(asked, msgspec.structs.replace(at, after=[]))
        listed = response["hits"]["hits"]
        # What was withdrawn since the listing was frozen neither leads nor follows.
        await self._drop_hidden(listed)
        return duplicates.standing(hits, listed)

    async def _pit_search(self, body: Body, at: Cursor) -> dict[str, Any]:
        body = body | {"pit": {"id": at.pit, "keep_alive": KEEP_ALIVE}}
        if not at.after:
            return await self._search(body)
        body |= {"search_after": at.after, "size": body["size"] + 1}
        try:
            response = await self._search(body, passing=(NotFoundError, RefusedError))
        except (NotFoundError, RefusedError) as error:
            raise CursorExpired("this listing is too old: begin again without a cursor") from error
        # noida-db rounds the scores that it gives, so that what was shown last may come once more.
        found = [hit for hit in response["hits"]["hits"] if hit["_id"] not in at.after]
        response["hits"]["hits"] = found[: body["size"] - 1]
        return response

    async def _search(
        self,
        body: Mapping[str, Any],
        index: str | None = None,
        passing: tuple[type[ApiError], ...] = (),
        request_cache: bool | None = None,
    ) -> dict[str, Any]:
        try:
            with translated_but(self._settings, *passing):
                answer = await self._client.search(
                    index=index,
                    body=dict(body) | {"timeout": f"{SEARCH_SECONDS}s"},
                    request_cache=request_cache,
                )
        except NewswireError:
            self.answered = False
            raise
        self.answered = True
        return dict(answer.body)

    async def _drop_hidden(self, hits: list[dict[str, Any]]) -> None:
        """Take out what was withdrawn or embargoed since the listing was frozen."""
        names = [hit["_id"] for hit in hits]
        fields = ("status", "embargoed_until")
        found = await look_up(self._client, self._settings, self._index, names, fields)
        now = datetime.now(UTC)
        shown = {name for name, each in found.items() if is_visible(each.document, now)}
        hits[:] = [hit for hit in hits if hit["_id"] in shown]

    def _release(self, pit: str) -> None:
        """Free a listing that has ended, without keeping its reader waiting."""

        async def close() -> None:
            with suppress(Exception):  # it ends by itself after KEEP_ALIVE
                await self._client.close_point_in_time(id=pit)

        task = asyncio.create_task(close())
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)


def _after(hits: Sequence[Mapping[str, Any]], response: Mapping[str, Any], at: Cursor) -> Cursor:
    """Where a listing goes on behind some hits."""
    pit = response.get("pit_id", at.pit)
    return msgspec.structs.replace(at, pit=pit, after=list(hits[-1]["sort"]))


async def together(first: Awaitable[A], second: Awaitable[B]) -> tuple[A, B]:
    """Both results, waited for at once; when one fails or the caller is gone, neither goes on."""
    tasks = asyncio.ensure_future(first), asyncio.ensure_future(second)
    try:
        return await tasks[0], await tasks[1]
    finally:
        for task in tasks:
            task.cancel()


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
