"""Quotations and their speakers, where the text is plain."""

import pytest

from pipeline.enrich.enricher import Enricher
from pipeline.wire.story import Story


def speakers(enricher: Enricher, body: str) -> list[tuple[str, str]]:
    [enriched] = enricher.enrich([Story(id="x:1", body=body, language="en")])
    return [(body[q.start : q.end], q.speaker) for q in enriched.quotes]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ('"We will wait," said Sen. Elena Ortiz, who wrote the bill.', "We will wait,"),
        ('"We will wait," Elena Ortiz said on Monday.', "We will wait,"),
        ("“We will wait,” said her lawyer, Elena Ortiz.", "We will wait,"),
        ('Elena Ortiz said: "We will wait."', "We will wait."),
        ('Elena Ortiz told reporters the plan was "dead on arrival".', "dead on arrival"),
        ('Elena Ortiz spoke first. "We will wait," she said.', "We will wait,"),
    ],
)
def test_a_plain_quotation_has_its_speaker(enricher: Enricher, body: str, words: str) -> None:
    """The speaker is who the text says, in any of the usual orders."""
    assert speakers(enricher, body) == [(words, "person:elena-ortiz")]


def test_a_quotation_goes_on_after_its_speaker(enricher: Enricher) -> None:
    """A second quotation in the paragraph is by the same person."""
    body = '"It is cold," Elena Ortiz said. "It will be colder."'
    assert [speaker for _, speaker in speakers(enricher, body)] == ["person:elena-ortiz"] * 2


@pytest.mark.parametrize(
    "body",
    [
        '"He was unplayable," said Aston Villa manager Unai Emery.',
        '"He was unplayable," Aston Villa manager Unai Emery said.',
    ],
)
def test_a_manager_speaks_and_not_his_club(enricher: Enricher, body: str) -> None:
    """A body that stands before a title is not the speaker."""
    assert speakers(enricher, body) == [("He was unplayable,", "person:unai-emery")]


@pytest.mark.parametrize(
    "body",
    [
        'Elena Ortiz praised the "clean harbors" of Norway.',
        'A spokesman for Elena Ortiz said she was "sad".',
        'Elena Ortiz and Ann Roe met. "It is cold," she said.',
        'Her book, "The Ferry," was read by Elena Ortiz.',
    ],
)
def test_what_is_not_plain_has_no_speaker(enricher: Enricher, body: str) -> None:
    """A scare quote, a spokesman, one of two women, a title: no speaker is guessed."""
    assert speakers(enricher, body) == []
