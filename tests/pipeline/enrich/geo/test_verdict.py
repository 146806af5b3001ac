"""Places and the record's entities agree."""

import pytest

from pipeline.enrich.enricher import Enricher
from pipeline.enrich.geo.gazetteer import Gazetteer
from pipeline.enrich.geo.toponyms import Candidate, readings
from pipeline.enrich.geo.verdict import Verdict, repeated, revised
from pipeline.wire.enriched import Enriched, Entity, Mention
from pipeline.wire.story import Story


def enriched(enricher: Enricher, text: str) -> Enriched:
    [done] = enricher.enrich([Story(id="x", body=text, language="en")])
    return done


def placed(done: Enriched) -> dict[str, str | None]:
    """Surface to country."""
    body = done.story.body
    return {body[m.start : m.end]: p.country_code for p in done.places for m in p.mentions}


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("The senator spoke at the White House on Monday.", {}),
        ("Shares of Harlow & Co. fell in London.", {"London": "GB"}),
        ("Boeing Co. will open a plant in Denver, Colo.", {"Denver": "US", "Colo.": "US"}),
        ("Dr. Ellen Marsh, M.D., works in Baltimore, Md.", {"Baltimore": "US", "Md.": "US"}),
        ("Officials in Albany, N.Y., agreed.", {"Albany": "US", "N.Y.": "US"}),
        ("Snow fell in the Southwest and in the Northeast.", {}),
        ("The Louvre, the Marais and the Temple are in Paris.", {"Paris": "FR"}),
    ],
)
def test_what_is_no_place_stays_off_the_map(
    enricher: Enricher, text: str, places: dict[str, str | None]
) -> None:
    """Neither foreign alternate names nor company suffixes nor degrees are places."""
    assert placed(enriched(enricher, text)) == places


@pytest.mark.parametrize(
    ("text", "surface", "country"),
    [
        ("PARIS (Reuters) - The minister resigned on Monday.", "PARIS", "FR"),
        ("GAZA (Reuters) - Two people were injured.", "GAZA", "PS"),
        ("MOSCOW (AP) _ The government met AP reporters.", "MOSCOW", "RU"),
        ("UNITED NATIONS (AP) _ The council met on Monday.", "UNITED NATIONS", "US"),
    ],
)
def test_a_dateline_in_the_body_is_placed(
    enricher: Enricher, text: str, surface: str, country: str
) -> None:
    """Whatever the model takes it for, and whichever dash ends it."""
    done = enriched(enricher, text)
    assert placed(done) == {surface: country}
    assert [p.role for p in done.places] == ["dateline"]


def test_each_city_of_a_dateline_is_placed(enricher: Enricher) -> None:
    """Two desks wrote the story."""
    done = enriched(enricher, "WARSAW/BRUSSELS, March 3 (Reuters) - The ministers met.")
    assert placed(done) == {"WARSAW": "PL", "BRUSSELS": "BE"}


@pytest.mark.parametrize("area", ["the Carolinas", "the Dakotas", "South Florida", "West Texas"])
def test_a_vague_area_is_an_area(enricher: Enricher, area: str) -> None:
    """It lies in its country, and is no town."""
    done = enriched(enricher, f"Storms crossed {area} on Friday, forecasters said.")
    assert set(placed(done).values()) == {"US"}
    assert [str(e.label) for e in done.entities] == ["LOC"]


def test_korean_of_a_northern_body_is_never_the_south_nor_a_peninsula(enricher: Enricher) -> None:
    """An adjective that two countries share says nothing inside the name of an organisation."""
    text = "North Korean leaders met. The Korean Central News Agency reported it."
    assert set(placed(enriched(enricher, text)).values()) <= {"KP"}


def entity(label: str, text: str, start: int) -> Entity:
    mention = Mention(start=start, end=start + len(text))
    return Entity(id=f"x:{text}", text=text, label=label, mentions=(mention,))


def verdict(entities: list[Entity], text: str) -> Verdict:
    return Verdict(entities, "body", text)


def candidate(gazetteer: Gazetteer, text: str, start: int, probability: float) -> Candidate:
    senses = readings(text, False, gazetteer)
    return Candidate(start, start + len(text), text, senses, (), probability)


def test_what_is_wholly_an_organisation_is_no_place(gazetteer: Gazetteer) -> None:
    """A part of its name may be one: "Boston" of the Boston Globe."""
    text = "Orlando and the Boston Globe"
    names = [candidate(gazetteer, "Orlando", 0, 0.8), candidate(gazetteer, "Boston", 16, 0.8)]
    labels = [entity("ORG", "Orlando", 0), entity("ORG", "Boston Globe", 16)]
    assert [c.text for c in revised(names, text, verdict(labels, text), gazetteer)] == ["Boston"]


def test_what_the_record_calls_a_place_is_placed(gazetteer: Gazetteer) -> None:
    """Where the gazetteer has it, and nothing else stands there."""
    text = "Nairobi and Qwertzburg"
    labels = [entity("GPE", "Nairobi", 0), entity("GPE", "Qwertzburg", 12)]
    [added] = revised([], text, verdict(labels, text), gazetteer)
    assert (added.text, added.senses[0].entry.country) == ("Nairobi", "KE")


def test_a_part_of_a_person_is_no_place(gazetteer: Gazetteer) -> None:
    """ "Paris" of Paris Hilton is left out; a surname that begins elsewhere is too."""
    labels = [entity("PERSON", "Paris Hilton", 0)]
    found = candidate(gazetteer, "Paris", 0, 0.99)
    text = "Paris Hilton"
    assert revised([found], text, verdict(labels, text), gazetteer) == []


def test_what_one_sentence_calls_a_place_is_one_in_the_next(gazetteer: Gazetteer) -> None:
    """But not where the same word is a part of a longer name, or another name of the record."""
    text = "They left Nairobi. Nairobi's fall came; Nairobi-born Ann Nairobi met Nairobi Jones."
    first = candidate(gazetteer, "Nairobi", 10, 0.9)
    labels = [entity("PERSON", "Ann Nairobi", 53)]
    found = repeated([first], text, verdict(labels, text), [first])
    assert [c.start for c in found] == [10, 19]
    assert found[1].senses == first.senses


def test_teams_of_a_table_are_no_places(enricher: Enricher) -> None:
    """Towns stand for their clubs there; countries, and the place of a match, do not."""
    rows = "DENVER 11 2 0 330 210\nST LOUIS 4 9 0 246 334\nOAKLAND 6 7 0 274 234\n"
    done = enriched(enricher, f"Football standings - Saturday\n\nW L T PF PA\n{rows}")
    assert placed(done) == {}
    done = enriched(enricher, "Athletics - Results from Zurich\n\n1. Abel Bett (Kenya) 13:02\n")
    assert placed(done).get("Kenya") == "KE"


@pytest.mark.parametrize(
    "text",
    [
        "Police closed London Street and Paris Road on Sunday.",
        "Dallas beat Chicago 21-14 on Sunday night.",
    ],
)
def test_streets_and_sides_of_a_match_are_no_places(enricher: Enricher, text: str) -> None:
    """They are called after places that they are not."""
    assert placed(enriched(enricher, text)) == {}


def test_countries_play_as_countries(enricher: Enricher) -> None:
    """ "France beat Spain 2-1" is about both."""
    done = enriched(enricher, "The senator from Dallas beat a rival. France beat Spain 2-1.")
    assert placed(done) == {"Dallas": "US", "France": "FR", "Spain": "ES"}
