"""Stories through the model and the gazetteer."""

from pipeline.enrich.enricher import Enricher, toponyms
from pipeline.wire.story import Dateline, Story


def test_the_dateline_and_the_body_are_placed(enricher: Enricher) -> None:
    """A story's dateline and toponyms get places, with their roles and countries."""
    story = Story(
        id="x:1",
        dateline=Dateline(place="NAIROBI, Kenya"),
        body="Kenyan police said the road from Nairobi to Mombasa was closed.",
    )
    [enriched] = enricher.enrich([story])
    places = {(p.name, p.role) for p in enriched.places}
    assert {("Nairobi", "dateline"), ("Mombasa", "mentioned"), ("Kenya", "demonym")} <= places
    assert enriched.focus_country == "KE"


def test_every_toponym_reads_as_its_own_span(enricher: Enricher) -> None:
    """Offsets of the command line's form count in the given text."""
    text = "North Korea’s leader left Pyongyang for Vladivostok, in Russia's Far East."
    [enriched] = enricher.enrich([Story(id="x:1", body=text)])
    found = toponyms(enriched)
    assert [t["text"] for t in found] == [
        "North Korea", "Pyongyang", "Vladivostok", "Russia", "Far East",
    ]  # fmt: skip
    assert all(text[t["start"] : t["end"]] == t["text"] for t in found)


def test_people_named_like_places_are_not_on_the_map(enricher: Enricher) -> None:
    """Who is a person in the story has no place, under full name or surname."""
    body = (
        "Paris Kowalski and Councilman Denver Washington met in Omaha. Washington asked for a "
        "study, and Kowalski left."
    )
    [enriched] = enricher.enrich([Story(id="x:1", body=body)])
    assert {p.name for p in enriched.places} == {"Omaha"}


def test_names_of_places_end_where_the_gazetteer_says(enricher: Enricher) -> None:
    """A possessive, an elision or a title within a place's name belongs to it, as nowhere else."""
    body = (
        "Deputies in Prince George's County, Maryland, drove to Coeur d'Alene, Idaho. A storm "
        "reached Prince Edward Island. America's governors met at Martha's Vineyard on Tuesday."
    )
    [enriched] = enricher.enrich([Story(id="ap:1", body=body)])
    names = {entity.text for entity in enriched.entities}
    placed = {t["text"] for t in toponyms(enriched)}
    whole = {
        "Prince George's County",
        "Coeur d'Alene",
        "Prince Edward Island",
        "Martha's Vineyard",
    }
    assert whole <= names
    assert whole <= placed
    assert "America's" not in names | placed
    assert not {"George", "Edward Island", "Martha", "Vineyard"} & names
