"""Figures are told as well as docs/quality.md says, or nearly."""

from tests.evaluation import figures


def test_figures_are_told() -> None:
    """On our own stories, at the scores that they had when this was written, less a little."""
    assert figures.measured("dev")[0].f1 > 0.97
    whole, values = figures.measured("held")
    assert whole.f1 > 0.82
    assert values.f1 > 0.94


def test_kinds_of_changes_are_told() -> None:
    """Of the pairs of versions, nearly every kind that changed and no other."""
    assert figures.kinds().f1 > 0.95


def test_the_set_is_what_it_says() -> None:
    """Enough stories of both parts are there, and no mark is left in a text."""
    parts = [story.part for story in figures.stories()]
    assert min(parts.count("dev"), parts.count("held")) >= 8
    assert not any("|" in story.text for story in figures.stories())
    assert len(figures.pairs()) >= 15
