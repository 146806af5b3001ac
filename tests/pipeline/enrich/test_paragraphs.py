"""Paragraphs, and what is remembered of them."""

from pipeline.enrich.paragraphs import KEPT, LONGEST_KEPT, paragraphs, remembered


def test_paragraphs_are_parted_by_empty_lines() -> None:
    """Each paragraph comes with its offset and without the white space around it."""
    text = "\n\n  One\nline.  \n \t\n\n\nTwo. \n"
    found = list(paragraphs(text))
    assert [part for _, part in found] == ["One\nline.", "Two."]
    assert all(text[at : at + len(part)] == part for at, part in found)


def test_a_paragraph_is_asked_about_once() -> None:
    """The answer for a paragraph is kept, with what else was asked; that for a long one is not."""
    asked: list[tuple[int, str]] = []

    @remembered
    def answer(text: str, more: str) -> str:
        asked.append((len(text), more))
        return text + more

    assert [answer("a", "b"), answer("a", "b"), answer("a", "c")] == ["ab", "ab", "ac"]
    assert asked == [(1, "b"), (1, "c")]
    long = "a" * (LONGEST_KEPT + 1)
    assert answer(long, "b") == answer(long, "b")
    assert len(asked) == 4


def test_what_is_remembered_is_bounded() -> None:
    """A paragraph that was not met for long is forgotten."""
    asked: list[str] = []

    @remembered
    def answer(text: str) -> None:
        asked.append(text)

    for number in range(KEPT + 1):
        answer(str(number))
    answer("0")
    answer(str(KEPT))
    assert len(asked) == KEPT + 2
