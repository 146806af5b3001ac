"""A story's own agency, byline and credit line are not what it is about."""

import pytest

from pipeline.enrich.mentions import Named
from pipeline.enrich.names.credits import without_agency


def names(body: str, *texts: str) -> list[Named]:
    return [
        Named(at, at + len(t), t, "ORG", "body") for t in texts if (at := body.index(t)) is not None
    ]


def kept(body: str, source: str | None, *texts: str) -> list[str]:
    return [n.text for n in without_agency(names(body, *texts), {"body": body}, source)]


def test_the_own_agency_is_left_out_under_any_of_its_names() -> None:
    """ "told The Associated Press" in an AP story names no one; a rival quoted there is named."""
    body = "She told The Associated Press that Reuters was wrong."
    assert kept(body, "AP", "Associated Press", "Reuters") == ["Reuters"]


def test_the_tag_of_a_dateline_tells_whose_story_it_is() -> None:
    """Without a source, "(AP) —" at the top says it."""
    body = "SEOUL, South Korea (AP) — The army told AP that it was ready."
    assert kept(body, None, "AP") == []


def test_whom_people_tell_is_whose_story_it_is() -> None:
    """Without source and tag, the agency that people talk to is the story's own."""
    assert kept('"We heard two voices," she told AFP.', None, "AFP") == []
    assert kept('"We heard two voices," she told AFP.', "dpa", "AFP") == ["AFP"]


@pytest.mark.parametrize(
    ("agency", "printed"),
    [("UPI", "UPI"), ("Kyodo", "Kyodo News"), ("Xinhua", "Xinhua"), ("Télam", "Télam"),
     ("CP", "The Canadian Press"), ("AFP", "Agence France-Presse"), ("dpa", "dpa")],
)  # fmt: skip
def test_every_agency_of_the_table_is_known(agency: str, printed: str) -> None:
    """Whom people tell, and whose reporter is credited, may be any agency that is known."""
    told = f"The river rose, she told {printed}."
    assert kept(told, None, printed) == []
    credit = f"Rain fell in Kolm.\n\n{printed} reporter Ann Roe in Rome wrote."
    assert kept(credit, agency, "Kolm", "Ann Roe", "Rome") == ["Kolm"]


def test_who_has_the_name_of_an_agency_is_none() -> None:
    """Bloomberg is a man, and "ap" within a word is no agency."""
    assert kept("She told Bloomberg to resign.", None, "Bloomberg") == ["Bloomberg"]
    assert kept("She told APEC that it was late.", None, "APEC") == ["APEC"]


def test_another_s_story_about_an_agency_keeps_it() -> None:
    """Where an agency is not the story's own, it is news like any other."""
    body = "The White House barred AP from the room."
    assert kept(body, "Reuters", "AP") == ["AP"]


def test_byline_and_credit_line_are_left_out() -> None:
    """Who wrote the story and who helped is not what it is about."""
    body = (
        "By JANE DOE\n\nRain fell in Kolm.\n\n___\n\nAssociated Press writer Ann Roe in Rome "
        "contributed to this report."
    )
    assert kept(body, "AP", "JANE DOE", "Kolm", "Ann Roe", "Rome") == ["Kolm"]
