"""How the sources of an event stand in its race."""

from pipeline.events.race import ALONE, FIRST, LATE, OUT, Standing, standings


def test_each_source_runs_with_its_first_story() -> None:
    """The winner is ahead of the second, all others are behind the winner."""
    stories = [("AP", 100.0), ("AP", 110.0), ("AFP", 160.0), ("dpa", 400.0), ("AFP", 500.0)]
    assert standings(stories) == [
        Standing(FIRST, ahead_seconds=60),
        OUT,
        Standing(LATE, behind_seconds=60),
        Standing(LATE, behind_seconds=300),
        OUT,
    ]


def test_a_source_alone_has_nobody_to_beat() -> None:
    """However many stories it has; stories without a source or a time do not run."""
    assert standings([("AP", 1.0), ("AP", 2.0)]) == [Standing(ALONE), OUT]
    assert standings([(None, 1.0), ("AP", 2.0), ("AFP", None)]) == [OUT, Standing(ALONE), OUT]
    assert standings([(None, 1.0)]) == [OUT]
