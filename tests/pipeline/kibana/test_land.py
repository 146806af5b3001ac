"""The land of Kibana's map. A server judges it, too: tests/integration/search/test_distribution."""

from itertools import pairwise

import pytest

from pipeline.kibana.land import polygons

Ring = list[list[float]]


def inside(ring: Ring, x: float, y: float) -> bool:
    """Whether a point lies in a ring: a ray to the east crosses it an odd number of times."""
    crossings = 0
    for (x1, y1), (x2, y2) in pairwise(ring):
        if (y1 > y) != (y2 > y) and x < (x2 - x1) * (y - y1) / (y2 - y1) + x1:
            crossings += 1
    return crossings % 2 == 1


def on_land(longitude: float, latitude: float) -> bool:
    """Whether a place lies in a polygon and in none of its seas."""
    return any(
        inside(outer, longitude, latitude)
        and not any(inside(sea, longitude, latitude) for sea in seas)
        for polygon in polygons()
        for outer, *seas in [polygon["coordinates"]]
    )


@pytest.mark.parametrize(
    ("longitude", "latitude", "land"),
    [
        (2.35, 48.85, True),  # Paris
        (178.0, 67.0, True),  # Chukotka, on both sides of the date line
        (-175.0, 67.0, True),
        (-40.0, 40.0, False),
        (51.0, 42.0, False),  # the Caspian Sea
        (-150.0, 0.0, False),
        (0.0, -80.0, True),  # Antarctica
        (-170.0, -89.0, True),
    ],
)
def test_the_land_is_where_it_is(longitude: float, latitude: float, land: bool) -> None:
    """Places on land are, places at sea are not."""
    assert on_land(longitude, latitude) is land


def test_the_polygons_are_as_elasticsearch_reads_them() -> None:
    """Rings are closed, on the map, and counter-clockwise: else Eurasia would be all else."""
    assert len(polygons()) > 100
    for polygon in polygons():
        for number, ring in enumerate(polygon["coordinates"]):
            assert len(ring) >= 4
            assert ring[0] == ring[-1]
            assert all(-180 <= x <= 180 and -90 <= y <= 90 for x, y in ring)
            area = sum(a[0] * b[1] - b[0] * a[1] for a, b in pairwise(ring))
            assert (area > 0) is (number == 0)
            corners = [tuple(corner) for corner in ring[:-1]]
            assert len(corners) == len(set(corners))
