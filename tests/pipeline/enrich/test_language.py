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
        ("Kurs fällt, Anleger warten.", "de"),
        ("Polis söker vittnen.", "sv"),
        ("Storm hits Malmö.", "en"),
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


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Der Rat tagt am Abend.", "de"),
        ("Hon sade inte när det var klart.", "sv"),
        ("The board meets tonight.", "en"),
        ("Rovers 0 United 2\nAlbion 1 Athletic 1\nCounty 3 Wanderers 0\nVale 2 Orient 2", "en"),
    ],
)
def test_a_short_text_is_told_by_its_function_words(text: str, code: str) -> None:
    """Short sentences of other languages are not taken for English, nor results for nothing."""
    assert detect(text) == code


ENGLISH = (
    "The ministers said on Tuesday that they would meet again before the end of the month, and "
    "that no decision had been taken on the loans which the firm had asked for when its ships were "
    "held in port. A spokesman for the owners said that the talks were useful and would go on."
)


def test_a_text_overrules_metadata_that_it_plainly_contradicts() -> None:
    """A feed marked it-IT carries an English story."""
    assert language(Story(id="x", body=ENGLISH, language="it-IT")) == "en"
    assert language(Story(id="x", body=ENGLISH, language="en-GB")) == "en"


def test_a_text_with_few_letters_keeps_the_language_of_its_feed() -> None:
    """A short text can't contradict anything."""
    assert language(Story(id="x", body="The talks failed.", language="it-IT")) == "it"
    assert language(Story(id="x", body="12 - 4; 3 - 3", language="nb-NO")) == "no"
