"""Definitions as Kibana's saved objects. The same definitions give the same bytes.

Kibana imports objects of older versions and refuses newer ones. So these carry the oldest
version that has what is used here: 8.9.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from config.settings import Elasticsearch
from pipeline.index.deadletters import MAPPING, deadletters_index
from pipeline.index.events import MAPPING as events_mapping
from pipeline.index.events import events_index
from pipeline.index.mapping import UNREAD, properties
from pipeline.index.setup import read_alias, readers_alias
from pipeline.kibana import land
from pipeline.kibana.definitions import (
    Audience,
    Dashboard,
    DataView,
    Definitions,
    Map,
    Of,
    Panel,
    Search,
)
from pipeline.kibana.land import land_index
from pipeline.search.facets import FACETS

Object = dict[str, Any]

CORE_VERSION = "8.8.0"
TYPE_VERSIONS = {
    "index-pattern": "8.0.0",
    "search": "8.0.0",
    "lens": "8.9.0",
    "map": "8.4.0",
    "dashboard": "8.9.0",
}
PREFIX = "newswire-"

_LAYER = "layer"
_COUNTED: Mapping[Of, str] = {
    "stories": "Stories",
    "letters": "Dead letters",
    "events": "Stories",
    "land": "Polygons",
}
_OPERATIONS = {"max": "Last", "average": "Average", "unique": "Different"}
DELAYS = ("enrichment_delay_ms", "indexing_delay_ms")
"""Fields that are shown as spans of time."""


@dataclass(frozen=True, slots=True)
class Source:
    """An index or alias that Kibana shows."""

    index: str
    types: Mapping[str, str]
    """Elasticsearch's type of each field, by its full name."""


Sources = Mapping[tuple[Of, Audience], Source]
"""What each data view shows, by its documents and audience."""


def export(definitions: Definitions, sources: Sources, public_url: str | None = None) -> bytes:
    """Return the saved objects as NDJSON, with the summary line that ends Kibana's own exports."""
    made = objects(definitions, sources, public_url)
    summary = {
        "excludedObjects": [],
        "excludedObjectsCount": 0,
        "exportedCount": len(made),
        "missingRefCount": 0,
        "missingReferences": [],
    }
    lines = [orjson.dumps(line, option=orjson.OPT_SORT_KEYS) for line in (*made, summary)]
    return b"\n".join(lines) + b"\n"


def objects(
    definitions: Definitions, sources: Sources, public_url: str | None = None
) -> list[Object]:
    """Return the saved objects, each after those that it refers to.

    Args:
        definitions: of config/kibana.
        sources: see `sources`.
        public_url: the address of newswire's page, for links to it; None makes no links.
    """
    views = {(view.of, view.audience): PREFIX + view.id for view in definitions.data_views}
    kinds = {
        **{search.id: "search" for search in definitions.searches},
        **{panel.id: "lens" for panel in definitions.panels},
        definitions.map.id: "map",
    }
    labels = field_labels(definitions)
    return [
        *(
            _data_view(view, sources[view.of, view.audience], labels, public_url)
            for view in definitions.data_views
        ),
        *(_search(search, views[search.of, search.audience]) for search in definitions.searches),
        *(
            _lens(
                panel,
                sources[panel.of, panel.audience].types,
                views[panel.of, panel.audience],
                labels,
            )
            for panel in definitions.panels
        ),
        _map(definitions.map, views["stories", "readers"], views["land", "readers"]),
        *(
            _dashboard(dashboard, kinds, views["stories", dashboard.audience])
            for dashboard in definitions.dashboards
        ),
    ]


def field_labels(definitions: Definitions) -> dict[str, str]:
    """Return what fields are called: as the facets are, if the definitions do not say otherwise."""
    return {facet.field: facet.label for facet in FACETS.values()} | definitions.labels


def _data_view(
    view: DataView, source: Source, labels: Mapping[str, str], public_url: str | None
) -> Object:
    shown = {name: {"customLabel": labels[name]} for name in source.types if name in labels}
    base = (public_url or "").rstrip("/")
    formats: dict[str, Object] = {
        field: {
            "id": "url",
            "params": {
                "urlTemplate": base + path,
                "labelTemplate": "{{value}}",
                "openLinkInCurrentTab": False,
            },
        }
        for field, path in (view.links.items() if base else ())
    }
    for field in DELAYS:
        if field in source.types:
            spans = {"inputFormat": "milliseconds", "outputFormat": "humanizePrecise"}
            formats[field] = {"id": "duration", "params": {**spans, "outputPrecision": 1}}
    attributes = {
        "title": source.index,
        "name": view.name,
        "fieldFormatMap": _json(formats),
        "fieldAttrs": _json(shown),
        "sourceFilters": _json([{"value": f"{name}.*"} for name in UNREAD]),
        **({"timeFieldName": view.time} if view.time else {}),
    }
    return _object("index-pattern", view.id, attributes, [])


