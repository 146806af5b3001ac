"""Plain text with hard line ends, to paragraphs."""

from __future__ import annotations

from connectors.fields.wrapping import paragraphs


def test_wrapped_prose_is_joined() -> None:
    """Lines that were wrapped become one paragraph; a blank line parts two."""
    text = (
        "The council met on Monday in the old hall of the town,\n"
        "and went on until the morning.\n\nNobody spoke."
    )
    assert paragraphs(text) == (
        "The council met on Monday in the old hall of the town, "
        "and went on until the morning.\n\nNobody spoke."
    )


def test_an_indented_line_begins_a_paragraph() -> None:
    """Teletype text marks its paragraphs by indenting their first line."""
    assert paragraphs("   One.\n   Two.\nthree") == "One.\n\nTwo.\nthree"


def test_text_that_is_indented_throughout_is_one_paragraph() -> None:
    """An indent that all lines share means nothing."""
    assert paragraphs("    Rovers 2\n    City 0") == "Rovers 2\nCity 0"


def test_short_lines_stay_lines() -> None:
    """Results are not run together."""
    assert paragraphs("Rovers 2 City 1\nUnited 0 Town 0") == "Rovers 2 City 1\nUnited 0 Town 0"


def test_nothing_is_nothing() -> None:
    """White space alone has no paragraph."""
    assert paragraphs(" \n\t\n") == ""
