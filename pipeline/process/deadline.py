"""The last resort of a process that was asked to end and does not.

A broker that holds its connections and answers nothing keeps a client's `stop` waiting, and
Faust's threads with it. What was not committed is taken again, so to be gone is what counts.
"""

from __future__ import annotations

import logging
import os
import signal
from collections.abc import Callable, Iterable
from contextlib import suppress
from threading import Timer

log = logging.getLogger(__name__)


def end_within(seconds: float, children: Callable[[], Iterable[int]]) -> Timer:
    """End this process with exit code 1 unless it has ended by itself in time.

    In a thread of its own: an event loop that is blocked does not keep it.

    Args:
        seconds: from now.
        children: the ids of the processes that are killed with it, asked for then.
    """

    def end() -> None:
        log.error("did not end in time, ends now", extra={"seconds": seconds})
        try:
            for child in children():
                with suppress(ProcessLookupError):
                    os.kill(child, signal.SIGKILL)
            logging.shutdown()
        finally:
            os._exit(1)

    timer = Timer(seconds, end)
    timer.daemon = True
    timer.start()
    return timer
