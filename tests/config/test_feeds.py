"""Feeds are tables of a file; what does not fit is named with its place."""

from pathlib import Path

import pytest

from config.feeds import load_feeds
from config.settings import DEFAULT_FILE, ConfigError


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where feeds may be written."""
    return tmp_path / "feeds.toml"


def test_a_feed_needs_a_name_and_a_source(file: Path) -> None:
    """What is not said has a default; what is not common is the source's option."""
    file.write_text('[feeds.ap]\nsource = "directory"\npath = "in"\n')
    feed = load_feeds(file, {})["ap"]
    assert (feed.name, feed.source, feed.format, feed.timezone) == (
        "ap",
        "directory",
        "auto",
        "UTC",
    )
    assert feed.options == {"path": "in"}


def test_the_shipped_feeds_load() -> None:
    """The feeds that come with newswire are declared as they should."""
    assert "demo" in load_feeds(DEFAULT_FILE.with_name("feeds.toml"), {})


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ('[feeds.ap]\npath = "in"\n', "feeds.ap.source"),
        ('[feeds."AP News"]\nsource = "rss"\n', "feeds.AP News.name"),
        ('[feeds.ap]\nsource = "rss"\ntimezone = "Mars/Olympus"\n', "feeds.ap.timezone"),
        ('[feeds.ap]\nsource = "rss"\nenabled = "perhaps"\n', "feeds.ap.enabled"),
        ('[feed.ap]\nsource = "rss"\n', "feed"),
        ("feeds = 3\n", "feeds"),
        ("[feeds]\nap = 3\n", "feeds.ap"),
    ],
)
def test_a_fault_names_its_key_and_file(file: Path, text: str, key: str) -> None:
    """A missing or unfit key stops the start, with its key and the file's path."""
    file.write_text(text)
    with pytest.raises(ConfigError) as raised:
        load_feeds(file, {})
    assert f"{key} in {file}: " in str(raised.value)


def test_no_feeds_are_no_fault(file: Path) -> None:
    """An empty file declares no feed."""
    file.write_text("")
    assert load_feeds(file, {}) == {}
