"""What `newswire status` concludes from offsets."""

from __future__ import annotations

import pytest

from config.settings import Settings
from newswire import status
from pipeline.kafka.messages import Position


def report(monkeypatch: pytest.MonkeyPatch, *positions: Position) -> list[str]:
    """What is wrong, where everything else is well."""
    monkeypatch.setattr(status, "positions", lambda base: list(positions))
    monkeypatch.setattr(status, "WATCH_SECONDS", 0)
    monkeypatch.setattr(status, "faults", lambda base, processes: [])
    monkeypatch.setattr(status, "_counts", lambda base: ({}, [], None))
    why: list[str] = status.gather(Settings())["why"]
    return why


def test_records_that_are_lost_are_not_all_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    """A topic that ends before what was taken has lost records, though there is no lag."""
    taken = Position("wire.stories", 0, end=9, committed=9)
    assert report(monkeypatch, taken) == []
    (why,) = report(monkeypatch, taken, Position("wire.stories", 1, end=2, committed=7))
    assert "wire.stories/1: 7 records were taken, and the topic has 2" in why
