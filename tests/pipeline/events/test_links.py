"""Blocks are a function of the set of vectors, and small."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.events import links
from pipeline.events.links import Links
from pipeline.events.terms import UNIT, Terms


def vector(degrees: float, own: int) -> Terms:
    """Returns a vector in a direction of the plane, told from all others by a term of its own."""
    angle = np.radians(degrees)
    weights = np.floor(np.abs([np.cos(angle), np.sin(angle), 0.001]) * (UNIT - 1))
    return Terms(
        np.array([1, 2, 100 + own], np.uint32),
        weights.astype(np.uint16),
        np.ones(3, np.uint8),
    )


VECTORS = [vector(step * n, n) for step in (4.1, 1.3) for n in range(22)]
"""Two arcs of vectors a few degrees apart, so that their pairs reach every threshold."""


def blocks(wanted: set[int], of: list[Terms] = VECTORS) -> set[frozenset[int]]:
    """Returns the blocks of vectors that come at once, as numbers of vectors."""
    found = Links()
    number = {found.add(of[n], n * 0x9E3779B97F4A7C15 % 2**64): n for n in sorted(wanted)}
    return {frozenset(number[slot] for slot in block) for block in found.settle()}


@pytest.mark.usefixtures("tight")
def test_any_changes_equal_a_fresh_graph_of_what_is_left() -> None:
    """Vectors that come and go in any order leave the blocks of those that are left."""

    @settings(max_examples=150, deadline=None)
    @given(st.lists(st.integers(0, len(VECTORS) - 1), max_size=70), st.integers(1, 9))
    def check(toggled: list[int], every: int) -> None:
        found = Links()
        slots: dict[int, int] = {}
        told: dict[int, frozenset[int]] = {}
        for step, n in enumerate([*toggled, None]):
            if n is None or step % every == 0:
                number = {slot: each for each, slot in slots.items()}
                for block in found.settle():
                    members = frozenset(number[slot] for slot in block)
                    told |= dict.fromkeys(members, members)
                told = {each: block for each, block in told.items() if each in slots}
                assert set(told.values()) == blocks(set(slots))
            if n in slots:
                found.discard(slots.pop(n))
            elif n is not None:
                slots[n] = found.add(VECTORS[n], n * 0x9E3779B97F4A7C15 % 2**64)

    check()


@pytest.fixture
def tight(monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes the limits so low that a few vectors reach them."""
    monkeypatch.setattr(links, "BLOCK", 5)
    monkeypatch.setattr(links, "NEIGHBOURS", 3)


@pytest.mark.usefixtures("tight")
def test_a_large_component_falls_apart_at_a_higher_threshold() -> None:
    """Five vectors in a chain are a block; a sixth makes it too large, and breaks it."""
    near = [vector(9 * n, n) for n in range(3)]
    chain = [*near, *(vector(18 + 62 + 9 * n, n + 3) for n in range(3))]  # cosine .469 between
    assert blocks(set(range(5)), chain) == {frozenset(range(5))}
    assert blocks(set(range(6)), chain) == {frozenset({0, 1, 2}), frozenset({3, 4, 5})}


def test_many_alike_vectors_fall_into_a_few_blocks() -> None:
    """Beyond the last threshold vectors are halved by their digests: blocks of middling size.

    The links of each are few, so that memory is bounded.
    """
    found = Links()
    for n in range(1300):
        found.add(vector(n / 25, n), n * 0x9E3779B97F4A7C15 % 2**64)
    sizes = [len(block) for block in found.settle()]
    assert sum(sizes) == 1300
    assert max(sizes) <= links.BLOCK
    assert 2 <= len(sizes) <= 8
    assert found.count < 1300 * links.NEIGHBOURS


def test_thresholds_rise() -> None:
    """Each threshold is higher than the one before."""
    assert list(links.LINKS) == sorted(set(links.LINKS))
