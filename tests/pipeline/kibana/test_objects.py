"""Saved objects, as far as they can be judged without a Kibana."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from config.settings import Elasticsearch
from pipeline.index.setup import READABLE
from pipeline.kibana.definitions import FOLDER, load_definitions
from pipeline.kibana.objects import Object, export, field_labels, objects, sources
from pipeline.search.facets import FACETS
from pipeline.search.visible import ANYBODY, iso, visible
from pipeline.wire.errors import ConfigError

SOURCES = sources(Elasticsearch(index="wire-stories"))
URL = "https://wire.example.org/"
DEFINITIONS = load_definitions()
OBJECTS = objects(DEFINITIONS, SOURCES, URL)
TYPES = {source.index: source.types for source in SOURCES.values()}
AGGREGATABLE = {"keyword", "long", "integer", "float", "date", "boolean", "geo_point"}

STRICT: dict[str, set[str]] = {
    "index-pattern": {
        *("title", "name", "timeFieldName", "fields", "fieldFormatMap", "fieldAttrs"),
        *("runtimeFieldMap", "sourceFilters", "type", "typeMeta", "allowNoIndex", "allowHidden"),
    },
    "search": {
        *("title", "description", "columns", "sort", "grid", "hideChart", "version", "hits"),
        *("kibanaSavedObjectMeta", "isTextBasedQuery", "usesAdHocDataView", "timeRestore"),
        *("timeRange", "refreshInterval", "rowHeight", "headerRowHeight", "rowsPerPage"),
        *("hideAggregatedPreview", "sampleSize", "breakdownField", "density", "viewMode"),
        *("visContext", "tabs"),
    },
    "lens": {"title", "description", "visualizationType", "state", "uiStateJSON", "version"},
    "map": {"title", "description", "layerListJSON", "mapStateJSON", "uiStateJSON", "bounds"},
    "dashboard": {
        *("title", "description", "panelsJSON", "optionsJSON", "version", "hits", "timeRestore"),
        *("timeFrom", "timeTo", "refreshInterval", "controlGroupInput", "kibanaSavedObjectMeta"),
        "sections",
    },
}
"""The keys of attributes that Kibana 9 knows: its schemas refuse any other."""
INNER: dict[str, set[str]] = {
    "refreshInterval": {"pause", "value", "display", "section"},
    "controlGroupInput": {
        *("panelsJSON", "controlStyle", "chainingSystem", "ignoreParentSettingsJSON"),
        "showApplySelections",
    },
    "kibanaSavedObjectMeta": {"searchSourceJSON"},
}

ATTRIBUTES = {
    "index-pattern": {"title", "name", "fieldFormatMap", "fieldAttrs", "sourceFilters"},
    "search": {"title", "columns", "sort", "kibanaSavedObjectMeta"},
    "lens": {"title", "visualizationType", "state"},
    "map": {"title", "description", "layerListJSON", "mapStateJSON", "uiStateJSON"},
    "dashboard": {"title", "panelsJSON", "optionsJSON", "kibanaSavedObjectMeta", "timeRestore"},
}


def of(kind: str) -> list[Any]:
    """The objects of a type, as pytest parameters."""
    return [pytest.param(found, id=found["id"]) for found in OBJECTS if found["type"] == kind]


ALL = [pytest.param(found, id=found["id"]) for found in OBJECTS]


def opened(tree: Any) -> Any:
    """An object with the JSON that stands in its strings read."""
    if isinstance(tree, dict):
        return {
            key: opened(json.loads(value) if key.endswith("JSON") else value)
            for key, value in tree.items()
        }
    return [opened(value) for value in tree] if isinstance(tree, list) else tree


def values(tree: Any, key: str) -> list[Any]:
    """Every value of a key, however deep."""
    if isinstance(tree, dict):
        return [
            found
            for name, value in tree.items()
            for found in ([value] if name == key else values(value, key))
        ]
    return [v for part in tree for v in values(part, key)] if isinstance(tree, list) else []


def types(found: Object) -> Mapping[str, str]:
    """The fields of the one index that an object shows, with their types."""
    views = {r["id"] for r in found["references"] if r["type"] == "index-pattern"}
    views -= {"newswire-land-view"}
    (index,) = {o["attributes"]["title"] for o in OBJECTS if o["id"] in views}
    return TYPES[index]


@pytest.mark.parametrize("found", ALL)
def test_an_object_has_the_shape_of_its_type(found: Object) -> None:
    """Each has what an import needs, and versions that the oldest Kibana 8 of use knows."""
    assert found.keys() == {
        "id",
        "type",
        "attributes",
        "references",
        "coreMigrationVersion",
        "typeMigrationVersion",
    }
    assert ATTRIBUTES[found["type"]] <= found["attributes"].keys()
    assert tuple(map(int, found["typeMigrationVersion"].split("."))) <= (8, 9, 0)
    assert opened(found)


@pytest.mark.parametrize("found", ALL)
def test_an_object_has_no_key_that_kibana_refuses(found: Object) -> None:
    """Kibana's schemas are strict: an unknown key refuses the object."""
    assert found["attributes"].keys() <= STRICT[found["type"]]
    for name, known in INNER.items():
        assert found["attributes"].get(name, {}).keys() <= known


