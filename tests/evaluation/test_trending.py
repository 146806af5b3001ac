"""Planted bursts are found as docs/quality.md says, or nearly."""

from pipeline.search.trending import Window
from tests.evaluation.trending import measured


def test_bursts_are_found_with_few_false_alarms() -> None:
    """Over an hour, on two wires of a week, at what was measured, less a little."""
    found = measured(Window.HOUR, seeds=2)
    assert found.recall > 0.93
    assert found.alarms_a_day < 2.5
