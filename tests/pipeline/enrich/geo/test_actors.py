"""Who acts like a firm or a player is no place."""

import pytest

from pipeline.enrich.enricher import Enricher
from pipeline.wire.enriched import Enriched
from pipeline.wire.story import Story


def enrich(enricher: Enricher, body: str) -> Enriched:
    [enriched] = enricher.enrich([Story(id="x:1", body=body, language="en")])
    return enriched


@pytest.mark.parametrize(
    ("body", "id"),
    [
        ("Delta cut jobs on Monday.", "org:delta-air-lines"),
        ("Amazon said it would hire 3,000 people.", "org:amazon"),
    ],
)
def test_a_firm_that_acts_is_no_place(enricher: Enricher, body: str, id: str) -> None:
    """A name of the alias table before a firm's verb."""
    enriched = enrich(enricher, body)
    assert [e.id for e in enriched.entities] == [id]
    assert enriched.places == ()


@pytest.mark.parametrize(
    "body",
    [
        "Jordan scored 30 points as the Bulls beat the Knicks.",
        "Washington finished with 21 points and nine rebounds.",
    ],
)
def test_a_player_is_no_place(enricher: Enricher, body: str) -> None:
    """Points and rebounds are a person's or a side's."""
    assert enrich(enricher, body).places == ()


def test_a_country_that_scores_is_one(enricher: Enricher) -> None:
    """Its name is nobody's given name."""
    [place, *_] = enrich(enricher, "Argentina scored 30 points in the second half.").places
    assert place.name == "Argentina"
