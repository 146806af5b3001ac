"""Markup to plain text: paragraphs kept, tables readable, no tags."""

from __future__ import annotations

from lxml import etree

from connectors.fields.markup import (
    has_overlong_tag,
    line_of,
    looks_like_markup,
    text_of,
    text_of_html,
)


def test_paragraphs_are_parted_by_one_empty_line() -> None:
    """Blocks are paragraphs, white space inside them is one space, a break is a line."""
    markup = "<div><p>One\n  <b>two</b></p>loose<p>three<br>four</p><p> &nbsp; </p></div>"
    assert text_of_html(markup) == "One two\n\nloose\n\nthree\nfour"


def test_inline_elements_do_not_part_words() -> None:
    """NITF's person, org and location tags leave no gap and no tag behind."""
    element = etree.fromstring("<p><person>Jo Doe</person>'s <org>FA</org>, said</p>")
    assert text_of(element) == "Jo Doe's FA, said"


def test_lists_are_lines() -> None:
    """A list is one paragraph with a line for each item, and nothing is added to it."""
    assert text_of_html("<p>Two:</p><ul><li>first</li><li>second") == "Two:\n\nfirst\nsecond"


def test_tables_stand_in_columns() -> None:
    """The cells of a row stand on one line, aligned; a lone cell is a line of its own."""
    markup = (
        "<table><tr><th>NORTH</th></tr><tr><th>Team</th><th>W</th></tr>"
        "<tr><td>Rovers</td><td>10</td></tr></table>"
    )
    assert text_of_html(markup) == "NORTH\nTeam    W\nRovers  10"


def test_layout_tables_flow() -> None:
    """A table whose cells hold paragraphs is read as paragraphs."""
    markup = "<table><tr><td><p>One</p><p>Two</p></td><td>Three</td></tr></table>"
    assert text_of_html(markup) == "One\n\nTwo\n\nThree"


def test_preformatted_text_keeps_its_columns() -> None:
    """Agate inside pre keeps its spaces and lines."""
    assert text_of_html("<pre>\nA   1\n BB 2\n</pre>") == "A   1\n BB 2"


def test_scripts_styles_and_media_are_no_text() -> None:
    """What is not the story's own text is left out, captions of media among it."""
    element = etree.fromstring(
        "<x:b xmlns:x='u'><x:media><x:media-caption>c</x:media-caption></x:media>"
        "<x:script>s</x:script><x:p>text</x:p></x:b>"
    )
    assert text_of(element) == "text"


def test_blank_lines_inside_a_paragraph_part_it() -> None:
    """A signoff that is set apart by blank lines becomes a paragraph."""
    assert text_of_html("<p>The end.\n \n (Reporting by A)</p>") == "The end.\n\n(Reporting by A)"


def test_depth_does_not_lose_text() -> None:
    """Markup nested more deeply than the parser allows still gives its text."""
    assert text_of_html("<div>" * 5000 + "deep") == "deep"


def test_line_of_nothing_is_none() -> None:
    """An absent and an empty element have no line."""
    assert line_of(None) is None
    assert line_of(etree.fromstring("<byline> \n </byline>")) is None


def test_plain_text_with_a_comparison_is_not_markup() -> None:
    """Only tags make markup."""
    assert looks_like_markup("a <p>b")
    assert not looks_like_markup("a < b and c > d")


def test_a_tag_of_many_attributes_is_no_trap() -> None:
    """A tag with more attributes than a parser reads in time gives its text; a long value stays."""
    many = "<p " + " ".join(f'a{n}="x"' for n in range(20_000)) + ">One</p>"
    assert has_overlong_tag(many)
    assert text_of_html(many) == "One"
    picture = f'<p>One<img src="data:image/png;base64,{"A" * 100_000}"></p><p>Two</p>'
    assert not has_overlong_tag(picture)
    assert text_of_html(picture) == "One\n\nTwo"
