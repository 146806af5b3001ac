"""Limits guesses at a token: after too many wrong ones a client must wait."""

from __future__ import annotations

import time
from collections import OrderedDict, deque
from collections.abc import Callable
from math import ceil

MOST, WITHIN_SECONDS = 10, 60.0
CLIENTS = 10_000


class Guesses:
    """Wrong tokens of each client, by its address.

    What is remembered is bounded: of more than CLIENTS the one that was wrong longest ago is
    forgotten first.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._wrong: OrderedDict[str, deque[float]] = OrderedDict()

    def wait_seconds(self, client: str) -> int:
        """Return the seconds that a client must wait before it may send a token; 0 for none."""
        times = self._wrong.get(client)
        if times is None or len(times) < MOST:
            return 0
        return max(0, ceil(times[0] + WITHIN_SECONDS - self._clock()))

    def wrong(self, client: str) -> None:
        """Count a wrong token of a client."""
        times = self._wrong.setdefault(client, deque(maxlen=MOST))
        times.append(self._clock())
        self._wrong.move_to_end(client)
        if len(self._wrong) > CLIENTS:
            self._wrong.popitem(last=False)