def _dashboard(dashboard: Dashboard, kinds: Mapping[str, str], view: str) -> Object:
    placed = _placed([(row.height, row.panels) for row in dashboard.rows], kinds)
    controls = {name: _control(order, name) for order, name in enumerate(dashboard.controls)}
    attributes = {
        "title": dashboard.title,
        "description": "",
        "panelsJSON": _json([panel for panel, _ in placed]),
        "optionsJSON": _json({"useMargins": True, "hidePanelTitles": False}),
        "timeRestore": True,
        "timeFrom": dashboard.from_,
        "timeTo": "now",
        "refreshInterval": {"pause": False, "value": dashboard.refresh_seconds * 1000},
        "controlGroupInput": {
            "chainingSystem": "HIERARCHICAL",
            "controlStyle": "oneLine",
            "ignoreParentSettingsJSON": _json(
                dict.fromkeys(
                    ("ignoreFilters", "ignoreQuery", "ignoreTimerange", "ignoreValidations"), False
                )
            ),
            "panelsJSON": _json(controls),
        },
        "kibanaSavedObjectMeta": {"searchSourceJSON": _json(_searched(""))},
    }
    references = [reference for _, reference in placed]
    references += [_view(view, f"controlGroup_{name}:optionsListDataView") for name in controls]
    return _object("dashboard", dashboard.id, attributes, references)


def _control(order: int, name: str) -> Object:
    """Return a list of a facet's values to choose from."""
    facet = FACETS[name]
    return {
        "type": "optionsListControl",
        "order": order,
        "grow": True,
        "width": "medium",
        "explicitInput": {
            "id": name,
            "fieldName": facet.field,
            "title": facet.label,
            "selectedOptions": [],
            "searchTechnique": "wildcard",
            "sort": {"by": "_count", "direction": "desc"},
            "enhancements": {},
        },
    }


def _object(kind: str, name: str, attributes: Object, references: list[Object]) -> Object:
    return {
        "id": PREFIX + name,
        "type": kind,
        "attributes": attributes,
        "references": references,
        "coreMigrationVersion": CORE_VERSION,
        "typeMigrationVersion": TYPE_VERSIONS[kind],
    }


def _search(search: Search, view: str) -> Object:
    index = "kibanaSavedObjectMeta.searchSourceJSON.index"
    source = {
        **_searched(search.query),
        "indexRefName": index,
        "version": True,
    }
    attributes = {
        "title": search.title,
        "description": "",
        "columns": list(search.columns),
        "sort": [[search.sort, "desc"]],
        "grid": {},
        "hideChart": False,
        "kibanaSavedObjectMeta": {"searchSourceJSON": _json(source)},
    }
    return _object("search", search.id, attributes, [_view(view, index)])


def _lens(panel: Panel, types: Mapping[str, str], view: str, labels: Mapping[str, str]) -> Object:
    columns: dict[str, Object] = {}
    if panel.by:
        columns["by"] = _bucket(panel.by, panel, types, labels)
    if panel.split:
        columns["split"] = _bucket(panel.split, panel, types, labels)
    columns |= _measures(panel, types, labels)
    visualization, kind = _visualization(panel, columns)
    state = {
        "datasourceStates": {
            "formBased": {
                "layers": {
                    _LAYER: {
                        "columns": columns,
                        "columnOrder": list(columns),
                        "incompleteColumns": {},
                    }
                }
            }
        },
        "visualization": visualization,
        "query": {"language": "kuery", "query": panel.query},
        "filters": [],
        "internalReferences": [],
        "adHocDataViews": {},
    }
    attributes = {
        "title": panel.title,
        "description": "",
        "visualizationType": kind,
        "state": state,
    }
    references = [_view(view, f"indexpattern-datasource-layer-{_LAYER}")]
    return _object("lens", panel.id, attributes, references)


