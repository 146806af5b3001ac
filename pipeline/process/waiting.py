"""How long to wait before the next try."""

from __future__ import annotations

import random
from collections.abc import Iterator


def delays(base_seconds: float, max_seconds: float) -> Iterator[float]:
    """Endless delays in seconds: doubling from `base` to `max`, each with full jitter.

    Jitter keeps many clients that failed together from coming back together; a tenth of
    the delay is always waited, so that none spins.
    """
    ceiling = base_seconds
    while True:
        yield ceiling * random.uniform(0.1, 1.0)  # noqa: S311 (no secret depends on it)
        ceiling = min(ceiling * 2, max_seconds)
