"""The inverted index finds what comparing everything with everything finds."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.events.neighbours import Neighbours
from pipeline.events.terms import UNIT, Terms

LEAST = 0.25


def vector(weights: dict[int, int]) -> Terms:
    """Returns a vector of some weights, scaled to the length of one of a story."""
    keys = sorted(weights)
    given = np.array([weights[key] for key in keys], np.float64)
    scaled = np.floor(given * (UNIT / np.sqrt(np.square(given).sum()))).astype(np.uint16)
    return Terms(np.array(keys, np.uint32), scaled, np.ones(len(keys), np.uint8))


def product(one: Terms, other: Terms) -> int:
    """Returns the product of two vectors, term by term."""
    weights = dict(zip(other.keys.tolist(), other.weights.tolist(), strict=True))
    pairs = zip(one.keys.tolist(), one.weights.tolist(), strict=True)
    return sum(weight * weights.get(key, 0) for key, weight in pairs)


vectors = st.dictionaries(
    st.integers(1, 12) | st.just(2**32 - 1), st.integers(1, 50), min_size=1, max_size=8
).map(vector)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(vectors, st.booleans()), min_size=1, max_size=30), vectors)
def test_it_finds_what_comparing_all_finds(others: list[tuple[Terms, bool]], wanted: Terms) -> None:
    """Exactly the vectors that are alike, with their products, after some were removed."""
    near = Neighbours(LEAST)
    slots = [(near.add(other), other, gone) for other, gone in others]
    for slot, _, gone in slots:
        if gone:
            near.discard(slot)
    slot = near.add(wanted)
    left = {slot: product(wanted, other) for slot, other, gone in slots if not gone}
    expected = {other: value for other, value in left.items() if value >= LEAST * UNIT**2}
    found, products = near.near(slot)
    assert dict(zip(found.tolist(), products.tolist(), strict=True)) == expected
    assert found.tolist() == sorted(expected)


def test_it_grows_beyond_its_first_size() -> None:
    """Vectors are found when there are more of them than there was room for at first."""
    near = Neighbours(LEAST)
    first = near.add(vector({1: 5, 2: 5}))
    for n in range(near.capacity + 5):
        near.add(vector({n + 10: 1}))
    slot = near.add(vector({1: 5, 2: 4}))
    assert near.near(slot)[0].tolist() == [first]
    assert near.terms(first).keys.tolist() == [1, 2]
