"""Datelines, of elements and of first paragraphs."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.wire.dateline import agency_of, of_body, of_element, of_metadata, printed_in
from pipeline.wire.story import Dateline

NEAR = date(2017, 9, 14)


@pytest.mark.parametrize(
    ("text", "place", "filed_on"),
    [
        ("STOCKHOLM, Aug 29, 2014 (AFP) -", "STOCKHOLM", date(2014, 8, 29)),
        ("SEOUL, South Korea, Sept 12 (AP) —", "SEOUL, South Korea", date(2017, 9, 12)),
        ("London (dpa) - ", "London", None),
        ("Landquart GR", "Landquart GR", None),
        ("NEW YORK", "NEW YORK", None),
        ("ROMA, 14 SET - (ANSA)", "ROMA", date(2017, 9, 14)),
        ("SYDNEY Sept 14 AAP -", "SYDNEY", date(2017, 9, 14)),
        ("4/4/2018", None, None),
        ("2014-07-16 13:00:03 GMT+00:00", None, None),
    ],
)
def test_of_element(text: str, place: str | None, filed_on: date | None) -> None:
    """An element's place and day; one that holds a timestamp has no place."""
    found = of_element(text, NEAR)
    assert found is not None
    assert (found.place, found.filed_on) == (place, filed_on)
    assert found.text == text.strip()


@pytest.mark.parametrize("text", [None, "", "  ", " - "])
def test_an_empty_element_is_no_dateline(text: str | None) -> None:
    """Nothing printed is no dateline."""
    assert of_element(text, NEAR) is None


@pytest.mark.parametrize(
    ("body", "place", "filed_on"),
    [
        ("SEOUL, South Korea (AP) — The north", "SEOUL, South Korea", None),
        ("NEW YORK (AP) _ The gas", "NEW YORK", None),
        ("Geneva (dpa) - Switzerland", "Geneva", None),
        ("Lima, Jan 2 (EFE).- The congress", "Lima", date(2018, 1, 2)),
        ("(ANSA) - Rome, October 11 - The foreign", "Rome", date(2017, 10, 11)),
        ("Jan 3 (Reuters) - Residents", None, date(2018, 1, 3)),
        ("København /ritzau/: En mand", "København", None),
        ("OTTAWA - A man", "OTTAWA", None),
        ("ST. JOHN'S, N.L. - A man", "ST. JOHN'S, N.L.", None),
        ("Frankfurt/Main (dpa) - Die Bank", "Frankfurt/Main", None),
        ("ROMA (ANSA), 14 SET - Un uomo", "ROMA", date(2017, 9, 14)),
        ("SYDNEY, Sept 10 AAP - A man", "SYDNEY", date(2017, 9, 10)),
        ("Tokyo Sept 10 Kyodo - A man", "Tokyo", date(2017, 9, 10)),
        ("WELLINGTON, Sept 10 NZPA - A man", "WELLINGTON", date(2017, 9, 10)),
        ("Rome, Sept 10 ANSA - A man", "Rome", date(2017, 9, 10)),
        ("TOKYO Kyodo - A man", "TOKYO", None),
        ("BEIJING Xinhua - A man", "BEIJING", None),
        ("París, 23 may (EFE). - Un hombre", "París", date(2017, 5, 23)),
        ("Nürnberg (dpa) Der Mann", "Nürnberg", None),
        ("ALLENTOWN, Pa. (AP) - A man", "ALLENTOWN, Pa.", None),
        ("AUSTIN, Pa. (AP) - A man", "AUSTIN, Pa.", None),
        ("SANTA ANA, Calif. (AP) — A man", "SANTA ANA, Calif.", None),
        ("SANTA ANA - A man", "SANTA ANA", None),
        ("SCRANTON, PA - A man", "SCRANTON, PA", None),
        ("SEVERN, Md. (ABC7) — A man", "SEVERN, Md.", None),
        ("MULTAN, Sept 5 (APP):A man", "MULTAN", date(2017, 9, 5)),
        ("MOSCOW. Sept 10 (Interfax) - A man", "MOSCOW", date(2017, 9, 10)),
        ("MOSCOW, September 10. /TASS/. A man", "MOSCOW", date(2017, 9, 10)),
        ("Kyiv, September 10 (Ukrinform). A man", "Kyiv", date(2017, 9, 10)),
        ("МОСКВА, 10 сен - РИА Новости. Паром", "МОСКВА", date(2017, 9, 10)),
        ("МОСКВА, 10 сентября. /ТАСС/. Паром", "МОСКВА", date(2017, 9, 10)),
        ("Budapest, 2017. szeptember 10., kedd (MTI) - A komp", "Budapest", date(2017, 9, 10)),
        ("BRUSSEL 24/08 (BELGA) = De boot", "BRUSSEL", date(2017, 8, 24)),
        ("BRUSSEL 04/08 (BELGA) = De boot", "BRUSSEL", None),
        ("BEOGRAD, 10. septembra (Tanjug) - Brod", "BEOGRAD", date(2017, 9, 10)),
        ("(ANSA) ROMA, 14 SET - Un uomo", "ROMA", date(2017, 9, 14)),
        ("NEW YORK--(BUSINESS WIRE)--Example Ltd", "NEW YORK", None),
        ("'s-GRAVENHAGE (ANP) - De boot", "'s-GRAVENHAGE", None),
        ("By Anna Keller GENEVA, Sept 10 (Reuters) - A", "GENEVA", date(2017, 9, 10)),
        ("新华社北京9月10日电 渡轮恢复航行", "北京", date(2017, 9, 10)),
        ("【ソウル共同】フェリーが", "ソウル", None),
        ("Vigo (España), 23 may (EFE).- Un barco", "Vigo (España)", date(2017, 5, 23)),
        ("By A Writer\n\nPARIS, 3 juin 2019 (AFP) - Le", "PARIS", date(2019, 6, 3)),
    ],
)
def test_of_body(body: str, place: str | None, filed_on: date | None) -> None:
    """The agencies' printed forms are read from the first paragraphs."""
    found = of_body(body, NEAR)
    assert found is not None
    assert (found.place, found.filed_on) == (place, filed_on)
    assert found.text is not None
    assert found.text in body


