"""`python -m pipeline.alerts`: alerts, until they are asked to stop."""

from __future__ import annotations

import asyncio
import sys

from pipeline.alerts import service
from pipeline.process.entry import run


def main() -> int:
    """Run the alerts and return the exit code."""
    return run(lambda settings: asyncio.run(service.run(settings)))


if __name__ == "__main__":
    sys.exit(main())
