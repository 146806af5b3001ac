"""How every process waits for what it depends on: one policy, `retry` in the settings."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import TypeVar

from config.settings import Retry
from pipeline.wire.errors import TransientError

log = logging.getLogger(__name__)

Answer = TypeVar("Answer")

AWAY_SECONDS = 5.0
"""Longest wait before a broker or an index is asked again: seconds without them must not become a
minute without news."""


def delay(retry: Retry, failures: int) -> float:
    """Return the seconds to wait after so many failures: doubled each time, with full jitter.

    Jitter keeps many clients that failed together from coming back together; a tenth of
    the delay is always waited, so that none spins.
    """
    longest = min(retry.base_seconds * 2.0 ** min(failures, 60), retry.max_seconds)
    return longest * random.uniform(0.1, 1.0)  # noqa: S311 (no secret depends on it)


def delays(retry: Retry) -> Iterator[float]:
    """Return the endless waits of one failing call; begin again after a success."""
    return (delay(retry, failures) for failures in count())


@dataclass
class Waiting:
    """Which dependencies are away now, and why: a process that waits for one is not stuck."""

    retry: Retry = field(default_factory=Retry)
    reasons: dict[str, str] = field(default_factory=dict)
    set_aside: dict[str, str] = field(default_factory=dict)
    """Stories that the index refuses while it takes others, each with the reason."""

    def for_(self, name: str, reason: str) -> None:
        """Note and log that a dependency is away."""
        log.warning("waiting", extra={"dependency": name, "reason": reason})
        self.reasons[name] = reason

    def over(self, name: str) -> None:
        """Note that a dependency is back."""
        self.reasons.pop(name, None)

    async def until(self, name: str, call: Callable[[], Awaitable[Answer]]) -> Answer:
        """Return what `call` returns, calling it again for as long as its dependency is away.

        Args:
            name: of the dependency, as `status` shows it: "kafka", "index".
            call: raises a TransientError when a later call may work. Any other error is raised.
        """
        waits = delays(self.retry)
        while True:
            try:
                answer = await call()
            except TransientError as error:
                self.for_(name, str(error))
                await asyncio.sleep(min(next(waits), AWAY_SECONDS))
            else:
                self.over(name)
                return answer
