"""How long to wait before the next try."""

from __future__ import annotations

import logging
import random
from collections.abc import Iterator
from dataclasses import dataclass, field

log = logging.getLogger(__name__)


def delays(base_seconds: float, max_seconds: float) -> Iterator[float]:
    """Endless delays in seconds: doubling from `base` to `max`, each with full jitter.

    Jitter keeps many clients that failed together from coming back together; a tenth of
    the delay is always waited, so that none spins.
    """
    ceiling = base_seconds
    while True:
        yield ceiling * random.uniform(0.1, 1.0)  # noqa: S311 (no secret depends on it)
        ceiling = min(ceiling * 2, max_seconds)


@dataclass
class Waiting:
    """Which dependencies are away now, and why: the worker waits and is not stuck."""

    reasons: dict[str, str] = field(default_factory=dict)

    def for_(self, name: str, reason: str) -> None:
        """A dependency is away."""
        log.warning("waiting", extra={"dependency": name, "reason": reason})
        self.reasons[name] = reason

    def over(self, name: str) -> None:
        """It is back."""
        self.reasons.pop(name, None)
