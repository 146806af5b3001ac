"""Grouping: who is who in one story."""

from pathlib import Path

import pytest

from pipeline.enrich.enricher import Enricher
from pipeline.wire.enriched import Enriched, Entity
from pipeline.wire.story import Dateline, Story

AP_STORY = Path(__file__).resolve().parents[4].joinpath("../shared/wire-samples/text")


def enrich(enricher: Enricher, body: str, **fields: object) -> Enriched:
    [enriched] = enricher.enrich([Story(id="x:1", body=body, language="en", **fields)])  # type: ignore[arg-type]
    return enriched


def entity(enriched: Enriched, id: str) -> Entity:
    return next(e for e in enriched.entities if e.id == id)


def surfaces(enriched: Enriched, id: str) -> list[str]:
    texts = {"body": enriched.story.body, "headline": enriched.story.headline or ""}
    return [texts[m.field][m.start : m.end] for m in entity(enriched, id).mentions]


def test_a_surname_is_the_one_first_named_in_full(enricher: Enricher) -> None:
    """A bare family name means the person introduced by it, not a namesake of later on."""
    enriched = enrich(
        enricher,
        "Kim Jong Un arrived on Monday. His sister, Kim Yo Jong, came too. Kim will meet "
        "President Vladimir Putin, a spokesman said. Kim Yo Jong will not.",
    )
    assert surfaces(enriched, "person:kim-jong-un") == ["Kim Jong Un", "Kim"]
    assert surfaces(enriched, "person:kim-yo-jong") == ["Kim Yo Jong", "Kim Yo Jong"]


def test_an_honorific_chooses_between_spouses(enricher: Enricher) -> None:
    """ "Mrs" and a surname mean the woman of that name."""
    enriched = enrich(
        enricher,
        "Banker Philippe Moreau and his wife Claire Moreau went on trial. Moreau said nothing. "
        "Mrs Moreau wept, her lawyer said.",
    )
    assert surfaces(enriched, "person:claire-moreau") == ["Claire Moreau", "Moreau"]
    assert entity(enriched, "person:claire-moreau").title == "Mrs"


def test_initials_belong_to_the_name_they_are_introduced_for(enricher: Enricher) -> None:
    """Initials in brackets go before what the alias table knows them for."""
    enriched = enrich(
        enricher,
        "The England and Wales Cricket Board (ECB) met in London. The ECB said it would review "
        "the tour of Australia.",
    )
    assert surfaces(enriched, "org:england-and-wales-cricket-board") == [
        "England and Wales Cricket Board", "ECB", "ECB",
    ]  # fmt: skip


def test_an_alias_has_the_id_of_its_name(enricher: Enricher) -> None:
    """Two stories that call a body by different names give it the same id and name."""
    one = enrich(enricher, "The U.N. said on Monday that trucks had crossed into Sudan.")
    other = enrich(enricher, "The United Nations said on Monday that no trucks had crossed.")
    assert entity(one, "org:united-nations").name == "United Nations"
    assert entity(other, "org:united-nations").text == "United Nations"
    assert entity(one, "org:united-nations").kb == "wikidata:Q1065"


def test_titles_and_possessives_are_no_part_of_a_name(enricher: Enricher) -> None:
    """The name's span has neither title nor possessive; the title is kept beside it."""
    enriched = enrich(enricher, "President Emmanuel Macron's plan failed, Macron's aides said.")
    assert surfaces(enriched, "person:emmanuel-macron") == ["Emmanuel Macron", "Macron"]
    assert entity(enriched, "person:emmanuel-macron").title == "President"


def test_a_headline_in_capitals_names_whom_the_body_names(enricher: Enricher) -> None:
    """A name in an all-caps headline joins the body's group and does not become its text."""
    enriched = enrich(
        enricher,
        "President Emmanuel Macron said in Lyon on Monday that he would not resign.",
        headline="MACRON VOWS TO STAY ON",
    )
    assert surfaces(enriched, "person:emmanuel-macron") == ["MACRON", "Emmanuel Macron"]
    assert entity(enriched, "person:emmanuel-macron").text == "Emmanuel Macron"


def test_a_company_is_its_short_name(enricher: Enricher) -> None:
    """A short form and the full name with its suffix are one company."""
    enriched = enrich(
        enricher,
        "Nordvik Air A/S will buy Aerolux Holding SA. Nordvik shares fell. Aerolux declined to "
        "comment.",
    )
    assert len(surfaces(enriched, "org:nordvik-air-a-s")) == 2
    assert len(surfaces(enriched, "org:aerolux-holding-sa")) == 2


def test_a_committee_of_a_body_is_a_body_of_its_own(enricher: Enricher) -> None:
    """A longer name that names a part is not the whole in full."""
    enriched = enrich(
        enricher, "The Senate voted on Friday. The Senate Banking Committee had opposed the bill."
    )
    assert surfaces(enriched, "org:senate") == ["Senate"]


