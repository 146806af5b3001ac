"""`python -m pipeline.alerts`: alerts, until told to stop."""

from __future__ import annotations

import asyncio
import sys

from config import logging as logs
from config.settings import load
from pipeline.alerts.service import run
from pipeline.wire.errors import ConfigError, NewswireError


def main() -> int:
    """The exit code: 0 after SIGTERM, 1 when it could not go on, 2 for its configuration."""
    try:
        settings = load()
        logs.configure(settings.logging)
        asyncio.run(run(settings))
    except ConfigError as error:
        print(f"newswire: {error}", file=sys.stderr)
        return 2
    except NewswireError as error:
        print(f"newswire: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
