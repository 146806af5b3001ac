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
from pipeline.index.mapping import properties
from pipeline.index.setup import read_alias
from pipeline.kibana.definitions import Audience, Definitions, Map, Of, Panel, Search
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

READERS = (
    "not status : withdrawn and not embargoed_until > now "
    "and not (status : embargoed and not embargoed_until : *)"
)
"""`pipeline.search.visible.visible` in Kibana's query language."""

LABELS = {facet.field: facet.label for facet in FACETS.values()}
"""The column titles of fields that are facets; others are titled by the field."""

_LAYER = "layer"
_COUNTED: Mapping[Of, str] = {"stories": "Stories", "letters": "Dead letters"}


@dataclass(frozen=True, slots=True)
class Source:
    """An index or alias that Kibana shows."""

    index: str
    types: Mapping[str, str]
    """Elasticsearch's type of each field, by its full name."""


Sources = Mapping[Of, Source]


def export(definitions: Definitions, sources: Sources) -> bytes:
    """Return the saved objects as NDJSON, with the summary line that ends Kibana's own exports."""
    made = objects(definitions, sources)
    summary = {
        "excludedObjects": [],
        "excludedObjectsCount": 0,
        "exportedCount": len(made),
        "missingRefCount": 0,
        "missingReferences": [],
    }
    lines = [orjson.dumps(line, option=orjson.OPT_SORT_KEYS) for line in (*made, summary)]
    return b"\n".join(lines) + b"\n"


def objects(definitions: Definitions, sources: Sources) -> list[Object]:
    """Return the saved objects, each after those that it refers to."""
    views = {view.of: PREFIX + view.id for view in definitions.data_views}
    kinds = {
        **{search.id: "search" for search in definitions.searches},
        **{panel.id: "lens" for panel in definitions.panels},
        definitions.map.id: "map",
    }
    dashboards = [
        _object(
            "dashboard",
            dashboard.id,
            {
                "title": dashboard.title,
                "description": "",
                "panelsJSON": _json([panel for panel, _ in placed]),
                "optionsJSON": _json({"useMargins": True, "hidePanelTitles": False}),
                "timeRestore": True,
                "timeFrom": dashboard.from_,
                "timeTo": "now",
                "refreshInterval": {"pause": False, "value": dashboard.refresh_seconds * 1000},
                "kibanaSavedObjectMeta": {"searchSourceJSON": _json(_searched(""))},
            },
            [reference for _, reference in placed],
        )
        for dashboard in definitions.dashboards
        for placed in [_placed([(r.height, r.panels) for r in dashboard.rows], kinds)]
    ]
    return [
        *(
            _object(
                "index-pattern",
                view.id,
                {
                    "title": sources[view.of].index,
                    "name": view.name,
                    "timeFieldName": view.time,
                },
                [],
            )
            for view in definitions.data_views
        ),
        *(_search(search, views[search.of]) for search in definitions.searches),
        *(_lens(p, sources[p.of].types, views[p.of]) for p in definitions.panels),
        _map(definitions.map, views["stories"]),
        *dashboards,
    ]


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
        **_searched(_query(search.audience, search.query)),
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


def _lens(panel: Panel, types: Mapping[str, str], view: str) -> Object:
    columns: dict[str, Object] = {}
    if panel.by:
        columns["by"] = _bucket(panel.by, panel.top, types)
    if panel.split:
        columns["split"] = _bucket(panel.split, panel.top, types)
    columns["shown"] = _measure(panel, types)
    visualization, kind = _visualization(panel, list(columns))
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
        "query": {"language": "kuery", "query": _query(panel.audience)},
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


def _bucket(field: str, top: int, types: Mapping[str, str]) -> Object:
    common = {"label": LABELS.get(field, field), "isBucketed": True, "sourceField": field}
    if types[field] == "date":
        return {
            **common,
            "dataType": "date",
            "operationType": "date_histogram",
            "scale": "interval",
            "params": {"interval": "auto", "includeEmptyRows": True, "dropPartials": False},
        }
    return {
        **common,
        "dataType": "string" if types[field] == "keyword" else "number",
        "operationType": "terms",
        "scale": "ordinal",
        "params": {
            "size": top,
            "orderBy": {"type": "column", "columnId": "shown"},
            "orderDirection": "desc",
            "otherBucket": False,
            "missingBucket": False,
            "parentFormat": {"id": "terms"},
        },
    }


