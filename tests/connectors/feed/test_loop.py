"""The feed loop: at least once, known words once, bad deliveries to the dead letters."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest

from connectors.cursor import FILE, Acknowledged, Cursor
from connectors.feed.archive import Archive
from connectors.feed.claims import Claims
from connectors.feed.health import Health, health
from connectors.feed.loop import FeedLoop
from connectors.formats import FORMATS, Parsed
from connectors.sources import Delivery, Polled, Progress, Refused
from connectors.sources.base import now
from pipeline.kafka.messages import Message
from pipeline.wire.errors import SourceUnavailable
from pipeline.wire.story import Status, Story
from tests.connectors.feeds import Broker, Listed, loop, parse_lines, run_once


@pytest.fixture(autouse=True)
def lines(monkeypatch: pytest.MonkeyPatch) -> None:
    """The format of these tests."""
    monkeypatch.setitem(FORMATS, "lines", parse_lines)


@pytest.fixture
def broker() -> Broker:
    """A broker in memory."""
    return Broker()


def test_stories_are_published_in_order(tmp_path: Path, broker: Broker) -> None:
    """Every story of every delivery is published, in the order of arrival."""
    done = run_once(tmp_path, Listed(b"a|1|one\nb|1|two", b"c|1|three"), broker)
    assert broker.said() == ["one", "two", "three"]
    assert (done.counts.deliveries, done.counts.stories) == (2, 3)


def test_goes_on_where_it_stopped(tmp_path: Path, broker: Broker) -> None:
    """A next process delivers what came since, and nothing again."""
    run_once(tmp_path, Listed(b"a|1|one"), broker)
    run_once(tmp_path, Listed(b"a|1|one", b"b|1|two"), broker)
    assert broker.said() == ["one", "two"]


def test_broker_failure_repeats_and_loses_nothing(tmp_path: Path, broker: Broker) -> None:
    """While the broker does not acknowledge, the cursor stays and the deliveries come again."""
    broker.failures = 3
    done = run_once(tmp_path, Listed(b"a|1|one", b"b|1|two"), broker)
    assert broker.said() == ["one", "two"]
    assert done.counts.stories == 2
    assert done.counts.failure is None


def test_crash_before_commit_repeats(
    tmp_path: Path, broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A crash between acknowledgement and cursor repeats the story and loses none."""
    crashed = loop(tmp_path, Listed(b"a|1|one", b"b|1|two"), broker)

    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Cursor, "commit", crash)
        with pytest.raises(KeyboardInterrupt):
            crashed.run(Event(), once=True)
    run_once(tmp_path, Listed(b"a|1|one", b"b|1|two"), broker)
    assert broker.said() == ["one", "two", "one", "two"]


def test_known_words_are_published_once(tmp_path: Path, broker: Broker) -> None:
    """The same version in another delivery is a duplicate; another version is news."""
    done = run_once(tmp_path, Listed(b"a|1|one", b"a|1|one\nb|1|two", b"a|2|three"), broker)
    assert broker.said() == ["one", "two", "three"]
    assert done.counts.duplicates == 1


def test_same_version_with_other_words_is_published(tmp_path: Path, broker: Broker) -> None:
    """A version sent again with a correction in it is not taken for a duplicate."""
    run_once(tmp_path, Listed(b"a|1|one", b"a|1|won"), broker)
    assert broker.said() == ["one", "won"]


@pytest.mark.parametrize("processes", [1, 3])
def test_revert_is_published_again(tmp_path: Path, broker: Broker, processes: int) -> None:
    """Without version and dates, A, B, A ends with A published last; A, A is a duplicate."""
    texts = [b"a|-|A", b"a|-|B", b"a|-|A", b"a|-|A"]
    for number in range(processes):
        run_once(tmp_path, Listed(*texts[: len(texts) - processes + number + 1]), broker)
    assert broker.said() == ["A", "B", "A"]


def test_reverted_page_is_published_again(tmp_path: Path, broker: Broker) -> None:
    """A document under one name that goes back to earlier bytes is read again."""
    texts = [b"a|-|A", b"a|-|B", b"a|-|A", b"a|-|A"]
    pages = [
        Delivery(text, "page", state={"next": str(number + 1)}) for number, text in enumerate(texts)
    ]
    for number in range(len(pages)):
        run_once(tmp_path, Listed(*pages[: number + 1]), broker)
    assert broker.said() == ["A", "B", "A"]


def test_versioned_story_is_not_reverted(tmp_path: Path, broker: Broker) -> None:
    """A story that names its version can't be taken back by an older copy."""
    run_once(tmp_path, Listed(b"a|1|A", b"a|2|B", b"a|1|A"), broker)
    assert broker.said() == ["A", "B"]


