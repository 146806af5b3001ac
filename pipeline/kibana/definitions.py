"""Definitions of dashboards, panels, searches and the map, read from `config/kibana/*.toml`."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal, Self, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from config.settings import explain, read_toml
from pipeline.search.facets import FACETS
from pipeline.wire.errors import ConfigError

FOLDER = Path(__file__).parents[2] / "config" / "kibana"
COLUMNS = 48
"""The width of a dashboard."""

Audience = Literal["readers", "operators"]
Of = Literal["stories", "letters"]
"""The documents of a data view: stories or dead letters."""

Shape = Literal["bars", "lines", "donut", "table", "metric"]


class _Frozen(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class DataView(_Frozen):
    """An index as Kibana sees it."""

    of: Of
    id: str
    name: str
    time: str


class _Drawn(_Frozen):
    """An object that shows documents of a data view."""

    id: str
    title: str
    of: Of = "stories"
    audience: Audience

    @model_validator(mode="after")
    def _seen(self) -> Self:
        if self.of == "letters" and self.audience == "readers":
            raise ValueError("only operators may see dead letters")
        return self


class Search(_Drawn):
    """A saved search, which lists documents as rows."""

    columns: tuple[str, ...]
    sort: str
    query: str = ""


class Panel(_Drawn):
    """A chart, table or number; the head of the definitions explains its keys."""

    shape: Shape
    by: str | None = None
    """A field; a panel of a facet takes the facet's."""
    split: str | None = None
    top: int = Field(default=10, ge=1, le=1000)
    show: str | None = Field(default=None, pattern=r"^(max|average|unique) \S+$")

    @model_validator(mode="before")
    @classmethod
    def _of_facet(cls, given: Any) -> Any:
        if not isinstance(given, dict) or "facet" not in given:
            return given
        facet = FACETS.get(given["facet"])
        if facet is None:
            raise ValueError(f"no facet {given['facet']!r}: one of {', '.join(FACETS)}")
        rest = {key: value for key, value in given.items() if key != "facet"}
        return {"title": facet.label, "by": facet.field, **rest}

    @model_validator(mode="after")
    def _grouped(self) -> Panel:
        if (self.shape == "metric") != (self.by is None):
            raise ValueError("a metric has no `by`; every other shape needs one")
        return self


class Map(_Frozen):
    """The map of stories' places, as clusters and as points."""

    id: str
    title: str
    field: str
    tooltip: tuple[str, ...]


class Row(_Frozen):
    """Panels side by side: the id of each, and its width in COLUMNS."""

    height: int = Field(ge=1)
    panels: tuple[tuple[str, int], ...]

    @model_validator(mode="after")
    def _fits(self) -> Row:
        if sum(width for _, width in self.panels) > COLUMNS:
            raise ValueError(f"a row is wider than {COLUMNS} columns")
        return self


class Dashboard(_Frozen):
    """Rows of panels, searches and the map."""

    id: str
    title: str
    from_: str = Field(alias="from")
    refresh_seconds: int = Field(ge=1)
    rows: tuple[Row, ...]


class Definitions(_Frozen):
    """Every definition of a file."""

    data_views: tuple[DataView, ...]
    searches: tuple[Search, ...]
    panels: tuple[Panel, ...]
    map: Map
    dashboards: tuple[Dashboard, ...]

    @model_validator(mode="after")
    def _resolved(self) -> Definitions:
        shown = [*(s.id for s in self.searches), *(p.id for p in self.panels), self.map.id]
        ids = [
            *shown,
            *(view.id for view in self.data_views),
            *(dashboard.id for dashboard in self.dashboards),
        ]
        if twice := {name for name in ids if ids.count(name) > 1}:
            raise ValueError(f"the id {min(twice)} is used twice")
        views = [view.of for view in self.data_views]
        for of in get_args(Of):
            if views.count(of) != 1:
                raise ValueError(f"there must be one data view of {of}")
        for dashboard in self.dashboards:
            for row in dashboard.rows:
                for name, _ in row.panels:
                    if name not in shown:
                        raise ValueError(
                            f"dashboard {dashboard.id} shows {name}, which is not defined"
                        )
        return self


def load_definitions(path: Path = FOLDER / "newswire.toml") -> Definitions:
    """Read the definitions of a file.

    Raises:
        ConfigError: names the key and the file.
    """
    try:
        return Definitions.model_validate(read_toml(path))
    except ValidationError as error:
        raise ConfigError(f"{path}: {explain(error, {})}") from None
