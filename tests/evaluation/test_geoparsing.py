"""The scores of a geoparser."""

import pytest

from tests.evaluation.geoparsing import Score, Toponym, add, match


def test_spans_are_matched_one_to_one() -> None:
    """A prediction over two gold toponyms counts for the one that it overlaps most."""
    gold = [Toponym(0, 5), Toponym(6, 14)]
    assert match(gold, [Toponym(0, 14)]) == [(gold[1], Toponym(0, 14))]


def test_exact_needs_the_same_ends() -> None:
    """An overlap is not exact."""
    assert match([Toponym(0, 5)], [Toponym(0, 6)], exact=True) == []


def test_unresolved_predictions_count_for_recognition_alone() -> None:
    """No place: wrong for accuracy, nothing against end-to-end precision."""
    score = Score()
    add(score, [Toponym(0, 5, 10.0, 10.0)], [Toponym(0, 5)])
    assert score.exact.f1 == 1.0
    assert score.accuracy == 0.0
    assert score.end_to_end.predicted == 0
    assert score.area == pytest.approx(1.0)


def test_near_is_a_hundred_miles() -> None:
    """A degree of latitude is near, two are not, unless the id is the same."""
    score = Score()
    gold = [Toponym(0, 5, 10.0, 10.0, 1), Toponym(6, 9, 10.0, 10.0, 2)]
    add(score, gold, [Toponym(0, 5, 11.0, 10.0, 9), Toponym(6, 9, 12.0, 10.0, 2)])
    assert score.accuracy == 0.5
    assert score.accuracy_or_id == 1.0
    assert score.end_to_end.f1 == 0.5
    assert score.mean_km == pytest.approx(166.8, abs=0.1)


def test_predictions_on_gold_without_a_point_are_ignored_end_to_end() -> None:
    """They can be neither right nor wrong."""
    score = Score()
    add(score, [Toponym(0, 5)], [Toponym(0, 5, 1.0, 1.0)])
    assert score.end_to_end.predicted == score.end_to_end.gold == 0
