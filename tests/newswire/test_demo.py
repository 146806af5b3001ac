"""The demo's wire is whole and readable, plays in order, and gives way to feeds of one's own."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from config.feeds import SHIPPED, load_feeds
from config.settings import Elasticsearch, Embedded, Kafka, Settings
from connectors.formats import FORMATS, Context
from newswire import demo
from newswire.bulletins import bulletins, companies
from pipeline.wire.story import Signal, Status, Story

BEGUN = datetime(2026, 11, 30, 12, tzinfo=UTC)


def stories() -> list[Story]:
    """Every version of the wire, as the formats read it."""
    found = []
    for delivery in demo.deliveries():
        now = BEGUN + timedelta(seconds=delivery.at)
        raw = demo.written(delivery, BEGUN, now).encode()
        parsed = FORMATS["auto"](raw, Context())
        assert len(parsed.stories) == 1, delivery.file
        found.append(parsed.stories[0])
    return found


def test_the_wire_is_large_and_mixed() -> None:
    """150 stories of three agencies in three languages and formats, within ten minutes."""
    wire = demo.deliveries()
    assert len({(each.agency, each.name) for each in wire}) >= 150
    assert len({each.file for each in wire}) == len(wire)
    assert {each.form for each in wire} == {"ninjs.json", "nitf.xml", "rss.xml"}
    assert max(each.at for each in wire) < demo.PLAY_SECONDS
    assert sum(not each.at for each in wire) >= demo.FIRST
    made = stories()
    assert Counter(story.language for story in made).keys() == {"en", "fr", "es"}
    assert len({story.source for story in made}) == 3
    assert all(story.headline for story in made)


def test_the_wire_tells_what_a_desk_must_see() -> None:
    """An event grows with all agencies; a correction, a kill, an embargo and a table come."""
    made = stories()
    ferry = [story for story in made if "ferry" in f"{story.id} {story.slugline}"]
    assert len({story.source for story in ferry}) == 3
    assert max(story.version or 0 for story in ferry) == 5
    assert [s.ednote for s in made if s.signal is Signal.CORRECTION]
    (kill,) = [story for story in made if story.status is Status.WITHDRAWN]
    assert kill.version == 2
    held = [story.embargoed_until for story in made if story.embargoed_until]
    assert sorted(held) == [BEGUN + timedelta(seconds=240), BEGUN + timedelta(seconds=420)]
    assert [story for story in made if " 1. " in (story.body or "")]
    (medals,) = [story for story in made if "Medals" in (story.headline or "")]
    assert "Total\n1.   Norway           12 " in (medals.body or "")


def test_most_of_the_wire_is_no_pattern() -> None:
    """More of what comes while one watches is written for the wire than made from tables."""
    live = [each for each in demo.deliveries() if each.at]
    patterns = {each.name for each in (*bulletins(), *companies())}
    assert len(live) >= 75
    assert sum(each.name in patterns or "-" in each.name for each in live) < len(live) / 2


def test_it_plays_on_an_engine_of_its_own_alone(tmp_path: Path) -> None:
    """Not beside own feeds, on configured servers, or on an engine that holds other stories."""
    base = Settings(data_dir=tmp_path)
    shipped = load_feeds(SHIPPED)
    assert demo.is_played(base, shipped)
    own = tmp_path / "feeds.toml"
    own.write_text('[feeds.mine]\nsource = "directory"\nformat = "auto"\npath = "/tmp"\n')
    assert not demo.is_played(base, load_feeds(own))
    assert not demo.is_played(base, {})
    for changed in (
        {"kafka": Kafka(brokers=("k:1",))},
        {"elasticsearch": Elasticsearch(url=("http://e:1",))},
        {"embedded": Embedded(enabled=False)},
    ):
        assert not demo.is_played(base.model_copy(update=changed), shipped)
    (tmp_path / "engine").mkdir()
    assert not demo.is_played(base, shipped)
    demo.prepared(base)
    assert demo.is_played(base, shipped)


def test_its_alerts_leave_no_machine_and_pages_say_what_it_is(tmp_path: Path) -> None:
    """Both are settings of the processes that `newswire run` starts."""
    ready = demo.prepared(Settings(data_dir=tmp_path))
    assert ready.alerts.local_only
    assert "demo" in (ready.web.notice or "")
    assert set(load_feeds(ready.connectors.feeds_file)) == {"demo", "demo-wire"}


def test_the_demo_feed_gives_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a feed of one's own in the shipped file it is not read."""
    file = tmp_path / "feeds.toml"
    file.write_text(
        SHIPPED.read_text()
        + '\n[feeds.mine]\nsource = "directory"\nformat = "auto"\npath = "/tmp"\n'
    )
    monkeypatch.setattr("config.feeds.SHIPPED", file)
    assert {name: feed.enabled for name, feed in load_feeds(file).items()} == {
        "demo": False,
        "mine": True,
    }


def test_the_player_goes_on_where_it_was(tmp_path: Path) -> None:
    """It writes each delivery once, and after its time it writes nothing more."""
    base = demo.prepared(Settings(data_dir=tmp_path))
    wire = demo.folder(base) / "wire"
    for _ in range(2):
        player = demo.Player(base, seconds=0.05)
        player.start()
        player._thread.join(60)
    assert len(list(wire.iterdir())) == len(demo.deliveries())
