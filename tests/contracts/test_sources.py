"""What every registered source keeps: all that is there, in order, after any crash.

A source comes under this contract by being registered; it needs a stage in `stages.py`,
where texts can be put before it. The texts are published through the feed's own loop.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from config.feeds import Feed
from connectors.cursor import Cursor
from connectors.feed.loop import FeedLoop
from connectors.formats import FORMATS, Context, Parsed
from connectors.sources import SOURCES, Source, open_source, secrets
from pipeline.kafka.messages import Message
from pipeline.wire.errors import ConfigError, SourceUnavailable
from tests.connectors.feeds import Broker, loop, parse_lines
from tests.contracts.stages import STAGES, Stage


def parse(raw: bytes, context: Context) -> Parsed:
    """Lines, also as the items of a page."""
    if raw.startswith(b"{"):
        raw = "\n".join(json.loads(raw)["items"]).encode()
    return parse_lines(raw, context)


@pytest.fixture(autouse=True)
def formats(monkeypatch: pytest.MonkeyPatch) -> None:
    """The format of these tests, and polls that wait a moment only."""
    monkeypatch.setitem(FORMATS, "lines", parse)
    monkeypatch.setattr("connectors.sources.imap.POLL_SECONDS", 0.05)
    monkeypatch.setattr("connectors.sources.kafka.POLL_SECONDS", 0.2)
    monkeypatch.setattr("connectors.sources.webhook.POLL_SECONDS", 0.05)


@pytest.fixture(params=SOURCES)
def name(request: pytest.FixtureRequest) -> str:
    """Every registered source."""
    chosen: str = request.param
    return chosen


@pytest.fixture
def stage(name: str, tmp_path: Path) -> Iterator[Stage]:
    """The outside world of a source."""
    with STAGES[name](tmp_path) as built:
        yield built


def opened(name: str, options: Mapping[str, Any], **environ: Any) -> Source:
    kept = secrets(SOURCES[name].options) & set(options)
    feed = Feed(name="wire", source=name, options={**options, **environ}, from_environment=kept)
    return open_source(feed, "feeds.toml")


def run(feed: FeedLoop, until: Callable[[], bool]) -> None:
    """Run a feed until something is so, and to the end of what it is at then."""
    stop = Event()
    feed._on_change = lambda counts: stop.set() if until() else None
    feed.run(stop)
    feed.close()


def lines(start: int, end: int) -> list[str]:
    return [f"story-{number}|1|text {number}" for number in range(start, end)]


def said(start: int, end: int) -> list[str]:
    return [f"text {number}" for number in range(start, end)]


def test_goes_on_after_its_cursor(name: str, stage: Stage, tmp_path: Path) -> None:
    """All that is there comes in order and once, over a restart, and then there is no more."""
    broker = Broker()
    stage.put(lines(0, 5))
    run(loop(tmp_path, opened(name, stage.options), broker), lambda: len(broker.said()) == 5)
    assert broker.said() == said(0, 5)
    stage.put(lines(5, 8))
    run(loop(tmp_path, opened(name, stage.options), broker), lambda: len(broker.said()) == 8)
    assert broker.said() == said(0, 8)
    last = loop(tmp_path, opened(name, stage.options), broker)
    last.run(Event(), once=True)
    assert last._source.settled()
    last.close()
    assert broker.said() == said(0, 8)


class Crash(BaseException):
    """The process is gone."""


@pytest.mark.parametrize("acknowledged", [True, False])
def test_crash_before_the_cursor_moves(
    name: str,
    stage: Stage,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    acknowledged: bool,
) -> None:
    """What was polled comes again whether or not the broker had it; nothing is skipped."""
    stage.put(lines(0, 5))
    broker = Broker()
    crashing = loop(tmp_path, opened(name, stage.options), broker)
    commit, publish = Cursor.commit, broker.publish

    def crash_on_commit(cursor: Cursor, what: Any) -> None:
        if what.stories:
            raise Crash
        commit(cursor, what)

    def crash_on_publish(records: Sequence[Message]) -> Mapping[tuple[str, int], int]:
        raise Crash

    with monkeypatch.context() as patch:
        if acknowledged:
            patch.setattr(Cursor, "commit", crash_on_commit)
        else:
            patch.setattr(broker, "publish", crash_on_publish)
        with pytest.raises(Crash):
            crashing.run(Event())
    crashing._source.close()
    assert broker.publish == publish
    run(
        loop(tmp_path, opened(name, stage.options), broker),
        lambda: set(broker.said()) == set(said(0, 5)),
    )
    assert list(dict.fromkeys(broker.said())) == said(0, 5)


def test_broker_that_fails_for_a_while(name: str, stage: Stage, tmp_path: Path) -> None:
    """While the broker does not acknowledge, the source gives the same again."""
    broker = Broker()
    broker.failures = 3
    stage.put(lines(0, 5))
    feed = loop(tmp_path, opened(name, stage.options), broker)
    run(feed, lambda: len(broker.said()) == 5)
    assert broker.said() == said(0, 5)
    assert feed.counts.stories == 5


def test_nobody_there(name: str, stage: Stage, tmp_path: Path) -> None:
    """A source that can't be reached says so, by the one error that makes its feed wait."""
    if stage.nowhere is None:
        pytest.skip("nobody is asked: others come to us")
    source = opened(name, stage.nowhere)
    cursor = Cursor(tmp_path / "nowhere.sqlite", "wire")
    with pytest.raises(SourceUnavailable):
        list(source.poll(cursor))
    source.close()
    cursor.close()


def test_unknown_key(name: str, stage: Stage) -> None:
    """A key that the source does not know names the feed, the key and the file."""
    with pytest.raises(ConfigError, match=r"feeds\.wire\.colour in feeds\.toml: unknown key"):
        opened(name, stage.options, colour="blue")


def test_secrets_are_not_taken_from_the_file(name: str, stage: Stage) -> None:
    """A secret in the feeds' file is refused, and the message says where it belongs, not it."""
    all_secrets = secrets(SOURCES[name].options)
    for key in all_secrets:
        options = {**stage.options, key: "hush"}
        feed = Feed(name="wire", source=name, options=options, from_environment=all_secrets - {key})
        with pytest.raises(ConfigError, match=f"NEWSWIRE_FEED__WIRE__{key.upper()}") as caught:
            open_source(feed, "feeds.toml")
        assert "hush" not in str(caught.value)


def test_every_source_has_a_stage() -> None:
    """Being registered obliges a source to have a stage, and the registry to have no ghost."""
    assert set(STAGES) == set(SOURCES)
