"""Differences between two texts."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from pipeline.search.differences import Change, difference

texts = st.text(alphabet="ab .\n", max_size=60)


@given(texts, texts)
def test_both_texts_can_be_read_from_the_difference(old: str, new: str) -> None:
    """Without what was added it is the old text, without what was removed the new one."""
    changes = difference(old, new)
    assert "".join(c.text for c in changes if c.kind != "added") == old
    assert "".join(c.text for c in changes if c.kind != "removed") == new
    assert all(a.kind != b.kind for a, b in pairwise(changes))


def test_a_changed_word_is_one_change() -> None:
    """Only the word that changed is marked, not its paragraph."""
    assert difference("First.\n\nThree boats sank.", "First.\n\nTwo boats sank.") == (
        Change(kind="same", text="First.\n\n"),
        Change(kind="removed", text="Three"),
        Change(kind="added", text="Two"),
        Change(kind="same", text=" boats sank."),
    )


def test_a_long_rewrite_is_shown_whole() -> None:
    """Texts too long to compare by the word are removed and added as they are."""
    old, new = "a " * 9000, "b " * 9000
    assert [change.kind for change in difference(old, new)] == ["removed", "added"]
