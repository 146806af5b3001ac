"""The judged queries of the evaluation of search hold together."""

from datetime import UTC, datetime

import pytest

from tests.evaluation.search import COLLECTIONS, Collection, ndcg


@pytest.mark.parametrize("collection", COLLECTIONS, ids=lambda each: each.name)
def test_answers_are_stories_of_the_corpus(collection: Collection) -> None:
    """There are fifty queries or more, and each has answers, which are there."""
    names = [story.id for story in collection.corpus(datetime.now(UTC))]
    assert len(collection.judged()) >= 50
    for query, judged in collection.judged().items():
        assert judged, query
        assert judged.keys() <= set(names), query


def test_a_ranking_is_judged() -> None:
    """The best order counts 1, a later answer less, and no answer nothing."""
    judged = {"a": 2, "b": 1}
    assert ndcg(["a", "b", "c"], judged) == 1
    assert ndcg(["c", "a", "b"], judged) == pytest.approx(0.659, abs=0.001)
    assert ndcg(["c"], judged) == 0
