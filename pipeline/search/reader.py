"""All reads of the index.

Each method returns only stories that may be shown now, unless its docstring says otherwise. A
search sees a kill after the index has refreshed; a read by id, and the next page of a listing,
see it at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import (
    AsyncIterator,
    Awaitable,
    Collection,
    Iterator,
    Mapping,
    Sequence,
)
from contextlib import contextmanager, suppress
from copy import copy
from datetime import UTC, datetime
from math import inf
from typing import Any, Self, TypeVar

import msgspec
from elasticsearch import ApiError, AsyncElasticsearch, NotFoundError
from elasticsearch import BadRequestError as RefusedError

from config.settings import Elasticsearch as ElasticsearchSettings
from pipeline.index.analysis import languages
from pipeline.index.client import PARTS, connect, refresh, translated
from pipeline.index.document import Document
from pipeline.index.history import history_index, version_id
from pipeline.index.lookup import look_up
from pipeline.index.mapping import UNREAD
from pipeline.index.setup import read_alias
from pipeline.search import (
    attention,
    duplicates,
    query,
    results,
    suggestions,
)
from pipeline.search.counts import counts, earlier, one_facet, span_before, with_any
from pipeline.search.cursors import Cursor, decode, digest, encode
from pipeline.search.duplicates import listing
from pipeline.search.event_reader import EventReader
from pipeline.search.facets import FACETS
from pipeline.search.marks import Marker
from pipeline.search.persons import Buckets, Groups, merged
from pipeline.search.recovery import recovered
from pipeline.search.reports import Reports
from pipeline.search.request import SearchRequest
from pipeline.search.visible import (
    ANYBODY,
    SHOWN_BY,
    Body,
    Clause,
    Viewer,
    is_licensed,
    is_visible,
    licensed,
    visible,
)
from pipeline.wire.errors import CursorExpired, IndexUnavailable, SetupError
from pipeline.wire.story import Signal, Status

KEEP_ALIVE = "3m"
"""How long Elasticsearch keeps a listing for its next page."""
ANSWER_SECONDS = 4.5
"""The index counts as unavailable if it has not answered by then."""
SEARCH_SECONDS = 4
"""Elasticsearch stops a search that takes longer, and returns what it has found."""
SCAN_PAGE = 200
"""Documents per request of an export."""
COLLAPSE_ROUNDS = 5
"""Searches for one page of a listing that is mostly near-duplicates; then the page stays short."""
MAX_VERSIONS = 200
"""Versions listed of a story: its newest ones."""
MAX_NOTICES = 200
"""Withdrawals listed, and corrections."""
NOTICE_FIELDS = ("id", "source", "status", "signal", "version", "slugline", "ednote", "indexed_at")
"""Of a withdrawn story: nothing of its text."""
MAX_TERMS, MAX_HITS = 500, 10_000
"""Of one search by many ids."""

A = TypeVar("A")
B = TypeVar("B")


class Reader:
    """Searches and look-ups on one index.

    Args:
        client: an open client; `open_reader` opens one.
        settings: the index and its analyzers.
        answer_seconds: how long to wait for each answer but an export's; None waits as long as
            the client does.

    It shows what anybody may see; `seen_by` returns one that shows what a viewer may see.
    """

    def __init__(
        self,
        client: AsyncElasticsearch,
        settings: ElasticsearchSettings,
        answer_seconds: float | None = None,
    ) -> None:
        self._patient = client
        self._client = client.options(request_timeout=answer_seconds) if answer_seconds else client
        self._settings = settings
        self._index = read_alias(settings.index)
        self._history = history_index(settings.index)
        self._languages = languages(settings)
        self._closing: set[asyncio.Task[None]] = set()
        self._viewer = ANYBODY

    def seen_by(self, viewer: Viewer) -> Reader:
        """Return this reader, with its connection, for a viewer."""
        made = copy(self)
        made._viewer = viewer
        return made

    @property
    def events(self) -> EventReader:
        """Return the reader of events, for the same viewer."""
        return EventReader(self._client, self._settings, self._viewer)

    @property
    def reports(self) -> Reports:
        """Return the reader of reports, for the same viewer."""
        return Reports(self._patient, self._settings, self._viewer)

    async def __aenter__(self) -> Self:
        """Return this reader; it is closed at the end of the block."""
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connection."""
        await asyncio.gather(*self._closing, return_exceptions=True)
        await self._patient.close()

    async def ready(self) -> None:
        """Return if the index answers.

        Raises:
            IndexUnavailable, SetupError: it does not, or it is missing.
        """
        with translated(self._settings):
            if not await self._client.indices.exists_alias(name=self._index):
                raise SetupError(f"there is no index {self._index}: run `newswire setup`")

    async def search(
        self, request: SearchRequest, cursor: str | None = None
    ) -> tuple[results.Page, str | None]:
        """Return a page, and the cursor of the next page if there is one.

        Raises:
            CursorError: the cursor is damaged, or belongs to another search.
            CursorExpired: the next page was requested too late.
            IndexUnavailable, SetupError: see `pipeline.index.client.translated`.
        """
        known = decode(cursor, request) if cursor else None

        if known and known.q is not None:
            request = request.model_copy(update={"q": known.q})
        page, following = await self._page(request, known)
        if not (page.total or known or page.timed_out) and request.q:
            return await self._recovered(request, page)
        return page, encode(following) if following else None

    async def _page(
        self, request: SearchRequest, known: Cursor | None, q: str | None = None
    ) -> tuple[results.Page, Cursor | None]:
        """Return a page; with `q`, of a search for these words in place of the request's."""
        wanted = request if q is None else request.model_copy(update={"q": q})

        async def listed() -> tuple[dict[str, Any], Cursor | None]:
            at = known or await self._frozen(request, q)
            response, following = await self._listed(wanted, at)
            if following is None:
                self._release(response.get("pit_id", at.pit))
            return response, following

        (response, following), counts = await together(listed(), self._counts(wanted))
        found = results.counted(response, counts) if counts else response
        return results.page(found, wanted.q), following

    async def _recovered(
        self, request: SearchRequest, empty: results.Page
    ) -> tuple[results.Page, str | None]:
        """Return what there is in place of a search that finds nothing."""

        async def ask(body: Body) -> dict[str, Any]:
            return await self._search(body, index=self._index)

        now = datetime.now(UTC)
        try:
            found = await recovered(request, now, self._languages, self._viewer, ask)
        except (IndexUnavailable, SetupError):  # as of an older mapping, whose words it can't list
            return empty, None
        page, following = empty, None
        if found.q is not None:
            page, following = await self._page(request, None, found.q)
        page = msgspec.structs.replace(page, left_out=found.left_out, meant=found.meant)
        return page, encode(following) if following else None

    async def top(self, request: SearchRequest) -> results.Page:
        """Return the first page's hits, without counts and without a next page."""
        request = request.model_copy(update={"facets": False})
        if request.collapse:
            at = await self._frozen(request)
            response, _ = await self._listed(request, at)
            self._release(response.get("pit_id", at.pit))
        else:
            body = self._body(request, datetime.now(UTC))
            response = await self._search(body, index=self._index)
        return results.page(response, request.q)

    async def earlier(self, request: SearchRequest) -> results.Earlier | None:
        """Return what there is in the span before a request's own; None if it has no beginning."""
        now = datetime.now(UTC)
        window = span_before(request, now)
        if window is None:
            return None
        body = earlier(request, window, now, self._languages, self._viewer)
        answer = await self._search(body, index=self._index, request_cache=True)
        return results.earlier(answer, window[1] - window[0])

    async def scan(
        self, request: SearchRequest, limit: int | None = None
    ) -> AsyncIterator[list[Document]]:
        """Yield the whole documents of all matching stories, up to a limit, in pages."""
        request = request.model_copy(update={"size": SCAN_PAGE, "facets": False})
        at = await self._frozen(request)
        following: Cursor | None = at
        left = inf if limit is None else limit
        try:
            while following and left > 0:
                at = following
                response, following = await self._listed(request, at, whole=True)
                hits = response["hits"]["hits"]
                hits = hits if left == inf else hits[: int(left)]
                left -= len(hits)
                yield [hit["_source"] for hit in hits]
        finally:
            self._release(at.pit)

    async def story(self, story_id: str) -> Document | None:
        """Return the newest version of a story; None if there is none that may be shown."""
        return (await self.stories([story_id])).get(story_id)

    async def stories(self, ids: Sequence[str]) -> dict[str, Document]:
        """Return stories by id, without those that may not be shown."""
        found = await look_up(self._client, self._settings, self._index, ids)
        now = datetime.now(UTC)
        return {
            n: each.document
            for n, each in found.items()
            if is_visible(each.document, now, self._viewer)
        }

    async def newest(self, story_id: str) -> tuple[int, Document] | None:
        """Return index version and document of a story that is visible, or that was withdrawn.

        A withdrawn story is its agency's notice: who withdrew it, when and why, without its text.
        """
        held = (await self.held([story_id])).get(story_id)
        if held is None:
            return None
        withdrawn = held[1]["status"] == Status.WITHDRAWN and is_licensed(held[1], self._viewer)
        return held if withdrawn or self._shows(held[1]) else None

    def _shows(self, document: Document) -> bool:
        return is_visible(document, datetime.now(UTC), self._viewer)

    def _visible(self) -> Clause:
        return visible(datetime.now(UTC), self._viewer)

    async def notices(self, since: datetime) -> tuple[list[Document], list[Document]]:
        """Return the withdrawals and the visible corrections indexed since an instant.

        The newest come first. A withdrawal is the agency's notice, without the story's text.
        """
        recent = {"range": {"indexed_at": {"gt": since.isoformat()}}}
        withdrawn = {"term": {"status": Status.WITHDRAWN.value}}
        corrected = {"term": {"signal": Signal.CORRECTION.value}}

        def listed(fields: Sequence[str], *clauses: Clause) -> Awaitable[dict[str, Any]]:
            body: Body = {
                "size": MAX_NOTICES,
                "query": {"bool": {"filter": [recent, *licensed(self._viewer), *clauses]}},
                "sort": [{"indexed_at": "desc"}, {"id": "asc"}],
                "_source": [*NOTICE_FIELDS, *fields],
            }
            return self._search(body, index=self._index)

        both = await together(
            listed((), withdrawn), listed(("headline",), corrected, self._visible())
        )
        kills, corrections = ([h["_source"] for h in each["hits"]["hits"]] for each in both)
        return kills, corrections

    async def versions(self, story_id: str) -> list[tuple[int, Document]]:
        """Return a story's versions with their index versions, newest first.

        An earlier version's own embargo holds even if a later version lifted it.
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
        except NotFoundError:  # the index is older than the history
            return []
        return [
            (entry["index_version"], entry["document"])
            for entry in found
            if self._shows(entry["document"])
        ]

    async def version(self, story_id: str, index_version: int) -> Document | None:
        """Return one version of a story by its index version; None if it may not be shown."""
        if await self.story(story_id) is None:
            return None
        try:
            with translated_but(self._settings, NotFoundError):
                answer = await self._client.get(
                    index=self._history, id=version_id(story_id, index_version)
                )
        except NotFoundError:
            return None
        document: Document | None = answer["_source"].get("document")  # None if it was purged
        return document if document and self._shows(document) else None

    async def once_visible(self, ids: Collection[str], now: datetime) -> set[str]:
        """Return those of some hidden stories that have an earlier version that may be shown."""
        found: set[str] = set()
        left = sorted(ids)
        while left:
            batch, left = left[:MAX_TERMS], left[MAX_TERMS:]
            body: Body = {
                "size": MAX_HITS,
                "_source": [
                    "story_id",
                    *(f"document.{field}" for field in SHOWN_BY),
                ],
                "query": {"terms": {"story_id": batch}},
                "sort": [{"index_version": "asc"}],
            }
            try:
                answer = await self._search(
                    body, index=self._history, passing=(NotFoundError,), whole=True
                )
            except NotFoundError:  # the index is older than the history
                return found
            found |= {
                hit["_source"]["story_id"]
                for hit in answer["hits"]["hits"]
                if is_visible(hit["_source"]["document"], now, self._viewer)
            }
        return found

    async def alike(self, story_id: str, size: int = 8) -> list[results.Hit]:
        """Return stories on the same subject, the most similar first."""
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
                        "filter": [self._visible()],
                        "must_not": [{"ids": {"values": [story_id]}}],
                    }
                },
                "_source": list(query.RESULT_FIELDS),
            },
            index=self._index,
        )
        unmarked = Marker("")
        return [results.hit(found, unmarked) for found in await self._hits_beside(story_id, near)]

    async def _hits_beside(
        self, story_id: str, search: Awaitable[dict[str, Any]]
    ) -> list[dict[str, Any]]:
        """Return the hits of a search about a story; none if the story may not be shown."""
        response, story = await together(search, self.story(story_id))
        return [] if story is None else list(response["hits"]["hits"])

    async def suggest(self, typed: str) -> suggestions.Suggestions:
        """Return completions of the typed text."""
        body = suggestions.body(typed, datetime.now(UTC), self._viewer)
        if body is None:
            return suggestions.Suggestions()
        return suggestions.suggestions(typed, await self._search(body, index=self._index))

    async def facet(
        self, name: str, request: SearchRequest, typed: str = "", size: int = 200
    ) -> tuple[results.FacetValue, ...]:
        """Return the values of one facet that hold a typed text, the most frequent first."""
        now = datetime.now(UTC)
        body = one_facet(name, typed, request, now, self._languages, self._viewer)
        answer = await self._search(body, index=self._index)
        buckets = answer["aggregations"]["values"]["buckets"]
        values = results.facet_values(name, await self._merged(name, buckets, request, now))
        return results.holding(typed, values, size)

    async def _merged(
        self, name: str, buckets: Buckets, request: SearchRequest, now: datetime
    ) -> Buckets:
        """Return the buckets of a facet, the forms of one person as one."""

        async def stories(groups: Groups) -> Sequence[int]:
            body = with_any(name, groups, request, now, self._languages, self._viewer)
            answer = await self._search(body, index=self._index, request_cache=True)
            return [answer["aggregations"][str(n)]["doc_count"] for n in range(len(groups))]

        return await merged(buckets, stories) if FACETS[name].merged else buckets

    async def attention(self, request: attention.AttentionRequest) -> list[attention.Count]:
        """Return how many stories some searches find over time, and how many there are."""
        now = datetime.now(UTC)
        values: list[str] = []
        if request.by:
            body = attention.values_body(request, now, self._languages, self._viewer)
            found = await self._search(body, index=self._index, whole=True)
            values = [str(b["key"]) for b in found["aggregations"]["values"]["buckets"]]
        body = attention.body(request, values, now, self._languages, self._viewer)
        answer = await self._search(body, index=self._index, whole=True)
        return attention.counts(request, values, answer, now)

    async def matches(
        self, ids: Sequence[str], requests: Sequence[SearchRequest]
    ) -> list[frozenset[str]]:
        """Return, for each request, those of some stories that its search finds now.

        Raises:
            IndexUnavailable, SetupError: the index did not answer every request.
        """
        if not ids or not requests:
            return [frozenset() for _ in requests]
        now = datetime.now(UTC)
        searches: list[Mapping[str, Any]] = []
        for request in requests:
            among = {"ids": {"values": list(ids)}}
            wanted = [among, query.matching(request, now, self._languages, self._viewer)]
            body = {"query": {"bool": {"filter": wanted}}, "size": len(ids), "_source": False}
            searches += [{"index": self._index, PARTS: False}, body]
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
        """Refresh the index, so that searches see all that was written."""
        with translated(self._settings):
            await refresh(self._client, self._index)

    async def held(self, ids: Sequence[str]) -> dict[str, tuple[int, Document]]:
        """Return index version and document of stories by id, hidden ones too; not for readers."""
        found = await look_up(self._client, self._settings, self._index, ids)
        return {name: (each.version, each.document) for name, each in found.items()}

    async def raw(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """Return the response to a search of all shards that hides nothing; not for readers."""
        return await self._search(body, index=self._index, whole=True)

    async def _counts(self, request: SearchRequest) -> dict[str, Any] | None:
        if not request.facets:
            return None
        now = datetime.now(UTC)
        body = counts(request, now, self._languages, self._viewer)
        answer = await self._search(body, index=self._index, request_cache=True)
        for name, found in answer["aggregations"].items():
            if name in FACETS:
                values = found["values"]
                values["buckets"] = await self._merged(name, values["buckets"], request, now)
        return answer

    def _body(self, request: SearchRequest, now: datetime) -> Body:
        return query.body(request, now, self._languages, self._viewer)

    async def _frozen(self, request: SearchRequest, q: str | None = None) -> Cursor:
        with translated(self._settings):
            opened = await self._client.open_point_in_time(index=self._index, keep_alive=KEEP_ALIVE)
        return Cursor(opened["id"], [], datetime.now(UTC), digest(request), q)

    async def _listed(
        self, request: SearchRequest, at: Cursor, whole: bool = False
    ) -> tuple[dict[str, Any], Cursor | None]:
        """Return a listing's next hits as a response, and the cursor of what follows them.

        Args:
            whole: return each hit's whole document instead of the fields of a result.
        """
        body = self._body(request, at.now)
        if whole:
            body["_source"] = {"excludes": list(UNREAD)}
        if request.collapse and request.size:
            return await self._collapsed(body, at, by_event=request.collapse == "events")
        response = await self._pit_search(body, at, patient=whole)
        hits = response["hits"]["hits"]
        following = _after(hits, response, at) if request.size <= len(hits) > 0 else None
        if at.after or whole:
            await self._drop_hidden(hits)
        return response, following

    async def _collapsed(
        self, body: Body, at: Cursor, by_event: bool
    ) -> tuple[dict[str, Any], Cursor | None]:
        """Read as `_listed` does, without hits hidden behind another, until the page is full."""
        size = body["size"]
        standing_of = self._first_of_event if by_event else self._standing
        first: dict[str, Any] = {}
        shown: list[dict[str, Any]] = []
        following: Cursor | None = at
        for _ in range(COLLAPSE_ROUNDS):
            response = await self._pit_search(body, at)
            first = first or response
            hits = response["hits"]["hits"]
            standing = await standing_of(body, hits, at)
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
        if by_event:
            told = await self.events.summaries([hit["_id"] for hit in shown])
            for hit in shown:
                if hit["_id"] in told:
                    hit["event"] = msgspec.to_builtins(told[hit["_id"]])
        first["hits"]["hits"] = shown
        return first, following

    async def _standing(
        self, body: Body, hits: list[dict[str, Any]], at: Cursor
    ) -> dict[str, list[dict[str, Any]]]:
        """Return the hits that are not hidden behind another, each with those hidden behind it."""
        asked = duplicates.candidates(body, hits)
        if asked is None:
            return duplicates.standing(hits, [])
        response = await self._pit_search(asked, msgspec.structs.replace(at, after=[]))
        listed = response["hits"]["hits"]
        # A story that was withdrawn after the first page neither leads a set nor is in one.
        await self._drop_hidden(listed)
        return duplicates.standing(hits, listed)

    async def _first_of_event(
        self, body: Body, hits: list[dict[str, Any]], at: Cursor
    ) -> dict[str, list[dict[str, Any]]]:
        """Return the hits that stand before all others of their event in the whole listing."""
        names = await self.events.names([hit["_id"] for hit in hits])
        members = await self.events.members(set(names.values()))
        several = {name: found for name, found in members.items() if len(found) > 1}
        event_of = {story: name for name, found in several.items() for story in found}
        first: dict[str, str] = {}
        if event_of:
            asked = listing(body, {"terms": {"id": sorted(event_of)}}, MAX_HITS, ("id",))
            response = await self._pit_search(asked, msgspec.structs.replace(at, after=[]))
            listed = response["hits"]["hits"]
            await self._drop_hidden(listed)
            for hit in listed:
                first.setdefault(event_of[hit["_id"]], hit["_id"])
        leads = {hit["_id"]: first.get(event_of.get(hit["_id"], "")) for hit in hits}
        return {hit["_id"]: [] for hit in hits if leads[hit["_id"]] in (None, hit["_id"])}

    async def _pit_search(self, body: Body, at: Cursor, patient: bool = False) -> dict[str, Any]:
        body = body | {"pit": {"id": at.pit, "keep_alive": KEEP_ALIVE}}
        if not at.after:
            return await self._search(body, patient=patient)
        body |= {"search_after": at.after, "size": body["size"] + 1}
        try:
            response = await self._search(
                body, passing=(NotFoundError, RefusedError), patient=patient
            )
        except (NotFoundError, RefusedError) as error:
            raise CursorExpired("The cursor is too old. Search again without it.") from error
        # noida-db rounds scores, so that the last hit of the page before may come again.
        found = [hit for hit in response["hits"]["hits"] if hit["_id"] not in at.after]
        response["hits"]["hits"] = found[: body["size"] - 1]
        return response

    async def _search(
        self,
        body: Mapping[str, Any],
        index: str | None = None,
        passing: tuple[type[ApiError], ...] = (),
        request_cache: bool | None = None,
        patient: bool = False,
        whole: bool = False,
    ) -> dict[str, Any]:
        client = self._patient if patient else self._client
        # An export waits: what Elasticsearch has found until its time is up, or without a shard
        # that is lost, would be a part of it.
        limit = {} if patient else {"timeout": f"{SEARCH_SECONDS}s"}
        with translated_but(self._settings, *passing):
            answer = await client.search(
                index=index,
                body=dict(body) | limit,
                request_cache=request_cache,
                allow_partial_search_results=not (patient or whole),
            )
        if self._viewer.sources is not None:  # a score weighs words by all stories of the index
            for hit in answer["hits"]["hits"]:
                hit.pop("_score", None)
        return dict(answer.body)

    async def _drop_hidden(self, hits: list[dict[str, Any]]) -> None:
        """Remove hits that were withdrawn or embargoed after the listing's first page."""
        names = [hit["_id"] for hit in hits]
        found = await look_up(self._client, self._settings, self._index, names, SHOWN_BY)
        now = datetime.now(UTC)
        shown = {
            name for name, each in found.items() if is_visible(each.document, now, self._viewer)
        }
        hits[:] = [hit for hit in hits if hit["_id"] in shown]

    def _release(self, pit: str) -> None:
        """Free a listing that has ended, in the background."""

        async def close() -> None:
            with suppress(Exception):  # Elasticsearch frees it after KEEP_ALIVE
                await self._client.close_point_in_time(id=pit)

        task = asyncio.create_task(close())
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)


def _after(hits: Sequence[Mapping[str, Any]], response: Mapping[str, Any], at: Cursor) -> Cursor:
    """Return the cursor of what follows some hits."""
    pit = response.get("pit_id", at.pit)
    return msgspec.structs.replace(at, pit=pit, after=list(hits[-1]["sort"]))


async def together(first: Awaitable[A], second: Awaitable[B]) -> tuple[A, B]:
    """Return both results; if one fails or the caller is cancelled, cancel the other."""
    tasks = asyncio.ensure_future(first), asyncio.ensure_future(second)
    try:
        return await tasks[0], await tasks[1]
    finally:
        for task in tasks:
            task.cancel()


def open_reader(settings: ElasticsearchSettings) -> Reader:
    """Return a reader for readers of the page, with a connection of its own: a context."""
    return Reader(connect(settings), settings, ANSWER_SECONDS)


@contextmanager
def translated_but(settings: ElasticsearchSettings, *passing: type[ApiError]) -> Iterator[None]:
    """Translate errors as `translated` does, but let some of the client's errors pass."""
    kept: ApiError | None = None
    with translated(settings):
        try:
            yield
        except passing as error:
            kept = error
    if kept:
        raise kept
