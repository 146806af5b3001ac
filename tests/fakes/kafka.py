"""A compacted topic in memory, and a broker that holds topics and a group's offsets."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from pipeline.kafka.messages import Message, Record
from pipeline.wire.topics import read_headers


@dataclass
class Log:
    """One partition: records keep their offsets when compaction removes others."""

    name: str
    end: int = 0
    records: list[tuple[bytes, Record]] = field(default_factory=list)

    def append(self, message: Message) -> int:
        """Add a record; its offset."""
        offset = self.end
        self.end += 1
        headers = read_headers(message.headers)
        record = Record(self.name, 0, offset, message.value, headers, message.key)
        self.records.append((message.key, record))
        return offset

    def compact(self, before: int) -> None:
        """Of the records before an offset keep the last of each key, counting later ones."""
        last = {key: record.offset for key, record in self.records}
        self.records = [
            (key, record)
            for key, record in self.records
            if record.offset >= before or record.offset == last[key]
        ]

    def read(self, offset: int, count: int) -> list[Record]:
        """Up to `count` records from an offset on."""
        return [record for _, record in self.records if record.offset >= offset][:count]


@dataclass
class Broker:
    """Topics of one partition, and the committed offsets of one group."""

    logs: dict[str, Log] = field(default_factory=dict)
    committed: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    def log(self, topic: str) -> Log:
        """A topic, made when first asked for."""
        return self.logs.setdefault(topic, Log(topic))

    def values(self, topic: str) -> list[bytes]:
        """What a topic holds now, in order."""
        return [record.value for _, record in self.log(topic).records]
