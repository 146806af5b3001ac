"""Ids of takes and of the day before."""

import pytest

from pipeline.wire.ids import day_before, eve_id, is_take, story_of, take_id, takes_prefix
from pipeline.wire.story import Signal, Status


def test_a_take_s_id_tells_its_story() -> None:
    """The story's id is found again, and the prefix is that of no other story's takes."""
    take = take_id("AP:EU--Pier", 2)
    assert (is_take(take), story_of(take)) == (True, "AP:EU--Pier")
    assert (is_take("AP:EU--Pier"), story_of("AP:EU--Pier")) == (False, "AP:EU--Pier")
    assert not take_id("AP:EU--Pier 2", 1).startswith(takes_prefix("AP:EU--Pier"))


@pytest.mark.parametrize(
    ("day", "before"),
    [
        ("2026-03-01", "2026-02-28"),
        ("2024-03-01", "2024-02-29"),
        ("20260101", "20251231"),
        ("01-01", "12-31"),
        ("03-01", "02-28"),
        ("2026-13-01", None),
        ("2026-0301", None),
        ("0001-01-01", None),
        ("02-30", None),
        ("", None),
    ],
)
def test_the_day_before(day: str, before: str | None) -> None:
    """A day in its form gives the one before it in the same form; what is no day gives none."""
    assert day_before(day) == before


@pytest.mark.parametrize(
    ("status", "signal", "has_eve"),
    [
        (Status.WITHDRAWN, None, True),
        (Status.USABLE, Signal.WRITETHRU, True),
        (Status.USABLE, Signal.ADD, True),
        (Status.USABLE, None, False),
        (Status.USABLE, Signal.URGENT, False),
    ],
)
def test_only_what_follows_a_story_may_be_of_the_day_before(
    status: Status, signal: Signal | None, has_eve: bool
) -> None:
    """Kills and new versions do; a story of today has no other day."""
    found = eve_id(lambda day: f"AP:Weather:{day}", "2026-03-03", status, signal)
    assert found == ("AP:Weather:2026-03-02" if has_eve else None)


def test_an_id_without_a_day_has_no_eve() -> None:
    """The provider's own id is that of every day."""
    assert eve_id(lambda day: "AP:17", "2026-03-03", Status.WITHDRAWN, None) is None
