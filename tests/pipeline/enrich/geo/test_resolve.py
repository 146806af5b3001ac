"""Which of several places of one name a text means."""

import pytest

from pipeline.enrich.enricher import Enricher
from pipeline.enrich.geo.gazetteer import Gazetteer
from pipeline.wire.enriched import Place
from pipeline.wire.story import Located, Story


def placed(enricher: Enricher, text: str) -> dict[str, Place]:
    """The place of each surface of the text."""
    [enriched] = enricher.enrich([Story(id="x:1", language="en", body=text)])
    return {
        text[m.start : m.end]: place
        for place in enriched.places
        for m in place.mentions
        if m.field == "body"
    }


@pytest.mark.parametrize(
    ("text", "surface", "where"),
    [
        ("Fire broke out in Springfield, Ill., on Monday.", "Springfield", "US/Illinois"),
        ("Fire broke out in Springfield, Mass., on Monday.", "Springfield", "US/Massachusetts"),
        ("She was born in Paris, Texas, in 1950.", "Paris", "US/Texas"),
        ("He moved to London, Ontario, last year.", "London", "CA/Ontario"),
        ("Crowds filled the Spanish city of Córdoba.", "Córdoba", "ES/Andalusia"),
        ("Crowds filled the Argentine city of Córdoba.", "Córdoba", "AR/Cordoba"),
        ("The presidents of Georgia and Armenia met in Tbilisi.", "Georgia", "GE/None"),
        ("Voters in Georgia and Alabama went to the polls in Atlanta.", "Georgia", "US/None"),
        ("Police in Bonham drove to Paris, in Lamar County.", "Paris", "US/Texas"),
        ("The train from Moscow reached Vladivostok.", "Vladivostok", "RU/Primorye"),
    ],
)
def test_the_text_says_which_namesake(
    enricher: Enricher, gazetteer: Gazetteer, text: str, surface: str, where: str
) -> None:
    """Containers, demonyms and the other places of the story decide."""
    place = placed(enricher, text)[surface]
    assert f"{place.country_code}/{place.admin1}" == where


def test_a_bare_name_means_what_the_story_said_before(enricher: Enricher) -> None:
    """One sense per story: "Paris" after "Paris, Texas" is in Texas."""
    text = "The mayor of Paris, Texas, spoke. He said that Paris was growing."
    [enriched] = enricher.enrich([Story(id="x:1", language="en", body=text)])
    [paris] = [p for p in enriched.places if p.name == "Paris"]
    assert paris.admin1 == "Texas"
    assert len(paris.mentions) == 2


def test_the_home_region_decides_where_nothing_else_does(gazetteer: Gazetteer) -> None:
    """A local feed's Springfield is that of its state."""
    story = Story(id="x:1", language="en", body="Fire broke out in Springfield on Monday.")
    [enriched] = Enricher(gazetteer, home="US-OR").enrich([story])
    assert [p.admin1 for p in enriched.places] == ["Oregon"]


def test_places_of_the_provider_are_resolved_within_their_country(enricher: Enricher) -> None:
    """Metadata gives places in every language, also where no model reads the text."""
    story = Story(
        id="x:1",
        language="el",
        body="Ο δήμαρχος μίλησε.",
        located=(Located(name="Birmingham", admin1="Alabama", country_code="USA"),),
    )
    [enriched] = enricher.enrich([story])
    assert [(p.name, p.admin1, p.role) for p in enriched.places] == [
        ("Birmingham", "Alabama", "provider")
    ]
    assert enriched.provenance.model == "none"


def test_a_spot_near_a_place_is_said_to_be_one(enricher: Enricher) -> None:
    """ "5 km north of" stays in the reason, and the place is the one that is named."""
    place = placed(enricher, "The bus stopped 5 km north of Toulouse, France.")["Toulouse"]
    assert "5 km north of" in (place.reason or "")


def test_a_street_is_not_the_city_of_its_name(enricher: Enricher) -> None:
    """A facility has no place."""
    assert "Houston Street" not in placed(enricher, "They met on Houston Street in New York.")


def test_each_place_says_why(enricher: Enricher) -> None:
    """Reasons are words, and confidences probabilities."""
    for place in placed(enricher, "Snow fell in Springfield, Ill., and in Chicago.").values():
        assert place.reason
        assert 0 < place.confidence < 1


@pytest.mark.parametrize(
    ("text", "names"),
    [
        (
            "Floods hit Orange, Lake and Jackson counties in Florida on Monday.",
            {"Orange County", "Lake County", "Jackson County"},
        ),
        ("Storms met Tacoma in Pierce and Thurston counties, Washington.", {"Thurston County"}),
    ],
)
def test_a_shared_head_makes_counties_of_names(
    enricher: Enricher, text: str, names: set[str]
) -> None:
    """Of the state that is named behind it, and never the towns of those names."""
    found = placed(enricher, text)
    state = "Florida" if "Florida" in text else "Washington"
    assert names <= {p.name for p in found.values()}
    assert {p.admin1 for p in found.values() if p.feature == "ADM2"} == {state}
    assert not {"Orange", "Lake", "Jackson", "Pierce"} & {p.name for p in found.values()}
