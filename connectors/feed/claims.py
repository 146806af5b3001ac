"""Stories on their way to the broker, so that two feeds at once publish one of them once."""

from __future__ import annotations

import time
from collections.abc import Collection
from threading import Condition

PATIENCE_SECONDS = 5.0
"""A feed waits no longer for another: the index absorbs what is published twice."""


class Claims:
    """Who is publishing what, in this process. Safe to use from every feed's thread.

    A feed claims all stories of a delivery or none, and waits only while it holds none, so
    no two can wait for each other.
    """

    def __init__(self) -> None:
        self._owners: dict[bytes, str] = {}
        self._changed = Condition()

    def take(self, digests: Collection[bytes], owner: str) -> bool:
        """Claim all of these, unless another feed has one."""
        with self._changed:
            if any(self._owners.get(digest, owner) != owner for digest in digests):
                return False
            self._owners.update(dict.fromkeys(digests, owner))
            return True

    def wait(self, digests: Collection[bytes], owner: str) -> None:
        """Claim all of these once no other feed has one, or when patience has run out."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        with self._changed:
            self._changed.wait_for(
                lambda: all(self._owners.get(digest, owner) == owner for digest in digests),
                timeout=deadline - time.monotonic(),
            )
            for digest in digests:
                self._owners.setdefault(digest, owner)

    def release(self, owner: str) -> None:
        """All that a feed has claimed: acknowledged and remembered, or given up."""
        with self._changed:
            self._owners = {d: feed for d, feed in self._owners.items() if feed != owner}
            self._changed.notify_all()
