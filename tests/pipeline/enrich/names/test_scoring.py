"""Weights, scores and the choice among candidates."""

import numpy as np

from pipeline.enrich.names.scoring import KINDS, chosen, local_scores, log_probabilities, weights


def test_every_weight_has_a_value_for_each_kind() -> None:
    """The shipped tables fit the code."""
    for name in ("local", "agreement"):
        assert weights(name)
        assert all(row.shape == (len(KINDS),) for row in weights(name).values())


def test_scores_are_log_probabilities() -> None:
    """Each row sums to one; features without a weight change nothing."""
    table = {"a": np.array([1.0, 2.0, 0.0, 0.0, 0.0])}
    scores = local_scores([("a",), ("a", "unknown"), ()], table)
    assert np.allclose(np.exp(scores).sum(axis=1), 1)
    assert np.array_equal(scores[0], scores[1])
    assert np.allclose(scores[2], np.log(1 / len(KINDS)))


def test_the_chosen_names_do_not_overlap_and_gain_most() -> None:
    """Two short names go before a long one if they gain more together."""
    spans = [(0, 10), (0, 4), (5, 10), (12, 15)]
    z = [
        np.array([0.0, 3.0, 0.0, 0.0, 0.0]),
        np.array([0.0, 0.0, 2.0, 0.0, 0.0]),
        np.array([0.0, 0.0, 2.0, 0.0, 0.0]),
        np.array([4.0, 0.0, 0.0, 0.0, 0.0]),
    ]
    assert chosen(spans, log_probabilities(z)) == [(1, "ORG"), (2, "ORG")]
    z[0] = np.array([0.0, 9.0, 0.0, 0.0, 0.0])
    assert chosen(spans, log_probabilities(z)) == [(0, "PERSON")]
    assert chosen([], log_probabilities([])) == []
