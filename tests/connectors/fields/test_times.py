"""Times of the wires, to UTC."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.fields import printed
from connectors.fields.times import ZONE_NAMES, instant
from pipeline.wire.days import day
from pipeline.wire.errors import ParseError


@pytest.mark.parametrize(
    ("text", "utc", "assumed"),
    [
        ("20160908T132446+0100", "2016-09-08T12:24:46Z", False),
        ("20160908T132446+01:00", "2016-09-08T12:24:46Z", False),
        ("20020225T143000-0500", "2002-02-25T19:30:00Z", False),
        ("2016-05-12T00:05:13+02:00", "2016-05-11T22:05:13Z", False),
        ("2013-03-01T15:09:04.000Z", "2013-03-01T15:09:04Z", False),
        ("2014-07-16 13:00:03 GMT+00:00", "2014-07-16T13:00:03Z", False),
        ("Wed, 02 Oct 2002 15:00:00 +0200", "2002-10-02T13:00:00Z", False),
        ("2013-02-16T17:36:20", "2013-02-16T16:36:20Z", True),
        ("20180404", "2018-04-03T22:00:00Z", True),
        ("20161231T235960Z", "2016-12-31T23:59:59Z", False),
    ],
)
def test_instant(text: str, utc: str, assumed: bool) -> None:
    """The wire's offset counts; without one the feed's zone does, and is marked as assumed."""
    found = instant(text, "Europe/Zurich")
    assert found is not None
    assert (found.at, found.assumed) == (datetime.fromisoformat(utc), assumed)
    assert found.at.tzinfo is UTC


@pytest.mark.parametrize(
    "text",
    [None, "", " ", "YYYYMMDD000000-HHMM", "00000000T000000", "20160230", "4/5/2018 17:59:03",
     "0001-01-01T00:00:00+14:00", "٢٠١٦٠٩٠٨", "20160908T250000Z", "Monday", "20160908T120000+9900"],
)  # fmt: skip
def test_no_instant(text: str | None) -> None:
    """Templates left in place, impossible days and ambiguous ones give no time."""
    assert instant(text, "UTC") is None


@given(st.text(max_size=40))
def test_any_text_gives_an_instant_or_none(text: str) -> None:
    """No text makes the reader fail."""
    found = instant(text, "UTC")
    assert found is None or found.at.tzinfo is UTC


def test_unknown_zone() -> None:
    """A zone that does not exist is an error that names it."""
    with pytest.raises(ParseError, match="Mars/Olympus"):
        instant("20160908", "Mars/Olympus")


@pytest.mark.parametrize(
    ("text", "near", "found"),
    [
        ("Aug 29, 2014", None, date(2014, 8, 29)),
        ("Sept. 12", date(2017, 9, 14), date(2017, 9, 12)),
        ("Dec 31", date(2018, 1, 1), date(2017, 12, 31)),
        ("29. März 2019", None, date(2019, 3, 29)),
        ("3 juin", date(2019, 6, 3), date(2019, 6, 3)),
        ("4 de abril de 2018", None, date(2018, 4, 4)),
        ("July 23", None, None),
        ("Feb 30", date(2019, 6, 3), None),
        ("4/4/2018", date(2019, 6, 3), None),
    ],
)
def test_day(text: str, near: date | None, found: date | None) -> None:
    """A day without its year is the one nearest to the anchor, and unknown without one."""
    assert day(text, near) == found


@pytest.mark.parametrize(
    ("text", "utc", "assumed"),
    [
        ("Fri, 19 Nov 2021 01:45:08 +02:00", "2021-11-18T23:45:08Z", False),
        ("Mon, 21 Apr 2025 06:00:00 CEST", "2025-04-21T04:00:00Z", False),
        ("Mon, 20 Jan 2025 06:00:00 CET", "2025-01-20T05:00:00Z", False),
        ("Mon, 21 Apr 2025 06:00:00 BST", "2025-04-21T05:00:00Z", False),
        ("Mon, 21 Apr 2025 06:00:00 JST", "2025-04-20T21:00:00Z", False),
        ("Mon, 21 Apr 2025 06:00:00 GMT+2", "2025-04-21T04:00:00Z", False),
        ("Mon, 21 Apr 2025 06:00:00 -0000", "2025-04-21T06:00:00Z", False),
        ("Mon, 21 Apr 2025 06:00:00 IST", "2025-04-21T04:00:00Z", True),
        ("Mon, 21 Apr 2025 06:00:00 QQT", "2025-04-21T04:00:00Z", True),
        ("Mon Mar  2 15:04:05 CET 2026", "2026-03-02T14:04:05Z", False),
        ("Monday, 02-Mar-26 15:04:05 MST", "2026-03-02T22:04:05Z", False),
        ("2026-03-02 15:04:05.999 +0100 CET m=+0.1", "2026-03-02T14:04:05.999Z", False),
        ("2026-03-02T15:04:05+01:00[Europe/Paris]", "2026-03-02T14:04:05Z", False),
        ("2026-03-02t15:04:05z", "2026-03-02T15:04:05Z", False),
        ("lun., 2 mars 2026 10:00:00 +0100", "2026-03-02T09:00:00Z", False),
        ("2 марта 2026 10:00 MSK", "2026-03-02T07:00:00Z", False),
        ("March 2, 2026 1:05 PM EST", "2026-03-02T18:05:00Z", False),
        ("1637280000", "2021-11-19T00:00:00Z", False),
        ("1637280000123", "2021-11-19T00:00:00Z", False),
        ("2026030210", "2026-03-02T09:00:00Z", True),
        ("2. März 2026, 10:00 Uhr", "2026-03-02T09:00:00Z", True),
        ("02.03.2026 10:00", "2026-03-02T09:00:00Z", True),
        ("22/03/2026 10:00 +0100", "2026-03-22T09:00:00Z", False),
        ("03/22/2026 10:00 PM EST", "2026-03-23T03:00:00Z", False),
        ("2026年3月2日 10:00", "2026-03-02T09:00:00Z", True),
        ("2026년 3월 2일 10:00 KST", "2026-03-02T01:00:00Z", False),
        ("/Date(1637280000123+0200)/", "2021-11-19T00:00:00Z", False),
    ],
)
def test_zones_and_forms_of_the_world(text: str, utc: str, assumed: bool) -> None:
    """A named zone, an offset of any form and epoch seconds count; an unknown name is marked."""
    found = instant(text, "Europe/Zurich")
    assert found is not None
    assert (found.at, found.assumed) == (datetime.fromisoformat(utc), assumed)


@pytest.mark.parametrize(
    "text", ["0001-01-01T00:00:00Z", "1637-11-28", "Mon, 21 Apr 0001 06:00:00 Z"]
)
def test_a_zero_time_is_none(text: str) -> None:
    """A year that no wire was sent in is no time."""
    assert instant(text, "UTC") is None


@pytest.mark.parametrize("name", ZONE_NAMES)
def test_a_zone_means_the_same_in_a_line_of_text_as_in_a_field(name: str) -> None:
    """An embargo line and a field know the same names of zones, and agree on each."""
    near = date(2031, 7, 1)
    field = instant(f"1 July 2031 16:00 {name}", "Asia/Kolkata")
    for line in (f"16:00 {name} 1 July 2031", f"1600 {name.lower()}, July 1"):
        assert printed.spoken_time(line, near, "Asia/Kolkata") == field
    assert field is not None
    assert not field.assumed


@pytest.mark.parametrize("text", ["02/03/2026 10:00", "2-3-2026", "22/22/2026", "24.11.26"])
def test_an_order_that_can_t_be_known_is_no_time(text: str) -> None:
    """The second of March or the third of February: no time is better than a wrong one."""
    assert instant(text, "UTC") is None
