"""The home region of a feed."""

import pytest

from pipeline.enrich.enricher import Enricher
from pipeline.enrich.geo.gazetteer import Gazetteer
from pipeline.enrich.geo.home import divisions, learned, region, weight
from pipeline.wire.enriched import Place
from pipeline.wire.errors import SetupError
from pipeline.wire.story import Story

FIRE = "Fire broke out in Springfield on Monday."


def test_each_feed_has_its_own_home(gazetteer: Gazetteer) -> None:
    """The record says which one was used; a feed without one has that of the settings."""
    enricher = Enricher(gazetteer, home="US-Missouri", homes={"valley": "US-OR", "world": None})
    found = {}
    for feed in ("valley", "other"):
        [record] = enricher.enrich([Story(id="x:1", language="en", body=FIRE, feed=feed)])
        found[feed] = [p.admin1 for p in record.places], record.provenance.home
    assert found == {
        "valley": (["Oregon"], "US-OR"),
        "other": (["Missouri"], "US-Missouri"),
    }
    [record] = enricher.enrich([Story(id="x:1", language="en", body=FIRE, feed="world")])
    assert record.provenance.home is None


@pytest.mark.parametrize(
    ("text", "country"),
    [
        ("Talks in Paris between France and Germany ended.", "FR"),
        ("The fair in Paris opened on Friday, the Lamar County sheriff said.", "US"),
    ],
)
def test_the_text_goes_before_the_home(gazetteer: Gazetteer, text: str, country: str) -> None:
    """A paper in Texas also tells what happens in the capital of France."""
    enricher = Enricher(gazetteer, home="US-TX")
    [record] = enricher.enrich([Story(id="x:1", language="en", body=text)])
    assert [p.country_code for p in record.places if p.name == "Paris"] == [country]


def place(name: str, country: str, admin1: str | None = None, **more: object) -> Place:
    return Place(
        geonames_id=1, name=name, mentions=(), latitude=0, longitude=0, country_code=country,
        admin1=admin1, confidence=0.9, **more,  # type: ignore[arg-type]
    )  # fmt: skip


def test_a_story_counts_once_for_each_division_that_it_names() -> None:
    """A division counts as itself; people, metadata and guesses count for nothing."""
    assert divisions(
        [
            place("Memphis", "US", "Tennessee"),
            place("Tennessee", "US", feature="ADM1"),
            place("Monaco", "MC", feature="PCLI"),
            place("Kenya", "KE", role="demonym"),
            place("Lyon", "FR", "Rhone", role="provider"),
        ]
    ) == ["US-Tennessee", "MC"]


@pytest.mark.parametrize(
    ("counts", "stories", "home"),
    [
        ({"US-Tennessee": 6, "US-Ohio": 2, "US": 9}, 10, "US-Tennessee"),
        ({"US-Tennessee": 3, "US-Ohio": 2, "US": 9}, 10, "US"),
        ({"US-Tennessee": 3, "US": 4, "FR": 4}, 10, None),
        ({"US-Tennessee": 3, "US": 3}, 3, None),
        ({}, 0, None),
    ],
)
def test_a_region_that_stands_out_is_learned(
    counts: dict[str, float], stories: float, home: str | None
) -> None:
    """A division, else a country, else nothing; and nothing from too few stories."""
    assert learned(counts, stories).region == home


def test_an_older_story_counts_less() -> None:
    """Half after a month."""
    assert weight(0) == 1
    assert weight(30) == 0.5
    assert weight(-3) == 1


def test_an_unknown_region_is_named(gazetteer: Gazetteer) -> None:
    """The error says how to write one."""
    assert region("US-TN", gazetteer) == region("US-Tennessee", gazetteer)
    with pytest.raises(SetupError, match="US-Atlantis"):
        region("US-Atlantis", gazetteer)
