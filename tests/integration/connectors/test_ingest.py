"""Connectors as processes, on a real broker: killed again and again, and nothing is missing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from config.settings import Kafka
from connectors.publish import story_record
from pipeline.kafka.messages import Message
from pipeline.kafka.publisher import Publisher
from pipeline.wire import codec
from pipeline.wire.story import Story
from pipeline.wire.topics import Topics
from tests.integration import topics
from tests.servers import Engine

ROOT = Path(__file__).parents[3]
STORIES = 600


@contextmanager
def connectors(environ: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """`python -m connectors`, killed at the end if it still runs."""
    process = subprocess.Popen(
        [sys.executable, "-m", "connectors"],
        cwd=ROOT,
        env={**os.environ, **environ},
        stderr=subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait(30)


def wait(until: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not until():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_killed_again_and_again(engine: Engine, prefix: str, tmp_path: Path) -> None:
    """Connectors that are killed while they deliver a folder have delivered all of it at last."""
    for topic in Topics(prefix).all():
        topics.create(engine.brokers, topic)
    folder = tmp_path / "in"
    folder.mkdir()
    for number in range(STORIES):
        text = f"Ferry {number} sails\n\nThe ferry number {number} sailed on time.\n"
        (folder / f"{number:03}.txt").write_text(text)
    feeds = tmp_path / "feeds.toml"
    feeds.write_text(
        f'[feeds.wire]\nsource = "directory"\nformat = "text"\npath = "{folder}"\n'
        "settle_seconds = 0\ninterval_seconds = 0.1\n"
    )
    environ = {
        "NEWSWIRE_KAFKA__BROKERS": engine.brokers,
        "NEWSWIRE_TOPICS__PREFIX": prefix,
        "NEWSWIRE_DATA_DIR": str(tmp_path / "var"),
        "NEWSWIRE_CONNECTORS__FEEDS_FILE": str(feeds),
    }
    publisher = Publisher(Kafka(brokers=engine.brokers))
    stories = Topics(prefix).stories

    def end() -> int:
        return publisher.end_offsets([(stories, 0)])[stories, 0]

    for _ in range(3):
        before = end()
        with connectors(environ) as process:
            wait(lambda before=before: end() > before or end() >= STORIES)  # type: ignore[misc]
            process.send_signal(signal.SIGKILL)
    with connectors(environ) as process:
        wait(lambda: len({*topics.values(engine.brokers, stories)}) >= STORIES)
        # All may have come before the kills: then this process has only begun to start.
        status = tmp_path / "var" / "status" / f"connectors-{process.pid}.json"
        wait(status.exists)
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    times = Counter(
        codec.decode_story(value).headline for value in topics.values(engine.brokers, stories)
    )
    assert set(times) == {f"Ferry {number} sails" for number in range(STORIES)}
    assert sum(times.values()) - STORIES <= 3 * 100  # at most a batch again for each kill


def test_topic_created_again_while_idle(engine: Engine, prefix: str, tmp_path: Path) -> None:
    """After its topic was deleted and created again, an idle feed delivers all of its files."""
    names = Topics(prefix)
    for topic in names.all():
        topics.create(engine.brokers, topic)
    folder = tmp_path / "in"
    folder.mkdir()

    def put(number: int) -> None:
        text = f"Ferry {number} sails\n\nThe ferry number {number} sailed on time.\n"
        (folder / f"{number:03}.txt").write_text(text)

    def headlines() -> set[str | None]:
        values = topics.values(engine.brokers, names.stories)
        return {codec.decode_story(value).headline for value in values}

    feeds = tmp_path / "feeds.toml"
    feeds.write_text(
        f'[feeds.wire]\nsource = "directory"\nformat = "text"\npath = "{folder}"\n'
        "settle_seconds = 0\ninterval_seconds = 0.1\n"
    )
    environ = {
        "NEWSWIRE_KAFKA__BROKERS": engine.brokers,
        "NEWSWIRE_TOPICS__PREFIX": prefix,
        "NEWSWIRE_DATA_DIR": str(tmp_path / "var"),
        "NEWSWIRE_CONNECTORS__FEEDS_FILE": str(feeds),
    }
    for number in range(3):
        put(number)
    with connectors(environ):
        wait(lambda: len(headlines()) == 3)
        topics.delete(engine.brokers, names.stories)
        topics.create(engine.brokers, names.stories)
        put(3)
        wait(lambda: headlines() == {f"Ferry {number} sails" for number in range(4)})


def test_records_arrive_as_they_were_published(engine: Engine, prefix: str) -> None:
    """A published story comes back from the broker whole, and its offset was told."""
    names = Topics(prefix)
    topics.create(engine.brokers, names.stories)
    publisher = Publisher(Kafka(brokers=engine.brokers))
    story = Story(id="a", headline="Señal", feed="wire", format="text")
    records = [story_record(names, story, "a.txt"), Message(names.stories, b"b", b"raw", [])]
    assert publisher.publish(records) == {(names.stories, 0): range(2)}
    first, second = topics.values(engine.brokers, names.stories)
    assert codec.decode_story(first) == story
    assert second == b"raw"
    assert publisher.end_offsets([(names.stories, 0), (names.stories, 9)]) == {
        (names.stories, 0): 2,
        (names.stories, 9): 0,
    }
    publisher.close()
