"""The land that Kibana's map shows: polygons in an index of our own, so that no map loads tiles.

data/land.json has Natural Earth's 1:110m land (public domain), to a tenth of a degree: one
polygon a line, its outer ring counter-clockwise, and rings within it for seas without an outlet.
"""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

from config.settings import Elasticsearch as ElasticsearchSettings
from pipeline.index.client import connect_sync, translated
from pipeline.index.setup import setup_beside
from pipeline.wire.errors import SetupError

MAPPING: dict[str, Any] = {
    "dynamic": "strict",
    "properties": {"shape": {"type": "geo_shape"}},
}


def land_index(base: str) -> str:
    """Return the name of the index with the polygons."""
    return f"{base}-land"


def polygons() -> list[dict[str, Any]]:
    """Return the land as GeoJSON polygons."""
    text = files("pipeline.kibana").joinpath("data/land.json").read_text(encoding="utf-8")
    return [{"type": "Polygon", "coordinates": rings} for rings in json.loads(text)]


def setup_land(settings: ElasticsearchSettings) -> list[str]:
    """Create the index, and write its polygons; return what was done, a line each.

    Raises:
        IndexUnavailable: Elasticsearch can't be reached.
        SetupError: it refuses.
    """
    name = land_index(settings.index)
    done = setup_beside(settings, name, MAPPING)
    lines: list[dict[str, Any]] = []
    for number, polygon in enumerate(polygons()):
        lines += [{"index": {"_id": str(number)}}, {"shape": polygon}]
    with translated(settings, quotes_no_story=True), connect_sync(settings) as client:
        answer = client.bulk(index=name, operations=lines, refresh=True)
    if answer["errors"]:
        failed = next(i["index"]["error"] for i in answer["items"] if "error" in i["index"])
        raise SetupError(f"index {name}: {failed.get('reason')}")
    return [*done, f"{len(lines) // 2} polygons of land in {name}"]
