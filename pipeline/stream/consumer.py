"""Faust's consumer, mended: lost offsets, unfair buffers, busy fetches, a group's former broker."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from aiokafka import AIOKafkaConsumer
from faust.transport.drivers.aiokafka import AIOKafkaConsumerThread, Consumer

from pipeline.kafka.coordinator import heeding
from pipeline.kafka.pacing import paced


class GapConsumer(Consumer):
    """Notes all missing offsets, and no others.

    Faust commits up to the first offset that is neither acknowledged nor known to be missing.
    It notes a run of missing offsets when it reads the record behind it, with two faults
    (`faust.transport.consumer`, faust-streaming 0.15):

    - not where the record before the run has offset 0, which it takes for "nothing read yet".
      The committed offset of such a partition stays at 1, through restarts, until
      compaction takes the record at 0 as well;
    - with the record behind the run in it, as if that had been acknowledged.

    Before a partition's first commit the lowest acknowledged offset counts as its beginning, so
    acknowledgements must come in the order of offsets all the same: see `pipeline.stream.app.Gate`.
    """

    async def getmany(self, timeout: float) -> AsyncIterator[tuple[Any, Any]]:
        """Yield partition and record, in the order of each partition's offsets."""
        async for partition, message in super().getmany(timeout):
            if self._read_offset[partition] == 0 and message.offset > 1:
                await self._add_gap(partition, 1, message.offset)
            yield partition, message

    async def _add_gap(self, tp: Any, offset_from: int, offset_to: int) -> None:
        await super()._add_gap(tp, offset_from, offset_to - 1)


class FairConsumer(GapConsumer):
    """Fetches no partition of a topic whose agent is behind.

    Faust fetches for all agents in one loop. Once an agent's buffer holds four fifths of what it
    may, the partition of the next record is fetched no more, but those beside it still are, each
    up to its next record: with many partitions the buffer runs full, and the loop waits for that
    agent alone. Enrichment may itself wait for the index (`pipeline.stream.newest`): a deadlock.

    Here a topic's partitions pause together, so that a fifth of the buffer needs to hold one poll.
    """

    def on_buffer_full(self, tp: Any) -> None:
        """Pause a partition whose agent has enough records for now."""
        for other in [tp, *self._get_active_partitions()]:
            if other.topic == tp.topic:
                super().on_buffer_full(other)

    def on_buffer_drop(self, tp: Any) -> None:
        """Resume a partition whose agent may have more records."""
        for other in list(self._buffered_partitions):
            if other.topic == tp.topic:
                super().on_buffer_drop(other)


class PacedConsumer(FairConsumer):
    """Faust's consumer, its fetches paced, and heeding who has the group's offsets."""

    def _new_consumer_thread(self) -> Any:
        return _Thread(self, loop=self.loop, beacon=self.beacon)


class _Thread(AIOKafkaConsumerThread):
    def _create_consumer(self, loop: Any) -> AIOKafkaConsumer:
        return heeding(paced(super()._create_consumer(loop)), self.app.conf.id)