def _bucket(
    field: str, panel: Panel, types: Mapping[str, str], labels: Mapping[str, str]
) -> Object:
    common = {"label": labels.get(field, field), "isBucketed": True, "sourceField": field}
    if types[field] == "date":
        return {
            **common,
            "dataType": "date",
            "operationType": "date_histogram",
            "scale": "interval",
            "params": {"interval": "auto", "includeEmptyRows": True, "dropPartials": False},
        }
    number = types[field] != "keyword"
    if number:  # urgencies and versions in their own order
        order, direction = {"type": "alphabetical", "fallback": False}, "asc"
    elif panel.unusual:
        order, direction = {"type": "significant"}, "desc"
    else:
        order, direction = {"type": "column", "columnId": "shown"}, "desc"
    return {
        **common,
        "dataType": "number" if number else "string",
        "operationType": "terms",
        "scale": "ordinal",
        "params": {
            "size": panel.top,
            "orderBy": order,
            "orderDirection": direction,
            "otherBucket": False,
            "missingBucket": False,
            "parentFormat": {"id": "terms"},
        },
    }


def _measures(
    panel: Panel, types: Mapping[str, str], labels: Mapping[str, str]
) -> dict[str, Object]:
    """Return the measured columns: "shown", and "shown2" and so on if there are several."""
    common = {"isBucketed": False, "scale": "ratio"}
    if not panel.show:
        counted = {
            **common,
            "label": _COUNTED[panel.of],
            "dataType": "number",
            "operationType": "count",
            "sourceField": "___records___",
            "params": {"emptyAsNull": True},
        }
        return {"shown": counted}
    measures: dict[str, Object] = {}
    for number, show in enumerate(panel.show, 1):
        operation, field = show.split()
        share = operation[1:] if operation[1:].isdigit() else ""
        date = types[field] == "date" and operation == "max"
        kind = {"unique": "unique_count"}.get(operation, "percentile" if share else operation)
        whole = f"{_OPERATIONS.get(operation)} {labels[field].lower()}"
        measures[f"shown{number}" if number > 1 else "shown"] = {
            **common,
            "label": f"{share} % within" if share else whole,
            "customLabel": True,
            "dataType": "date" if date else "number",
            "operationType": kind,
            "sourceField": field,
            "params": {"percentile": int(share)} if share else {"emptyAsNull": True},
        }
    return measures


def _visualization(panel: Panel, columns: Mapping[str, Object]) -> tuple[Object, str]:
    layer = {"layerId": _LAYER, "layerType": "data"}
    groups = [name for name, column in columns.items() if column["isBucketed"]]
    measured = [name for name in columns if name not in groups]
    match panel.shape:
        case "metric":
            return {**layer, "metricAccessor": "shown"}, "lnsMetric"
        case "table":
            return {**layer, "columns": [{"columnId": name} for name in columns]}, "lnsDatatable"
        case "donut":
            slices = {
                **layer,
                "primaryGroups": groups,
                "metrics": ["shown"],
                "numberDisplay": "percent",
                "categoryDisplay": "default",
                "legendDisplay": "default",
                "nestedLegend": False,
            }
            return {"shape": "donut", "layers": [slices]}, "lnsPie"
        case _:
            series = "line" if panel.shape == "lines" else "bar_stacked"
            drawn = {**layer, "seriesType": series, "xAccessor": "by", "accessors": measured}
            if panel.split:
                drawn["splitAccessor"] = "split"
            return {
                "legend": {
                    "isVisible": bool(panel.split) or len(measured) > 1,
                    "position": "right",
                },
                "valueLabels": "hide",
                "preferredSeriesType": series,
                "layers": [drawn],
            }, "lnsXY"


