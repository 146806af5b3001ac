"""A search as the page, the API, the command line and alerts ask for it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from pipeline.wire.story import Status

MAX_QUERY_CHARS = 1000


MAX_SIZE = 100


MAX_FILTER_VALUES = 50


FACETS = {
    "source": "source",
    "language": "language",
    "urgency": "urgency",
    "category": "categories",
    "subject": "subjects.name",
    "person": "persons",
    "organisation": "organisations",
    "place": "place_names",
    "country": "countries",
    "signal": "signal",
}
"""Facets, each also a filter of the same name, and the field that they count."""


Names = tuple[str, ...]


class SearchRequest(BaseModel):
    """What a reader asks for. Values of one filter are alternatives; filters add up."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    q: str = Field(default="", max_length=MAX_QUERY_CHARS)
    """In the syntax of `pipeline.search.syntax`."""
    source: Names = Field(default=(), max_length=MAX_FILTER_VALUES)
    language: Names = Field(default=(), max_length=MAX_FILTER_VALUES)
    urgency: tuple[Annotated[int, Field(ge=0, le=9)], ...] = Field(default=(), max_length=9)
    status: tuple[Status, ...] = ()
    signal: Names = Field(default=(), max_length=MAX_FILTER_VALUES)
    category: Names = Field(default=(), max_length=MAX_FILTER_VALUES)
    subject: Names = Field(default=(), max_length=MAX_FILTER_VALUES)
    """A subject's code or name."""
    person: Names = Field(default=(), max_length=MAX_FILTER_VALUES)
    organisation: Names = Field(default=(), max_length=MAX_FILTER_VALUES)
    place: Names = Field(default=(), max_length=MAX_FILTER_VALUES)
    """A place's name, or its GeoNames id."""
    country: Names = Field(default=(), max_length=MAX_FILTER_VALUES)
    """ISO 3166-1 alpha-2, or the country's English name."""
    since: datetime | None = None
    """Published at or after; UTC where no zone is given."""
    until: datetime | None = None
    """Published before."""
    near: str | None = Field(default=None, max_length=60)
    """"latitude,longitude" in degrees; stories with a place within `radius_km`."""
    radius_km: float = Field(default=50.0, ge=0.001, le=20_000)
    bbox: str | None = Field(default=None, max_length=120)
    """"west,south,east,north" in degrees; west may be east of east, across the date line."""
    sort: Literal["auto", "relevance", "newest", "oldest"] = "auto"
    """auto: relevance where words are given, else newest."""
    size: int = Field(default=20, ge=0, le=MAX_SIZE)
    collapse: bool = False
    """Near-duplicates stand behind the first of them: `pipeline.search.duplicates`."""
    facets: bool = True
    """Also count by facet, time and place."""

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
                    raise ValueError("holds half a character (a lone surrogate)") from error
        return value

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
        return self


def numbers(text: str, count: int, name: str, shape: str) -> list[float]:
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
