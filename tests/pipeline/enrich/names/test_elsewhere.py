"""People, organisations and quotations in other languages, without a model."""

import pytest

from pipeline.enrich.enricher import Enricher
from pipeline.enrich.geo.gazetteer import Gazetteer
from pipeline.enrich.geo.peoples import adjectives, recognise
from pipeline.wire.enriched import Enriched
from pipeline.wire.story import Story


def enriched(enricher: Enricher, language: str, body: str) -> Enriched:
    [done] = enricher.enrich([Story(id="x", language=language, body=body)])
    return done


@pytest.mark.parametrize(
    ("language", "text", "ids"),
    [
        ("de", "Emmanuel Macron reiste ab. Die NATO lobte Macron.", {"org:nato": 1}),
        ("fr", "Emmanuel Macron est parti. L'OTAN a salué Macron.", {"org:nato": 1}),
        ("es", "Emmanuel Macron viajó. La OTAN elogió a Macron.", {"org:nato": 1}),
        (
            "pt",
            "Emmanuel Macron viajou. A União Europeia elogiou Macron.",
            {"org:european-union": 1},
        ),
        ("it", "Emmanuel Macron è partito. Luigi Macron resta.", {}),
    ],
)
def test_known_names_have_one_id_in_all_languages(
    enricher: Enricher, language: str, text: str, ids: dict[str, int]
) -> None:
    """A surname counts below the full name, and not behind another given name."""
    done = enriched(enricher, language, text)
    found = {e.id: len(e.mentions) for e in done.entities if e.label in ("PERSON", "ORG")}
    assert found == {"person:emmanuel-macron": 2 if ids else 1, **ids}


@pytest.mark.parametrize(
    ("language", "text", "said"),
    [
        ("de", "„Wir warten ab“, sagte Emmanuel Macron am Montag.", "Wir warten ab"),
        ("de", "Emmanuel Macron erklärte: „Es reicht.“", "Es reicht."),
        ("fr", "« Nous attendons », a déclaré le président Emmanuel Macron.", "Nous attendons"),
        ("es", "«Esperaremos», dijo el presidente Emmanuel Macron.", "Esperaremos"),
        ("es", 'Emmanuel Macron afirmó: "Esperaremos".', "Esperaremos"),
    ],
)
def test_a_quotation_has_its_speaker(
    enricher: Enricher, language: str, text: str, said: str
) -> None:
    """Where a verb of saying stands between the two."""
    done = enriched(enricher, language, text)
    assert [(text[q.start : q.end], q.speaker) for q in done.quotes] == [
        (said, "person:emmanuel-macron")
    ]


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("de", "„Wir warten ab“, stand auf dem Plakat. Emmanuel Macron sagte nichts."),
        ("fr", "Le film « La Chute » a été vu par Emmanuel Macron."),
        ("es", "«Esperaremos», dijo un portavoz del partido rival de Emmanuel Macron."),
    ],
)
def test_a_quotation_without_a_plain_speaker_has_none(
    enricher: Enricher, language: str, text: str
) -> None:
    """Rather than a guessed one."""
    assert enriched(enricher, language, text).quotes == ()


def test_titles_stand_apart_from_names(enricher: Enricher) -> None:
    """They are kept as the text has them."""
    done = enriched(enricher, "fr", "Le premier ministre Emmanuel Macron est parti.")
    [person] = [e for e in done.entities if e.label == "PERSON"]
    assert (person.text, person.title) == ("Emmanuel Macron", "premier ministre")


@pytest.mark.parametrize(
    ("language", "text", "found"),
    [
        ("de", "Die französischen und deutschen Minister.", ["FR", "DE"]),
        ("fr", "Les soldats allemands et une banque suisse.", ["DE", "CH"]),
        ("es", "Los soldados franceses y una empresa china.", ["FR", "CN"]),
        ("it", "I soldati francesi.", []),
    ],
)
def test_adjectives_of_countries_are_demonyms(
    gazetteer: Gazetteer, language: str, text: str, found: list[str]
) -> None:
    """In all their forms, in three languages."""
    countries = [c.senses[0].entry.country for c in recognise(text, language, gazetteer)]
    assert countries == found


def test_a_demonym_is_no_name_but_tells_the_country(enricher: Enricher) -> None:
    """ "französische" makes no entity."""
    done = enriched(enricher, "de", "Die französische Regierung tagte.")
    assert (done.entities, done.focus_country) == ((), "FR")
    assert [p.role for p in done.places] == ["demonym"]


def test_no_adjective_is_of_two_countries() -> None:
    """The table would lose one of them."""
    for language in ("de", "fr", "es"):
        assert len(set(adjectives(language).values())) > 60
