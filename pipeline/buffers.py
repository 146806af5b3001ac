"""Faust's consumer, mended where one agent's full buffer kept the others' records waiting.

Faust fetches for all agents in one loop. Once an agent's buffer holds four fifths of what it
may, the partition of the next record is fetched no more, but those beside it still are, each
up to its next record: with many partitions the buffer runs full, and the loop waits for that
agent alone. Enrichment may itself wait for the index (`pipeline.stream.newest`), and so for good.

Here a topic's partitions pause together, so that a fifth of the buffer needs to hold one poll.
"""

from __future__ import annotations

from typing import Any

from pipeline.gaps import GapConsumer


class FairConsumer(GapConsumer):
    """Fetches no partition of a topic whose agent is behind."""

    def on_buffer_full(self, tp: Any) -> None:
        """The agent that reads a partition has enough for now."""
        for other in [tp, *self._get_active_partitions()]:
            if other.topic == tp.topic:
                super().on_buffer_full(other)

    def on_buffer_drop(self, tp: Any) -> None:
        """It may have more."""
        for other in list(self._buffered_partitions):
            if other.topic == tp.topic:
                super().on_buffer_drop(other)
