"""Names whose form says what they are."""

import pytest

from pipeline.enrich.enricher import Enricher
from pipeline.enrich.names.aliases import load
from pipeline.enrich.names.evident import evident
from pipeline.wire.story import Story


def ids(enricher: Enricher, body: str) -> set[str]:
    [enriched] = enricher.enrich([Story(id="x:1", body=body, language="en")])
    return {entity.id for entity in enriched.entities}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("Arbroath 0 Montrose 2", {"org:arbroath", "org:montrose"}),
        ("Kelso 21-14 Hawick", {"org:kelso", "org:hawick"}),
        (
            "Port Vale 2 Stockport County 1 (halftime 1-1)",
            {"org:port-vale", "org:stockport-county"},
        ),
    ],
)
def test_a_result_alone_names_its_sides(enricher: Enricher, body: str, expected: set[str]) -> None:
    """Also where nothing else in the text tells that it is about sport."""
    assert ids(enricher, body) == expected


@pytest.mark.parametrize("nickname", ["``Dusty''", "“Dusty”", '"Dusty"'])
def test_a_nickname_is_in_a_name(enricher: Enricher, nickname: str) -> None:
    """In the quotation marks of any wire; the id is that of the name without it."""
    body = f"George {nickname} Harlow won the race. George Harlow had led since May."
    assert ids(enricher, body) == {"person:george-harlow"}


def test_a_date_is_no_side() -> None:
    """ "April 3 May 4" is no result."""
    assert evident("April 3 May 4", load()) == {}


def test_and_is_the_same_as_its_sign(enricher: Enricher) -> None:
    """ "Procter and Gamble" is the firm that the alias table writes with "&"."""
    body = "Shares of Procter and Gamble and of Johnson & Johnson fell. Johnson and Johnson paid."
    assert ids(enricher, body) == {"org:procter-gamble", "org:johnson-johnson"}
