"""Definitions of dashboards, panels, searches and the map, read from `config/kibana/*.toml`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from config.settings import explain, read_toml
from pipeline.search.facets import FACETS
from pipeline.wire.errors import ConfigError

FOLDER = Path(__file__).parents[2] / "config" / "kibana"
COLUMNS = 48
"""The width of a dashboard."""

Audience = Literal["readers", "operators"]
Of = Literal["stories", "letters", "events", "land"]
"""The documents of a data view: stories, dead letters, which event a story is in, or the land."""

Shape = Literal["bars", "lines", "donut", "table", "metric"]


Show = Annotated[str, Field(pattern=r"^(max|average|unique|p\d\d) \S+$")]
"""An operation and a field: "max indexed_at", "p95 enrichment_delay_ms"."""


class _Frozen(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class DataView(_Frozen):
    """An index as Kibana sees it."""

    of: Of
    audience: Audience
    """Readers' views show only what readers may see."""
    id: str
    name: str
    time: str | None = None
    links: dict[str, str] = {}
    """Fields whose values lead to a page of newswire: the page's path, with {{value}}."""


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
    show: tuple[Show, ...] = ()
    """What is measured; the number of documents where it is left out."""
    unusual: bool = False
    """Show the values that are more frequent than usual, in place of the most frequent ones."""
    query: str = ""
    """What the panel is limited to, in Kibana's query language."""

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
    """The map of stories' places over the land, as circles by their number, and as points."""

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
    audience: Audience
    controls: tuple[str, ...] = ()
    """Facets to filter the whole dashboard by."""
    rows: tuple[Row, ...]


_LAYERS = (
    _Drawn(id="stories", title="", of="stories", audience="readers"),
    _Drawn(id="land", title="", of="land", audience="readers"),
)
"""What the map draws."""


class Definitions(_Frozen):
    """Every definition of a file."""

    data_views: tuple[DataView, ...]
    searches: tuple[Search, ...]
    panels: tuple[Panel, ...]
    map: Map
    dashboards: tuple[Dashboard, ...]
    labels: dict[str, str]
    """Fields as people call them."""

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
        views = [(view.of, view.audience) for view in self.data_views]
        for drawn in (*self.searches, *self.panels, *_LAYERS):
            if views.count((drawn.of, drawn.audience)) != 1:
                raise ValueError(f"there must be one data view of {drawn.of} for {drawn.audience}")
        audiences = {each.id: each.audience for each in (*self.searches, *self.panels)}
        for dashboard in self.dashboards:
            if unknown := set(dashboard.controls) - FACETS.keys():
                raise ValueError(f"dashboard {dashboard.id}: no facet {min(unknown)!r}")
            for row in dashboard.rows:
                for name, _ in row.panels:
                    if name not in shown:
                        raise ValueError(
                            f"dashboard {dashboard.id} shows {name}, which is not defined"
                        )
                    if dashboard.audience == "readers" and audiences.get(name) == "operators":
                        raise ValueError(
                            f"dashboard {dashboard.id} shows readers {name}, which is for operators"
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
