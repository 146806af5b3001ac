"""An enricher that does what a story's body says: for NLP processes that must fail."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Sequence
from pathlib import Path

from pipeline.wire.enriched import Enriched, Provenance
from pipeline.wire.story import Story


class Obedient:
    """Enriches, crashes, hangs or raises, as it is told; its model is named by its process id."""

    models = ("en test",)

    def read_ahead(self, stories: Sequence[Story]) -> None:
        """Crashes where a story beside others says so."""
        if len(stories) > 1 and any(story.body == "crash-ahead" for story in stories):
            os.kill(os.getpid(), signal.SIGKILL)

    def enrich(self, stories: Sequence[Story]) -> list[Enriched]:
        """See `pipeline.enrich.pool.Enrich`."""
        return [self._enrich(story) for story in stories]

    def _enrich(self, story: Story) -> Enriched:
        word, _, rest = story.body.partition(" ")
        match word:
            case "crash":
                os.kill(os.getpid(), signal.SIGKILL)
            case "crash-once" if not Path(rest).exists():
                Path(rest).touch()
                os._exit(3)
            case "wait-for":
                while not Path(rest).exists():
                    time.sleep(0.05)
            case "hang":
                time.sleep(3600)
            case "raise":
                raise ValueError(rest)
        return Enriched(
            story=story,
            provenance=Provenance(
                pipeline="test", model=str(os.getpid()), gazetteer="none", revision=1
            ),
        )


def obedient() -> Obedient:
    """Loads at once."""
    return Obedient()


def without_model() -> Obedient:
    """Can't load."""
    raise LookupError("no such model")


def ending() -> Obedient:
    """Ends its process while it loads."""
    os._exit(9)
