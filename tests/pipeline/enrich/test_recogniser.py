"""The recogniser finds what spaCy's own decoding finds, and knows which pipelines it can read."""

from typing import Any

import pytest
import spacy

from pipeline.enrich.enricher import DEFAULT_MODEL
from pipeline.enrich.model import Model
from pipeline.enrich.recogniser import Recogniser, reads
from tests.evaluation.entities.annotation import stories

ODD = ["", " ", "\n", "a", "Oslo", " \n Oslo ", "NATO " * 90, "Bank of " * 40 + "Kolm", "x\u2009y"]


@pytest.fixture(scope="module")
def pipeline() -> Any:
    """The default pipeline, as newswire loads it."""
    return Model(DEFAULT_MODEL, remembered=0).nlp


def test_names_are_those_of_spacys_own_decoding(pipeline: Any) -> None:
    """Label and offsets of every name are the same, in texts of all kinds and lengths."""
    texts = [part for one in list(stories())[::4] for part in one.story.body.split("\n\n")] + ODD
    expected = [
        [(e.start_char, e.end_char, e.label_) for e in doc.ents] for doc in pipeline.pipe(texts)
    ]
    assert sum(map(len, expected)) > 500
    assert Recogniser(pipeline).spans(texts) == expected


def test_a_batch_without_a_token_has_no_names(pipeline: Any) -> None:
    """Empty texts are no error."""
    assert Recogniser(pipeline).spans(["", ""]) == [[], []]


def test_other_kinds_of_pipelines_are_left_to_spacy(pipeline: Any) -> None:
    """Rules beside the recogniser, or none at all, are read by spaCy itself."""
    assert reads(pipeline)
    ruled = spacy.blank("en")
    ruled.add_pipe("entity_ruler")
    assert not reads(ruled)
    both = spacy.blank("en")
    both.add_pipe("ner", source=pipeline)
    assert reads(both)
    both.add_pipe("entity_ruler")
    assert not reads(both)
