"""The pure parts of the page: addresses, drawings, marks."""

from datetime import UTC, datetime, timedelta

import pytest
from starlette.datastructures import QueryParams

from pipeline.search.results import Earlier, PlaceCount, TimeBucket
from pipeline.web import drawings, links, marking, pages


def place(name: str, latitude: float, longitude: float, count: int = 1) -> PlaceCount:
    """A place on the map."""
    number = sum(name.encode())
    return PlaceCount(
        geonames_id=number, name=name, latitude=latitude, longitude=longitude, count=count
    )


def test_an_address_reads_back_as_its_search() -> None:
    """What a search's address holds is that search again."""
    address = "q=a+%26+b&source=AP&source=AFP&urgency=2&since=2025-01-02T03:04&collapse=true"
    asked, faults = links.asked(QueryParams(address))
    assert not faults
    again, _ = links.asked(QueryParams(links.search(links.pairs(asked)).partition("?")[2]))
    assert again == asked
    assert asked.source == ("AP", "AFP")


def test_a_filter_is_added_and_taken_out() -> None:
    """Toggling twice leads back."""
    now = (("q", "storm"), ("source", "AP"))
    assert links.toggled(now, "place", "Lyon") == "/?q=storm&source=AP&place=Lyon"
    assert links.toggled((*now, ("place", "Lyon")), "place", "Lyon") == "/?q=storm&source=AP"


@pytest.mark.parametrize(
    ("text", "has"),
    [
        ("1.  Norway   12   9\n2.  Finland   9  11\n3.  Sweden   9   7", True),
        ("Text.\n\n Rank  Name   Gold\n 1. Club  12  3\n 2. Other  9   9", True),
        ("A sentence.  And  another one,  typed with wide gaps.\n\nA second.", False),
        ("", False),
    ],
)
def test_a_table_is_told_from_prose(text: str, has: bool) -> None:
    """Its columns stand under each other only in letters of one width."""
    assert pages.tabular(text) is has


def test_bars_grow_with_their_counts() -> None:
    """The fullest bucket has the full height, a single story can still be seen, none is none."""
    start = datetime(2025, 1, 1, tzinfo=UTC)
    hour = timedelta(hours=1)
    buckets = [
        TimeBucket(start=start + n * hour, end=start + (n + 1) * hour, count=count)
        for n, count in enumerate((1000, 1, 0))
    ]
    line = drawings.timeline(buckets)
    heights = [bar.height for bar in line.bars]
    assert heights == [drawings.TIMELINE_HEIGHT, drawings.SMALLEST_BAR, 0]
    assert (line.ticks, line.scale) == (tuple(start + n * hour for n in range(4)), "clock")
    assert not line.earlier
    assert drawings.timeline([]).ticks == ()
    assert len(drawings.timeline(buckets[:1]).ticks) == 2


def test_the_span_before_is_a_line_on_the_same_scale() -> None:
    """Its points stand over the buckets that they are compared with, by the same count."""
    start, hour = datetime(2025, 1, 1, tzinfo=UTC), timedelta(hours=1)

    def buckets(begin: datetime, *counts: int) -> tuple[TimeBucket, ...]:
        return tuple(
            TimeBucket(start=begin + n * hour, end=begin + (n + 1) * hour, count=count)
            for n, count in enumerate(counts)
        )

    before = Earlier(total=7, span=4 * hour, timeline=buckets(start - 3 * hour, 6, 1))
    line = drawings.timeline(buckets(start, 3, 0, 2, 1), before)
    assert line.most == 6
    assert line.earlier == "15.0,0.0 25.0,50.0"
    assert line.bars[0].height == drawings.TIMELINE_HEIGHT / 2


def test_places_close_together_share_a_circle() -> None:
    """Neighbours are one circle, whose rectangle holds them; on a closer map they are two."""
    near = [place("Lyon", 45.75, 4.85, 3), place("Vienne", 45.53, 4.87)]
    drawn = drawings.world_map([*near, place("Lima", -12.04, -77.03)])
    assert [len(circle.places) for circle in drawn.circles] == [2, 1]
    assert drawn.circles[0].places[0].name == "Lyon"
    assert len(drawings.world_map(near, drawn.circles[0].bbox).circles) == 2


def test_maps_stay_on_the_globe() -> None:
    """A map around places at the edges shows them and nothing beyond."""
    for found in ([place("Suva", -18.1, 178.4)], [place("Alert", 82.5, -62.3)], []):
        left, top, width, height = drawings.map_around(found).view
        assert left >= 0
        assert top >= 0
        assert left + width <= 360
        assert top + height <= 180
        assert len(drawings.map_around(found).circles) == len(found)


def test_overlapping_mentions_are_marked_once() -> None:
    """The pieces join to the text; a place wins over an entity, the longer over the shorter."""

    def spans(*pairs: tuple[int, int]) -> list[dict[str, int]]:
        return [{"start": start, "end": end} for start, end in pairs]

    document = {
        "body": "New York Times, Paris",
        "entities": [
            {"text": "New York Times", "label": "ORG", "mentions": spans((0, 14))},
            {"text": "Paris", "label": "PERSON", "mentions": spans((16, 21), (20, 99))},
        ],
        "places": [
            {"name": "New York", "geonames_id": 1, "mentions": spans((0, 8))},
            {
                "name": "Paris",
                "country": "France",
                "geonames_id": 2,
                "mentions": spans((16, 21)),
            },
        ],
    }
    found = marking.pieces(document, "body")
    assert "".join(piece.text for piece in found) == document["body"]
    assert [(piece.text, piece.kind) for piece in found if piece.kind] == [
        ("New York Times", "organisation"),
        ("Paris", "place"),
    ]
    assert found[-1].says == "Place: Paris, France"