def test_page_of_several_states_does_not_flap(tmp_path: Path, broker: Broker) -> None:
    """A page that lists two undated states of a story gives each once, however often it comes."""
    run_once(tmp_path, Listed(b"a|-|A\na|-|B", b"a|-|A\na|-|B\nb|-|C"), broker)
    assert broker.said() == ["A", "B", "C"]


@pytest.mark.parametrize("version", ["1", "-"])
def test_two_channels_publish_once(tmp_path: Path, broker: Broker, version: str) -> None:
    """What one feed has published, another does not publish again, even late and in between."""
    texts = [f"a|{version}|A".encode(), f"a|{'2' if version == '1' else '-'}|B".encode()]
    run_once(tmp_path, Listed(*texts), broker, name="satellite")
    second = run_once(tmp_path, Listed(*texts), broker, name="internet")
    assert broker.said() == ["A", "B"]
    assert second.counts.duplicates == 2


def test_two_channels_at_once_publish_once(tmp_path: Path, broker: Broker) -> None:
    """A feed that gets a story while another publishes it waits, and finds it known."""
    publishing, waiting = Event(), Event()

    class Slow(Broker):
        def publish(self, records: Sequence[Message]) -> Mapping[tuple[str, int], range]:
            publishing.set()
            assert waiting.wait(timeout=20)
            return broker.publish(records)

    class Watched(Claims):
        def wait(self, digests: Collection[bytes], owner: str) -> None:
            waiting.set()
            super().wait(digests, owner)

    claims, texts = Watched(), [b"a|1|one", b"b|-|two"]
    first = loop(tmp_path, Listed(*texts), Slow(), name="satellite", claims=claims)
    second = loop(tmp_path, Listed(*texts), broker, name="internet", claims=claims)
    other = Thread(target=first.run, args=(Event(), True))
    other.start()
    assert publishing.wait(timeout=20)
    second.run(Event(), once=True)
    other.join(timeout=20)
    assert broker.said() == ["one", "two"]
    assert second.counts.duplicates == 2


def test_damaged_delivery_is_a_dead_letter(tmp_path: Path, broker: Broker) -> None:
    """A delivery that can't be read keeps its bytes and its reason, and stops nothing."""
    done = run_once(tmp_path, Listed(b"damaged", b"a|1|one"), broker)
    assert broker.said() == ["one"]
    (letter,) = broker.letters()
    assert (letter["reason"], letter["where"]) == ("damaged", "byte 0")
    assert (letter["stage"], letter["name"], letter["feed"]) == ("parse", "delivery-0", "wire")
    assert b"damaged" in [record.value for record in broker.records]
    assert done.counts.dead_letters == 1


def test_bad_item_spares_its_neighbours(tmp_path: Path, broker: Broker) -> None:
    """The good stories of a delivery get through beside a bad item and a picture."""
    done = run_once(tmp_path, Listed(b"a|1|one\nbad\npicture\nb|1|two"), broker)
    assert broker.said() == ["one", "two"]
    assert len(broker.letters()) == 1
    assert done.counts.skipped == 1


def test_same_damage_is_one_dead_letter(tmp_path: Path, broker: Broker) -> None:
    """Damaged bytes that come again are not dead-lettered again."""
    run_once(tmp_path, Listed(b"damaged", b"damaged"), broker)
    assert len(broker.letters()) == 1


def test_refused_delivery_is_named(tmp_path: Path, broker: Broker) -> None:
    """What a source can't take becomes a dead letter that names it, and the cursor goes on."""
    refused = Refused("huge.xml", "9,999 bytes", state={"next": "1"})
    run_once(tmp_path, Listed(refused, b"a|1|one"), broker)
    run_once(tmp_path, Listed(refused, b"a|1|one"), broker)
    (letter,) = broker.letters()
    assert (letter["name"], letter["reason"], letter["stage"]) == (
        "huge.xml",
        "9,999 bytes",
        "read",
    )
    assert broker.said() == ["one"]


def test_story_too_long_for_the_broker(tmp_path: Path, broker: Broker) -> None:
    """A story longer than a record may be is a dead letter, not a stop."""
    run_once(tmp_path, Listed(b"a|1|" + b"x" * 20_000, b"b|1|two"), broker)
    assert broker.said() == ["two"]
    assert "kafka.max_request_bytes" in broker.letters()[0]["reason"]


