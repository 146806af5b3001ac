"""Figures of an event as they developed, and where agencies disagree."""

from datetime import UTC, datetime, timedelta

from pipeline.facts.developing import Telling, developed

BEGAN = datetime(2026, 3, 1, 6, tzinfo=UTC)


def told(source: str, minute: int, text: str, story: str = "") -> Telling:
    """A version of an agency's only story, or of another one."""
    at = BEGAN + timedelta(minutes=minute)
    return Telling(story=story or source, source=source, at=at, text=text)


def test_a_toll_is_told_as_it_rose() -> None:
    """Each agency's figures in their order, the last of each, and whether these differ."""
    (toll,) = developed(
        [
            told("AP", 40, "At least 12 people were killed in the Tarn valley."),
            told("AFP", 70, "The flood killed 15 people."),
            told("AFP", 75, "The flood killed 15 people, police said."),
            told("AP", 180, "The toll rose to 31 dead from 12."),
        ]
    )
    assert (toll.counts, toll.unit, toll.stories) == ("dead", "people", 2)
    shown = [(point.source, point.value, point.bound) for point in toll.points]
    assert shown == [("AP", "12", "at least"), ("AFP", "15", None), ("AP", "31", None)]
    assert [(point.source, point.value) for point in toll.newest] == [("AP", "31"), ("AFP", "15")]
    assert toll.disagree


def test_agencies_that_agree_do_not_disagree() -> None:
    """One value from two agencies is one series without a dispute."""
    (toll,) = developed(
        [told("AP", 1, "Nine people were injured."), told("dpa", 2, "9 people were injured.")]
    )
    assert not toll.disagree


def test_a_figure_that_one_story_has_once_does_not_develop() -> None:
    """What nobody else says, and nobody changes, is no series."""
    assert developed([told("AP", 1, "Nine people were injured.")]) == ()


def test_the_first_of_several_figures_counts() -> None:
    """Parts of a toll behind it do not stand for the whole."""
    (toll,) = developed(
        [
            told("AP", 1, "31 people were killed. In Lower Tarn 12 people were killed."),
            told("dpa", 2, "31 people were killed."),
        ]
    )
    assert [point.value for point in toll.newest] == ["31", "31"]
