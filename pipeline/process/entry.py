"""How each process starts and ends: settings, logging, signals, exit code."""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
from collections.abc import Callable

from config import logging as logs
from config.settings import Settings, load
from pipeline.process import lifeline
from pipeline.wire.errors import ConfigError, NewswireError

log = logging.getLogger(__name__)

STOPPED, FAILED, MISCONFIGURED = 0, 1, 2
"""Exit codes: after SIGTERM or SIGINT; it could not go on; its configuration can't be used."""


def run(work: Callable[[Settings], object]) -> int:
    """Run a process and return its exit code; a failure is one sentence on standard error.

    Args:
        work: returns once the process was asked to end.
    """
    settings: Settings | None = None
    try:
        settings = load()
        logs.configure(settings.logging)
        lifeline.follow()
        work(settings)
    except NewswireError as error:
        if settings and settings.logging.format == "json":
            log.error(str(error))
        else:
            print(f"newswire: {error}", file=sys.stderr)
        return MISCONFIGURED if isinstance(error, ConfigError) else FAILED
    except Exception:
        log.exception("an unexpected error ended the process")
        return FAILED
    return STOPPED


def on_stop(stop: Callable[[], object]) -> None:
    """Call `stop` at SIGTERM and SIGINT: in the running event loop, where there is one."""
    for number in (signal.SIGTERM, signal.SIGINT):
        try:
            asyncio.get_running_loop().add_signal_handler(number, stop)
        except RuntimeError:
            signal.signal(number, lambda *_: stop())
