"""The filters of a search request as Elasticsearch clauses."""

from __future__ import annotations

from pipeline.search.facets import FACETS
from pipeline.search.request import SearchRequest, numbers
from pipeline.search.visible import Clause, iso


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
        filters.append(
            {
                "geo_bounding_box": {
                    "locations": {
                        "top_left": {"lat": north, "lon": west},
                        "bottom_right": {"lat": south, "lon": east},
                    }
                }
            }
        )
    return filters