@pytest.mark.parametrize("found", ALL)
def test_every_reference_resolves(found: Object) -> None:
    """What an object names stands in its references, and what those name is in the file."""
    there = {(o["type"], o["id"]) for o in OBJECTS}
    names = [reference["name"] for reference in found["references"]]
    assert len(names) == len(set(names))
    assert all((r["type"], r["id"]) in there for r in found["references"])
    for key in ("indexRefName", "indexPatternRefName"):
        assert set(values(opened(found), key)) <= set(names)
    for panel in opened(found["attributes"]).get("panelsJSON", ()):
        assert f"{panel['panelIndex']}:{panel['panelRefName']}" in names


@pytest.mark.parametrize("found", of("lens"))
def test_a_panel_is_of_fields_that_can_be_aggregated(found: Object) -> None:
    """Every field that a panel groups by or measures is in the mapping with such a type."""
    (layer,) = found["attributes"]["state"]["datasourceStates"]["formBased"]["layers"].values()
    assert layer["columnOrder"] == list(layer["columns"])
    for column in layer["columns"].values():
        if column["sourceField"] != "___records___":
            assert types(found)[column["sourceField"]] in AGGREGATABLE
    used = {
        *values(found["attributes"]["state"]["visualization"], "columnId"),
        *values(found["attributes"]["state"]["visualization"], "xAccessor"),
        *values(found["attributes"]["state"]["visualization"], "metricAccessor"),
    }
    assert used <= layer["columns"].keys()


@pytest.mark.parametrize("found", [*of("search"), *of("map")])
def test_searches_and_map_show_fields_of_the_mapping(found: Object) -> None:
    """Columns, sort and tooltips name fields that stories, or dead letters, have."""
    tree = opened(found["attributes"])
    named = [
        *(name for names in values(tree, "columns") for name in names),
        *(order[0] for orders in values(tree, "sort") for order in orders),
        *(name for name in values(tree, "geoField") if name != "shape"),
        *(name for names in values(tree, "tooltipProperties") for name in names),
    ]
    assert named
    assert set(named) <= types(found).keys()


@pytest.mark.parametrize("found", of("dashboard"))
def test_panels_do_not_overlap(found: Object) -> None:
    """Each panel has its own part of the 48 columns."""
    grid = [panel["gridData"] for panel in opened(found["attributes"])["panelsJSON"]]
    for one in grid:
        assert 0 <= one["x"] < one["x"] + one["w"] <= 48
    for one, other in combinations(grid, 2):
        apart = (
            one["x"] + one["w"] <= other["x"]
            or other["x"] + other["w"] <= one["x"]
            or one["y"] + one["h"] <= other["y"]
            or other["y"] + other["h"] <= one["y"]
        )
        assert apart, (one, other)


