"""Topics read to their end, from a consumer that the test plays."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import pytest

from pipeline.kafka import reading
from pipeline.kafka.reading import TopicReader
from pipeline.wire.errors import BrokerUnavailable


@dataclass
class Consumer:
    """Partition 0 of topic "t" with records at some offsets, two a poll."""

    offsets: list[int]
    end: int
    begins: int = 0
    at: int = 0

    def partitions_for_topic(self, topic: str) -> set[int]:
        return {0} if topic == "t" else set()

    def beginning_offsets(self, parts: Iterable[Any]) -> dict[Any, int]:
        return dict.fromkeys(parts, self.begins)

    def end_offsets(self, parts: Iterable[Any]) -> dict[Any, int]:
        return dict.fromkeys(parts, self.end)

    def assign(self, parts: list[Any]) -> None:
        self.parts = parts

    def seek(self, part: Any, offset: int) -> None:
        self.at = offset

    def position(self, part: Any) -> int:
        return self.at

    def poll(self, timeout_ms: int, max_records: int) -> dict[Any, list[Any]]:
        found = [offset for offset in self.offsets if offset >= self.at][:2]
        self.at = found[-1] + 1 if found else self.at
        return {self.parts[0]: [_Message(offset) for offset in found]} if found else {}


@dataclass
class _Message:
    offset: int
    topic: str = "t"
    partition: int = 0
    value: bytes | None = b"v"
    key: bytes | None = None
    headers: tuple[tuple[str, bytes], ...] = (("feed", b"ap"),)
    timestamp: int = 5


def read(consumer: Consumer, *spans: range) -> list[int]:
    """The offsets that are read of some spans, by default of all that there is."""
    reader = TopicReader(consumer, "here")
    asked = {("t", 0): spans[0]} if spans else reader.spans(["t", "missing"])
    return [record.offset for batch in reader.read(asked) for record in batch]


def test_a_topic_is_read_from_its_first_record_to_its_end() -> None:
    """What retention has deleted is not asked for; each record comes once."""
    assert read(Consumer([3, 4, 5], end=6, begins=3)) == [3, 4, 5]


def test_what_comes_behind_the_end_is_left_out() -> None:
    """A reader of a topic that is written to comes to an end."""
    assert read(Consumer([0, 1, 2, 3], end=2)) == [0, 1]
    assert read(Consumer([0, 1, 2, 3], end=4), range(1, 2)) == [1]


def test_holes_of_compaction_are_passed() -> None:
    """Offsets without a record do not keep the reader waiting."""
    assert read(Consumer([1, 7, 20], end=21)) == [1, 7, 20]


def test_an_empty_span_asks_nothing() -> None:
    """A topic without records ends at once."""
    assert read(Consumer([], end=0)) == []


def test_a_broker_that_sends_nothing_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """The end says that there are records, and none comes: it does not wait without end."""
    monkeypatch.setattr(reading, "SILENT_SECONDS", 0.0)
    with pytest.raises(BrokerUnavailable, match="here has sent nothing"):
        read(Consumer([], end=3))
