"""Which texts a fingerprint tells as near-duplicates."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.index.fingerprint import (
    LEAST_PAIRS,
    are_near,
    as_fields,
    fingerprint,
    from_fields,
    telling,
)
from tests.evaluation.duplicates import counted, own_texts

STORY = """President Camila Ríos signed a truce with the National Liberation Army in Bogotá.

Defence Minister Germán Vargas embraced Nicolás Vargas, whom he had not seen since 1998.

Norway and Cuba stand as guarantors; 140 observers will go to Arauca and Catatumbo."""


def test_near_duplicates_are_told() -> None:
    """On the set that docs/quality.md reports, nearly all are told, and hardly any in error."""
    count = counted(own_texts())
    assert count.recall > 0.95
    assert count.precision > 0.99


def test_a_fingerprint_stays_the_same() -> None:
    """Another one for the same text, say of a newer library, would no longer meet those indexed."""
    found = fingerprint(STORY)
    assert found is not None
    assert found.pairs == 18
    assert found.bands[:2] == ("0-7dd4047a-c1ee6286", "1-c03b7e79-22dbd412")
    assert found.sketch.hex().startswith("7a86791253902ff06611967f35062300f39e7f3d626d97ac")


def test_headline_order_and_case_of_small_words_do_not_matter() -> None:
    """A fingerprint is of names and figures: what stands between them is free."""
    other = STORY.replace("signed a truce", "put her name to a ceasefire").replace("  ", " ")
    one, two = fingerprint(STORY), fingerprint(other)
    assert one is not None
    assert two is not None
    assert one.sketch == two.sketch


@given(text=st.text(max_size=300))
@settings(max_examples=60)
def test_any_text_has_one_or_none(text: str) -> None:
    """A fingerprint survives the document, and is near itself."""
    found = fingerprint(text)
    if found is not None:
        assert found.pairs >= LEAST_PAIRS
        assert from_fields(as_fields(found)) == found
        assert are_near(found, found)


WORDS = st.text(st.sampled_from("aAéÉñ1٣²፩_.,-— \n'’ßŁ"), max_size=40)


@given(text=WORDS | st.text(max_size=100))
@settings(max_examples=300)
def test_telling_words_are_those_that_begin_with_a_capital_or_a_digit(text: str) -> None:
    """What is skipped for speed changes nothing."""
    words = re.findall(r"\w+(?:[.,]\d+\w*)*", text)
    assert telling(text) == [w for w in words if w[0].isupper() or w[0].isdigit()]


@pytest.mark.parametrize("text", ["", "Too short to say.", "wort " * 500])
def test_what_says_too_little_has_none(text: str) -> None:
    """Blanked, short and monotonous texts are near nothing."""
    assert fingerprint(text) is None


def test_a_script_without_capitals_is_taken_by_its_words() -> None:
    """Arabic knows no capitals; a reprint is told all the same."""
    text = "أعلنت الحكومة يوم الأحد أن الطريق الساحلي سيغلق أمام الشاحنات بسبب الفيضانات الأخيرة"
    one, two = fingerprint(text), fingerprint(f"{text} وقالت الشرطة إن الجسر سليم")
    assert one is not None
    assert two is not None
    assert are_near(one, two)
