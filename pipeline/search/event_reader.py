"""Reads events: one index says which stories are together, the other two what they say."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
from elasticsearch import AsyncElasticsearch

from config.settings import Elasticsearch as ElasticsearchSettings
from pipeline.index.client import translated
from pipeline.index.document import Document
from pipeline.index.events import events_index
from pipeline.index.history import history_index
from pipeline.index.lookup import Held, look_up
from pipeline.index.setup import read_alias
from pipeline.search import events
from pipeline.search.events import Event
from pipeline.search.results import Summary
from pipeline.search.visible import SHOWN_BY, Viewer, is_licensed, is_visible
from pipeline.wire.errors import SetupError
from pipeline.wire.story import Status

MAX_ALIASES = 20
"""Withdrawn stories that lead from one to the next."""
MAX_STORIES = 2_000
"""Stories of an event that are read."""
MAX_TOLD = 300
"""Stories of which all versions are read: the newest."""
MAX_VERSIONS = 1_000
NEWEST = (
    {"published_at": {"order": "desc", "missing": "_last"}},
    {"changed_at": "desc"},
    {"story": "desc"},
)
SEARCH_TIMEOUT = "4s"
NOTICE_FIELDS = ("id", "slugline", "ednote", "indexed_at", *SHOWN_BY)


class Move(msgspec.Struct, frozen=True, kw_only=True):
    """A change of a story's event."""

    story: str
    event: str | None = None
    alias: str | None = None
    changed_at: str


