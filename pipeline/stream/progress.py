"""Whether the worker gets on: committed offsets move while there is lag.

Faust workers are known to live on without consuming, so neither a running process nor an
open connection proves anything. What does: the group's committed offsets of the partitions
that this worker has.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from pipeline.process.waiting import Waiting

Partition = tuple[str, int]


@dataclass
class Progress:
    """Ends and committed offsets as they were last seen, and since when nothing moved.

    Args:
        stall_seconds: how long lag may stand still before the worker counts as stuck.
        clock: monotonic seconds.
        waiting: dependencies that are away; to wait for one is not to be stuck.
    """

    stall_seconds: float
    clock: Callable[[], float] = time.monotonic
    waiting: Waiting = field(default_factory=Waiting)
    ends: Mapping[Partition, int] = field(default_factory=dict)
    committed: Mapping[Partition, int] = field(default_factory=dict)
    _moved_at: float | None = None
    _answered: int = 0

    def seen(
        self,
        ends: Mapping[Partition, int],
        committed: Mapping[Partition, int],
        answered: int = 0,
    ) -> None:
        """Take a new look at the partitions that are this worker's now.

        `answered` counts the stories that NLP is done with: a batch whose stories hang one
        after the other commits nothing for long, and gets on.
        """
        now = self.clock()
        moved = answered != self._answered or any(
            offset != self.committed.get(at) for at, offset in committed.items()
        )
        self._answered = answered
        # Partitions that came or went are movement too: a new owner has its time to begin.
        changed = committed.keys() != self.committed.keys()
        self.ends, self.committed = dict(ends), dict(committed)
        idle = not self.lag or self.waiting.reasons
        if self._moved_at is None or moved or changed or idle:
            self._moved_at = now

    @property
    def lag(self) -> int:
        """Return the number of records of this worker's partitions that are still to be taken."""
        return sum(max(0, end - self.committed.get(at, 0)) for at, end in self.ends.items())

    @property
    def stalled_seconds(self) -> float:
        """Return how long there has been lag and no offset moved; 0 when all is well."""
        if self._moved_at is None or not self.lag:
            return 0.0
        return self.clock() - self._moved_at

    def stuck(self) -> str | None:
        """Return why the worker counts as stuck, or None if it makes progress."""
        if self.stalled_seconds <= self.stall_seconds:
            return None
        return f"{self.lag} records wait and none was taken for {self.stalled_seconds:.0f} s"