@pytest.mark.parametrize(
    "body",
    [
        "The minister (left) - a friend - said",
        "He met the Rotary Club (RC) on Monday",
        "It offers one model today -- the 9-3",
        "CRICKET: First Test, at Lord's",
        "ON THIS DAY IN SPORT - it rained",
        "World Health Organization (WHO) experts met",
        "World Health Organization (WHO) - its experts met",
        "US West Texas Intermediate (WTI) rose",
        "European Environment Agency (EEA) argued for it",
        "Agence France-Presse (AFP) reported it",
        "The Associated Press (AP) said on Monday",
        "US West Texas Intermediate (WTI) - the benchmark - rose",
        "NATO - the alliance - met on Monday",
        "UNESCO - The agency met on Monday",
        f"{'A paragraph of text. ' * 12}\n\nANNA KELLER - She said so",
        "SOCCER - SECOND DIVISION RESULTS",
        "European Union (EU)-led talks began",
        "The Rotary Club (founded), then Paris (Texas) - a town",
        "World Bank (IBRD)--the lender--said",
        "The vote on 24/11 (NATO) was close",
        "(ANSA) The ferry - a wreck - sank",
        "TENNIS - Results of the second round",
        "EMBARGOED - The minister will say",
        "",
    ],
)
def test_prose_is_no_dateline(body: str) -> None:
    """Brackets and dashes inside a sentence make no dateline."""
    assert of_body(body, NEAR) is None


@pytest.mark.parametrize(
    ("text", "agency"),
    [
        ("SEOUL, South Korea (AP) —", "AP"),
        ("Sydney March 2 AAP", "AAP"),
        ("København /ritzau/:", "ritzau"),
        ("ALTA, Norway, Feb 28 TW –", "TW"),
        ("Paris (XYZ)", "XYZ"),
        ("NEW YORK -", None),
        ("SCRANTON, PA -", None),
    ],
)
def test_agency_of(text: str, agency: str | None) -> None:
    """A dateline's agency is the one it prints; a place before a dash is none."""
    assert agency_of(Dateline(text=text)) == agency
    assert agency_of(of_element(text, None)) == agency


@pytest.mark.parametrize(
    ("place", "body", "found"),
    [
        ("Geneva", "World Health Organization (WHO) experts met", "Geneva"),
        ("Bangalore", "BEIRUT (Reuters) - A man", "BEIRUT"),
        ("Geneva", "REVIEWED - A man", "Geneva"),
        ("Ottawa", "OTTAWA - A man", "Ottawa"),
        (None, "OTTAWA - A man", "OTTAWA"),
    ],
)
def test_a_provider_s_place_outranks_a_guess(place: str | None, body: str, found: str) -> None:
    """A place of the metadata yields only to a dateline that prints an agency or a day."""
    filed = of_metadata(place, of_body(body, NEAR))
    assert filed is not None
    assert filed.place == found


@pytest.mark.parametrize(
    ("body", "before"),
    [
        ("SEOUL, South Korea, Sept 12 (AP) — The", "SEOUL, South Korea"),
        ("By A Writer\n\n  NEW   YORK (AP) — The", "By A Writer\n\n  NEW   YORK"),
        ("RALEIGH, N.C. (AP) — The", "RALEIGH, N.C."),
        ("Sept 12 (AP) — The", ""),
    ],
)
def test_the_place_ends_where_it_is_printed(body: str, before: str) -> None:
    """The end of a dateline's place counts in the body, white space and all."""
    found = printed_in(body)
    assert found is not None
    assert body[: found.place_end] == before


@given(st.text(alphabet="aA (),-—./_:\n0é", max_size=300))
def test_any_body_is_read(body: str) -> None:
    """No body makes the reader fail."""
    of_body(body, None)
    agency_of(of_element(body, None))
