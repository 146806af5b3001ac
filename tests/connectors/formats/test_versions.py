"""Versions of one story meet under one id, whatever the wire calls them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from connectors.formats import FORMATS, Context
from pipeline.wire.story import Signal, Status, Story
from pipeline.wire.versions import rank

DEMO = Path(__file__).resolve().parents[3] / "config" / "demo"
FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"


YEAR_2026 = datetime(2026, 3, 1, tzinfo=UTC)
YEAR_2031 = datetime(2031, 3, 1, tzinfo=UTC)


def stories(name: str, *paths: Path) -> list[Story]:
    return [
        story for path in paths for story in FORMATS[name](path.read_bytes(), Context()).stories
    ]


def test_a_writethru_of_plain_text_meets_its_story() -> None:
    """Three transmissions of one slug are one story, the newest on top."""
    found = stories("text", *sorted(DEMO.glob("water-treaty-*.txt")))
    assert len({story.id for story in found}) == 1
    assert [story.version for story in found] == [None, 1, 2]
    assert sorted(found, key=rank) == found


def test_a_kill_of_anpa_meets_its_story_and_wins() -> None:
    """A writethru and a kill sent after midnight meet the story, and the kill outranks both."""
    found = stories("anpa1312", FIXTURES / "anpa1312" / "story-writethru-kill.anpa")
    assert len({story.id for story in found}) == 1
    assert [story.signal for story in found] == [None, Signal.WRITETHRU, Signal.KILL]
    assert sorted(found, key=rank) == found
    assert found[-1].status is Status.WITHDRAWN
    assert found[-1].body == ""


def test_alerts_of_one_day_stay_apart() -> None:
    """News alerts share a keyword line, but none replaces another."""
    found = stories("anpa1312", FIXTURES / "anpa1312" / "newsalerts.anpa")
    assert len({story.id for story in found}) == len(found) == 2


def test_a_bare_kill_meets_its_story_where_the_feed_names_its_agency() -> None:
    """A cancel that does not name its source has the id of the story it cancels."""
    story = b'{"uri": "urn:tw:1", "headline": "x", "copyrightholder": "Test Wire"}'
    kill = b'{"uri": "urn:tw:1", "pubstatus": "canceled"}'
    context = Context(agency="TW")
    ids = {FORMATS["ninjs"](raw, context).stories[0].id for raw in (story, kill)}
    assert ids == {"TW:urn:tw:1"}


@pytest.mark.parametrize("name", ["text", "rss", "iptc7901", "anpa1312"])
def test_an_id_does_not_depend_on_arrival(name: str) -> None:
    """A story fetched again next year keeps its id."""
    for path in sorted((FIXTURES / name).iterdir()):
        if path.name.endswith(".golden.json"):
            continue
        raw = path.read_bytes()
        then, later = Context(received_at=YEAR_2026), Context(received_at=YEAR_2031)
        before, after = FORMATS[name](raw, then).stories, FORMATS[name](raw, later).stories
        assert [story.id for story in before] == [story.id for story in after]
