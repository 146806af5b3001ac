"""The window is set by the stories' own times, and frozen or withheld stories are in no event."""

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.events.terms import terms
from pipeline.events.window import Window

BEGAN = datetime(2026, 3, 1, tzinfo=UTC)
REPORTS = [
    terms("Fire destroys the Kessandra mill in Lower Tarn, owner Piet Hallow says"),
    terms("Lower Tarn: Kessandra mill burns, Piet Hallow vows to rebuild"),
    terms("Owner Piet Hallow reopens Kessandra mill in Lower Tarn"),
    terms("Chipmaker Ondulex names Sarita Voss chief executive in Bremerton"),
]


def put(window: Window, story: str, report: int | None, day: float) -> None:
    """Puts a story of a day into a window; without a report it is withheld."""
    at = BEGAN + timedelta(days=day)
    window.put(story, None if report is None else REPORTS[report], at, at)


arrivals = st.lists(
    st.tuples(st.none() | st.integers(0, len(REPORTS) - 1), st.integers(0, 12)),
    min_size=1,
    max_size=12,
)


@settings(max_examples=150, deadline=None)
@given(arrivals, st.integers(1, 8), st.integers(1, 12), st.data())
def test_the_order_of_arrival_does_not_matter(
    stories: list[tuple[int | None, int]], days: int, most: int, data: st.DataObject
) -> None:
    """What is compared, and each story's event, is the same for every order of arrival."""
    outcomes = []
    for order in (range(len(stories)), data.draw(st.permutations(range(len(stories))))):
        window = Window(days, most)
        for n in order:
            put(window, f"s{n:02}", *stories[n])
            if n % 3 == 0:
                window.settle()
        window.settle()
        outcomes.append(
            {each: window.event(each) if each in window else None for each in window.stories}
        )
    assert outcomes[0] == outcomes[1]
    newest = max(day for _, day in stories)
    recent = sorted((day, f"s{n:02}") for n, (_, day) in enumerate(stories) if day >= newest - days)
    assert set(outcomes[0]) == {story for _, story in recent[-most:]}


def test_an_old_story_freezes_and_keeps_its_event() -> None:
    """A story that leaves the window is reported no more; the rest is named by what is left."""
    window = Window(days=30)
    put(window, "a", 0, 0)
    put(window, "b", 1, 20)
    assert window.settle().events == {"a": "a", "b": "a"}
    put(window, "c", 2, 31)
    assert window.settle().events == {"b": "b", "c": "b"}
    assert "a" not in window


def test_a_story_that_comes_too_late_changes_nothing() -> None:
    """A story older than the window joins no event, by day or by number."""
    window = Window(days=30, most=2)
    put(window, "a", 0, 40)
    put(window, "b", 1, 41)
    window.settle()
    put(window, "early", 2, 1)
    put(window, "third", 2, 39)
    assert window.settle().events == {}
    assert window.members("b") == ["a", "b"]


def test_a_withheld_story_is_in_no_event_and_its_name_leads_on() -> None:
    """A kill of the first story renames the event; the old name is an alias until its release."""
    window = Window()
    for day, story in enumerate("abc"):
        put(window, story, day, day)
    window.settle()
    put(window, "a", None, 0)
    changes = window.settle()
    assert changes.events == {"a": None, "b": "b", "c": "b"}
    assert changes.aliases == {"a": "b"}
    assert "a" not in window
    put(window, "a", 0, 0)
    changes = window.settle()
    assert changes.events == dict.fromkeys("abc", "a")
    assert changes.aliases == {}


def test_stories_of_one_event_that_are_withheld_at_once() -> None:
    """The second finds the event without the first, though nothing was settled in between."""
    window = Window(8, 12)
    for n in range(3):
        put(window, f"s{n}", n, n)
    window.settle()
    put(window, "s0", None, 0)
    put(window, "s1", None, 1)
    changes = window.settle()
    assert changes.aliases == {"s0": "s2", "s1": "s2"}


def test_an_embargoed_story_is_unknown_until_its_release() -> None:
    """A story that is withheld from the start is reported only when it is released."""
    window = Window()
    put(window, "a", None, 0)
    put(window, "b", 1, 1)
    assert window.settle().events == {"b": "b"}
    put(window, "a", 0, 0)
    assert window.settle().events == {"a": "a", "b": "a"}
