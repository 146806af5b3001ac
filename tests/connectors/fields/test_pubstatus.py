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
        ("unheard-of", Status.USABLE, None),
        ("EMBARGOED", Status.EMBARGOED, None),
        ("stat:withheld", Status.WITHDRAWN, Signal.WITHDRAW),
        ("stat:canceled", Status.WITHDRAWN, Signal.KILL),
        ("Cancelled", Status.WITHDRAWN, Signal.KILL),
        ("http://cv.iptc.org/newscodes/pubstatusg2/canceled", Status.WITHDRAWN, Signal.KILL),
    ],
)
def test_of_word(sent: str | None, status: Status, signal: Signal | None) -> None:
    """Words, qcodes and URIs count alike; an unknown or absent one is usable."""
    assert of_word(sent) == (status, signal)
