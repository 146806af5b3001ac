"""The word lists and the given names."""

import pytest

from pipeline.enrich.lexicon import _expanded, cues, given_names


def test_a_list_includes_the_lists_that_it_names() -> None:
    """ "@titles" stands for the words of that list, and of those that it includes itself."""
    table = {"a": "one @b", "b": "two @c", "c": "three"}
    assert _expanded("a", table) == {"one", "two", "three"}


def test_an_unknown_included_list_is_an_error() -> None:
    """A misspelt reference does not become a word."""
    with pytest.raises(KeyError):
        _expanded("a", {"a": "one @tilte"})


def test_what_makes_a_title_is_declared_once() -> None:
    """The recogniser of places knows every title and role that names are read by."""
    assert cues().titles | cues().roles < cues().place_titles


def test_given_names_are_words_in_small_letters() -> None:
    """The header of the file is not among them; names of several languages are."""
    names = given_names()
    assert {"mary", "giovanni", "jürgen", "zuzana"} <= names
    assert not any("#" in name or " " in name for name in names)
    assert len(names) > 20_000
