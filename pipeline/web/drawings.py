"""The timeline and the maps as numbers for SVG.

Maps are equirectangular, in degrees: x eastwards from the 180th meridian, y southwards
from the north pole, as in static/land.svg.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import sqrt

from pipeline.search.results import Earlier, PlaceCount, TimeBucket

BAR_WIDTH = 10
TIMELINE_HEIGHT = 60
SMALLEST_BAR = 3
CLOCK, DAYS = timedelta(hours=40), timedelta(days=300)
"""Timelines shorter than this have hours on their axis; those shorter than this have days."""
TICKS = 3
"""Parts of the axis of time, with an instant at each end."""
WORLD = (0.0, 6.0, 360.0, 142.0)
"""Without the ice around the south pole."""
CELLS = 60
"""Places closer together than this fraction of the map's width share one circle."""
SMALLEST_CIRCLE, LARGEST_CIRCLE = 0.009, 0.03
"""Radii, as fractions of the map's width."""
MARGIN = 0.08
LEAST_WIDTH = 12.0
"""A map of one town still shows the coasts around it."""


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar of the timeline."""

    bucket: TimeBucket
    x: int
    y: float
    height: float


@dataclass(frozen=True, slots=True)
class Timeline:
    """Stories over time: bars, the span before as the points of a line, and the axes."""

    bars: tuple[Bar, ...]
    earlier: str
    most: int
    """The count at the top."""
    ticks: tuple[datetime, ...]
    """Evenly apart, from the beginning to the end."""

    @property
    def scale(self) -> str:
        """Return what its instants are told apart by: "clock", "day" or "month"."""
        span = self.ticks[-1] - self.ticks[0]
        return "clock" if span < CLOCK else "day" if span < DAYS else "month"

    @property
    def width(self) -> int:
        """Return the width of all bars."""
        return len(self.bars) * BAR_WIDTH


@dataclass(frozen=True, slots=True)
class Circle:
    """Places close to each other on the map, the most frequent first."""

    places: tuple[PlaceCount, ...]
    x: float
    y: float
    radius: float

    @property
    def bbox(self) -> str:
        """Return the rectangle around them: "west,south,east,north"."""
        longitudes = [place.longitude for place in self.places]
        latitudes = [place.latitude for place in self.places]
        west, east = max(-180.0, min(longitudes) - 0.1), min(180.0, max(longitudes) + 0.1)
        south, north = max(-90.0, min(latitudes) - 0.1), min(90.0, max(latitudes) + 0.1)
        return f"{west:.2f},{south:.2f},{east:.2f},{north:.2f}"


@dataclass(frozen=True, slots=True)
class Map:
    """A part of the world (left, top, width, height in degrees) and the circles on it."""

    view: tuple[float, float, float, float]
    circles: tuple[Circle, ...]

    @property
    def view_box(self) -> str:
        """Return the view as an SVG viewBox."""
        return " ".join(f"{number:g}" for number in self.view)


def timeline(buckets: Sequence[TimeBucket], earlier: Earlier | None = None) -> Timeline:
    """Return a bar for each bucket, and a line for the span before; an empty bar has no height."""
    line = earlier.timeline if earlier and buckets else ()
    most = max((bucket.count for bucket in (*buckets, *line)), default=0) or 1
    bars = []
    for number, bucket in enumerate(buckets):
        height = max(SMALLEST_BAR, TIMELINE_HEIGHT * bucket.count / most) if bucket.count else 0
        bars.append(Bar(bucket, number * BAR_WIDTH, TIMELINE_HEIGHT - height, height))
    points = []
    if earlier and line:
        first, width = buckets[0].start, buckets[0].end - buckets[0].start
        for bucket in line:
            middle = bucket.start + (bucket.end - bucket.start) / 2 + earlier.span
            x = BAR_WIDTH * ((middle - first) / width)
            points.append(f"{x:.1f},{TIMELINE_HEIGHT * (1 - bucket.count / most):.1f}")
    starts = dict.fromkeys(n * len(buckets) // TICKS for n in range(TICKS)) if buckets else ()
    ticks = [*(buckets[n].start for n in starts), *(last.end for last in buckets[-1:])]
    return Timeline(tuple(bars), " ".join(points), most, tuple(ticks))


def spans(periods: Sequence[tuple[datetime, datetime]]) -> list[tuple[float, float]]:
    """Return the beginning and length of each period, as parts of 100 of all of them together."""
    if not periods:
        return []
    first = min(begin for begin, _ in periods)
    whole = (max(end for _, end in periods) - first).total_seconds() or 1.0
    return [
        (100 * (begin - first).total_seconds() / whole, 100 * (end - begin).total_seconds() / whole)
        for begin, end in periods
    ]


def world_map(places: Sequence[PlaceCount], bbox: str | None = None) -> Map:
    """Place the places on a map of the world, or of a rectangle."""
    view = _view_of(bbox) if bbox else WORLD
    return Map(view, _circles(places, view))


def map_around(places: Sequence[PlaceCount]) -> Map:
    """Return a map that is just large enough for all the places."""
    if not places:
        return Map(WORLD, ())
    longitudes = [place.longitude for place in places]
    latitudes = [place.latitude for place in places]
    view = _framed(min(longitudes), min(latitudes), max(longitudes), max(latitudes))
    return Map(view, _circles(places, view))


def _view_of(bbox: str) -> tuple[float, float, float, float]:
    west, south, east, north = (float(part) for part in bbox.split(","))
    if west > east:  # the map is cut at the date line
        return WORLD
    return _framed(west, south, east, north)


def _framed(
    west: float, south: float, east: float, north: float
) -> tuple[float, float, float, float]:
    """Return a view around a rectangle, with the proportions of the world map."""
    ratio = WORLD[2] / WORLD[3]
    width = max((east - west) * (1 + 2 * MARGIN), (north - south) * (1 + 2 * MARGIN) * ratio)
    width = min(max(width, LEAST_WIDTH), 360.0)
    height = width / ratio
    left = min(max((west + east) / 2 + 180 - width / 2, 0.0), 360.0 - width)
    top = min(max(90 - (south + north) / 2 - height / 2, 0.0), 180.0 - height)
    return left, top, width, height


def _circles(
    places: Sequence[PlaceCount], view: tuple[float, float, float, float]
) -> tuple[Circle, ...]:
    left, top, width, height = view
    cell = width / CELLS
    cells: dict[tuple[int, int], list[PlaceCount]] = defaultdict(list)
    for place in places:
        x, y = place.longitude + 180, 90 - place.latitude
        if left <= x <= left + width and top <= y <= top + height:
            cells[int(x // cell), int(y // cell)].append(place)
    most = max((sum(p.count for p in found) for found in cells.values()), default=1) or 1
    circles = []
    for found in cells.values():
        found.sort(key=lambda place: -place.count)
        share = sqrt(sum(place.count for place in found) / most)
        radius = width * (SMALLEST_CIRCLE + (LARGEST_CIRCLE - SMALLEST_CIRCLE) * share)
        first = found[0]
        circles.append(
            Circle(tuple(found), first.longitude + 180, 90 - first.latitude, round(radius, 3))
        )
    # The largest first, so that none hides a smaller one.
    return tuple(sorted(circles, key=lambda circle: -circle.radius))
