"""Forms of one person's name are one value of the facet."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.search.persons import same_names


@pytest.mark.parametrize(
    ("counts", "groups"),
    [
        ({"Barack Obama": 40, "Obama": 12}, {"Barack Obama": ["Obama"]}),
        ({"Obama": 12, "Barack Obama": 3}, {"Barack Obama": ["Obama"]}),
        ({"Erdoğan": 3, "Recep Tayyip Erdogan": 9, "Tayyip Erdoğan": 1},
         {"Recep Tayyip Erdogan": ["Erdoğan", "Tayyip Erdoğan"]}),
        ({"Recep Tayyip Erdoğan": 9, "Recep Tayyip Erdogan": 2},
         {"Recep Tayyip Erdoğan": ["Recep Tayyip Erdogan"]}),
        # Two people of that name: the short form may be either.
        ({"Barack Obama": 40, "Michelle Obama": 20, "Obama": 12},
         {"Barack Obama": [], "Michelle Obama": [], "Obama": []}),
        ({"Barack Obama": 80, "Michelle Obama": 20, "Obama": 12},
         {"Barack Obama": ["Obama"], "Michelle Obama": []}),
        ({"Robert F. Kennedy Jr.": 4, "Kennedy": 4}, {"Robert F. Kennedy Jr.": [], "Kennedy": []}),
        ({"Li Wei": 2, "Wei": 1, "Li": 1}, {"Li Wei": ["Wei"], "Li": []}),
        ({"": 1, "...": 2}, None),
        ({}, {}),
    ],
)  # fmt: skip
def test_forms_of_one_name(counts: dict[str, int], groups: dict[str, list[str]] | None) -> None:
    """A surname belongs to the one person in the list who has it."""
    assert groups is None or same_names(counts) == groups
    same_names(counts)


@given(st.dictionaries(st.text("ab .é", max_size=8), st.integers(1, 9), max_size=12))
def test_each_name_stays_once(counts: dict[str, int]) -> None:
    """No value is lost, and none is counted twice."""
    groups = same_names(counts)
    names = [name for leader, forms in groups.items() for name in (leader, *forms)]
    assert sorted(names) == sorted(counts)