def _map(shown: Map, stories: str, land: str) -> Object:
    # No base layer: it would load tiles from Elastic's service on the internet.
    layers = [
        _map_layer(
            0,
            "Land",
            {"type": "ES_SEARCH", "scalingType": "LIMIT", "filterByMapBounds": False},
            {"geoField": "shape", "applyGlobalQuery": False, "applyGlobalTime": False},
            {"fillColor": _static("color", "#E0E4EA"), "lineColor": _static("color", "#B8C0CC")},
            (0, 24),
        ),
        _map_layer(
            1,
            "Places, by number of stories",
            {
                "type": "ES_GEO_GRID",
                "requestType": "point",
                "resolution": "COARSE",
                "metrics": [{"type": "count"}],
            },
            {"geoField": shown.field, "applyGlobalQuery": True, "applyGlobalTime": True},
            {
                "iconSize": _by_count({"minSize": 6, "maxSize": 40}),
                "labelText": _by_count({}),
                "fillColor": _static("color", "#2A6FB0"),
                "lineColor": _static("color", "#FFFFFF"),
            },
            (0, 8),
        ),
        _map_layer(
            2,
            "Stories",
            {
                "type": "ES_SEARCH",
                "scalingType": "LIMIT",
                "filterByMapBounds": True,
                "tooltipProperties": list(shown.tooltip),
            },
            {"geoField": shown.field, "applyGlobalQuery": True, "applyGlobalTime": True},
            {"fillColor": _static("color", "#2A6FB0"), "lineColor": _static("color", "#FFFFFF")},
            (8, 24),
        ),
    ]
    attributes = {
        "title": shown.title,
        "description": "",
        "layerListJSON": _json(layers),
        "mapStateJSON": _json(
            {
                "zoom": 1.5,
                "center": {"lat": 25, "lon": 10},
                "timeFilters": {"from": "now-24h", "to": "now"},
                "query": {"language": "kuery", "query": ""},
                "filters": [],
            }
        ),
        "uiStateJSON": _json({"isLayerTOCOpen": False, "openTOCDetails": []}),
    }
    names = [layer["sourceDescriptor"]["indexPatternRefName"] for layer in layers]
    views = [land, stories, stories]
    references = [_view(view, name) for view, name in zip(views, names, strict=True)]
    return _object("map", shown.id, attributes, references)


def _map_layer(
    number: int,
    label: str,
    source: Object,
    applied: Object,
    style: Object,
    zooms: tuple[int, int],
) -> Object:
    name = f"layer_{number}_source_index_pattern"
    return {
        "id": f"layer-{number}",
        "label": label,
        "type": "GEOJSON_VECTOR",
        "visible": True,
        "alpha": 0.75,
        "minZoom": zooms[0],
        "maxZoom": zooms[1],
        "style": {"type": "VECTOR", "properties": style, "isTimeAware": True},
        "joins": [],
        "sourceDescriptor": {
            "id": f"layer-{number}",
            "indexPatternRefName": name,
            **source,
            **applied,
        },
    }


def _static(name: str, value: object) -> Object:
    return {"type": "STATIC", "options": {name: value}}


def _by_count(options: Object) -> Object:
    """Return a style that follows the number of documents at a place."""
    return {
        "type": "DYNAMIC",
        "options": {**options, "field": {"name": "doc_count", "origin": "source"}},
    }


def _placed(
    rows: Sequence[tuple[int, Sequence[tuple[str, int]]]], kinds: Mapping[str, str]
) -> list[tuple[Object, Object]]:
    """Place each panel on a dashboard's grid, and return it with its reference."""
    placed: list[tuple[Object, Object]] = []
    y = 0
    for height, panels in rows:
        x = 0
        for name, width in panels:
            index = f"p{len(placed) + 1}"
            reference = f"panel_{index}"
            panel = {
                "type": kinds[name],
                "panelIndex": index,
                "gridData": {"x": x, "y": y, "w": width, "h": height, "i": index},
                "embeddableConfig": {"enhancements": {}},
                "panelRefName": reference,
            }
            target = {
                "type": kinds[name],
                "id": PREFIX + name,
                "name": f"{index}:{reference}",
            }
            placed.append((panel, target))
            x += width
        y += height
    return placed


def _view(view: str, name: str) -> Object:
    return {"type": "index-pattern", "id": view, "name": name}


def _searched(query: str) -> Object:
    return {"query": {"language": "kuery", "query": query}, "filter": []}


def _json(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


def sources(settings: Elasticsearch) -> Sources:
    """Return the indices and aliases that the settings name."""
    base, events = settings.index, events_index(settings.index)
    stories = field_types(properties({}))
    return {
        ("stories", "readers"): Source(readers_alias(base), stories),
        ("stories", "operators"): Source(read_alias(base), stories),
        ("letters", "operators"): Source(
            deadletters_index(base), field_types(MAPPING["properties"])
        ),
        ("events", "readers"): Source(
            readers_alias(events), field_types(events_mapping["properties"])
        ),
        ("land", "readers"): Source(land_index(base), field_types(land.MAPPING["properties"])),
    }


def field_types(properties: Mapping[str, Any], at: str = "") -> dict[str, str]:
    """Return the type of each field of a mapping, subfields included, by its full name."""
    types: dict[str, str] = {}
    for name, field in properties.items():
        if field.get("type", "object") != "object":
            types[at + name] = field["type"]
        types |= field_types(field.get("properties", {}), f"{at}{name}.")
        types |= field_types(field.get("fields", {}), f"{at}{name}.")
    return types
