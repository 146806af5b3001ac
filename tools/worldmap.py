"""`python -m tools.worldmap FOLDER`: makes pipeline/web/static/countries.json, the map's land.

FOLDER has countries-50m.json of the npm package world-atlas 2 (Natural Earth's 1:50m countries, in
the public domain, as TopoJSON) and codes.json of the npm package i18n-iso-countries (ISO 3166-1).
The result has the same arcs; each country has its alpha-2 code as id, and nothing but its name.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

TARGET = Path(__file__).parents[1] / "pipeline" / "web" / "static" / "countries.json"

CODES = {"Kosovo": "XK"}
"""Of countries without a code in ISO 3166-1, as GeoNames writes them."""


def worldmap(atlas: dict[str, Any], codes: list[list[str]]) -> dict[str, Any]:
    """Return the atlas with alpha-2 codes as the countries' ids."""
    alpha = {numeric: code for code, _, numeric, _ in codes}
    countries = [
        {
            "type": each["type"],
            "arcs": each["arcs"],
            "id": alpha.get(each.get("id", ""), CODES.get(each["properties"]["name"], "")),
            "name": each["properties"]["name"],
        }
        for each in atlas["objects"]["countries"]["geometries"]
    ]
    return {"transform": atlas["transform"], "arcs": atlas["arcs"], "countries": countries}


def main() -> None:
    """Read the packages' files and write the map."""
    folder = Path(sys.argv[1])
    atlas = json.loads((folder / "countries-50m.json").read_text("utf-8"))
    codes = json.loads((folder / "codes.json").read_text("utf-8"))
    made = worldmap(atlas, codes)
    TARGET.write_text(json.dumps(made, separators=(",", ":"), ensure_ascii=False), "utf-8")


if __name__ == "__main__":
    main()
