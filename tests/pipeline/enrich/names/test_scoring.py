"""Weights, scores and the choice among candidates."""

import numpy as np

from pipeline.enrich.names.scoring import (
    KINDS,
    Weights,
    chosen,
    hopeful,
    local_scores,
    log_probabilities,
    weights,
)


def test_every_weight_has_a_value_for_each_kind() -> None:
    """The shipped tables fit the code."""
    for name in ("local", "agreement"):
        shipped = weights(name)
        assert shipped.table.shape == (len(shipped.index) + 1, len(KINDS))
        assert len(shipped.index) > 50


def test_scores_are_log_probabilities() -> None:
    """Each row sums to one; features without a weight change nothing."""
    table = Weights({"a": [1.0, 2.0, 0.0, 0.0, 0.0]})
    scores = local_scores([[("a",)], [("a", "unknown")], []], table)
    assert np.allclose(np.exp(scores).sum(axis=1), 1)
    assert np.array_equal(scores[0], scores[1])
    assert np.allclose(scores[2], np.log(1 / len(KINDS)))


def test_the_chosen_names_do_not_overlap_and_gain_most() -> None:
    """Two short names go before a long one if they gain more together."""
    spans = [(0, 10), (0, 4), (5, 10), (12, 15)]
    z = np.array([[0.0, 3, 0, 0, 0], [0.0, 0, 2, 0, 0], [0.0, 0, 2, 0, 0], [4.0, 0, 0, 0, 0]])
    assert chosen(spans, log_probabilities(z)) == [(1, "ORG"), (2, "ORG")]
    z[0, 1] = 9.0
    assert chosen(spans, log_probabilities(z)) == [(0, "PERSON")]
    assert chosen([], local_scores([])) == []


def test_hopeless_candidates_are_dropped() -> None:
    """What its own place makes no name beyond doubt is not asked about again."""
    z = np.array([[9.0, 0, 0, 0, 0], [1.0, 0, 0, 0, 0], [0.0, 0, 0, 0, 9]])
    assert hopeful(log_probabilities(z)) == [1, 2]
    assert hopeful(local_scores([])) == []
