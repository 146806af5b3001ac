"""Status words of all standards."""

from __future__ import annotations

import pytest

from connectors.fields.pubstatus import of_word
from pipeline.wire.story import Signal, Status


@pytest.mark.parametrize(
    ("sent", "status", "signal"),
    [
        (None, Status.USABLE, None),
        ("Usable", Status.USABLE, None),
        ("  ", Status.USABLE, None),
        ("Published", Status.USABLE, None),
        ("stat:approved", Status.USABLE, None),
        ("unheard-of", Status.EMBARGOED, None),
        ("hold", Status.EMBARGOED, None),
        ("On hold", Status.EMBARGOED, None),
        ("withhold", Status.EMBARGOED, None),
        ("auto-draft", Status.EMBARGOED, None),
        ("embargo_hold", Status.EMBARGOED, None),
        ("retracted", Status.WITHDRAWN, Signal.WITHDRAW),
        ("spiked", Status.WITHDRAWN, Signal.WITHDRAW),
        ("unpublished", Status.WITHDRAWN, Signal.WITHDRAW),
        ("EMBARGOED", Status.EMBARGOED, None),
        ("stat:withheld", Status.WITHDRAWN, Signal.WITHDRAW),
        ("stat:canceled", Status.WITHDRAWN, Signal.KILL),
        ("Cancelled", Status.WITHDRAWN, Signal.KILL),
        ("http://cv.iptc.org/newscodes/pubstatusg2/canceled", Status.WITHDRAWN, Signal.KILL),
    ],
)
def test_of_word(sent: str | None, status: Status, signal: Signal | None) -> None:
    """Words, qcodes and URIs count alike; an absent one is usable, an unknown one holds."""
    assert of_word(sent) == (status, signal)


def test_a_feed_adds_its_words() -> None:
    """A feed's own words go before the table, in any case and with any prefix."""
    words = {"OK-2": Status.USABLE, "final": Status.EMBARGOED, "gone": Status.WITHDRAWN}
    assert of_word("x:ok 2", words) == (Status.USABLE, None)
    assert of_word("Final", words) == (Status.EMBARGOED, None)
    assert of_word("gone", words) == (Status.WITHDRAWN, Signal.WITHDRAW)
    assert of_word("usable", words) == (Status.USABLE, None)
