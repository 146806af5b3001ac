"""An agency's own form, read by the paths of its feed."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from config.feeds import load_feeds
from config.settings import Settings
from connectors.check import check
from connectors.formats import Context, mapped
from connectors.run import open_feed
from pipeline.wire.errors import ConfigError, ParseError
from tests.contracts.golden import FIXTURES, context

ROOT = Path(__file__).resolve().parents[3]
FEED = """
[feeds.own]
source = "directory"
path = "{path}"
format = "mapped"
agency = "Example Bureau"
settle_seconds = 0

[feeds.own.map]
{map}
"""


def settings(folder: Path, paths: str, feed: str = FEED) -> Settings:
    file = folder / "feeds.toml"
    (folder / "in").mkdir(exist_ok=True)
    file.write_text(feed.format(path=folder / "in", map=paths))
    base = Settings()
    connectors = base.connectors.model_copy(update={"feeds_file": file})
    return base.model_copy(update={"connectors": connectors, "data_dir": folder})


def started(chosen: Settings) -> None:
    open_feed(chosen, load_feeds(chosen.connectors.feeds_file)["own"]).close()


def test_the_check_shows_what_each_path_found(tmp_path: Path) -> None:
    """`feeds check` counts the items in which a path found something and shows the first."""
    paths = (FIXTURES / "mapped" / "agency.xml.map.toml").read_text() + 'genre = "kind"\n'
    chosen = settings(tmp_path, paths)
    (tmp_path / "in" / "a.xml").write_bytes((FIXTURES / "mapped" / "agency.xml").read_bytes())
    (row,) = check(chosen)
    assert (row.failure, row.stories, row.skipped) == (None, 3, 1)
    shown = {name: (number, first) for name, number, first in row.paths}
    assert shown["item"] == (4, None)
    assert shown["headline"] == (3, "Færgen sejler igen")
    assert shown["genre"] == (0, None)


@pytest.mark.parametrize(
    ("paths", "problem"),
    [
        ('headline = "title"\nheadlin = "x"', "map.headlin: no such field"),
        ('id = "@nr"', "needs a path for headline or body"),
        ('headline = "title["', r"map.headline: neither an XPath nor a JSON path: 'title\['"),
        ("headline = 3", "map.headline"),
    ],
)
def test_a_wrong_map_stops_the_start(tmp_path: Path, paths: str, problem: str) -> None:
    """A field that does not exist and a path that can't be used are named with the feed."""
    chosen = settings(tmp_path, paths)
    with pytest.raises(ConfigError, match=problem):
        started(chosen)


def test_a_map_belongs_to_its_format(tmp_path: Path) -> None:
    """The format mapped needs a map, and a map needs the format."""
    for feed in (FEED.partition("[feeds.own.map]")[0], FEED.replace('"mapped"', '"auto"')):
        chosen = settings(tmp_path, 'headline = "x"', feed)
        with pytest.raises(ConfigError, match=r"feeds\.own\.map"):
            started(chosen)


@pytest.mark.parametrize("raw", [b"<a/>", b"{}", b"[1, 2]", b"", b"\x00"])
def test_a_delivery_without_items_is_an_error(raw: bytes) -> None:
    """Where `item` leads to nothing, the error names the path."""
    paths = {"item": ["data.items[*]"], "headline": ["title"]}
    with pytest.raises(ParseError) as caught:
        mapped.parse(raw, Context(map=paths))
    assert caught.value.where


def test_the_examples_of_the_documentation_read_the_fixtures() -> None:
    """Both tables of docs/feeds.md read deliveries of their kind."""
    text = (ROOT / "docs" / "feeds.md").read_text(encoding="utf-8")
    tables = [block.partition("```")[0] for block in text.split("```toml\n")[1:]]
    maps = [
        feed["map"]
        for table in tables
        for feed in tomllib.loads(table).get("feeds", {}).values()
        if "map" in feed
    ]
    assert len(maps) == 3  # the third is read by the tests of the source kafka
    for paths, name in zip(maps, ("agency.xml", "government.json"), strict=False):
        lists = {key: [path] if isinstance(path, str) else path for key, path in paths.items()}
        assert mapped.check_paths(lists) is None
        path = FIXTURES / "mapped" / name
        assert len(mapped.parse(path.read_bytes(), Context(map=lists)).stories) > 1
        assert context(path).map is not None


def test_one_id_of_two_feeds_is_two_stories() -> None:
    """Where no agency is named, the feed's name stands before an id that is no URI."""
    paths = {"item": ["$"], "id": ["id"], "headline": ["title"]}
    raw = b'{"id": "17", "title": "Ferry sails"}'
    found = [mapped.parse(raw, Context(feed=name, map=paths)).stories[0].id for name in ("a", "b")]
    assert found == ["a:17", "b:17"]
    (story,) = mapped.parse(raw, Context(feed="a", agency="AP", map=paths)).stories
    assert story.id == "AP:17"
