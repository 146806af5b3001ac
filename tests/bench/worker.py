"""The worker, its enrichment replaced: see `Sleeping` and `Lending`.

`python -m tests.bench.worker SECONDS`, or `python -m tests.bench.worker FILE`
"""

from __future__ import annotations

import asyncio
import sys
import time
import zlib
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import msgspec

from config.settings import load
from pipeline.stream.worker import run
from pipeline.wire import codec
from pipeline.wire.enriched import Enriched, Provenance
from pipeline.wire.story import Story


class Sleeping:
    """Takes so many seconds for each story and finds nothing."""

    models: tuple[str, ...] = ()

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    def read_ahead(self, stories: Sequence[Story]) -> None:
        """There is nothing to read."""

    def enrich(self, stories: Sequence[Story]) -> list[Enriched]:
        """See `pipeline.enrich.pool.Enrich`."""
        if self._seconds:
            time.sleep(self._seconds * len(stories))
        provenance = Provenance(pipeline="bench", model="none", gazetteer="none", revision=1)
        return [Enriched(story=story, provenance=provenance) for story in stories]


class Lending:
    """Gives each story the names and places of one that was enriched before.

    Args:
        path: records of the enriched topic, one a line.
    """

    models: tuple[str, ...] = ()

    def __init__(self, path: Path) -> None:
        self._records = [codec.decode_enriched(line) for line in path.read_bytes().splitlines()]

    def read_ahead(self, stories: Sequence[Story]) -> None:
        """There is nothing to read."""

    def enrich(self, stories: Sequence[Story]) -> list[Enriched]:
        """See `pipeline.enrich.pool.Enrich`."""
        return [
            msgspec.structs.replace(
                self._records[zlib.crc32(story.id.encode()) % len(self._records)], story=story
            )
            for story in stories
        ]


def main(what: str) -> None:
    """Run the worker until SIGTERM."""
    path = Path(what)
    enricher = partial(Lending, path) if path.is_file() else partial(Sleeping, float(what))
    asyncio.run(run(load(), enricher))


if __name__ == "__main__":
    main(sys.argv[1])
