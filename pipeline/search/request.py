"""A search as page, API, command line and alerts request it."""

from __future__ import annotations

from datetime import UTC, datetime
from types import GenericAlias
from typing import Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    create_model,
    field_validator,
    model_validator,
)

from pipeline.search.facets import FACETS, MAX_VALUES
from pipeline.wire.story import Status

MAX_QUERY_CHARS = 1000
MAX_SIZE = 100
"""Hits of one page."""


class _Words(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    q: str = Field(default="", max_length=MAX_QUERY_CHARS)
    """Words to search for; see the syntax in docs/search.md."""


_filters: dict[str, Any] = {
    facet.name: (
        GenericAlias(tuple, (facet.value, ...)),
        Field(default=(), max_length=MAX_VALUES, description=facet.help),
    )
    for facet in FACETS.values()
}
_Filtered: Any = create_model("_Filtered", __base__=_Words, **_filters)


class SearchRequest(_Filtered):  # type: ignore[misc]  # its fields come from the table of facets
    """A search. The values of one filter are alternatives; different filters add up."""

    without: tuple[str, ...] = Field(default=(), max_length=MAX_VALUES)
    """Facet values that stories must not have, as "person:Rosa Allende"."""
    status: tuple[Status, ...] = ()
    """A story's status."""
    since: datetime | None = None
    """Published at or after this time; UTC if it has no zone."""
    until: datetime | None = None
    """Published before this time; UTC if it has no zone."""
    near: str | None = Field(default=None, max_length=60)
    """"latitude,longitude" in degrees: stories with a place within `radius_km` of it."""
    radius_km: float = Field(default=50.0, ge=0.001, le=20_000)
    """Distance from `near` in kilometres."""
    bbox: str | None = Field(default=None, max_length=120)
    """"west,south,east,north" in degrees; west is greater than east across the date line."""
    polygon: str | None = Field(default=None, max_length=2000)
    """"longitude,latitude" of 3 to 100 corners, one after the other with commas between: stories
    with a place inside. No side crosses the date line."""
    sort: Literal["auto", "relevance", "newest", "oldest"] = "auto"
    """The order; "auto" is by relevance if the query has words, else the newest first."""
    size: int = Field(default=20, ge=0, le=MAX_SIZE)
    """Hits of a page."""
    collapse: bool | Literal["events"] = False
    """True shows one story of each set of near-duplicates, with the others listed behind it;
    "events" shows one story of each event, with the event."""
    facets: bool = True
    """Also count stories by facet, time and place."""

    @field_validator("since", "until")
    @classmethod
    def _in_utc(cls, value: datetime | None) -> datetime | None:
        if value is None:
            return None
        if not 1 < value.year < 9999:  # days and zones are added and taken away
            raise ValueError("lies outside the years 2 to 9998")
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)

    @field_validator("*")
    @classmethod
    def _no_surrogates(cls, value: Any) -> Any:
        for text in value if isinstance(value, tuple) else (value,):
            if isinstance(text, str):
                try:
                    text.encode()
                except UnicodeEncodeError as error:
                    raise ValueError("holds a lone surrogate") from error
        return value

    @field_validator("without")
    @classmethod
    def _of_facets(cls, values: tuple[str, ...]) -> tuple[str, ...]:
        for each in values:
            name, colon, value = each.partition(":")
            if name not in FACETS or not colon or not value:
                raise ValueError(f"{each!r} must be a facet and its value, as person:NAME")
        return values

    @model_validator(mode="after")
    def _coordinates(self) -> SearchRequest:
        if self.near:
            latitude, longitude = numbers(self.near, 2, "near", "latitude,longitude")
            _within(latitude, 90, "near: latitude")
            _within(longitude, 180, "near: longitude")
        if self.bbox:
            west, south, east, north = numbers(self.bbox, 4, "bbox", "west,south,east,north")
            for name, value, limit in (
                ("west", west, 180),
                ("east", east, 180),
                ("south", south, 90),
                ("north", north, 90),
            ):
                _within(value, limit, f"bbox: {name}")
            if south > north:
                raise ValueError("bbox: south lies north of north")
        if self.polygon:
            corners(self.polygon)
        return self


def corners(polygon: str) -> list[tuple[float, float]]:
    """Return the corners of a polygon, each as longitude and latitude.

    Raises:
        ValueError: it is none, with the parameter's name.
    """
    count = polygon.count(",") + 1
    if count % 2 or not 6 <= count <= 200:
        raise ValueError("polygon: must be 3 to 100 pairs of longitude,latitude")
    found = numbers(polygon, count, "polygon", "longitude,latitude,longitude,latitude,...")
    for longitude, latitude in zip(found[::2], found[1::2], strict=True):
        _within(longitude, 180, "polygon: longitude")
        _within(latitude, 90, "polygon: latitude")
    return list(zip(found[::2], found[1::2], strict=True))


def numbers(text: str, count: int, name: str, shape: str) -> list[float]:
    """Return the numbers of a comma-separated list.

    Raises:
        ValueError: there are not `count` numbers; names the parameter and the shape it has.
    """
    try:
        numbers = [float(part) for part in text.split(",")]
    except ValueError:
        numbers = []
    if len(numbers) != count:
        raise ValueError(f"{name}: must be {shape}")
    return numbers


def _within(value: float, limit: float, name: str) -> None:
    if not -limit <= value <= limit:  # also catches nan
        raise ValueError(f"{name} must be between -{limit} and {limit}")