def by_id(name: str) -> Object:
    """An object by its id."""
    (found,) = (found for found in OBJECTS if found["id"] == f"newswire-{name}")
    return found


def test_what_readers_see_hides_what_must_not_be_shown() -> None:
    """Every part of the newsroom's dashboard, controls included, reads an alias that hides it."""
    newsroom = by_id("newsroom")
    parts = [by_id(r["id"].removeprefix("newswire-")) for r in newsroom["references"]]
    views = {r["id"] for part in parts for r in part["references"]}
    views |= {part["id"] for part in parts if part["type"] == "index-pattern"}
    assert {o["attributes"]["title"] for o in OBJECTS if o["id"] in views} == {
        "wire-stories-readers",
        "wire-stories-events-readers",
        "wire-stories-land",
    }


def test_operators_see_what_was_indexed_when() -> None:
    """Their data view follows the time of indexing, so that a backfill is on their tables."""
    view = by_id("operators-view")["attributes"]
    assert (view["title"], view["timeFieldName"]) == ("wire-stories", "indexed_at")
    for part in by_id("operations")["references"]:
        if part["id"] in ("newswire-indexed", "newswire-last-indexed", "newswire-withdrawn"):
            (reference,) = by_id(part["id"].removeprefix("newswire-"))["references"]
            assert reference["id"] == "newswire-operators-view"


def test_values_lead_to_the_page() -> None:
    """A story's id and an event lead to their pages, a feed and a dead letter to operations."""
    formats = {
        view.values[0]["id"]: opened_formats(view.values[0]["attributes"])
        for view in of("index-pattern")
    }
    assert formats["newswire-data-view"]["id"] == "https://wire.example.org/story/{{value}}"
    assert formats["newswire-events-view"]["event"] == "https://wire.example.org/event/{{value}}"
    assert formats["newswire-dead-letters-view"]["name"] == "https://wire.example.org/operations"
    for found in objects(DEFINITIONS, SOURCES):  # without the address no link can be made
        if found["type"] == "index-pattern":
            assert opened_formats(found["attributes"]) == {}
    for view in DEFINITIONS.data_views:
        assert view.links.keys() <= SOURCES[view.of, view.audience].types.keys()


def opened_formats(attributes: dict[str, Any]) -> dict[str, str]:
    """The links of a data view's fields."""
    formats = json.loads(attributes["fieldFormatMap"])
    return {
        field: each["params"]["urlTemplate"] for field, each in formats.items()
        if each["id"] == "url"
    }  # fmt: skip


def test_every_field_that_is_shown_has_a_label() -> None:
    """Columns of lists and charts are called as people call them."""
    shown = {
        *(name for search in DEFINITIONS.searches for name in search.columns),
        *(name for panel in DEFINITIONS.panels for name in (panel.by, panel.split) if name),
    }
    labels = field_labels(DEFINITIONS)
    assert shown - labels.keys() == set()
    assert [label for label in labels.values() if not label[0].isupper()] == []
    assert json.loads(by_id("land-view")["attributes"]["fieldAttrs"]) == {}
    attributes = by_id("data-view")["attributes"]
    assert json.loads(attributes["fieldAttrs"])["persons"] == {"customLabel": "People"}
    # What is there to be searched alone is not shown in Discover.
    assert json.loads(attributes["sourceFilters"]) == [{"value": "folded.*"}, {"value": "text.*"}]


def test_numbers_stand_in_their_own_order() -> None:
    """Urgency 1 comes before 2, whichever is more frequent."""
    (layer,) = by_id("urgency")["attributes"]["state"]["datasourceStates"]["formBased"][
        "layers"
    ].values()
    assert layer["columns"]["by"]["params"]["orderBy"] == {
        "type": "alphabetical",
        "fallback": False,
    }
    assert layer["columns"]["by"]["params"]["orderDirection"] == "asc"


