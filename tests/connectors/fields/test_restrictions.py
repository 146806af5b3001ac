"""What restricts a story, and how far."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from connectors.fields.printed import Embargo
from connectors.fields.restrictions import decide, instruction, of_value
from connectors.fields.signals import of_headline
from connectors.fields.times import Instant
from connectors.formats import FORMATS, Context
from pipeline.wire.story import Signal, Status

NEAR = date(2026, 3, 1)
TEN = datetime(2026, 3, 2, 10, tzinfo=UTC)
TIMED = Embargo("until ten", Instant(TEN, False))
UNREAD = Embargo("in words", None)


@pytest.mark.parametrize(
    ("value", "until"),
    [
        ("2026-03-02T10:00:00Z", TEN),
        ("March 2, 2026 10:00 GMT", TEN),
        (["2026-03-02T09:00:00Z", "2026-03-02T10:00:00Z"], TEN),
        (["2026-03-02T09:00:00Z", "after the speech"], None),
        ("until the minister has spoken", None),
        ("02/03/2026", None),
        (True, None),
        ({"a": 1}, None),
    ],
)
def test_a_value_that_is_present_restricts(value: Any, until: datetime | None) -> None:
    """A time ends the embargo; what can't be read as one is an embargo without an end."""
    found = of_value(value, "UTC")
    assert found is not None
    assert (found.until and found.until.at) == until


@pytest.mark.parametrize(
    "value",
    [None, "", "  ", [], False, "false", "None", 0, "0", "n/a", [None, ""], "YYYYMMDD000000-HHMM",
     "0000-00-00T00:00:00Z"],
)  # fmt: skip
def test_a_value_that_says_no_is_no_embargo(value: Any) -> None:
    """An absent value, a plain no and an unfilled template restrict nothing."""
    assert of_value(value, "UTC") is None


@pytest.mark.parametrize(
    ("text", "until"),
    [
        ("EMBARGOED: Ferry returns", None),
        ("EMBARGOED - Ferry returns", None),
        ("Ferry returns (EMBARGOED)", None),
        ("EMBARGOED UNTIL 1000 GMT MARCH 2 - Ferry returns", TEN),
        ("EMBARGO until 10:00 GMT 2 March: Ferry returns", TEN),
        ("Eds: Embargoed until 1000 GMT, March 2, 2026", TEN),
        ("Editors: Under embargo until 1000 GMT, March 2, 2026", TEN),
        ("This story is embargoed until 1000 GMT, March 2, 2026", TEN),
        ("This text is strictly embargoed.", None),
        ("This story is EMBARGOED.", None),
        ("EMBARGOED. Ferry returns", None),
        ("EMBARGOED/Ferry returns", None),
        ("Strictly embargoed until 1000 GMT, March 2, 2026", TEN),
        ("Embargoed until 1000 GMT, March 2, 2026", TEN),
        ("SPERRFRIST: 2. März 2026, 10.00 GMT - Fähre", TEN),
        ("STRICTLY EMBARGOED TO 10:00 GMT 2 MARCH", TEN),
        ("SOUS EMBARGO - Le ferry", None),
        ("UNDER EMBARGO: Ferry returns", None),
        ("NOT FOR USE BEFORE 1000 GMT MARCH 2 - Ferry returns", TEN),
        ("Sperrfrist: 2. März 2026, 10.00 GMT - Fähre", TEN),
        ("Sperrfrist bis zum Beginn der Rede: Fähre", None),
    ],
)
def test_an_order_holds(text: str, until: datetime | None) -> None:
    """A headline or note that orders an embargo holds the story, to its time if it names one."""
    found = instruction(text, NEAR, "UTC")
    assert found is not None
    assert (found.until and found.until.at) == until
    assert "Ferry returns" not in found.sent


@pytest.mark.parametrize(
    "text",
    [
        None,
        "Embargoed arms reach port",
        "EMBARGOED ARMS REACH PORT",
        "EMBARGO ON CUBA LIFTED",
        "EMBARGO - what it means",
        "Embargo: ministers meet",
        "Oil embargo: the second week",
        "Sperrfrist gebrochen: Verlag entschuldigt sich",
        "This story is no longer embargoed",
        "This story is not embargoed.",
        "Eds: RESTORES story that was embargoed until 10",
        "The island is embargoed until 2030",
    ],
)
def test_a_topic_is_no_order(text: str | None) -> None:
    """A headline that speaks of an embargo orders none."""
    assert instruction(text, NEAR, "UTC") is None


