"""Saved objects, as far as they can be judged without a Kibana."""

import json
from collections.abc import Mapping
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from config.settings import Elasticsearch
from pipeline.kibana.definitions import FOLDER, load_definitions
from pipeline.kibana.objects import Object, export, objects, sources
from pipeline.search.facets import FACETS
from pipeline.wire.errors import ConfigError

SOURCES = sources(Elasticsearch(index="wire-stories"))
OBJECTS = objects(load_definitions(), SOURCES)
TYPES = {source.index: source.types for source in SOURCES.values()}
AGGREGATABLE = {"keyword", "long", "integer", "float", "date", "boolean", "geo_point"}

ATTRIBUTES = {
    "index-pattern": {"title", "name", "timeFieldName"},
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
        *values(tree, "geoField"),
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


def test_what_readers_see_hides_what_must_not_be_shown() -> None:
    """On the newsroom's dashboard every part leaves withdrawn and embargoed stories out."""
    (newsroom,) = (found for found in OBJECTS if found["id"] == "newswire-newsroom")
    shown = {reference["id"] for reference in newsroom["references"]}
    for found in OBJECTS:
        if found["id"] in shown:
            text = json.dumps(opened(found["attributes"]))
            for rule in (
                "not status : withdrawn",
                "not embargoed_until > now",
                "embargoed and not",
            ):
                assert rule in text, found["id"]


def test_an_export_is_deterministic_and_counted() -> None:
    """The same definitions give the same bytes, and a summary ends them as Kibana's own."""
    made = [export(load_definitions(), SOURCES) for _ in range(2)]
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
        ('of = "letters"\nid', 'of = "stories"\nid', "one data view of stories"),
        (
            'of = "letters"\naudience = "operators"',
            'of = "letters"\naudience = "readers"',
            "only operators",
        ),
        ('facet = "person"', 'facet = "persons"', "no facet 'persons': one of person, place"),
        ('show = "max received_at"', 'show = "median received_at"', "show"),
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
