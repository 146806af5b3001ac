"""What each name of a story names, and what holds for any text at all."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.enrich.enricher import Enricher
from pipeline.enrich.mentions import Named, RawMention
from pipeline.enrich.names import aliases
from pipeline.enrich.names.capitals import LONGEST
from pipeline.enrich.names.grouping import group
from pipeline.enrich.names.naming import name
from pipeline.wire.story import Story

ALIASES = aliases.load()
TRAPS = """Kim Putin the of and Ministry River said President U.N. (IAEA) Moscow's O’Leary 737
— , . “We go,” al-Sudani van der Meer MACRON São ‏العربية 株式会社 🙂 D-Calif. Asia-Europe St.
Peter's Inc. By AP (AP) ___"""
WORDS = st.sampled_from([*TRAPS.split(), "\n\n", "\t"])
TEXTS = st.lists(WORDS | st.text(max_size=8), max_size=60).map(" ".join)


def named(text: str, model: list[RawMention] | None = None) -> list[Named]:
    return name({"body": text}, model or [], [], ALIASES, lambda _: frozenset())


def labels(text: str) -> dict[str, str]:
    return {n.text: n.label for n in named(text)}


@settings(max_examples=60, deadline=None)
@given(TEXTS)
def test_every_span_reads_as_its_own_text(text: str) -> None:
    """Spans lie in their text, read as they say, do not overlap, and come out the same again."""
    found = named(text)
    assert found == named(text)
    end = 0
    for mention in found:
        assert mention.start >= end
        assert text[mention.start : mention.end] == mention.text
        end = mention.end
    entities = group(found, {"body": text}, ALIASES)
    assert sum(len(e.mentions) for e in entities) == len(found)


@settings(max_examples=30, deadline=None)
@given(TEXTS, st.integers(0, 5))
def test_white_space_around_a_story_moves_offsets_only(text: str, by: int) -> None:
    """A story that stands further down has the same names further down."""
    moved = [n._replace(start=n.start - by, end=n.end - by) for n in named("\n" * by + text)]
    assert moved == named(text)


def test_a_name_says_itself_what_it_is() -> None:
    """Head words, suffixes and prefixes label names that no model has seen."""
    found = labels(
        "We met the Ministry of Rural Waters near the Tarn River, at Halden Bridge, after "
        "Hurricane Odette. The Clean Harbors Act helps Nordvik Air A/S in Kolm County."
    )
    assert found["Ministry of Rural Waters"] == "ORG"
    assert found["Tarn River"] == "LOC"
    assert found["Halden Bridge"] == "FAC"
    assert found["Hurricane Odette"] == "EVENT"
    assert found["Clean Harbors Act"] == "LAW"
    assert found["Nordvik Air A/S"] == "ORG"
    assert found["Kolm County"] == "GPE"


def test_a_surname_that_the_model_missed_is_found() -> None:
    """Once a person is named in full, the bare surname is one wherever it stands."""
    found = named("Deputy Minister Andrei Orlov spoke. Orlov left. Later they saw Orlov again.")
    assert [n.text for n in found if n.label == "PERSON"] == ["Andrei Orlov", "Orlov", "Orlov"]


def test_the_model_is_outvoted_by_the_story() -> None:
    """One wrong label among plain evidence does not stand."""
    text = "Prime Minister Ana Ruiz spoke. Ruiz left for lunch."
    at = text.index("Ruiz left")
    wrong = RawMention(at, at + 4, "Ruiz", "ORG")
    assert {n.label for n in named(text, [wrong])} == {"PERSON"}


def test_a_title_in_the_midst_of_capitals_parts_two_names() -> None:
    """ "Idaho Attorney General Raúl Labrador" is a state and a man."""
    found = named("He saw Norland County Attorney General Raúl Labrador.")
    assert [(n.text, n.label, n.title) for n in found] == [
        ("Norland County", "GPE", None),
        ("Raúl Labrador", "PERSON", "Attorney General"),
    ]


def test_diseases_and_days_are_no_names() -> None:
    """What a model often takes for a name, and is none, is left out."""
    text = "COVID-19 closed the border on Monday."
    assert named(text, [RawMention(0, 8, "COVID-19", "ORG")]) == []


def test_a_very_long_text_is_read_in_bounded_time(enricher: Enricher) -> None:
    """Twenty thousand names, all different, are neither too slow nor misplaced."""
    text = " ".join(f"Nam{i} Grun{i % 997} said so." for i in range(10_000))
    found = named(text)
    assert all(text[n.start : n.end] == n.text for n in found)
    assert len(group(found, {"body": text}, ALIASES)) <= len(found)


def test_text_without_a_name_has_no_entity(enricher: Enricher) -> None:
    """Nothing comes of nothing: empty, blank, control characters, emoji."""
    bodies = ["", "   \n\n ", "\x00\x07\x1b", "🙂🙂🙂", "‏‏"]
    for enriched in enricher.enrich([Story(id="x:1", body=body) for body in bodies]):
        assert enriched.entities == ()