def test_salience_ranks_the_headline_and_the_often_named_first(enricher: Enricher) -> None:
    """Who is in the headline, early and often weighs more than who is named once at the end."""
    enriched = enrich(
        enricher,
        "Jerome Powell spoke on Monday. Powell warned of inflation. Powell left early, said "
        "analyst Grace Lindqvist.",
        headline="Powell warns of inflation",
    )
    powell = entity(enriched, "person:jerome-powell")
    assert powell.salience > entity(enriched, "person:grace-lindqvist").salience
    assert powell.salience <= 1.0


def test_the_seoul_story_of_the_samples(enricher: Enricher) -> None:
    """On a real AP story the known mistakes of the small model are gone."""
    if not AP_STORY.is_dir():
        pytest.skip("shared/wire-samples is not beside the checkout")
    [path] = AP_STORY.iterdir()
    enriched = enrich(enricher, path.read_text(encoding="utf-8"), source=None)
    labels: dict[str, set[str]] = {}
    for e in enriched.entities:
        for m in e.mentions:
            labels.setdefault(enriched.story.body[m.start : m.end], set()).add(e.label)
    assert labels["Vladivostok"] == {"GPE"}
    assert labels["DPRK"] == {"GPE"}
    assert not {"AP", "COVID-19", "COVID"} & labels.keys()
    kim = surfaces(enriched, "person:kim-jong-un")
    assert kim.count("Kim Jong Un") == 3
    assert kim.count("Kim") >= 12
    assert surfaces(enriched, "person:kim-myong-sik") == ["Kim Myong Sik"]
    assert entity(enriched, "person:vladimir-putin").title == "President"
    assert not [t for t in labels if t.endswith(("'s", "’s")) or t.lower().startswith("the ")]
    assert "DPRK" in surfaces(enriched, "gpe:north-korea")


def test_a_dateline_is_a_place(enricher: Enricher) -> None:
    """Each part of a dateline is a place, and the same one as in the body."""
    enriched = enrich(
        enricher, "Snow fell in Wilmington.", dateline=Dateline(place="WILMINGTON, N.C.")
    )
    fields = {m.field for m in entity(enriched, "gpe:wilmington").mentions}
    assert fields == {"dateline", "body"}


def test_a_ministry_is_its_countrys(enricher: Enricher) -> None:
    """The defense ministries of three countries are three entities, however they are written."""
    enriched = enrich(
        enricher,
        "The Russian Defense Ministry said on Monday that its forces had shot down nine drones. "
        "Ukraine's Defense Ministry denied that. The Defense Ministry of Japan made no comment.",
    )
    assert {e.id for e in enriched.entities if e.label == "ORG"} == {
        "org:russia-defense-ministry", "org:ukraine-defense-ministry", "org:japan-defense-ministry",
    }  # fmt: skip


def test_a_ministry_without_a_country_is_the_one_named_before(enricher: Enricher) -> None:
    """Its id carries the country in every sentence, and its name says whose it is."""
    enriched = enrich(
        enricher,
        "Poland's Foreign Ministry called in the envoy on Tuesday. The Foreign Ministry said that "
        "he had been told to explain the flight.",
    )
    assert surfaces(enriched, "org:poland-foreign-ministry") == ["Foreign Ministry"] * 2
    assert entity(enriched, "org:poland-foreign-ministry").name == "Foreign Ministry (Poland)"


@pytest.mark.parametrize(
    ("text", "id"),
    [
        ("India's Supreme Court ruled on Friday that the mine must close.", "india-supreme-court"),
        ("The U.S. Supreme Court ruled on Friday that the mine must close.", "supreme-court"),
        ("Brazil's Central Bank raised its rate by a quarter point.", "brazil-central-bank"),
        ("Lawmakers said the Kenyan Parliament would vote on the bill.", "kenya-parliament"),
        ("The Ministry of Defence of Norway ordered six ships.", "norway-defense-ministry"),
        ("Russia's Ministry of Foreign Affairs protested.", "russia-foreign-ministry"),
        ("India's Ministry of External Affairs protested.", "india-foreign-ministry"),
        (
            "PARIS (AP) - The Culture Ministry said on Monday it would close.",
            "france-culture-ministry",
        ),
        ("LONDON (AP) - The Senate in the United States votes on Monday.", "senate"),
        ("The Israeli Prime Minister's Office declined.", "israel-prime-ministers-office"),
        (
            "A spokesman at the Foreign Ministry in Tehran declined comment.",
            "iran-foreign-ministry",
        ),
    ],
)
def test_a_national_body_has_its_country_in_its_id(enricher: Enricher, text: str, id: str) -> None:
    """Courts, central banks and parliaments are every country's; the alias table knows one."""
    assert f"org:{id}" in {e.id for e in enrich(enricher, text).entities}
