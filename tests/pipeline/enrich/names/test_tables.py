"""Rows of tables, and stories about sport."""

import pytest

from pipeline.enrich.names.tables import is_sport, is_table_line


@pytest.mark.parametrize(
    "line",
    [
        "Arbroath 0 Forfar 2",
        "BOSTON 15 9 1 31",
        "J. Smith c Jones b Brown 31",
        "Wheat Chicago 0 0",
        "Corn",
    ],
)
def test_rows_of_tables(line: str) -> None:
    """Names and figures make no sentence."""
    assert is_table_line(line)


@pytest.mark.parametrize(
    "line",
    [
        "Arbroath lost 2-0 to Forfar on Saturday after the keeper was sent off.",
        "The court said it would rule in 2026.",
        "Stocks rose.",
        "",
    ],
)
def test_sentences_are_no_rows(line: str) -> None:
    """A sentence with a figure or two stays a sentence."""
    assert not is_table_line(line)


@pytest.mark.parametrize(
    ("text", "sport"),
    [
        ("SOCCER - NORDLAND DRAW.\n\nOne goal.", True),
        ("Arbroath 0 Forfar 2\nBrechin 1 Montrose 1", True),
        ("The striker scored twice as the club won the match and the league title.", True),
        ("The court ruled against the bank, which must pay a fine of $3 million.", False),
        ("Soccer clubs pay too little tax, the minister told parliament on Monday.", False),
    ],
)
def test_stories_about_sport(text: str, sport: bool) -> None:
    """The headline's catchword, results or the words of a story tell."""
    assert is_sport(text) == sport
