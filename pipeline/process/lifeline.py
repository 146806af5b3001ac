"""Ends a process with its supervisor, however the supervisor ends.

A supervisor that is killed can't stop its processes, and a second one would run beside them. So
`newswire run` holds the other end of each child's standard input: the kernel closes it.
"""

from __future__ import annotations

import logging
import os
import signal
import threading
from collections.abc import Mapping

log = logging.getLogger(__name__)

VARIABLE = "NEWSWIRE_LIFELINE"
"""Set by a supervisor that holds the process's standard input."""


def follow(environ: Mapping[str, str] = os.environ) -> None:
    """End this process as at SIGTERM once its standard input is closed, if it has a supervisor."""
    if VARIABLE in environ:
        threading.Thread(target=_wait, name="lifeline", daemon=True).start()


def _wait() -> None:
    # Not by sys.stdin, whose lock would be held when the interpreter ends.
    while os.read(0, 1024):
        pass
    log.warning("the supervisor has ended: ending too")
    os.kill(os.getpid(), signal.SIGTERM)
