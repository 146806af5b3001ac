"""A feed without the outside world: a source and a broker in memory, and a format of lines."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from threading import Event
from typing import Any

from config.feeds import Feed
from config.settings import Retry
from connectors.cursor import FILE, Cursor
from connectors.feed.archive import Archive
from connectors.feed.claims import Claims
from connectors.feed.loop import FeedLoop
from connectors.formats import Context, Parsed, Skipped
from connectors.sources import Delivery, Options, Polled, Source
from pipeline.kafka.messages import Message
from pipeline.wire import codec
from pipeline.wire.errors import BrokerUnavailable, ParseError, RecordsTooLarge
from pipeline.wire.story import Story
from pipeline.wire.topics import Topics


def parse_lines(raw: bytes, context: Context) -> Parsed:
    """A story a line, "id|version|text", version "-" for none; "bad" and "picture" as lines."""
    stories, errors, skipped = [], [], []
    if raw == b"damaged":
        raise ParseError("damaged", "byte 0")
    for number, line in enumerate(raw.decode().splitlines()):
        if line == "bad":
            errors.append(ParseError("a bad item", f"line {number}"))
        elif line == "picture":
            skipped.append(Skipped("a picture"))
        else:
            story_id, version, text = line.split("|")
            at = None if version == "-" else int(version)
            stories.append(Story(id=story_id, version=at, headline=text))
    return Parsed(tuple(stories), tuple(errors), tuple(skipped))


class Broker:
    """Takes records as the publisher does, unless it is told to fail."""

    max_bytes = 10_000

    def __init__(self) -> None:
        self.records: list[Message] = []
        self.failures = 0
        self.limit = 10_000
        """Of a record, as the topics have it."""
        self.ends: dict[tuple[str, int], int] = {}
        self.topic_id = "first"

    def publish(self, records: Sequence[Message]) -> Mapping[tuple[str, int], range]:
        if self.failures:
            self.failures -= 1
            raise BrokerUnavailable("away")
        large = {n for n, record in enumerate(records) if len(record.value) > self.limit}
        if large:
            raise RecordsTooLarge(frozenset(large))
        self.records.extend(records)
        spans: dict[tuple[str, int], range] = {}
        for record in records:
            at = (record.topic, 0)
            self.ends[at] = self.ends.get(at, 0) + 1
            spans[at] = range(spans[at].start if at in spans else self.ends[at] - 1, self.ends[at])
        return spans

    def topic_ids(self, topics: Collection[str]) -> Mapping[str, str]:
        return dict.fromkeys(topics, self.topic_id)

    def end_offsets(self, partitions: Iterable[tuple[str, int]]) -> Mapping[tuple[str, int], int]:
        return {at: self.ends.get(at, 0) for at in partitions}

    def close(self) -> None:
        """Nothing to let go of."""

    def said(self) -> list[str | None]:
        """The headlines published, in order."""
        topic = Topics().stories
        return [codec.decode_story(r.value).headline for r in self.records if r.topic == topic]

    def letters(self) -> list[dict[str, str]]:
        """The headers of the dead letters, in order."""
        topic = Topics().deadletter
        return [
            {name: value.decode() for name, value in record.headers}
            for record in self.records
            if record.topic == topic
        ]


class Listed(Source):
    """Gives what it was given, from where the cursor is; an exception is raised in its turn."""

    name = "listed"
    options = Options
    interval_seconds = 0.01

    def __init__(self, *items: Any) -> None:
        self.items: list[Any] = [item for item in items if not isinstance(item, Options)]
        self.closed = False

    def poll(self, cursor: Cursor) -> Iterator[Polled]:
        for number in range(int(cursor.get("next") or 0), len(self.items)):
            item = self.items[number]
            if isinstance(item, Exception):
                self.items[number] = b"picture"
                raise item
            if isinstance(item, bytes):
                item = Delivery(item, f"delivery-{number}", state={"next": str(number + 1)})
            yield item

    def close(self) -> None:
        self.closed = True


def loop(
    folder: Path, source: Source, broker: Any, name: str = "wire", **settings: Any
) -> FeedLoop:
    """A feed's loop on a folder's cursor; needs `parse_lines` registered as "lines"."""
    claims: Claims | None = settings.pop("claims", None)
    archive: Archive | None = settings.pop("archive", None)
    feed = Feed(name=name, source="directory", format="lines", **settings)
    return FeedLoop(
        feed,
        source,
        Cursor(folder / FILE, name),
        broker,
        Topics(),
        retry=Retry(base_seconds=0.001, max_seconds=0.01),
        claims=claims,
        archive=archive,
    )


def run_once(folder: Path, source: Source, broker: Any, **settings: Any) -> FeedLoop:
    """A loop that was run until its source had no more, as one process does."""
    running = loop(folder, source, broker, **settings)
    running.run(Event(), once=True)
    return running
