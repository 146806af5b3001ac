"""Events are a function of the set of stories, whatever happened before."""

from datetime import UTC, datetime, timedelta, timezone
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.events import links
from pipeline.events.events import Events
from pipeline.events.race import Standing
from pipeline.events.terms import Terms, terms

NAMES = """Abelard Bostwick Calloway Dunmore Eskildsen Fairbairn Gallowglass Hathersage Inverkip
    Jorgensen Kilbride Lochaber Monteith Nethercott"""

texts = st.sampled_from(
    [
        " met ".join(NAMES.split()[start : start + length])
        for start in range(0, 10, 3)
        for length in (2, 5, 6)
    ]
)
"""Few enough that equal ones come again; most are alike, some hardly."""
dates = st.none() | st.integers(0, 3).map(lambda n: datetime(2026, 1, 1 + n, tzinfo=UTC))
puts = st.tuples(st.sampled_from("abcdefghijkl"), texts, dates)
removals = st.tuples(st.sampled_from("abcdefghijkl"), st.none(), st.none())
settles = st.tuples(st.none(), st.none(), st.none())
Operation = tuple[str | None, str | None, datetime | None]


@pytest.fixture
def tight(monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes the limits so low that a few stories reach them."""
    monkeypatch.setattr(links, "BLOCK", 4)
    monkeypatch.setattr(links, "NEIGHBOURS", 3)


def source(story: str) -> str | None:
    """Returns the source of a story: two have several each, and one is not named."""
    return {"a": None, "b": "AP", "c": "AP"}.get(story, "AFP" if story < "h" else "AP")


def batch(left: dict[str, tuple[Terms, datetime | None]]) -> dict[str, str]:
    """Returns the events of stories that come at once."""
    return {story: event for story, (event, _) in told_at_once(left).items()}


def told_at_once(
    left: dict[str, tuple[Terms, datetime | None]],
) -> dict[str, tuple[str, Standing]]:
    """Returns the events of stories that come at once, and how each stands in its race."""
    found = Events()
    for story in sorted(left):
        found.put(story, *left[story], source(story))
    found.settle()
    return {story: (found.event(story), found.standing(story)) for story in left}


def check(operations: list[Operation]) -> None:
    """Fails unless the events after some operations are those of what is left."""
    found = Events()
    left: dict[str, tuple[Terms, datetime | None]] = {}
    told: dict[str, tuple[str, Standing]] = {}
    for story, text, date in [*operations, (None, None, None)]:
        if story is None:
            for changed, event in found.settle().items():
                if event is None:
                    del told[changed]
                else:
                    now = event, found.standing(changed)
                    assert told.get(changed) != now
                    told[changed] = now
            assert told == told_at_once(left)
            assert {each: (found.event(each), found.standing(each)) for each in left} == told
        elif text is None:
            found.discard(story)
            left.pop(story, None)
        else:
            left[story] = terms(text), date
            found.put(story, *left[story], source(story))
    assert len(found) == len(left)


@settings(max_examples=150, deadline=None)
@given(st.lists(puts | puts | removals | settles, max_size=60))
def test_any_operations_equal_a_batch_over_what_is_left(operations: list[Operation]) -> None:
    """New stories, new versions, kills and releases in any order: the events are the same.

    The changes that were reported on the way add up to them.
    """
    check(operations)


@pytest.mark.usefixtures("tight")
def test_any_operations_equal_a_batch_where_limits_are_reached() -> None:
    """The same where vectors have too many neighbours and components are too large."""
    settings(max_examples=300, deadline=None)(
        given(st.lists(puts | puts | removals | settles, max_size=80))(check)
    )()


def test_a_tie_is_decided_by_the_texts_and_not_by_their_order() -> None:
    """A story that is as near to one as to another goes to the same one in every order."""
    names = NAMES.split()
    stories = {
        name: terms(" ".join(names[n : n + 5])) for n, name in ((0, "a"), (3, "b"), (6, "c"))
    }
    outcomes = set()
    for order in permutations(stories):
        found = Events()
        for story in order:
            found.put(story, stories[story])
        found.settle()
        outcomes.add(tuple(found.event(story) for story in "abc"))
    assert len(outcomes) == 1
    assert outcomes < {("a", "a", "c"), ("a", "b", "b")}


REPORTS = [
    "Fire destroys the Kessandra mill in Lower Tarn, owner Piet Hallow says",
    "Lower Tarn: Kessandra mill burns, Piet Hallow vows to rebuild",
    "Piet Hallow reopens Kessandra mill in Lower Tarn",
]


def at(hour: int, zone: float = 0) -> datetime:
    """Returns a time of one day."""
    return datetime(2026, 3, 1, hour, tzinfo=timezone(timedelta(hours=zone)))


def events(*stories: tuple[str, datetime | None]) -> dict[str, str]:
    """Returns the event of each of some reports of one fire, by their ids and times."""
    return batch({story: (terms(REPORTS[n % 3]), date) for n, (story, date) in enumerate(stories)})


def test_the_earliest_story_names_the_event() -> None:
    """By the instant, not by what the clock showed; then by id; undated stories are last."""
    assert set(events(("a", at(9)), ("b", at(8)), ("c", None)).values()) == {"b"}
    assert set(events(("a", at(9)), ("b", at(10, zone=2)), ("c", None)).values()) == {"b"}
    assert set(events(("b", at(9)), ("a", at(11, zone=2))).values()) == {"a"}
    assert set(events(("b", None), ("a", None)).values()) == {"a"}


def test_equal_texts_are_one_event_at_any_number() -> None:
    """A text that a thousand papers print is one event, and named by the first of them."""
    found = Events()
    for n in range(1000):
        found.put(f"{n:04}", terms(REPORTS[0]), at(9) + timedelta(seconds=-n))
    found.settle()
    assert {found.event(f"{n:04}") for n in range(1000)} == {"0999"}


def test_a_story_of_hardly_any_words_stands_alone() -> None:
    """Two stories that say "Weather" and two that say nothing are four events."""
    stories = {"a": "Weather", "b": "Weather", "c": "", "d": ""}
    found = batch({story: (terms(text), None) for story, text in stories.items()})
    assert found == {story: story for story in stories}


def test_a_killed_story_names_nothing_and_its_release_brings_it_back() -> None:
    """A kill takes the story out of its event, whose name goes on; the release puts it back."""
    found = Events()
    for n, story in enumerate("abc"):
        found.put(story, terms(REPORTS[n]), at(n))
    assert found.settle() == dict.fromkeys("abc", "a")
    found.discard("a")
    assert found.settle() == {"a": None, "b": "b", "c": "b"}
    assert found.members("c") == ["b", "c"]
    found.put("a", terms(REPORTS[0]), at(0))
    assert found.settle() == dict.fromkeys("abc", "a")
