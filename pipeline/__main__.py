"""`python -m pipeline`: the worker, until told to stop."""

from __future__ import annotations

import asyncio
import sys

from config import logging as logs
from config.settings import load
from pipeline.enrich.pool import Load
from pipeline.wire.errors import ConfigError, NewswireError


def main(load_enricher: Load | None = None) -> int:
    """The exit code: 0 after SIGTERM, 1 when it could not go on, 2 for its configuration.

    Args:
        load_enricher: see `pipeline.stream.worker.run`.
    """
    # Not above: each NLP process imports this module anew, and needs nothing of Kafka's.
    from pipeline.stream.worker import run

    try:
        settings = load()
        logs.configure(settings.logging)
        asyncio.run(run(settings, load_enricher))
    except ConfigError as error:
        print(f"newswire: {error}", file=sys.stderr)
        return 2
    except NewswireError as error:
        print(f"newswire: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
