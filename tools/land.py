"""`python tools/land.py land-110m.json`: the outline of the land that the page's maps draw.

Takes the TopoJSON of the npm package world-atlas 2 (Natural Earth 1:110m, which is in the
public domain) and writes pipeline/web/static/land.svg: one path in degrees, x from the
180th meridian eastwards and y from the north pole southwards, to a tenth of a degree.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

TARGET = Path(__file__).parents[1] / "pipeline" / "web" / "static" / "land.svg"
NOTE = "Land: Natural Earth 1:110m, public domain (naturalearthdata.com), by way of world-atlas 2"

Point = tuple[float, float]


def arcs(topology: dict[str, Any]) -> list[list[Point]]:
    """Return the topology's arcs in degrees; their points are differences of whole numbers."""
    (kx, ky), (dx, dy) = topology["transform"]["scale"], topology["transform"]["translate"]
    result = []
    for arc in topology["arcs"]:
        x = y = 0
        points = []
        for step_x, step_y in arc:
            x, y = x + step_x, y + step_y
            points.append((x * kx + dx, y * ky + dy))
        result.append(points)
    return result


def ring(numbers: list[int], found: list[list[Point]]) -> list[Point]:
    """Return the closed line of some arcs; those with a negative number run backwards."""
    points: list[Point] = []
    for number in numbers:
        arc = found[number] if number >= 0 else found[~number][::-1]
        points += arc[1:] if points else arc
    return points


def unwrapped(points: list[Point]) -> list[Point]:
    """Return a ring that leaves the map at one side instead of going back across it."""
    result = points[:1]
    for x, y in points[1:]:
        turns = round((result[-1][0] - x) / 360)
        result.append((x + 360 * turns, y))
    return result


def path(points: list[Point]) -> str:
    """Return a ring as part of an SVG path, twice if it is at both ends of the map."""
    ring_on_map = [(x + 180, 90 - y) for x, y in unwrapped(points)]
    longitudes = [x for x, _ in ring_on_map]
    shifts = [0.0] + [360.0] * (min(longitudes) < 0) + [-360.0] * (max(longitudes) > 360)
    return "".join(_drawn([(x + shift, y) for x, y in ring_on_map]) for shift in shifts)


def _drawn(points: list[Point]) -> str:
    rounded = [(f"{x:.1f}", f"{y:.1f}") for x, y in points]
    distinct = [p for n, p in enumerate(rounded) if n == 0 or p != rounded[n - 1]]
    return "M" + "L".join(f"{x} {y}".replace(".0", "") for x, y in distinct) + "Z"


def main() -> None:
    """Convert the file that is named."""
    topology = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    found = arcs(topology)
    polygons = [p for g in topology["objects"]["land"]["geometries"] for p in g["arcs"]]
    drawn = "".join(path(ring(numbers, found)) for polygon in polygons for numbers in polygon)
    TARGET.write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 360 180"><!-- {NOTE} -->'
        f'<path id="land" d="{drawn}"/></svg>\n',
        encoding="utf-8",
    )


if __name__ == "__main__":
    main()
