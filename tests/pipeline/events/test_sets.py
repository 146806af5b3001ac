"""Disjoint sets are those that a list of lists would be."""

from hypothesis import given
from hypothesis import strategies as st

from pipeline.events.sets import NONE, Sets

changes = st.lists(st.tuples(st.sampled_from("pdr"), st.sets(st.integers(0, 9), min_size=1)))


@given(changes)
def test_sets_are_what_was_put_and_not_taken(steps: list[tuple[str, set[int]]]) -> None:
    """Sets that are put, dissolved and lose members are told alike for each of their members."""
    found, expected = Sets(), list[set[int]]()
    for step, slots in steps:
        first = min(slots)
        if step == "p":
            for slot in slots:
                found.drop(slot)
            expected = [each for each in expected if not each & slots] + [slots]
            found.put(sorted(slots))
        elif step == "d":
            found.drop(first)
            expected = [each for each in expected if first not in each]
        else:
            found.remove(first)
            expected = [each - {first} for each in expected if each != {first}]
        for slot in range(10):
            of = next((each for each in expected if slot in each), set())
            assert set(found.of(slot)) == of
            assert found.known_by(slot) == min(of, default=NONE)