def test_story_too_long_for_its_topic(tmp_path: Path, broker: Broker) -> None:
    """A topic that takes less than the settings say costs the story that is longer, no other."""
    broker.limit = 2_000
    text = "x" * 3_000
    done = run_once(tmp_path, Listed(b"a|1|one", f"b|1|{text}\nc|1|three".encode()), broker)
    assert broker.said() == ["one", "three"]
    (letter,) = broker.letters()
    assert (letter["stage"], letter["story_id"], letter["feed"]) == ("publish", "b", "wire")
    assert int(letter["raw_bytes"]) > 3_000
    assert (done.counts.stories, done.counts.dead_letters) == (2, 1)
    assert done.counts.failure is None


def test_progress_without_delivery(tmp_path: Path, broker: Broker) -> None:
    """A source moves its cursor where there was nothing to deliver, and takes names out."""
    running = run_once(tmp_path, Listed(Progress({"next": "1", "seen": "yes"})), broker)
    assert running._cursor.get("seen") == "yes"
    running = run_once(tmp_path, Listed(b"", Progress({"next": "2", "seen": None})), broker)
    assert running._cursor.get("seen") is None


def test_lost_broker_is_delivered_anew(tmp_path: Path, broker: Broker) -> None:
    """A broker that lost what it acknowledged gets everything again, by every feed."""
    run_once(tmp_path, Listed(b"a|1|one"), broker, name="satellite")
    run_once(tmp_path, Listed(b"a|1|one", b"b|1|two"), broker, name="internet")
    emptied = Broker()
    run_once(tmp_path, Listed(b"a|1|one", b"b|1|two"), emptied, name="internet")
    assert emptied.said() == ["one", "two"]


def test_loss_that_another_feed_has_covered_up(tmp_path: Path, broker: Broker) -> None:
    """A feed's lost records come again even where another has since filled their offsets."""
    run_once(tmp_path, Listed(b"a|1|one"), broker, name="satellite")
    run_once(tmp_path, Listed(b"b|1|two"), broker, name="internet")
    emptied = Broker()
    more = [b"a|1|one", b"c|1|three", b"d|1|four"]
    run_once(tmp_path, Listed(*more), emptied, name="satellite")
    run_once(tmp_path, Listed(b"b|1|two"), emptied, name="internet")
    assert emptied.said() == ["one", "three", "four", "two"]


@pytest.fixture
def running(monkeypatch: pytest.MonkeyPatch) -> None:
    """Feeds that are not started again: they do not look at the broker before they poll."""
    monkeypatch.setattr(FeedLoop, "_check_broker", lambda feed: None)


def idle_feed(folder: Path, broker: Broker, name: str, *items: object, **more: Any) -> FeedLoop:
    """A feed that has delivered all it has, and stays open."""
    feed = loop(folder, Listed(*items), broker, name=name, **more)
    feed.run(Event(), once=True)
    return feed


@pytest.mark.usefixtures("running")
def test_topic_created_again_while_idle(tmp_path: Path, broker: Broker) -> None:
    """The offset of the next publish shows the loss: every feed delivers all it has again."""
    first = idle_feed(tmp_path, broker, "satellite", b"a|1|one", b"b|1|two")
    second = idle_feed(tmp_path, broker, "internet", b"c|1|three")
    assert isinstance(first._source, Listed)
    broker.records.clear()
    broker.ends.clear()
    first._source.items.append(b"d|1|four")
    for feed in (first, second):
        feed.run(Event(), once=True)
    assert broker.said()[0] == "four"  # this publish has shown it
    assert sorted(map(str, broker.said()[1:])) == ["four", "one", "three", "two"]
    assert (first.counts.losses, second.counts.losses) == (1, 0)


@pytest.mark.usefixtures("running")
def test_topic_of_one_record_created_again(tmp_path: Path, broker: Broker) -> None:
    """The first offset of a new topic equals the only one acknowledged of the old: a loss."""
    feed = idle_feed(tmp_path, broker, "wire", b"a|1|one")
    assert isinstance(feed._source, Listed)
    broker.records.clear()
    broker.ends.clear()
    feed._source.items.append(b"b|1|two")
    feed.run(Event(), once=True)
    assert sorted(map(str, broker.said())) == ["one", "two", "two"]