@pytest.mark.parametrize(
    "piece", ["President Kim ", "Kim and ", "Sheriff's Office ", "U.", "A-", '"', "“Kim ", "A v. "]
)
def test_endless_capitals_are_cut(piece: str) -> None:
    """A run that never ends is read in stretches, each in its place."""
    text = piece * 3_000
    found = named(text)
    assert all(text[n.start : n.end] == n.text for n in found)
    words = [len(n.text.split()) for n in found]
    assert max(words, default=0) <= 4 * (LONGEST + 1)  # three small words between two others


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Stephen King published a novel. King said so.", ["Stephen King", "King"]),
        ("Sen. Angus King voted no on Tuesday.", ["Angus King"]),
        ("Aaron Judge hit two home runs.", ["Aaron Judge"]),
        ("Mike Pope wrote to Douglas Cardinal.", ["Mike Pope", "Douglas Cardinal"]),
        ("Susan Bishop left early.", ["Susan Bishop"]),
        ("Martin Luther King Jr. was shot in Memphis.", ["Martin Luther King Jr."]),
        ("Kenyan Jacob Okello won the race.", ["Jacob Okello"]),
        ("President Daniel arap Moi met Carla del Ponte.", ["Daniel arap Moi", "Carla del Ponte"]),
        ("Mark van der Vaart and Jan ter Horst scored.", ["Mark van der Vaart", "Jan ter Horst"]),
        ('"We will appeal," del Castro said in Lima.', ["del Castro"]),
        ('Jim "Bo" Carlsen, a farmer, agreed.', ['Jim "Bo" Carlsen']),
        ("Echoing Orlova, he agreed. Nina Orlova smiled.", ["Orlova", "Nina Orlova"]),
        ("He met Susan Bishop. Cardinal Pietro Bianchi spoke.", ["Susan Bishop", "Pietro Bianchi"]),
    ],
)
def test_people_are_named_in_full(enricher: Enricher, text: str, expected: list[str]) -> None:
    """Surnames that are titles, particles and generations belong to the name; peoples do not."""
    [enriched] = enricher.enrich([Story(id="x:1", body=text, language="en")])
    people = [
        text[m.start : m.end]
        for entity in enriched.entities
        if entity.label == "PERSON"
        for m in entity.mentions
    ]
    assert sorted(people) == sorted(expected)


def test_bodies_are_named_in_full(enricher: Enricher) -> None:
    """A possessive or an ampersand inside a body's name does not end it."""
    text = "The Korean People's Army hired Goldman Sachs & Co. near the White House."
    [enriched] = enricher.enrich([Story(id="x:1", body=text, language="en")])
    bodies = {e.text for e in enriched.entities if e.label == "ORG"}
    assert bodies == {"Korean People's Army", "Goldman Sachs & Co.", "White House"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("It was sold by Hartwell, Brandt & Co. in New York.", {"Hartwell, Brandt & Co."}),
        ("Ana Ruiz, M.D., of Harlow & Co. testified.", {"Ana Ruiz", "Harlow & Co."}),
        ("Nazi Germany invaded Poland. A Yoruba sculptor and Zulu leaders met.", set()),
        ("``The Man of the Hill'' and ``A Night in Verona'' won prizes.", set()),
    ],
)
def test_what_is_like_a_body_is_told_from_one(
    enricher: Enricher, text: str, expected: set[str]
) -> None:
    """Commas of a firm's partners are in its name; peoples and quoted titles are no bodies."""
    [enriched] = enricher.enrich([Story(id="x:1", body=text, language="en")])
    assert {e.text for e in enriched.entities if e.label in ("ORG", "PERSON")} == expected


def test_a_headline_in_capitals_above_a_text_is_read_by_the_text(enricher: Enricher) -> None:
    """In a line of capitals only the names that the text has are names."""
    text = (
        "HALVORSEN QUITS AS HEAD OF NORTHERN FUND\n\n"
        "OSLO (AP) _ Tore Halvorsen left the Northern Fund on Monday. Halvorsen gave no reason."
    )
    [enriched] = enricher.enrich([Story(id="x:1", body=text, language="en")])
    found = {(e.text, str(e.label)) for e in enriched.entities}
    assert found == {("OSLO", "GPE"), ("Tore Halvorsen", "PERSON"), ("Northern Fund", "ORG")}


def test_a_firm_called_like_a_place_is_a_firm_where_it_is_short_too(enricher: Enricher) -> None:
    """A name in full, with what it is, says what its short form means."""
    text = (
        "Bristol Mining Corp. rejected the bid on Monday. Shares of Bristol fell 3 percent. "
        "Bristol said its board would meet again, and Bristol's chairman declined to comment."
    )
    [enriched] = enricher.enrich([Story(id="x:1", body=text, language="en")])
    assert {str(e.label) for e in enriched.entities} == {"ORG"}
    assert not enriched.places


def test_teams_of_results_are_bodies(enricher: Enricher) -> None:
    """The figures of a result stand between names and in none of them."""
    text = "Kilmarnock 0 Dundee United 2\nHearts 1 Celtic 3\nRangers 4 Hibernian 0"
    [enriched] = enricher.enrich([Story(id="x:1", body=text, language="en")])
    teams = {e.text for e in enriched.entities if e.label == "ORG"}
    assert teams == {"Kilmarnock", "Dundee United", "Hearts", "Celtic", "Rangers", "Hibernian"}


def test_a_printed_dateline_names_a_place(enricher: Enricher) -> None:
    """The place before the agency is a place, in capitals too."""
    text = "PARIS (Reuters) - Talks went on overnight, a spokesman said."
    [enriched] = enricher.enrich([Story(id="x:1", body=text, language="en")])
    assert [(e.text, e.label) for e in enriched.entities] == [("PARIS", "GPE")]
