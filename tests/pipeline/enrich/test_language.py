"""The language that a story is read as."""

import pytest

from pipeline.enrich.enricher import Enricher
from pipeline.enrich.language import detect, language
from pipeline.wire.story import Dateline, Story

FRENCH = (
    "Le gouvernement a annoncé mardi la fermeture de deux ports du nord du pays, où les dockers "
    "sont en grève depuis une semaine, selon le ministère des Transports."
)


def test_metadata_goes_before_the_text() -> None:
    """The provider's language is believed, by its primary subtag."""
    assert language(Story(id="x:1", body=FRENCH, language="en-GB")) == "en"
    assert language(Story(id="x:1", body="Hello.", language="de-CH")) == "de"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (FRENCH, "fr"),
        (
            "El ministro dijo el martes que los puertos del norte seguirán cerrados mientras dure "
            "la huelga de los estibadores.",
            "es",
        ),
        ("The minister said on Tuesday that the ports in the north would stay closed.", "en"),
        ("Police said.", "en"),
        ("Правительство объявило во вторник о закрытии двух портов на севере страны.", "ru"),
        ("", None),
        ("1-0 2:1 🙂", None),
    ],
)
def test_a_text_without_metadata_is_told_by_what_it_reads_like(
    text: str, expected: str | None
) -> None:
    """Long text is detected, short text in Latin letters is English, the rest is unknown."""
    assert detect(text) == expected


def test_another_language_is_never_read_by_the_english_model(enricher: Enricher) -> None:
    """Without a model of its language a story has places, and no other entities."""
    story = Story(id="x:1", body=FRENCH, dateline=Dateline(place="LYON, France"))
    [enriched] = enricher.enrich([story])
    assert {entity.label for entity in enriched.entities} <= {"GPE", "LOC"}
    assert enriched.provenance.model == "none"
    assert enriched.provenance.language == "fr"
    assert "Lyon" in {p.name for p in enriched.places}


def test_a_configured_model_reads_its_own_language(enricher: Enricher) -> None:
    """A model that is configured for a language reads its stories, and groups what it finds."""
    english = enricher.model("en").meta
    both = Enricher(enricher.gazetteer, languages={"fr": f"{english['lang']}_{english['name']}"})
    story = Story(id="x:1", body="Emmanuel Macron est arrivé à Lyon mardi.", language="fr")
    [enriched] = both.enrich([story])
    assert "person:emmanuel-macron" in {e.id for e in enriched.entities}
    assert enriched.provenance.language == "fr"
