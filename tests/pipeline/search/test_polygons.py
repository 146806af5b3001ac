"""Polygons as rectangles that every engine knows."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from pipeline.search.filters import STRIPS, other_filters, strips
from pipeline.search.request import SearchRequest, corners

TRIANGLE = [(0.0, 0.0), (10.0, 0.0), (0.0, 10.0)]


def inside(boxes: list[tuple[float, float, float, float]], x: float, y: float) -> bool:
    """Whether a point is in one of the rectangles."""
    return any(west <= x <= east and south <= y <= north for west, south, east, north in boxes)


@given(st.floats(0.01, 9.99), st.floats(0.01, 9.99))
def test_a_triangle_is_filled(x: float, y: float) -> None:
    """A point counts as it lies, but for those within half a row of the slanting side."""
    if abs(x + y - 10) > 10 / STRIPS:
        assert inside(strips(TRIANGLE), x, y) is (x + y < 10)


def test_a_hollow_shape_stays_hollow() -> None:
    """The bay of a U is outside."""
    shape = [(0, 0), (9, 0), (9, 9), (6, 9), (6, 3), (3, 3), (3, 9), (0, 9)]
    boxes = strips([(float(x), float(y)) for x, y in shape])
    assert inside(boxes, 1.5, 8)
    assert inside(boxes, 7.5, 8)
    assert inside(boxes, 4.5, 1)
    assert not inside(boxes, 4.5, 8)


@pytest.mark.parametrize(
    "wrong",
    [
        "1,2",
        "1,2,3,4",
        "0,0,1,1,2",
        "0,0,1,1,2,x",
        "0,0,1,1,181,0",
        "0,0,1,1,0,91",
        "nan,0,1,1,2,2",
        ",".join(["1"] * 202),
    ],
)
def test_what_is_no_polygon_is_refused(wrong: str) -> None:
    """Fewer than three corners, more than a hundred, or one off the globe."""
    with pytest.raises(ValidationError):
        SearchRequest(polygon=wrong)
    assert corners("0,0,10,0,0,10") == TRIANGLE


def test_a_flat_polygon_finds_nothing() -> None:
    """It has no inside: the filter does not fall away."""
    (clause,) = other_filters(SearchRequest(polygon="0,5,5,5,9,5"))
    assert clause == {"match_none": {}}
