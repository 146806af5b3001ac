"""The filters of a search request as Elasticsearch clauses."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pipeline.search.facets import FACETS, any_of
from pipeline.search.request import SearchRequest, corners, numbers
from pipeline.search.visible import Clause, iso

STRIPS = 48
"""Rows of rectangles that stand for a polygon: a place within 1/96 of its height of a slanting side
may count on the wrong side of it."""


def facet_filters(request: SearchRequest) -> dict[str, Clause]:
    """Return the clauses of the facets that the request filters by, by the facet's name."""
    chosen = {name: getattr(request, name) for name in FACETS}
    return {name: FACETS[name].clause(values) for name, values in chosen.items() if values}


def other_filters(request: SearchRequest) -> list[Clause]:
    """Return the clauses of what is excluded, and of status, time and place on the globe."""
    filters: list[Clause] = []
    if request.without:
        pairs = [each.partition(":") for each in request.without]
        excluded = [FACETS[name].clause((value,)) for name, _, value in pairs]
        filters.append({"bool": {"must_not": excluded}})
    if request.status:
        filters.append({"terms": {"status": [status.value for status in request.status]}})
    if request.since or request.until:
        sides = {"gte": request.since, "lt": request.until}
        window = {side: iso(at) for side, at in sides.items() if at}
        filters.append({"range": {"published_at": window}})
    if request.near:
        latitude, longitude = numbers(request.near, 2, "near", "")
        filters.append(
            {
                "geo_distance": {
                    "distance": f"{request.radius_km:f}km",
                    "locations": {"lat": latitude, "lon": longitude},
                }
            }
        )
    if request.bbox:
        west, south, east, north = numbers(request.bbox, 4, "bbox", "")
        filters.append(_box(west, south, east, north))
    if request.polygon:
        filters.append(any_of([_box(*strip) for strip in strips(corners(request.polygon))]))
    return filters


Corners = Sequence[tuple[float, float]]


def strips(polygon: Corners) -> list[tuple[float, float, float, float]]:
    """Return rectangles that fill a polygon: west, south, east, north of each.

    They lie in STRIPS rows of equal height, each as wide as the polygon in the middle of its row.
    Every engine knows rectangles of points, and not every one knows polygons.
    """
    bottom, top = min(y for _, y in polygon), max(y for _, y in polygon)
    height = (top - bottom) / STRIPS
    found = []
    for row in range(STRIPS):
        south = bottom + row * height
        crossings = sorted(_crossings(polygon, south + height / 2))
        for west, east in zip(crossings[::2], crossings[1::2], strict=False):
            found.append((west, south, east, min(south + height, top)))
    return found


def _crossings(polygon: Corners, latitude: float) -> Iterator[float]:
    """Yield the longitudes at which the sides of a polygon cross a parallel."""
    for (x1, y1), (x2, y2) in zip(polygon, [*polygon[1:], polygon[0]], strict=True):
        if (y1 > latitude) != (y2 > latitude):
            yield x1 + (latitude - y1) / (y2 - y1) * (x2 - x1)


def _box(west: float, south: float, east: float, north: float) -> Clause:
    return {
        "geo_bounding_box": {
            "locations": {
                "top_left": {"lat": north, "lon": west},
                "bottom_right": {"lat": south, "lon": east},
            }
        }
    }
