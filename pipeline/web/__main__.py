"""`python -m pipeline.web`: the search API and page, until interrupted.

`newswire web` gives it what the operations page asks Kafka for.
"""

from __future__ import annotations

import sys

import uvicorn

from config.settings import Settings, load
from pipeline.web.app import create_app
from pipeline.web.operations import Operations
from pipeline.wire.errors import ConfigError


def serve(settings: Settings, operations: Operations | None = None) -> None:
    """Serve until SIGINT or SIGTERM."""
    uvicorn.run(
        create_app(settings, operations),
        host=settings.web.host,
        port=settings.web.port,
        log_level=settings.logging.level.lower(),
        access_log=False,
        server_header=False,
        # An open page holds its event stream for good: it must not hold up the end.
        timeout_graceful_shutdown=3,
    )


def main() -> int:
    """Load the settings and serve; 2 where they can't be used."""
    try:
        settings = load()
    except ConfigError as error:
        print(error, file=sys.stderr)
        return 2
    serve(settings)
    return 0


if __name__ == "__main__":
    sys.exit(main())
