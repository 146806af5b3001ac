"""Faust's consumer, mended where it loses count of offsets that compaction took away.

Faust commits up to the first offset that is neither acknowledged nor known to be missing.
It notes a run of missing offsets when it reads the record behind it, with two faults
(`faust.transport.consumer`, faust-streaming 0.15):

- not where the record before the run has offset 0, which it takes for "nothing read yet".
  The committed offset of such a partition stays at 1 for good, through restarts, until
  compaction takes the record at 0 as well;
- with the record behind the run in it, as if that had been acknowledged.

Before a partition's first commit the lowest acknowledged offset counts as its beginning, so
acknowledgements must come in the order of offsets all the same: see `pipeline.stream.app.Gate`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from faust.transport.drivers.aiokafka import Consumer


class GapConsumer(Consumer):  # type: ignore[misc]  # Faust is untyped here
    """Notes all missing offsets, and no others."""

    async def getmany(self, timeout: float) -> AsyncIterator[tuple[Any, Any]]:
        """Yield partition and record, in the order of each partition's offsets."""
        async for partition, message in super().getmany(timeout):
            if self._read_offset[partition] == 0 and message.offset > 1:
                await self._add_gap(partition, 1, message.offset)
            yield partition, message

    async def _add_gap(self, tp: Any, offset_from: int, offset_to: int) -> None:
        await super()._add_gap(tp, offset_from, offset_to - 1)
