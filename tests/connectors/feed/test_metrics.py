"""The feeds' metrics say what `newswire status` says, and are served while feeds run."""

from __future__ import annotations

from pathlib import Path
from threading import Event, Thread

import httpx
import pytest
from prometheus_client import generate_latest

from config.settings import Connectors, Settings
from connectors import run
from connectors.feed.metrics import FeedMetrics
from connectors.formats import FORMATS
from pipeline.process.status import read_status
from pipeline.wire.errors import ConfigError
from tests.connectors.feeds import Broker, Listed, parse_lines, run_once


def test_metrics_of_a_feed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Counts, health and the time of the last story stand there by feed."""
    monkeypatch.setitem(FORMATS, "lines", parse_lines)
    done = run_once(tmp_path, Listed(b"a|1|one\nb|1|two", b"damaged"), Broker())
    told = generate_latest(FeedMetrics([done]).registry).decode()
    assert 'newswire_feed_stories_total{feed="wire"} 2.0' in told
    assert 'newswire_feed_dead_letters_total{feed="wire"} 1.0' in told
    assert 'newswire_feed_health{feed="wire",health="ok"} 1.0' in told
    assert 'newswire_feed_health{feed="wire",health="dead"} 0.0' in told
    assert 'newswire_feed_last_story_timestamp_seconds{feed="wire"} 1' in told


def settings(tmp_path: Path, port: int = 0) -> Settings:
    (tmp_path / "in").mkdir(exist_ok=True)
    file = tmp_path / "feeds.toml"
    file.write_text(
        f'[feeds.wire]\nsource = "directory"\nformat = "text"\npath = "{tmp_path}/in"\n'
    )
    return Settings(data_dir=tmp_path / "var", connectors=Connectors(feeds_file=file, port=port))


def test_served_while_feeds_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Metrics and health answer at the port that the status file tells."""
    monkeypatch.setattr(run, "Publisher", lambda *_: Broker())
    monkeypatch.setattr(run, "STATUS_SECONDS", 0.05)
    stop, ready = Event(), settings(tmp_path)
    running = Thread(target=run.run_feeds, args=(ready, stop))
    running.start()
    try:
        found = read_status(ready.data_dir)
        while not found and running.is_alive():
            found = read_status(ready.data_dir)
        url = f"http://127.0.0.1:{found[0]['health_port']}"
        assert (
            'newswire_feed_health{feed="wire",health="ok"} 1.0' in httpx.get(f"{url}/metrics").text
        )
        assert httpx.get(f"{url}/healthz").text == "ok\n"
    finally:
        stop.set()
        running.join(20)


def test_port_that_is_taken(tmp_path: Path) -> None:
    """A port that somebody else has stops the start, with the key named."""
    import socket

    with socket.create_server(("127.0.0.1", 0)) as other:
        ready = settings(tmp_path, port=other.getsockname()[1])
        with pytest.raises(ConfigError, match=r"connectors\.port"):
            run.run_feeds(ready, Event(), once=True)
