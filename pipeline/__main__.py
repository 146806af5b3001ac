"""`python -m pipeline`: the worker, until it is asked to stop."""

from __future__ import annotations

import asyncio
import sys

from config.settings import Settings
from pipeline.enrich.pool import Load
from pipeline.process.entry import run


def main(load_enricher: Load | None = None) -> int:
    """Run the worker and return its exit code.

    Args:
        load_enricher: see `pipeline.stream.worker.run`.
    """

    def work(settings: Settings) -> None:
        # Not above: each NLP process imports this module too, and needs nothing of Kafka's.
        from pipeline.stream import worker

        asyncio.run(worker.run(settings, load_enricher))

    return run(work)


if __name__ == "__main__":
    sys.exit(main())
