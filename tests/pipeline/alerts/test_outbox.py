"""The outbox."""

from pathlib import Path

import pytest

from pipeline.alerts.outbox import Kind, Outbox, State
from pipeline.wire.errors import SetupError


@pytest.fixture
def outbox() -> Outbox:
    """An empty one."""
    return Outbox(":memory:")


def test_a_repeat_adds_nothing(outbox: Outbox) -> None:
    """The same version is delivered once to each receiver of an alert."""
    assert outbox.add("a", ["webhook", "topic"], "ap:1", 5, 0) == 2
    assert outbox.add("a", ["webhook", "topic"], "ap:1", 5, 0) == 0
    assert outbox.add("a", ["webhook"], "ap:1", 6, 0) == 1


def test_what_is_not_settled_is_there_after_a_restart(tmp_path: Path) -> None:
    """A delivery and the offset that led to it are on the disk together."""
    first = Outbox(tmp_path / "x")
    with first.together():
        first.add("a", ["topic"], "ap:1", 5, 0)
        first.move("t", {0: 7})
    again = Outbox(tmp_path / "x")  # the first is not closed, as after a kill
    assert again.offsets("t") == {0: 7}
    found = again.next("a", "topic", 1)
    assert found is not None
    assert found.story == "ap:1"
    first.close()
    again.close()


def test_what_fails_inside_leaves_nothing(outbox: Outbox) -> None:
    """A batch that does not end is as if it had not begun."""

    def fails() -> None:
        with outbox.together():
            outbox.add("a", ["topic"], "ap:1", 5, 0)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fails()
    assert outbox.next("a", "topic", 1) is None


def test_versions_of_a_story_keep_their_order(outbox: Outbox) -> None:
    """A later version waits for the one before it, other stories don't."""
    outbox.add("a", ["topic"], "ap:1", 1, 0)
    outbox.add("a", ["topic"], "ap:1", 2, 0)
    outbox.add("a", ["topic"], "ap:2", 1, 0)
    first = outbox.next("a", "topic", 1)
    assert first is not None
    outbox.later(first.number, 100, "busy")
    second = outbox.next("a", "topic", 1)
    assert second is not None
    assert second.story == "ap:2"
    outbox.settle(second.number, State.SENT)
    assert outbox.next("a", "topic", 1) is None


@pytest.mark.parametrize(("tried", "told"), [(True, 1), (False, 0)])
def test_a_withdrawal_is_told_to_whom_may_know(outbox: Outbox, tried: bool, told: int) -> None:
    """Only a receiver to which the story may have gone hears of its end, and nobody of the rest."""
    outbox.add("a", ["webhook"], "ap:1", 1, 0)
    found = outbox.next("a", "webhook", 1)
    assert found is not None
    if tried:
        outbox.trying(found.number)
        outbox.later(found.number, 100, "busy")
    assert outbox.withdraw("ap:1", 9, 2) == told
    after = outbox.next("a", "webhook", 3)
    assert (after is not None) is tried
    assert after is None or after.kind is Kind.WITHDRAWN
    assert outbox.withdraw("ap:1", 9, 2) == 0


def test_an_embargo_falls_due_once(outbox: Outbox) -> None:
    """A story is looked at again when its time has come, and then no more."""
    outbox.embargo("ap:1", 1, 50)
    assert outbox.due(49, 9) == {}
    assert outbox.due(50, 9) == {"ap:1": 1}
    outbox.released(["ap:1"])
    assert outbox.due(60, 9) == {}


def test_what_is_no_longer_declared_is_given_up(outbox: Outbox) -> None:
    """A delivery without its alert is dead, with the reason."""
    outbox.add("a", ["topic", "webhook"], "ap:1", 1, 0)
    outbox.abandon([("a", "topic")])
    ((dead, reason),) = outbox.dead()
    assert (dead.destination, reason) == ("webhook", "no longer declared")


def test_a_file_that_can_not_be_used_is_a_sentence(tmp_path: Path) -> None:
    """A damaged file and a folder that can't be written say what to do."""
    (tmp_path / "x").write_bytes(b"not a database, but words that somebody has written")
    with pytest.raises(SetupError, match="start the process again, which moves a damaged file"):
        Outbox(tmp_path / "x")
    with pytest.raises(SetupError, match="can be written"):
        Outbox(tmp_path / "x" / "y")


def test_who_was_told_and_when_it_was_acknowledged(tmp_path: Path) -> None:
    """Only what was tried is told, also by a file that an earlier release has made."""
    path = tmp_path / "alerts.sqlite"
    outbox = Outbox(path)
    outbox._db.execute("ALTER TABLE deliveries DROP COLUMN settled")
    outbox.close()
    outbox = Outbox(path)
    outbox.add("a", ["webhook", "topic"], "ap:1", 1, 100.0)
    delivery = outbox.next("a", "webhook", 200.0)
    assert delivery
    outbox.trying(delivery.number)
    assert [(each.state, each.settled) for each in outbox.told("ap:1")] == [(State.PENDING, None)]
    outbox.settle(delivery.number, State.SENT)
    (told,) = outbox.told("ap:1")
    assert (told.destination, told.state, told.since) == ("webhook", State.SENT, 100.0)
    assert told.settled is not None
    outbox.close()


def test_a_trend_is_told_once_until_it_is_hidden() -> None:
    """By its name for as long as was asked; of a withdrawn story's trend nothing is kept."""
    outbox = Outbox(":memory:")
    about = {"name": "Ana", "keys": ["person:Ana", "event:ap:0"]}
    assert outbox.add_trend("a", ["topic"], "ap:1", 5, 100.0, about) == 1
    assert outbox.has_trend("a", "person:Ana", 50.0)
    assert outbox.has_trend("a", "event:ap:0", 50.0)
    assert not outbox.has_trend("a", "person:Ana", 150.0)
    assert not outbox.has_trend("a", "place:Ana", 50.0)
    assert not outbox.has_trend("b", "person:Ana", 50.0)
    outbox.withdraw("ap:1", 5, 120.0)
    assert not outbox.has_trend("a", "person:Ana", 50.0)
    assert outbox.counts()[State.HIDDEN] == 1
    assert outbox._db.execute("SELECT count(about) FROM deliveries").fetchone() == (0,)


def test_a_trend_that_was_told_is_withdrawn_with_its_story() -> None:
    """Whoever got the story with it is told to remove it."""
    outbox = Outbox(":memory:")
    outbox.add_trend("a", ["topic"], "ap:1", 5, 100.0, {"keys": ["person:Ana"]})
    delivery = outbox.next("a", "topic", 200.0)
    assert delivery
    assert delivery.about
    outbox.trying(delivery.number)
    outbox.settle(delivery.number, State.SENT)
    assert outbox.withdraw("ap:1", 6, 300.0) == 1
