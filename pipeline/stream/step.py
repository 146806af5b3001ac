"""What an agent of the worker is: a topic, and the step that takes its records in batches."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from elasticsearch import AsyncElasticsearch

from config.settings import Settings
from pipeline.enrich.pool import NlpPool
from pipeline.index.writer import Writer
from pipeline.kafka.messages import Record, Send
from pipeline.process.waiting import Waiting
from pipeline.stream.delays import Delays
from pipeline.stream.newest import Newest
from pipeline.wire.topics import Topics

Counts = dict[str, int]
"""What a worker has done since it started: exactly the counters that its agents declare."""

STALE = {"stale": "Older or equal versions, not enriched or refused by the index."}
EXPIRED = {"expired": "Stories older than the retain_days of their feed, refused."}
DEAD_LETTERS = {"dead_letters": "Records written to the dead-letter topic."}


class Step(ABC):
    """Takes the records of one topic; may be called again before it has returned."""

    takes_tombstones: ClassVar[bool] = False
    """Whether records without a value, which have an empty one here, are handed over too."""

    async def require(self) -> None:
        """Check what the step can't do without. Waits while it is away.

        Raises:
            SetupError: it is missing.
        """
        return

    def assigned(self, partitions: Collection[int]) -> None:
        """Take note of which partitions of its topic are this worker's from now on."""
        return

    @abstractmethod
    async def __call__(self, records: Sequence[Record]) -> None:
        """Take one batch, in the order of its partitions.

        All that the batch leads to is acknowledged when this returns: its offsets are then
        committed. What it raises ends the worker, offsets held.
        """


@dataclass(frozen=True, slots=True)
class Parts:
    """What a worker has, for its steps to be made of."""

    settings: Settings
    topics: Topics
    waiting: Waiting
    counts: Counts
    client: AsyncElasticsearch
    writer: Writer
    newest: Newest
    pool: NlpPool
    send: Send
    delays: Delays


@dataclass(frozen=True, slots=True)
class Agent:
    """One agent of the worker, declared once in the module of its step."""

    name: str
    topic: Callable[[Topics], str]
    make: Callable[[Parts], Step]
    batch: int
    """Records of a batch at most; it has no more than what is done soon."""
    in_flight: int
    """Batches that are worked on at a time."""
    counters: Mapping[str, str]
    """What the step counts, by name, with the help text of the metric."""
