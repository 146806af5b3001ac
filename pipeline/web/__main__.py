"""`python -m pipeline.web`: the search API and page, until interrupted.

`newswire web` also shows lag and dead letters on the operations page, and can replay a dead
letter, which needs the connectors. This process does not connect to Kafka.
"""

from __future__ import annotations

import sys
from typing import Any

import uvicorn

from config.settings import Settings
from pipeline.process.connections import MAX_CONNECTIONS, Connection
from pipeline.process.entry import run
from pipeline.process.ports import require_free
from pipeline.web.app import create_app
from pipeline.web.operations import Operations


class _Connection(Connection):
    """Of the page: its readers keep streams open, which the silent ones must not crowd out."""

    most = 4 * MAX_CONNECTIONS


def serve(settings: Settings, operations: Operations | None = None) -> None:
    """Serve until SIGINT or SIGTERM.

    Raises:
        ConfigError: the port is taken.
    """
    require_free("web.port", settings.web.host, settings.web.port)
    uvicorn.run(create_app(settings, operations), **server_options(settings))


def server_options(settings: Settings) -> dict[str, Any]:
    """Return uvicorn's options."""
    web = settings.web
    return {
        "http": _Connection,
        "host": web.host,
        "port": web.port,
        "proxy_headers": False,  # the application reads them, see `create_app`
        "log_config": None,  # uvicorn's events go where all others go
        "log_level": settings.logging.level.lower(),
        "access_log": False,
        "server_header": False,
        # Open pages keep their event streams open: they must not delay the end.
        "timeout_graceful_shutdown": 3,
    }


def main() -> int:
    """Serve, and return the exit code."""
    return run(serve)


if __name__ == "__main__":
    sys.exit(main())
