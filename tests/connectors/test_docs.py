"""docs/feeds.md says what there is: every key of every source, and tables that work."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from config.feeds import Feed, feed_variable, load_feeds
from connectors.sources import SOURCES, open_source, secrets

DOCS = (Path(__file__).parents[2] / "docs" / "feeds.md").read_text(encoding="utf-8")
TOKEN = "0123456789abcdef0123456789abcdef"
SECTIONS = dict(re.findall(r"^## ([^\n]+)\n(.*?)(?=^## |\Z)", DOCS, re.MULTILINE | re.DOTALL))


def keys(section: str) -> list[str]:
    return re.findall(r"^\| `(\w+)` \|", SECTIONS[section], re.MULTILINE)


def test_keys_of_every_feed() -> None:
    """The common keys are listed, all and only these."""
    own = {"name", "reserved", "options", "from_environment"}
    assert set(keys("Keys of every feed")) == set(Feed.model_fields) - own


@pytest.mark.parametrize("name", SOURCES)
def test_keys_of_a_source(name: str) -> None:
    """A source's keys are listed, all and only these, and its secrets as secrets."""
    shared = [key for key in keys("rss") if not key.startswith("websub_")]
    listed = [*keys(name), *(shared if name == "http" else ())]
    assert sorted(listed) == sorted(SOURCES[name].options.model_fields)
    for key in secrets(SOURCES[name].options) & set(keys(name)):
        assert f"| `{key}` | secret |" in SECTIONS[name]


@pytest.mark.parametrize("title", ["", *SOURCES])
def test_examples_work(title: str, tmp_path: Path) -> None:
    """The example of each source is a feed that opens, given its secrets."""
    text = SECTIONS[title] if title else DOCS
    example = re.search(r"```toml\n(.*?)```", text, re.DOTALL)
    assert example
    file = tmp_path / "feeds.toml"
    file.write_text(example[1])
    (feed,) = load_feeds(file, {}).values()
    assert title in ("", feed.source)
    given = {feed_variable(feed.name, key): TOKEN for key in secrets(SOURCES[feed.source].options)}
    open_source(load_feeds(file, given)[feed.name], str(file)).close()
