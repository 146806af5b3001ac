"""The tools of the MCP server. They read what any reader may see, through one reader.

An id that is unknown, killed, under an embargo, or of a feed that machines may not use gets one
and the same answer.
"""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Annotated, Any, Literal, ParamSpec, TypeVar

import msgspec
from mcp.server.mcpserver.exceptions import ToolError
from pydantic import Field, ValidationError

from pipeline.enrich.geo.records import haversine_km
from pipeline.index.document import Document
from pipeline.search.cursors import CursorError
from pipeline.search.exports import public
from pipeline.search.reader import Reader
from pipeline.search.request import MAX_QUERY_CHARS, MAX_SIZE, SearchRequest
from pipeline.search.results import Hit
from pipeline.search.trending import Window
from pipeline.wire.errors import CursorExpired, NewswireError

NOT_THERE = "There is no such story, or it may not be shown."
AWAY = "The index does not answer. Try again in a few seconds."
MAX_IDS = 100
"""Ids of one call."""

StoryId = Annotated[str, Field(max_length=512, description="A story's id.")]
Names = Annotated[list[str], Field(max_length=50)]
Size = Annotated[int, Field(ge=1, le=MAX_SIZE, description="Stories of one answer.")]
Moment = Annotated[str | None, Field(max_length=40, description="ISO 8601; UTC if it has no zone.")]

P = ParamSpec("P")
A = TypeVar("A")


def told(tool: Callable[P, Awaitable[A]]) -> Callable[P, Awaitable[A]]:
    """Return a tool whose errors are sentences that name no address and no account."""

    @functools.wraps(tool)
    async def wrapped(*args: P.args, **kwargs: P.kwargs) -> A:
        try:
            return await tool(*args, **kwargs)
        except ValidationError as error:
            faults = error.errors()
            said = (f"{'.'.join(map(str, f['loc'])) or 'search'}: {f['msg']}" for f in faults)
            raise ToolError("; ".join(said)) from None
        except (CursorError, CursorExpired) as error:
            raise ToolError(str(error)) from None
        except NewswireError:
            raise ToolError(AWAY) from None

    return wrapped


