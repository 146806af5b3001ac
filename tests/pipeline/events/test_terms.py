"""What a story is compared by."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.events.terms import _TOKENS, FIGURE, LONGEST, NAME, TERMS, UNIT, Terms, terms
from pipeline.events.weights import fold, rarity, word_hash


def name_key(word: str) -> int:
    """The key of a name or figure."""
    return word_hash(fold(word)) & ~FIGURE | (NAME | FIGURE if word[0].isdigit() else NAME)


def weight(found: Terms, word: str) -> int:
    """Returns the weight of a name, 0 where the vector lacks it."""
    key = name_key(word)
    return int(found.weights[found.keys == key].sum())


@settings(max_examples=50, deadline=None)
@given(st.text(max_size=40), st.none() | st.text(max_size=9))
def test_vectors_are_bounded(text: str, headline: str | None) -> None:
    """Any text gives at most TERMS terms with ascending keys and a square below float32's limit."""
    found = terms(text, headline)
    assert len(found) <= TERMS
    assert (np.diff(found.keys.astype(np.int64)) > 0).all()
    assert int(np.square(found.weights.astype(np.int64)).sum()) <= UNIT**2 < 2**24


def test_rare_names_weigh_more_than_common_ones() -> None:
    """A name that the table lacks outweighs a common one, and "the" counts nothing."""
    found = terms("The Zvornikov and the Smith families of The Hague met")
    assert weight(found, "Zvornikov") > weight(found, "Smith") > 0
    assert weight(found, "the") == 0


def test_a_name_outweighs_the_same_word_in_small_letters() -> None:
    """ "Bush" the man and "bush" the plant are two terms, and the man weighs more."""
    assert terms("A Bush").keys != terms("a bush").keys
    both = terms("Then Bush fled through a bush")
    assert weight(both, "Bush") > both.weights[both.keys == word_hash("bush") & ~1]


def test_words_of_the_lead_count_more() -> None:
    """A name in the lead outweighs one that comes late."""
    filler = " the" * 100
    found = terms(f"Zvornikov{filler} Kessandra")
    assert weight(found, "Zvornikov") > weight(found, "Kessandra")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Müller", "MULLER"),
        ("O’Brien", "O'Brien"),
        ("Brazil's", "Brazil"),
        ("ﬁnance", "finance"),
    ],
)
def test_spellings_of_a_name_are_one_term(one: str, other: str) -> None:
    """Case, accents, apostrophes, possessives and ligatures make no difference."""
    assert terms(f"In {one} x").keys.tolist() == terms(f"In {other} x").keys.tolist()


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Tickets cost more. Gates open late.", []),
        ("Gates: bring tickets", []),
        ("- Fire at sea", []),
        ("Gates open late, says Gates", ["Gates"]),
        ("Gates Foundation opens late", ["Gates", "Foundation"]),
        ("Zvornikov cost more", ["Zvornikov"]),
        ("Tanks of Al-Zvornikov left", ["Al", "Zvornikov"]),
    ],
)
def test_a_capital_that_begins_a_sentence_makes_no_name(text: str, names: list[str]) -> None:
    """Unless the word has it elsewhere, another capital follows, or the table lacks the word."""
    found = terms(text)
    assert sorted(found.keys[found.keys % 2 == 1].tolist()) == sorted(
        name_key(name) for name in names
    )


def test_a_line_in_capitals_has_rare_words_alone_for_names() -> None:
    """There "REVENUE" is a word and "HONEYWELL" a name; so is what has a capital elsewhere."""
    found = terms("HONEYWELL RAISES VIEW OF REVENUE IN POLAND", "Unrest all over Poland.")
    assert weight(found, "Honeywell") > 0
    assert weight(found, "Poland") > 0
    assert weight(found, "Revenue") == weight(found, "View") == 0
    assert weight(terms("The NATO Revenue"), "NATO") > 0


def test_a_flash_in_capitals_keeps_its_names() -> None:
    """A story of one line has no other names than those in capitals."""
    assert weight(terms("PM TAVARES RESIGNS - STATE RADIO"), "Tavares") > 0


def test_figures_are_terms() -> None:
    """A figure with its decimals is one term; a single digit weighs little."""
    found = terms("4.6 and 12,000 and 7")
    assert weight(found, "4.6") == weight(found, "12,000") > weight(found, "7") > 0


def test_scripts_without_spaces_are_taken_two_characters_at_a_time() -> None:
    """Two Chinese sentences about one thing share terms."""
    one, other = terms("东京发生强烈地震"), terms("强烈地震袭击东京")
    assert len(set(one.keys.tolist()) & set(other.keys.tolist())) >= 3


def test_what_is_too_long_for_a_word_is_not_kept() -> None:
    """A worker runs for months: it keeps words, not the addresses and encoded bytes of a feed."""
    terms("word " + "https://example.org/aZ09-" * 20, None)
    assert "word" in _TOKENS
    assert max(map(len, _TOKENS)) <= LONGEST


@pytest.mark.parametrize("word", ["the", "der", "les", "que", "het", "di", "não"])
def test_function_words_of_each_language_weigh_little(word: str) -> None:
    """The table holds all its languages, not English alone."""
    assert rarity(fold(word)) < 0.3 < rarity("zvornikov") == 1.0


@pytest.mark.parametrize(
    ("text", "is_name"),
    [
        ("it sank. Water rose", False),
        ("it sank.\nWater rose", False),
        ("it sank\n\n  Water rose", False),
        ("it sank: “Water rose", False),
        ("it sank – Water rose", False),
        ("it sank. <Water rose", True),
        ("it sank. , Water rose", True),
        ("it sank of Water rose", True),
        ("it sank. Water Rose", True),
        ("it sank. Water <Rose", True),
        ("it sank. Water. Rose", False),
    ],
)
def test_only_a_mark_right_before_a_word_begins_a_sentence(text: str, is_name: bool) -> None:
    """A word that the table holds is no name where it begins a sentence, across a blank too."""
    keys = terms(text).keys.tolist()
    assert (name_key("Water") in keys) is is_name
