"""A delivery read by its feed's format."""

from __future__ import annotations

import pytest

from config.feeds import Feed
from connectors.feed.reading import read
from connectors.sources import Delivery
from pipeline.wire.story import Status

KILL = b"BC-EU--Pier, KILL,120\nKill it.\nIt is wrong.\n\nAP-WF-03-02-26 1509GMT\n"


def test_a_kill_is_published_under_its_former_ids_as_well() -> None:
    """What was indexed under the id of an earlier release is killed by the kill of today."""
    feed = Feed(name="ap", source="directory", agency="AP")
    stories = read(feed, Delivery(KILL, "k")).stories
    assert [story.id for story in stories] == ["AP:EU--Pier:2026-03-02", "AP:EU--Pier"]
    assert {story.status for story in stories} == {Status.WITHDRAWN}
    assert stories[1].former_ids == ()


def test_a_claim_brings_no_former_ids() -> None:
    """A feed that may not speak for an agency kills none of its stories under a former id."""
    feed = Feed(name="small", source="directory", agencies=("Example Press",))
    raw = KILL.replace(b"Kill it.", b"LISBON (AP) - Kill it.")
    (story,) = read(feed, Delivery(raw, "k")).stories
    assert (story.claimed_source, story.former_ids) == ("AP", ())


@pytest.mark.parametrize(
    ("charset", "raw"), [("koi8-r", "Паром".encode("koi8-r")), (None, "Паром".encode())]
)
def test_a_feed_s_options_reach_its_format(charset: str | None, raw: bytes) -> None:
    """Character set and status words of the feed count for its deliveries."""
    feed = Feed(name="f", source="directory", charset=charset, status_words={"ok-2": Status.USABLE})
    text = b"Headline: " + raw + b"\nStatus: OK 2\n\nA text of its own.\n"
    (story,) = read(feed, Delivery(text, "k")).stories
    assert (story.headline, story.status) == ("Паром", Status.USABLE)


def test_a_claim_keeps_the_day_before_to_itself() -> None:
    """A kill that a feed files under its own name meets the story of the eve under that name."""
    feed = Feed(name="small", source="directory", agencies=("Example Press",))
    raw = KILL.replace(b"Kill it.", b"LISBON (AP) - Kill it.")
    (story,) = read(feed, Delivery(raw, "k")).stories
    assert (story.id, story.eve_id) == (
        "small:Example Press:EU--Pier:2026-03-02",
        "small:Example Press:EU--Pier:2026-03-01",
    )
    kill, former = read(
        Feed(name="ap", source="directory", agency="AP"), Delivery(KILL, "k")
    ).stories
    assert (kill.eve_id, former.eve_id) == ("AP:EU--Pier:2026-03-01", None)
