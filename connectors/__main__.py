"""`python -m connectors [FEED ...]`: deliver feeds to Kafka until a signal ends it."""

from __future__ import annotations

import sys
from threading import Event

from connectors.run import run_feeds
from pipeline.process.entry import on_stop, run


def main() -> int:
    """Run the connectors and return the exit code."""
    stop = Event()
    on_stop(stop.set)
    return run(lambda settings: run_feeds(settings, stop, sys.argv[1:]))


if __name__ == "__main__":
    sys.exit(main())