class Tools:
    """The tools, over one reader."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    @property
    def all(self) -> tuple[Callable[..., Awaitable[Any]], ...]:
        """Return the tools, each named like its method."""
        return (
            *(self.search, self.story, self.versions, self.standing, self.event),
            *(self.trending, self.places_near),
        )

    @told
    async def search(
        self,
        query: Annotated[
            str,
            Field(
                max_length=MAX_QUERY_CHARS,
                description='Words, "a phrase", -without, OR, field:value (person:, place:, '
                "headline:, changed:figures).",
            ),
        ] = "",
        source: Annotated[Names, Field(description='Agencies, such as "AP".')] = [],  # noqa: B006
        language: Annotated[Names, Field(description='Language codes, such as "en".')] = [],  # noqa: B006
        person: Annotated[Names, Field(description="Full names of people.")] = [],  # noqa: B006
        organisation: Annotated[Names, Field(description="Names of organisations.")] = [],  # noqa: B006
        place: Annotated[Names, Field(description="Names or GeoNames ids of places.")] = [],  # noqa: B006
        country: Annotated[Names, Field(description="ISO codes or English names.")] = [],  # noqa: B006
        since: Moment = None,
        until: Moment = None,
        sort: Literal["auto", "relevance", "newest", "oldest"] = "auto",
        size: Size = 20,
        cursor: Annotated[
            str | None, Field(max_length=4096, description="The `cursor` of the page before.")
        ] = None,
    ) -> dict[str, Any]:
        """Find stories by words and filters. Values of one filter are alternatives."""
        request = SearchRequest.model_validate(
            {
                "q": query,
                "source": source,
                "language": language,
                "person": person,
                "organisation": organisation,
                "place": place,
                "country": country,
                "since": since,
                "until": until,
                "sort": sort,
                "size": size,
                "facets": False,
            }
        )
        page, following = await self._reader.search(request, cursor)
        return {
            "total": page.total,
            "stories": [_listed(hit) for hit in page.hits],
            "cursor": following,
        }

    @told
    async def story(
        self,
        id: StoryId,
        version: Annotated[
            int | None, Field(description="The `key` of an earlier version, from `versions`.")
        ] = None,
    ) -> dict[str, Any]:
        """Return a story: its text, people, organisations, places and quotes."""
        if version is None:
            found = await self._reader.story(id)
        else:
            found = await self._reader.version(id, version)
        if found is None:
            raise ToolError(NOT_THERE)
        return public(found)

    @told
    async def versions(self, id: StoryId) -> dict[str, Any]:
        """List a story's versions, newest first, each with the kinds of facts that it changed."""
        found = await self._reader.versions(id)
        if not found:
            raise ToolError(NOT_THERE)
        return {"id": id, "versions": [_version(key, document) for key, document in found]}

    @told
    async def standing(
        self, ids: Annotated[list[StoryId], Field(min_length=1, max_length=MAX_IDS)]
    ) -> dict[str, Any]:
        """Say which stories still stand. One that does not must be removed wherever it is kept.

        A story that stands comes with its newest version: another number or time than the one that
        you keep means that it was changed.
        """
        found = await self._reader.stories(ids)
        return {
            "stories": [
                {"id": id, "stands": id in found, **_about(found.get(id, {}))}
                for id in dict.fromkeys(ids)
            ]
        }

    @told
    async def event(self, id: StoryId) -> dict[str, Any]:
        """Return the event that a story reports: who had it when, its timeline, figures, quotes."""
        found = await self._reader.events.event(id)
        if found is None:
            raise ToolError(NOT_THERE)
        told: dict[str, Any] = msgspec.to_builtins(found)
        return told

    @told
    async def trending(self, window: Window = Window.HOUR) -> dict[str, Any]:
        """List the names, places and events with far more stories than usual at this hour."""
        told: dict[str, Any] = msgspec.to_builtins(
            await self._reader.reports.trending(window, datetime.now(UTC))
        )
        return told

    @told
    async def places_near(
        self,
        latitude: Annotated[float, Field(ge=-90, le=90)],
        longitude: Annotated[float, Field(ge=-180, le=180)],
        radius_km: Annotated[float, Field(gt=0, le=20_000)] = 50.0,
        since: Moment = None,
        until: Moment = None,
        size: Size = 20,
    ) -> dict[str, Any]:
        """Find the places near a point that stories name, with how many, and the newest stories."""
        request = SearchRequest.model_validate(
            {
                "near": f"{latitude},{longitude}",
                "radius_km": radius_km,
                "since": since,
                "until": until,
                "sort": "newest",
                "size": size,
            }
        )
        page, _ = await self._reader.search(request)
        near: list[dict[str, Any]] = [
            {
                "name": place.name,
                "geonames_id": place.geonames_id,
                "country_code": place.country_code,
                "latitude": place.latitude,
                "longitude": place.longitude,
                "km": round(haversine_km(latitude, longitude, place.latitude, place.longitude), 1),
                "stories": place.count,
            }
            for place in page.places
        ]
        within = [place for place in near if place["km"] <= radius_km]
        return {
            "total": page.total,
            "places": sorted(within, key=lambda place: (-place["stories"], place["km"])),
            "stories": [_listed(hit) for hit in page.hits],
        }


def _listed(hit: Hit) -> dict[str, Any]:
    """Return a story as lists show it."""
    fields: dict[str, Any] = msgspec.to_builtins(hit)
    fields["headline"] = hit.headline.text
    fields["snippets"] = [snippet.text for snippet in hit.snippets]
    fields["places"] = [place.name for place in hit.places]
    unwanted = ("similar", "score", "clock", "dated", "embargoed_until")
    return {k: v for k, v in fields.items() if v not in (None, [], "") and k not in unwanted}


_VERSION = ("version", "signal", "headline", "changed", "published_at", "received_at")


def _version(key: int, document: Document) -> dict[str, Any]:
    return {"key": key, **{name: document[name] for name in _VERSION if name in document}}


def _about(document: Document) -> dict[str, Any]:
    names = ("source", "version", "signal", "published_at")
    return {name: document[name] for name in names if name in document}
