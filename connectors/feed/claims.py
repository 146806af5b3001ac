"""Stories that are being published, so that two feeds do not publish the same one."""

from __future__ import annotations

import time
from collections.abc import Collection
from threading import Condition

PATIENCE_SECONDS = 5.0
"""The longest that a feed waits for another: the index absorbs what is published twice."""


class Claims:
    """Which feed of this process is publishing which stories. Thread-safe.

    A feed claims all stories of a delivery or none, and waits only while it holds none, so
    that no two wait for each other.
    """

    def __init__(self) -> None:
        self._owners: dict[bytes, str] = {}
        self._changed = Condition()

    def take(self, digests: Collection[bytes], owner: str) -> bool:
        """Claim these stories, unless another feed holds one; returns True if claimed."""
        with self._changed:
            if any(self._owners.get(digest, owner) != owner for digest in digests):
                return False
            self._owners.update(dict.fromkeys(digests, owner))
            return True

    def wait(self, digests: Collection[bytes], owner: str) -> None:
        """Claim these stories once no other feed holds one, or after PATIENCE_SECONDS."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        with self._changed:
            self._changed.wait_for(
                lambda: all(self._owners.get(digest, owner) == owner for digest in digests),
                timeout=deadline - time.monotonic(),
            )
            for digest in digests:
                self._owners.setdefault(digest, owner)

    def release(self, owner: str) -> None:
        """Release every claim of a feed: published, or abandoned."""
        with self._changed:
            self._owners = {d: feed for d, feed in self._owners.items() if feed != owner}
            self._changed.notify_all()
