"""The alerts process's own judgement of its health."""

import pytest

from pipeline.alerts.service import STALLED_SECONDS, Turns


def test_who_waits_is_not_ready_and_not_stalled(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is away makes the process not ready; that it no longer turns makes it unhealthy."""
    now = [1000.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    turns = Turns(last=now[0])
    assert turns.waiting
    turns.turn()
    assert turns.waiting is None
    turns.turn(waiting="no broker answers")
    assert (turns.waiting, turns.stalled()) == ("no broker answers", None)
    now[0] += STALLED_SECONDS + 1
    assert turns.stalled() == "no turn for 121 s"