@pytest.mark.parametrize("found", of("dashboard"))
def test_a_dashboard_has_controls_and_is_refreshed(found: Object) -> None:
    """Each control is of a field of the data view that it is tied to."""
    group = opened(found["attributes"])["controlGroupInput"]
    assert group["panelsJSON"]
    for name, control in group["panelsJSON"].items():
        (view,) = (
            r["id"] for r in found["references"]
            if r["name"] == f"controlGroup_{name}:optionsListDataView"
        )  # fmt: skip
        index = by_id(view.removeprefix("newswire-"))["attributes"]["title"]
        assert TYPES[index][control["explicitInput"]["fieldName"]] in AGGREGATABLE
    assert found["attributes"]["refreshInterval"] == {"pause": False, "value": 30_000}


def test_the_map_has_land_and_circles_by_count() -> None:
    """The land is of our own index, and a circle is as large as its number of stories."""
    land, clusters, _ = opened(by_id("map")["attributes"])["layerListJSON"]
    assert land["sourceDescriptor"]["geoField"] == "shape"
    assert land["sourceDescriptor"]["applyGlobalTime"] is False
    size = clusters["style"]["properties"]["iconSize"]
    assert size["type"] == "DYNAMIC"
    assert size["options"]["field"]["name"] == "doc_count"
    assert size["options"]["minSize"] < size["options"]["maxSize"]


def test_the_alias_of_readers_hides_as_the_search_does() -> None:
    """Its filter is the search page's, at any time."""
    at = datetime(2026, 11, 25, tzinfo=UTC)
    hidden = json.dumps(visible(at, ANYBODY)).replace(iso(at), "now")
    assert json.loads(hidden) == READABLE


def test_an_export_is_deterministic_and_counted() -> None:
    """The same definitions give the same bytes, and a summary ends them as Kibana's own."""
    made = [export(load_definitions(), SOURCES, URL) for _ in range(2)]
    assert made[0] == made[1]
    *lines, summary = map(json.loads, made[0].splitlines())
    assert [line["id"] for line in lines] == [found["id"] for found in OBJECTS]
    assert summary["exportedCount"] == len(lines)
    assert summary["missingReferences"] == []


@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [
        ('["stories", 8], ', '["stories", 9], ', "wider than 48"),
        ('["map", 32]', '["chart", 32]', "which is not defined"),
        ('id = "places"', 'id = "persons"', "is used twice"),
        ('shape = "donut"', 'shape = "pie"', "shape"),
        ('of = "letters"\naudience', 'of = "stories"\naudience', "one data view of"),
        ('["urgency", 12]', '["statuses", 12]', "which is for operators"),
        ('controls = ["source"', 'controls = ["sauce"', "no facet 'sauce'"),
        (
            'of = "letters"\naudience = "operators"\nshape',
            'of = "letters"\naudience = "readers"\nshape',
            "only operators",
        ),
        ('facet = "person"', 'facet = "persons"', "no facet 'persons': one of person, place"),
        ('"max received_at"', '"median received_at"', "show"),
    ],
)
def test_definitions_that_do_not_hold_together_are_refused(
    tmp_path: Path, before: str, after: str, reason: str
) -> None:
    """A mistake is named before anything is written."""
    text = (FOLDER / "newswire.toml").read_text(encoding="utf-8")
    assert before in text
    wrong = tmp_path / "wrong.toml"
    wrong.write_text(text.replace(before, after, 1), encoding="utf-8")
    with pytest.raises(ConfigError, match=reason):
        load_definitions(wrong)


def test_a_panel_of_a_facet_is_titled_by_it() -> None:
    """Panel and column carry the facet's label, not the name of a field."""
    (found,) = (found for found in OBJECTS if found["id"] == "newswire-persons")
    assert found["attributes"]["title"] == FACETS["person"].label
    assert FACETS["person"].label in values(found["attributes"], "label")
