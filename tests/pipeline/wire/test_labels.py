"""Labels of entities, and what other label sets call them."""

import pytest

from pipeline.wire.labels import UNNAMED, Label, of_model

FAMILIES = {
    "PER, ORG, LOC, MISC (ca, da, de, es, fr, it, pt, xx)": "PER ORG LOC MISC",
    "hr, sl": "PER DERIV_PER ORG LOC MISC",
    "nb": "PER ORG GPE_LOC GPE_ORG LOC PROD EVT DRV MISC",
    "sv": "PRS ORG LOC OBJ WRK EVN MSR TME",
    "pl": "persName orgName placeName geogName date time",
    "ko": "PS OG LC DT TI QT",
    "ro": "PERSON ORGANIZATION GPE LOC FACILITY NAT_REL_POL EVENT PRODUCT WORK_OF_ART LANGUAGE "
    "DATETIME PERIOD MONEY NUMERIC_VALUE ORDINAL QUANTITY",
    "OntoNotes (en, fi, mk, nl, zh), and ja": "PERSON ORG GPE LOC FAC NORP EVENT WORK_OF_ART LAW "
    "PRODUCT LANGUAGE CARDINAL DATE MONEY ORDINAL PERCENT QUANTITY TIME MOVEMENT PET_NAME "
    "TITLE_AFFIX PHONE",
}
"""The labels of spaCy's trained pipelines, by the languages that share a set."""


@pytest.mark.parametrize("labels", FAMILIES.values(), ids=FAMILIES.keys())
def test_every_label_of_a_spacy_pipeline_is_translated_or_left_out_on_purpose(labels: str) -> None:
    """None is dropped because nobody thought of it, and none is both."""
    for name in labels.split():
        assert (of_model(name) is None) == (name in UNNAMED), name


@pytest.mark.parametrize(
    ("person", "organisation", "place"),
    [
        ("PERSON", "ORG", "GPE"),
        ("PER", "ORG", "LOC"),
        ("PRS", "ORG", "LOC"),
        ("PER", "ORG", "GPE_LOC"),
        ("persName", "orgName", "placeName"),
        ("PS", "OG", "LC"),
        ("PERSON", "ORGANIZATION", "FACILITY"),
    ],
)
def test_each_family_has_people_organisations_and_places(
    person: str, organisation: str, place: str
) -> None:
    """What a family calls a person is a person here, and so on."""
    assert of_model(person) is Label.PERSON
    assert of_model(organisation) is Label.ORG
    assert of_model(place) in (Label.GPE, Label.LOC, Label.FAC)


def test_no_two_labels_claim_one_name() -> None:
    """A label of a model means one label here; ids and fields are told apart."""
    names = [name for label in Label for name in (label.value, *label.elsewhere)]
    assert len(names) == len(set(names))
    assert len({label.prefix for label in Label}) == len(Label)
    fields = [label.field for label in Label if label.field]
    assert len(fields) == len(set(fields))


def test_a_label_equals_its_name() -> None:
    """Records hold plain strings."""
    assert Label.PERSON == "PERSON"
    assert Label["WORK_OF_ART"].prefix == "work"
