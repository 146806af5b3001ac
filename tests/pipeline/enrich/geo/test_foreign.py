"""Places of texts in other languages than English, without a model."""

import pytest

from pipeline.enrich.enricher import Enricher
from pipeline.wire.enriched import Enriched
from pipeline.wire.story import Dateline, Story


def enriched(enricher: Enricher, language: str, text: str, place: str | None = None) -> Enriched:
    dateline = Dateline(place=place) if place else None
    [done] = enricher.enrich([Story(id="x", body=text, language=language, dateline=dateline)])
    return done


def found(done: Enriched) -> dict[str, str | None]:
    """Surface to country, in the body."""
    return {
        done.story.body[m.start : m.end]: p.country_code
        for p in done.places
        for m in p.mentions
        if m.field == "body"
    }


@pytest.mark.parametrize(
    ("language", "text", "places"),
    [
        (
            "de",
            "Die Präsidentin reiste von Warschau nach Lissabon.",
            {"Warschau": "PL", "Lissabon": "PT"},
        ),
        ("de", "Frankreichs Regierung will die Steuern senken.", {"Frankreichs": "FR"}),
        ("de", "Der Essen war kalt, der Rat tagte lange im Saal.", {}),
        ("de", "In den Vereinigten Staaten steigt der Preis.", {"Vereinigten Staaten": "US"}),
        (
            "fr",
            "Le ministre arrive d'Italie et repart pour l'Allemagne.",
            {"Italie": "IT", "Allemagne": "DE"},
        ),
        ("fr", "Les navires ont quitté la mer Noire mardi.", {"mer Noire": None}),
        ("fr", "M. Paris a salué la décision de Marie Lyon.", {}),
        ("es", "La cumbre se celebra en Ginebra, Suiza.", {"Ginebra": "CH", "Suiza": "CH"}),
        ("es", "EE.UU. y la India firmaron el acuerdo.", {"EE.UU.": "US", "India": "IN"}),
        ("it", "Dall'Italia alla Svezia, i treni sono fermi.", {"Italia": "IT", "Svezia": "SE"}),
        ("it", "La nave salpò da L'Aquila.", {"L'Aquila": "IT"}),
        ("pt", "O navio partiu de Antuérpia para a Índia.", {"Antuérpia": "BE", "Índia": "IN"}),
        ("nl", "De trein reed van Parijs naar Keulen.", {"Parijs": "FR", "Keulen": "DE"}),
        (
            "sv",
            "Tysklands regering möter Norges i Köpenhamn.",
            {"Tysklands": "DE", "Norges": "NO", "Köpenhamn": "DK"},
        ),
        ("no", "Sveriges statsminister reiste til Hellas.", {"Sveriges": "SE", "Hellas": "GR"}),
        ("nb", "Ministeren kom fra Brussel.", {"Brussel": "BE"}),
        ("da", "Toget kører fra Hamborg til Rom.", {"Hamborg": "DE", "Rom": "IT"}),
        ("pl", "Delegacja przybyła do Berlin, jutro Rzym.", {"Berlin": "DE", "Rzym": "IT"}),
    ],
)  # fmt: skip
def test_places_are_found_without_a_model(
    enricher: Enricher, language: str, text: str, places: dict[str, str | None]
) -> None:
    """Exonyms, elisions, genitives and seas are; people, openers and common nouns are not."""
    assert found(enriched(enricher, language, text)) == places


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("de", "Der Zug nach Moskau fährt um acht."),
        ("fr", "Le train pour Moscou part à huit heures."),
        ("it", "Il treno per Mosca parte alle otto."),
        ("es", "El tren de Moscú sale a las ocho."),
        ("pt", "O trem para Moscou parte às oito."),
        ("nl", "De trein naar Moskou vertrekt om acht uur."),
        ("en", "The train to Moscow leaves at eight."),
    ],
)
def test_a_city_has_one_id_whatever_it_is_called(
    enricher: Enricher, language: str, text: str
) -> None:
    """Moskau, Moscou, Mosca and Moscow are one place and one entity."""
    done = enriched(enricher, language, text)
    assert [p.geonames_id for p in done.places] == [524901]
    assert [(e.id, e.kb) for e in done.entities] == [("gpe:moscow", "geonames:524901")]


@pytest.mark.parametrize(
    ("language", "body", "surface"),
    [
        ("fr", "GENÈVE, 3 mars (AFP) - Les négociateurs se retrouvent lundi.", "GENÈVE"),
        ("de", "Wien (APA) - Die Verhandlungen gehen weiter.", "Wien"),
        ("es", "Nápoles, 4 abr (EFE).- El puerto sigue cerrado.", "Nápoles"),
    ],
)
def test_a_dateline_that_the_body_begins_with_is_placed(
    enricher: Enricher, language: str, body: str, surface: str
) -> None:
    """Datelines of the agencies of these languages."""
    assert surface in found(enriched(enricher, language, body))


def test_the_dateline_of_the_wire_is_placed(enricher: Enricher) -> None:
    """A dateline in a field of its own is read in the story's language."""
    done = enriched(enricher, "de", "Die Verhandlungen gehen weiter.", place="Mailand")
    assert [(p.name, p.role) for p in done.places] == [("Milan", "dateline")]


def test_a_language_without_lists_and_model_gets_nothing(enricher: Enricher) -> None:
    """No names are better than wrong ones."""
    done = enriched(enricher, "tr", "Ankara ve Paris arasında tren yok.")
    assert (done.entities, done.places) == ((), ())