def test_topic_created_again_and_filled(
    tmp_path: Path, broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A topic of the same name and with more records is known by its id."""
    monkeypatch.setattr("connectors.feed.loop.TOPIC_SECONDS", 0.0)
    feed = idle_feed(tmp_path, broker, "wire", b"a|1|one")
    assert isinstance(feed._source, Listed)
    feed._source.items.append(b"b|1|two")
    feed.run(Event(), once=True)  # by now the id of the topic is known
    broker.records.clear()
    broker.topic_id = "second"
    broker.ends = {at: end + 10 for at, end in broker.ends.items()}
    feed._source.items.append(b"c|1|three")
    feed.run(Event(), once=True)
    assert sorted(map(str, broker.said())) == ["one", "three", "two"]
    assert feed.counts.losses == 1


@pytest.mark.usefixtures("running")
def test_a_batch_polled_before_the_loss_is_polled_again(tmp_path: Path, broker: Broker) -> None:
    """A feed that was publishing while another found the loss does not skip what precedes."""

    class Forgets(Broker):
        """Another feed finds the loss while this one publishes its second story."""

        def publish(self, records: Sequence[Message]) -> Mapping[tuple[str, int], range]:
            spans = broker.publish(records)
            if len(broker.records) == 2:
                other = Cursor(tmp_path / FILE, "other")
                other.forget()
                other.close()
            return spans

    feed = idle_feed(tmp_path, Forgets(), "wire", b"a|1|one")
    assert isinstance(feed._source, Listed)
    feed._source.items.append(b"b|1|two")
    feed.run(Event(), once=True)
    assert broker.said() == ["one", "two", "one", "two"]


@pytest.mark.usefixtures("running")
def test_what_was_pushed_is_delivered_again_from_the_archive(
    tmp_path: Path, broker: Broker
) -> None:
    """What the source no longer has is published again from the archive, and once."""
    archive = Archive(str(tmp_path / "archive"), tmp_path / "spool", "wire")
    feed = idle_feed(tmp_path, broker, "wire", b"a|1|one", b"b|1|two", archive=archive)
    assert isinstance(feed._source, Listed)
    broker.records.clear()
    broker.ends.clear()
    feed._source.items = [b"c|1|three"]  # a sender pushes the next; the others are gone
    feed._cursor.commit(Acknowledged(state={"next": None}))
    feed.run(Event(), once=True)
    assert broker.said()[0] == "three"  # this publish has shown it
    assert sorted(map(str, broker.said()[1:])) == ["one", "three", "two"]
    feed.run(Event(), once=True)
    assert len(broker.said()) == 4


@pytest.mark.usefixtures("running")
def test_what_was_pushed_and_is_in_no_archive_is_said_to_be_lost(
    tmp_path: Path, broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The feed's status says so from then on: nobody else would send it again."""
    monkeypatch.setattr(Listed, "pushed", True)
    feed = idle_feed(tmp_path, broker, "wire", b"a|1|one", b"b|1|two")
    assert feed.counts.lost_at is None
    assert isinstance(feed._source, Listed)
    broker.records.clear()
    broker.ends.clear()
    feed._source.items = [b"c|1|three"]
    feed._cursor.commit(Acknowledged(state={"next": None}))
    feed.run(Event(), once=True)
    assert feed.counts.lost_at is not None


def test_dead_source(tmp_path: Path, broker: Broker) -> None:
    """A source that fails again and again counts as dead; with `once` it is given up."""
    away = [SourceUnavailable("no route to the wire") for _ in range(5)]
    running = loop(tmp_path, Listed(*away), broker, dead_after_failures=3, dead_retry_seconds=60)
    running.run(Event(), once=True)
    assert running.counts.failures == 3
    assert running.counts.failure == "no route to the wire"
    assert health(running.counts, running.feed, now()) is Health.DEAD


def test_source_that_comes_back(tmp_path: Path, broker: Broker) -> None:
    """A source that answers again is well again."""
    done = run_once(tmp_path, Listed(SourceUnavailable("away"), b"a|1|one"), broker)
    assert broker.said() == ["one"]
    assert (done.counts.failures, done.counts.failure) == (0, None)
    assert health(done.counts, done.feed, now()) is Health.OK


def test_last_story_survives_a_restart(tmp_path: Path, broker: Broker) -> None:
    """When the last new story came is known to the next process."""
    first = run_once(tmp_path, Listed(b"a|1|one"), broker)
    second = loop(tmp_path, Listed(b"a|1|one"), broker)
    assert second.counts.last_story_at == first.counts.last_story_at is not None
    assert second.counts.last_story == "one"


def test_a_fault_of_ours_does_not_end_the_feed(
    tmp_path: Path, broker: Broker, caplog: pytest.LogCaptureFixture
) -> None:
    """An exception nobody foresaw is logged, and the feed tries again."""
    run_once(tmp_path, Listed(ZeroDivisionError("a fault"), b"a|1|one"), broker)
    assert broker.said() == ["one"]
    assert "a feed failed" in caplog.text


def test_format_that_breaks_its_promise(
    tmp_path: Path, broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A format that raises something else costs one dead letter with the bytes in it."""

    def broken(raw: bytes, context: object) -> None:
        raise IndexError("out of range")

    monkeypatch.setitem(FORMATS, "lines", broken)
    run_once(tmp_path, Listed(b"a|1|one"), broker)
    assert broker.letters()[0]["error"] == "IndexError"
    assert broker.records[0].value == b"a|1|one"


def test_a_killed_storys_headline_is_not_kept(tmp_path: Path, broker: Broker) -> None:
    """The cursor and the status have the headline of a usable story only."""
    secret = b"headline that was killed"

    def parse(raw: bytes, context: object) -> Parsed:
        status = Status.WITHDRAWN if raw.startswith(b"kill") else Status.USABLE
        return Parsed((Story(id="ap:1", headline=secret.decode(), status=status, body=str(raw)),))

    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(FORMATS, "lines", parse)  # type: ignore[arg-type]
        running = run_once(tmp_path, Listed(b"story"), broker)
        assert running.counts.last_story == secret.decode()
        running.close()
        running = run_once(tmp_path, Listed(b"story", b"kill"), broker)
    assert running.counts.last_story == "ap:1"
    running.close()
    assert not [path for path in tmp_path.iterdir() if secret in path.read_bytes()]


def test_once_without_a_broker_ends(
    tmp_path: Path, broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A feed that runs once gives up a broker that stays away, and says why."""
    monkeypatch.setattr("connectors.feed.loop.ONCE_SECONDS", 0.05)
    broker.failures = 1_000_000
    done = run_once(tmp_path, Listed(b"a|1|one"), broker)
    assert done.counts.failure == "away"
    assert broker.said() == []


class Noting(Listed):
    """Notes what was acknowledged, and how much the broker had by then."""

    def __init__(self, broker: Broker, *items: Any) -> None:
        super().__init__(*items)
        self.broker = broker
        self.noted: list[tuple[list[str], int]] = []

    def acknowledged(self, deliveries: Sequence[Delivery]) -> None:
        if deliveries:
            self.noted.append(([d.name for d in deliveries], len(self.broker.records)))


def test_a_source_is_told_after_the_broker(
    tmp_path: Path, broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each batch is acknowledged to the source once, after the broker and the cursor have it."""
    monkeypatch.setattr("connectors.feed.batch.BATCH_DELIVERIES", 2)
    broker.failures = 2
    noting = Noting(broker, b"a|1|one", b"b|1|two", b"bad", b"a|1|one")
    running = run_once(tmp_path, noting, broker)
    assert noting.noted == [
        (["delivery-0", "delivery-1"], 2),
        (["delivery-2", "delivery-3"], 3),
    ]
    assert running._cursor.get("next") == "4"


def test_a_source_is_not_told_when_the_cursor_fails(
    tmp_path: Path, broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sender is not answered while the cursor could still forget its delivery."""
    noting = Noting(broker, b"a|1|one")
    feed = loop(tmp_path, noting, broker)

    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Cursor, "commit", crash)
        with pytest.raises(KeyboardInterrupt):
            feed.run(Event(), once=True)
    assert noting.noted == []


@pytest.mark.parametrize("same", [True, False])
def test_a_page_without_news_is_not_asked_for_again_at_once(
    tmp_path: Path, broker: Broker, same: bool
) -> None:
    """A page that is always delivered, whole or with another date in it, ends `--once`."""

    class Page(Listed):
        polls = 0

        def poll(self, cursor: Cursor) -> Iterator[Polled]:
            self.polls += 1
            assert self.polls < 10
            date = b"" if same else b"\nb|1|the same" * self.polls
            yield Delivery(b"a|1|one" + date, "page")

    page = Page()
    run_once(tmp_path, page, broker)
    assert page.polls == 2


def test_a_story_that_is_held_is_counted(
    tmp_path: Path,
    broker: Broker,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A restriction without an end is counted and logged, by id; an embargo until a time is not."""
    held = Story(id="a:1", status=Status.EMBARGOED, headline="Secret")
    timed = Story(id="a:2", status=Status.EMBARGOED, embargoed_until=now(), headline="Later")
    both = Parsed((held, timed))
    monkeypatch.setitem(FORMATS, "lines", lambda raw, context: both)  # type: ignore[arg-type]
    running = run_once(tmp_path, Listed(b"x"), broker)
    assert (running.counts.stories, running.counts.held) == (2, 1)
    assert "is held until a person releases it" in caplog.text
    assert "Secret" not in caplog.text
