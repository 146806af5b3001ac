"""What the records of the fingerprints topic lead to."""

from datetime import UTC, datetime, timedelta

from pipeline.events.fingerprints import Fingerprint, pack, released
from pipeline.events.groups import Groups, Place
from pipeline.events.terms import terms

BEGAN = datetime(2026, 3, 1, tzinfo=UTC)
FIRE = pack(terms("Fire destroys the Kessandra mill in Lower Tarn, owner Piet Hallow says"))
BLAZE = pack(terms("Lower Tarn: Kessandra mill burns, Piet Hallow vows to rebuild"))


def record(
    packed: bytes, version: int = 1, hour: int = 0, until: datetime | None = None
) -> Fingerprint:
    """A fingerprint of an hour."""
    at = BEGAN + timedelta(hours=hour)
    return Fingerprint(version=version, at=at, published_at=at, packed=packed, until=until)


def test_an_older_version_changes_nothing() -> None:
    """A late record of a version before the newest is told and not taken."""
    groups = Groups()
    assert groups.take("a", record(FIRE, version=2))
    assert groups.settle().places == {"a": Place("a", BEGAN)}
    assert not groups.take("a", record(b"", version=1))
    assert groups.settle().places == {}


def test_a_withheld_story_leads_to_those_it_was_with() -> None:
    """A kill in the same batch as what it kills, or later, leaves an alias only of the latter."""
    groups = Groups()
    groups.take("a", record(FIRE))
    groups.take("a", record(b"", version=2))
    assert groups.settle().places == {}
    groups.take("a", record(FIRE, version=3))
    groups.take("b", record(BLAZE, hour=1))
    assert {story: place.event for story, place in groups.settle().places.items()} == {
        "a": "a",
        "b": "a",
    }
    groups.take("b", record(b"", version=2, hour=1))
    assert groups.settle().places == {"b": Place(None, None, "a")}


def test_an_embargo_ends_once_its_end_is_a_record() -> None:
    """Until the record comes the story is told again; a kill before that ends the embargo too."""
    groups = Groups()
    until = BEGAN + timedelta(hours=3)
    held = record(FIRE, until=until)
    groups.take("a", held)
    groups.take("b", record(BLAZE, hour=1))
    groups.take("c", record(FIRE, until=until))
    assert groups.settle().places == {"b": Place("b", BEGAN + timedelta(hours=1))}
    assert groups.ended(until - timedelta(seconds=1)) == {}
    groups.take("c", record(b"", version=2))
    assert groups.ended(until) == {"a": held}
    assert groups.ended(until) == {"a": held}
    groups.take("a", released(held))
    assert groups.ended(until) == {}
    assert {story: place.event for story, place in groups.settle().places.items()} == {
        "a": "a",
        "b": "a",
    }


def test_a_kill_of_what_is_not_in_the_window_is_told() -> None:
    """Whoever has the events of stories that froze can rename them."""
    groups = Groups(days=1)
    groups.take("a", record(FIRE))
    groups.take("b", record(BLAZE, hour=100))
    assert "a" not in groups.settle().places
    groups.take("a", record(b"", version=2))
    assert groups.settle().beyond == ("a",)
    assert groups.place("a") is None