class EventReader:
    """Events as one viewer may see them.

    Args:
        client: open for as long as the reader is used.
        settings: of the index of stories, beside which the others stand.
        viewer: whose stories they are made of.
        whole: of the whole index or not at all, as a report must be; a page shows what there is.
    """

    def __init__(
        self,
        client: AsyncElasticsearch,
        settings: ElasticsearchSettings,
        viewer: Viewer,
        whole: bool = False,
    ) -> None:
        self._client = client
        self._settings = settings
        self._viewer = viewer
        self._whole = whole
        self._index = read_alias(settings.index)
        self._events = events_index(settings.index)
        self._history = history_index(settings.index)

    async def event(self, name: str) -> Event | None:
        """Return an event by the id of any of its stories, also of one that was withdrawn.

        None if there is no story in it that the viewer may see, or if the id is of one that he may
        not know of.
        """
        ids = await self._members(name)
        kept = await self._versions(ids[-MAX_TOLD:])
        killed = await self._killed(ids)
        # The stories last: what was killed meanwhile is left out of all that was read before.
        stories = await self._visible(ids, events.FIELDS)
        if not stories:
            return None
        versions = {(each["id"], key): each for key, each in kept if each["id"] in stories}
        for story_id, held in stories.items():
            versions.setdefault((story_id, held.version), held.document)
        return events.event(
            [held.document for held in stories.values()],
            [(key, document) for (_, key), document in versions.items()],
            killed,
        )

    async def stories(self, name: str) -> list[Document]:
        """Return what the viewer may see of an event's stories, in short; see `event`."""
        found = await self._visible(await self._members(name), events.SUMMARY_FIELDS)
        return [held.document for held in found.values()]

    async def summaries(self, ids: Collection[str]) -> dict[str, Summary]:
        """Return the event of each of some stories, in short, by the story's id."""
        names = await self.names(ids)
        members = await self.members(set(names.values()))
        wanted = {*ids, *(story for each in members.values() for story in each)}
        stories = await self._visible(wanted, events.SUMMARY_FIELDS)
        found: dict[str, Summary] = {}
        made: dict[str, Summary] = {}
        for story_id in ids:
            if story_id not in stories:
                continue
            name = names.get(story_id)
            if name is None:
                found[story_id] = events.summary([stories[story_id].document])
                continue
            if name not in made:
                own = {story_id, *members.get(name, ())} & stories.keys()
                made[name] = events.summary([stories[each].document for each in own])
            found[story_id] = made[name]
        return found

    async def names(self, ids: Collection[str]) -> dict[str, str]:
        """Return the name of the event of each of some stories, as last indexed."""
        held = await self._places(ids)
        return {
            story_id: each.document["event"]
            for story_id, each in held.items()
            if each.document.get("event")
        }

    async def members(self, names: Collection[str]) -> dict[str, list[str]]:
        """Return the stories of some events, the newest last, hidden ones too; not for readers."""
        found: dict[str, list[str]] = {}
        if names:
            for source in reversed(await self._found("event", names, ("story", "event"))):
                found.setdefault(source["event"], []).append(source["story"])
        return found

    async def moved(self, since: datetime) -> set[Move]:
        """Return the stories whose event has changed since an instant; not for readers."""
        query = {"range": {"changed_at": {"gt": since.isoformat()}}}
        fields = Move.__struct_fields__
        found = await self._search(query, fields, self._events, MAX_STORIES, whole=True)
        return {msgspec.convert(source, Move) for source in found}

    async def _members(self, name: str) -> list[str]:
        """Return the stories of the event that an id names or once named, the newest last.

        None if the viewer may not know of the id.
        """
        if not await self._is_known(name):
            return []
        for _ in range(MAX_ALIASES):
            held = (await self._places([name])).get(name)
            document = held.document if held else {}
            if event := document.get("event"):
                found = (await self.members([event])).get(event, [])
                return [*({name} - set(found)), *found]
            if document.get("alias") is None:
                break
            name = document["alias"]
        return [name]

    async def _is_known(self, name: str) -> bool:
        """Return whether the viewer may know of a story, by itself or by its withdrawal."""
        held = (await look_up(self._client, self._settings, self._index, [name], SHOWN_BY)).get(
            name
        )
        if held is None:  # purged: its event may stand, and nobody can tell whose story it was
            return self._viewer.sources is None
        if held.document.get("status") == Status.WITHDRAWN:
            return is_licensed(held.document, self._viewer)
        return is_visible(held.document, datetime.now(UTC), self._viewer)

    async def _places(self, ids: Collection[str]) -> dict[str, Held]:
        try:
            return await look_up(
                self._client, self._settings, self._events, ids, ("event", "alias")
            )
        except SetupError:  # the index is older than events
            return {}

    async def _visible(self, ids: Iterable[str], fields: Sequence[str]) -> dict[str, Held]:
        now = datetime.now(UTC)
        held = await look_up(self._client, self._settings, self._index, ids, fields)
        return {n: each for n, each in held.items() if is_visible(each.document, now, self._viewer)}

    async def _versions(self, ids: Sequence[str]) -> list[tuple[int, Document]]:
        """Return the versions of stories that were kept, as far as the viewer may see them."""
        now = datetime.now(UTC)
        found = await self._search(
            {"terms": {"story_id": list(ids)}},
            ("index_version", *(f"document.{field}" for field in events.TOLD)),
            self._history,
            MAX_VERSIONS,
        )
        return [
            (each["index_version"], each["document"])
            for each in found
            if is_visible(each["document"], now, self._viewer)
        ]

    async def _killed(self, ids: Sequence[str]) -> list[Document]:
        """Return the notices of the withdrawn stories that were with some stories."""
        left = [source["story"] for source in await self._found("alias", ids, ("story",))]
        held = await look_up(self._client, self._settings, self._index, left, NOTICE_FIELDS)
        notices = [
            each.document
            for each in held.values()
            if each.document.get("status") == Status.WITHDRAWN
            and is_licensed(each.document, self._viewer)
        ]
        return sorted(notices, key=lambda notice: notice.get("indexed_at") or "", reverse=True)

    async def _found(
        self, field: str, values: Collection[str], fields: Sequence[str]
    ) -> list[Mapping[str, Any]]:
        query = {"terms": {field: sorted(values)}}
        return await self._search(query, fields, self._events, MAX_STORIES, NEWEST)

    async def _search(
        self,
        query: Mapping[str, Any],
        fields: Sequence[str],
        index: str,
        size: int,
        sort: Sequence[Mapping[str, Any]] = (),
        whole: bool = False,
    ) -> list[Mapping[str, Any]]:
        with translated(self._settings):
            answer = await self._client.search(
                index=index,
                query=query,
                source_includes=list(fields),
                size=size,
                sort=list(sort) or None,
                ignore_unavailable=True,
                timeout=None if self._whole else SEARCH_TIMEOUT,
                allow_partial_search_results=not (whole or self._whole),
            )
        return [hit["_source"] for hit in answer["hits"]["hits"]]
