"""`python -m tests.bench.worker SECONDS`: the worker, its enrichment replaced by a sleep."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Sequence
from functools import partial

from config.settings import load
from pipeline.enriched import Enriched, Provenance
from pipeline.story import Story
from pipeline.worker import run


class Sleeping:
    """Takes so many seconds for each story and finds nothing."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    def read_ahead(self, stories: Sequence[Story]) -> None:
        """There is nothing to read."""

    def enrich(self, stories: Sequence[Story]) -> list[Enriched]:
        """See `pipeline.nlp.Enrich`."""
        if self._seconds:
            time.sleep(self._seconds * len(stories))
        provenance = Provenance(pipeline="bench", model="none", gazetteer="none", revision=1)
        return [Enriched(story=story, provenance=provenance) for story in stories]


if __name__ == "__main__":
    asyncio.run(run(load(), partial(Sleeping, float(sys.argv[1]))))
