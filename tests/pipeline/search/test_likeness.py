"""Which stories are shown as more on the same subject."""

import pytest

from pipeline.search.likeness import are_alike
from pipeline.search.marks import Text
from pipeline.search.results import Hit, Place

STORY = {
    "headline": "Floods close roads in Lyon",
    "persons": ["Ana Koroi"],
    "places": [{"name": "Lyon"}],
}


def hit(headline: str, persons: tuple[str, ...] = (), places: tuple[str, ...] = ()) -> Hit:
    """A hit that names these."""
    return Hit(
        id="x",
        headline=Text(text=headline),
        persons=persons,
        places=tuple(Place(geonames_id=1, name=n, latitude=0, longitude=0) for n in places),
    )


@pytest.mark.parametrize(
    ("other", "alike"),
    [
        (hit("Roads flooded again near the city"), True),
        (hit("Mayor speaks", ("Ana Koroi",), ("Lyon",)), True),
        (hit("Flood water falls", (), ("Lyon",)), True),
        (hit("Striker signs in for a year", (), ("Lyon",)), False),
        (hit("Council votes on a levy after talks"), False),
        (hit("Roads"), False),
    ],
)
def test_it_shares_words_or_names(other: Hit, alike: bool) -> None:
    """A place alone, or one word alone, is no subject."""
    assert are_alike(STORY, other) is alike