@pytest.mark.parametrize(
    ("word", "headline", "field", "texts", "status", "until"),
    [
        (None, None, None, (), Status.USABLE, None),
        ("usable", None, TIMED, (), Status.EMBARGOED, TEN),
        ("embargoed", None, TIMED, (), Status.EMBARGOED, TEN),
        ("embargoed", None, None, (), Status.EMBARGOED, None),
        ("usable", None, UNREAD, (TIMED,), Status.EMBARGOED, None),
        ("usable", None, TIMED, (UNREAD,), Status.EMBARGOED, TEN),
        ("on hold", None, TIMED, (), Status.EMBARGOED, None),
        ("flurble", None, TIMED, (), Status.EMBARGOED, None),
        ("usable", "HOLD HOLD HOLD", TIMED, (), Status.EMBARGOED, None),
        ("usable", "KILL: Ferry", TIMED, (), Status.WITHDRAWN, None),
        ("canceled", "HOLD: Ferry", UNREAD, (UNREAD,), Status.WITHDRAWN, None),
    ],
)
def test_the_most_restrictive_counts(
    word: str | None,
    headline: str | None,
    field: Embargo | None,
    texts: tuple[Embargo, ...],
    status: Status,
    until: datetime | None,
) -> None:
    """An embargo ends by itself only where nothing else holds the story."""
    found = decide(word, of_headline(headline), field, texts)
    assert (found.status, found.until and found.until.at) == (status, until)


NITF = (
    "<nitf><head><docdata {0}><doc-id id-string='7'/>{1}</docdata></head><body><body.head>"
    "<hedline><hl1>{2}</hl1></hedline></body.head><body.content><p>x</p></body.content></body></nitf>"
)


@pytest.mark.parametrize(
    ("name", "raw", "until"),
    [
        ("nitf", NITF.format("", "<date.release norm='20260302T100000Z'/>", "x"), TEN),
        ("nitf", NITF.format("", "<date.release norm='on the speech'/>", "x"), None),
        ("nitf", NITF.format("", "<date.release>2 March 2026 10:00 GMT</date.release>", "x"), TEN),
        ("nitf", NITF.format("", "<ed-msg info='EMBARGOED'/>", "x"), None),
        ("nitf", NITF.format("", "<ed-msg>EMBARGOED</ed-msg>", "x"), None),
        ("nitf", NITF.format("management-status='spike-later'", "", "x"), None),
        ("nitf", NITF.format("", "", "EMBARGOED: x"), None),
        ("ninjs", '{"uri": "1", "headline": "x", "pubstatus": "draft"}', None),
        ("ninjs", '{"uri": "1", "headline": "x", "pubstatus": true}', None),
        ("ninjs", '{"uri": "1", "headline": "x", "pubstatus": {"name": "hold"}}', None),
        ("ninjs", '{"uri": "1", "headline": "x", "pubstatus": ["usable", "hold"]}', None),
        ("ninjs", '{"uri": "1", "headline": "x", "embargo_until": "2026-03-02T10:00:00Z"}', TEN),
        ("ninjs", '{"uri": "1", "headline": "x", "embargoed": "tomorrow"}', None),
        ("ninjs", '{"uri": "1", "headline": "x", "embargoed": true}', None),
        ("ninjs", '{"uri": "1", "headline": "x", "embargoed": "2026-03-02T10:00:00Z"}', TEN),
        ("ninjs", '{"uri": "1", "headline": "x", "ednote": "EMBARGOED"}', None),
        ("ap_media", '{"altids": {"itemid": "1"}, "headline": "x", "embargoed": ["?"]}', None),
        ("jsonfeed", '{"version": "", "items": [{"id": "1", "title": "EMBARGOED - x"}]}', None),
        ("rss", "<rss><channel><item><title>EMBARGOED: x</title></item></channel></rss>", None),
        ("text", "Headline: x\nStatus: on hold\n\nA text of its own.", None),
        ("text", "Headline: x\nEmbargo: after the speech\n\nA text of its own.", None),
        ("text", "HOLD HOLD HOLD\nFerry returns\n\nA text of its own.", None),
        ("mail", "From: a@b.example\nSubject: EMBARGOED: x\nMessage-ID: <7>\n\nA text.", None),
    ],
)  # fmt: skip
def test_every_format_holds_what_is_restricted(name: str, raw: str, until: datetime | None) -> None:
    """Whatever form a restriction has, the story is embargoed."""
    (story,) = FORMATS[name](raw.encode(), Context()).stories
    assert (story.status, story.embargoed_until) == (Status.EMBARGOED, until)
    assert story.signal in (None, Signal.ADVISORY)


def test_a_feed_explains_its_sender() -> None:
    """A feed's own status words and its empty embargo elements restrict nothing."""
    raw = b"""<newsItem guid="1"><itemMeta><pubStatus qcode="x:flurble"/><embargoed/></itemMeta>
        <contentMeta><headline>x</headline></contentMeta></newsItem>"""
    (held,) = FORMATS["newsml_g2"](raw, Context()).stories
    context = Context(status_words={"flurble": Status.USABLE}, empty_embargo=False)
    (free,) = FORMATS["newsml_g2"](raw, context).stories
    assert (held.status, free.status) == (Status.EMBARGOED, Status.USABLE)