def _measure(panel: Panel, types: Mapping[str, str]) -> Object:
    common = {"isBucketed": False, "scale": "ratio", "params": {"emptyAsNull": True}}
    if panel.show is None:
        return {
            **common,
            "label": _COUNTED[panel.of],
            "dataType": "number",
            "operationType": "count",
            "sourceField": "___records___",
        }
    operation, field = panel.show.split()
    unique = operation == "unique"
    return {
        **common,
        "label": panel.show,
        "dataType": "date" if types[field] == "date" and not unique else "number",
        "operationType": "unique_count" if unique else operation,
        "sourceField": field,
    }


def _visualization(panel: Panel, columns: Sequence[str]) -> tuple[Object, str]:
    layer = {"layerId": _LAYER, "layerType": "data"}
    groups = [name for name in columns if name != "shown"]
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
            drawn = {**layer, "seriesType": series, "xAccessor": "by", "accessors": ["shown"]}
            if panel.split:
                drawn["splitAccessor"] = "split"
            return {
                "legend": {"isVisible": bool(panel.split), "position": "right"},
                "valueLabels": "hide",
                "preferredSeriesType": series,
                "layers": [drawn],
            }, "lnsXY"


def _map(shown: Map, view: str) -> Object:
    # No base layer: it would load tiles from Elastic's service on the internet.
    def layer(number: int, label: str, source: Object, zooms: tuple[int, int]) -> Object:
        name = f"layer_{number}_source_index_pattern"
        return {
            "id": label,
            "label": label,
            "type": "GEOJSON_VECTOR",
            "visible": True,
            "alpha": 0.75,
            "minZoom": zooms[0],
            "maxZoom": zooms[1],
            "style": {"type": "VECTOR", "properties": {}, "isTimeAware": True},
            "joins": [],
            "sourceDescriptor": {
                "id": label,
                "geoField": shown.field,
                "indexPatternRefName": name,
                "applyGlobalQuery": True,
                "applyGlobalTime": True,
                **source,
            },
            "query": {"language": "kuery", "query": READERS},
        }

    clusters = {
        "type": "ES_GEO_GRID",
        "requestType": "point",
        "resolution": "COARSE",
        "metrics": [{"type": "count"}],
    }
    points = {
        "type": "ES_SEARCH",
        "scalingType": "LIMIT",
        "filterByMapBounds": True,
        "tooltipProperties": list(shown.tooltip),
    }
    layers = [layer(0, "clusters", clusters, (0, 6)), layer(1, "points", points, (6, 24))]
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
    return _object("map", shown.id, attributes, [_view(view, name) for name in names])


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


def _query(audience: Audience, query: str = "") -> str:
    parts = [f"({part})" for part in (READERS if audience == "readers" else "", query) if part]
    return " and ".join(parts)


def _searched(query: str) -> Object:
    return {"query": {"language": "kuery", "query": query}, "filter": []}


def _json(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


def sources(settings: Elasticsearch) -> Sources:
    """Return the indices that the settings name."""
    stories = properties({})
    return {
        "stories": Source(read_alias(settings.index), field_types(stories)),
        "letters": Source(deadletters_index(settings.index), field_types(MAPPING["properties"])),
    }


def field_types(properties: Mapping[str, Any], at: str = "") -> dict[str, str]:
    """Return the type of each field of a mapping, subfields included, by its full name."""
    types: dict[str, str] = {}
    for name, field in properties.items():
        if "type" in field and field["type"] not in ("nested", "object"):
            types[at + name] = field["type"]
        if field.get("type") != "nested":  # Kibana can't group by nested fields
            types |= field_types(field.get("properties", {}), f"{at}{name}.")
        types |= field_types(field.get("fields", {}), f"{at}{name}.")
    return types
