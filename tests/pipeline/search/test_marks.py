"""The words that a search looked for are marked, in the forms in which they stand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.search.marks import SNIPPET_CHARS, SNIPPETS, Marker, Text


def marked(q: str, text: str, language: str = "en") -> list[str]:
    """The marked parts of a text."""
    return [part for part, is_marked in Marker(q).marked(text, language).parts() if is_marked]


@pytest.mark.parametrize(
    ("q", "text", "found"),
    [
        ("fire", "Fires burn; firing stopped.", ["Fires", "firing"]),
        ("erdogan", "Erdoğan’s visit", ["Erdoğan’s"]),
        ('"state of emergency"', "A State of Emergency, a state", ["State of Emergency"]),
        ('"fire"', "Fires and fire", ["fire"]),
        ("elect*", "An electrician was elected", ["electrician", "elected"]),
        ("flood -rain", "Rain and floods", ["floods"]),
        ("flood NOT (rain OR hail)", "Rain, hail, flood", ["flood"]),
        ("person:merkel", "Angela Merkel spoke", ["Merkel"]),
        ("Kiev", "In Kyiv and Kiev", ["Kyiv", "Kiev"]),
        ("DPRK missile", "North Korea's missiles", ["North Korea's", "missiles"]),
        ("Franco-German", "a Franco-German pact, a German", ["Franco-German"]),
        ("fire in paris", "in a fire in Paris", ["fire", "Paris"]),
        ("source:AP urgency:1", "AP 1", []),
        ("", "nothing", []),
        ("東京", "東京都知事", ["東京都知事"]),
    ],
)
def test_the_words_of_a_query_are_marked(q: str, text: str, found: list[str]) -> None:
    """Forms, phrases, beginnings, names and their other names; not what is excluded."""
    assert marked(q, text) == found


def test_a_snippet_shows_the_words_wherever_they_stand() -> None:
    """Words deep in a text are shown, and the part with both before one with a single word."""
    text = "Filler words. " * 60 + "A flood came. " + "More filler. " * 60 + "The flood hit Lyon."
    snippets = Marker("flood lyon").snippets(text, "en")
    assert len(snippets) == SNIPPETS
    assert "The flood hit Lyon." in snippets[-1].text
    for snippet in snippets:
        assert all(snippet.text[a:b].lower() in ("flood", "lyon") for a, b in snippet.marks)


def test_without_words_a_snippet_is_the_beginning() -> None:
    """A list without words shows how each text begins, without half a word."""
    (snippet,) = Marker("").snippets("word " * 100, "en")
    assert snippet.text.startswith("word word")
    assert snippet.text.endswith("word")
    assert len(snippet.text) <= SNIPPET_CHARS
    assert Marker("").snippets("", "en") == ()


@given(st.text(), st.text(max_size=400), st.sampled_from(["en", "de", "ja", ""]))
def test_marks_are_spans_of_the_text(q: str, text: str, language: str) -> None:
    """Any query marks any text: spans in order, without overlaps, within the text."""
    marker = Marker(q)
    for found in (marker.marked(text, language), *marker.snippets(text, language)):
        assert isinstance(found, Text)
        edges = [edge for span in found.marks for edge in span]
        assert edges == sorted(edges)
        assert all(0 <= edge <= len(found.text) for edge in edges)
        assert "".join(part for part, _ in found.parts()) == found.text
