"""Feeds from their tables and the environment."""

from __future__ import annotations

from pathlib import Path

import pytest

from config.feeds import feed_variable, homes, load_feeds, retention, state_homes
from config.settings import DEFAULT_FILE, load
from pipeline.wire.errors import ConfigError

TABLES = """
[feeds.ap-news]
source = "http"
timezone = "America/New_York"
url = "https://wire.example/"

[feeds.local]
source = "directory"
path = "in"
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file of two feeds."""
    path = tmp_path / "feeds.toml"
    path.write_text(TABLES)
    return path


def test_common_keys_and_options(file: Path) -> None:
    """A feed's own keys are told from its source's."""
    feeds = load_feeds(file, {})
    assert list(feeds) == ["ap-news", "local"]
    assert feeds["ap-news"].timezone == "America/New_York"
    assert feeds["ap-news"].options == {"url": "https://wire.example/"}
    assert feeds["local"].format == "auto"


def test_environment(file: Path) -> None:
    """A feed's keys come from the environment too, win there, and are told as such."""
    environ = {
        feed_variable("ap-news", "token"): "secret",
        "NEWSWIRE_FEED__AP_NEWS__LANGUAGE": "en",
        "NEWSWIRE_FEED__LOCAL__PATH": "elsewhere",
        "NEWSWIRE_KAFKA__BROKERS": "not a feed's",
    }
    feeds = load_feeds(file, environ)
    assert feeds["ap-news"].options["token"] == "secret"
    assert feeds["ap-news"].from_environment == {"token"}
    assert feeds["ap-news"].language == "en"
    assert feeds["local"].options == {"path": "elsewhere"}


@pytest.mark.parametrize(
    ("environ", "said"),
    [
        ({"NEWSWIRE_FEED__OTHER__TOKEN": "hush"}, ["NEWSWIRE_FEED__OTHER__TOKEN", "ap-news"]),
        ({"NEWSWIRE_FEED__LOCAL": "hush"}, ["NEWSWIRE_FEED__LOCAL"]),
        (
            {"NEWSWIRE_FEED__LOCAL__TIMEZONE": "Mars"},
            ["feeds.local.timezone", "the environment", "NEWSWIRE_FEED__LOCAL__TIMEZONE"],
        ),
    ],
)
def test_wrong_environment(file: Path, environ: dict[str, str], said: list[str]) -> None:
    """A variable that fits no feed stops the start; its value is not said."""
    with pytest.raises(ConfigError) as caught:
        load_feeds(file, environ)
    for part in said:
        assert part in str(caught.value)
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[feeds.a]\n", "feeds.a.source"),
        ("[feeds.A]\nsource = 'rss'\n", "feeds.A.name"),
        ("[feeds.a]\nsource = 'rss'\ntimezone = 'Mars'\n", "feeds.a.timezone"),
        ("[feeds.a]\nsource = 'rss'\nenabled = 'perhaps'\n", "feeds.a.enabled"),
        ("[feeds.a]\nsource = 'rss'\ndead_after_failures = 0\n", "feeds.a.dead_after_failures"),
        ("[feed.a]\nsource = 'rss'\n", "feed in"),
        ("feeds = 1\n", "feeds in"),
        ("[feeds]\na = 1\n", "feeds.a in"),
        ("[feeds.a-b]\nsource='rss'\n[feeds.a_b]\nsource='rss'\n", "feeds.a_b in"),
        ("[feeds.a", "not valid TOML"),
    ],
)
def test_wrong_file(tmp_path: Path, text: str, said: str) -> None:
    """What is wrong is named by its key and its file."""
    path = tmp_path / "feeds.toml"
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        load_feeds(path, {})
    assert said in str(caught.value)
    assert "feeds.toml" in str(caught.value)


def test_the_shipped_feeds_load() -> None:
    """The feeds that come with newswire are declared as they should."""
    assert "demo" in load_feeds(DEFAULT_FILE.with_name("feeds.toml"), {})


def test_no_feeds_are_no_fault(tmp_path: Path) -> None:
    """An empty file declares no feed."""
    (tmp_path / "feeds.toml").write_text("")
    assert load_feeds(tmp_path / "feeds.toml", {}) == {}


