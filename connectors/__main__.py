"""`python -m connectors [FEED ...]`: deliver feeds to Kafka until told to stop."""

from __future__ import annotations

import signal
import sys
from threading import Event

from config import logging as logs
from config.settings import load
from connectors.run import run_feeds
from pipeline.wire.errors import ConfigError, SetupError


def main() -> int:
    """The exit code: 0 after SIGTERM or SIGINT, 1 when Kafka refuses us, 2 for bad settings."""
    stop = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    try:
        settings = load()
        logs.configure(settings.logging)
        run_feeds(settings, stop, sys.argv[1:])
    except ConfigError as error:
        print(f"newswire: {error}", file=sys.stderr)
        return 2
    except SetupError as error:
        print(f"newswire: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