@pytest.mark.parametrize(
    ("keys", "agency", "agencies"),
    [
        ("", None, ()),
        ('agency = "AP"', "AP", ("AP",)),
        ('agencies = ["AP"]', "AP", ("AP",)),
        ('agencies = "AP, dpa"', None, ("AP", "dpa")),
        ('agencies = ["dpa"]\nagency = "AP"', "AP", ("dpa", "AP")),
        ('agencies = ["*"]', None, ("*",)),
    ],
)
def test_agencies(tmp_path: Path, keys: str, agency: str | None, agencies: tuple[str, ...]) -> None:
    """A feed speaks for its agency and its agencies; a single one is the default source."""
    file = tmp_path / "feeds.toml"
    file.write_text(f'[feeds.a]\nsource = "rss"\n{keys}\n')
    feed = load_feeds(file, {})["a"]
    assert (feed.agency, feed.agencies) == (agency, agencies)


def test_a_home_by_hand_counts_before_what_was_learned(file: Path) -> None:
    """And what was learned counts from its enrichment revision on."""
    file.write_text(
        TABLES.replace('path = "in"', 'path = "in"\nlearned_home = { 2 = "US-Ohio", 5 = "none" }')
        + '\n[feeds.own]\nsource = "directory"\npath = "x"\nhome = "GB"\n'
        + 'learned_home = { 1 = "FR" }\n'
    )
    assert homes(file, 1) == {"local": None, "own": "GB"}
    assert homes(file, 4) == {"local": "US-Ohio", "own": "GB"}
    assert homes(file, 5) == {"local": None, "own": "GB"}


def test_learned_homes_are_stated_in_the_file_and_nothing_else_changes(file: Path) -> None:
    """An earlier revision keeps its region, so that its records can be made again."""
    before = "# Ours\n" + TABLES + '\n[feeds.local.status_words]\nok = "usable"\n'
    file.write_text(before)
    state_homes(file, 2, {"local": "US-Ohio", "ap-news": None})
    state_homes(file, 4, {"local": 'CA-"Q"'})
    after = file.read_text()
    added = [line for line in after.splitlines() if line not in before.splitlines()]
    assert added == [
        'learned_home = { 2 = "none" }',
        'learned_home = { 2 = "US-Ohio", 4 = "CA-\\"Q\\"" }',
    ]
    assert [line for line in after.splitlines() if line not in added] == before.splitlines()
    assert homes(file, 3) == {"ap-news": None, "local": "US-Ohio"}


def test_a_feed_without_a_table_of_its_own_gets_no_home(tmp_path: Path) -> None:
    """The error says to write it by hand, and the file stays as it is."""
    path = tmp_path / "feeds.toml"
    path.write_text('[feeds]\nlocal = { source = "directory", path = "in" }\n')
    with pytest.raises(ConfigError, match=r"feeds\.local .*by hand"):
        state_homes(path, 1, {"local": "GB"})


@pytest.mark.parametrize("region", ["Texas", "us-TX", ""])
def test_a_home_is_a_country_or_a_division_of_one(file: Path, region: str) -> None:
    """The error names key and file."""
    file.write_text(TABLES + f'home = "{region}"\n')
    with pytest.raises(ConfigError, match=r"feeds\.local\.home"):
        load_feeds(file, {})


def test_the_shipped_feed_is_found_from_everywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The demo's folder is that of the installation; another file's paths begin where one is."""
    monkeypatch.chdir(tmp_path)
    shipped = load_feeds(load(environ={}).connectors.feeds_file, {})
    assert Path(str(shipped["demo"].options["path"])).is_dir()
    own = tmp_path / "feeds.toml"
    own.write_text('[feeds.ap]\nsource = "directory"\npath = "drop"\n')
    assert load_feeds(own, {})["ap"].options["path"] == "drop"


def test_how_long_stories_may_be_kept(tmp_path: Path) -> None:
    """Of each feed with a limit, also a disabled one; a file that is missing has none."""
    path = tmp_path / "feeds.toml"
    assert retention(path).days == {}
    feed = 'source = "directory"\npath = "in"\n'
    path.write_text(
        f"[feeds.a]\n{feed}[feeds.b]\n{feed}retain_days = 30\n"
        f"[feeds.c]\n{feed}retain_days = 7\nenabled = false\n"
    )
    assert retention(path).days == {"b": 30, "c": 7}


@pytest.mark.parametrize("days", ["0", "-1", '"soon"'])
def test_a_limit_that_is_none(tmp_path: Path, days: str) -> None:
    """A term that is no number of days stops the start, rather than to purge all or nothing."""
    path = tmp_path / "feeds.toml"
    path.write_text(f'[feeds.a]\nsource = "directory"\npath = "in"\nretain_days = {days}\n')
    with pytest.raises(ConfigError, match=r"feeds\.a\.retain_days"):
        retention(path)
