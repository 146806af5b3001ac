"""Stories as they are: what the worker runs where `enrichment.model` is "none"."""

from __future__ import annotations

from collections.abc import Sequence

from config.settings import Settings
from pipeline.enrich.topics.sent import sent_topics
from pipeline.wire.enriched import Enriched, Provenance
from pipeline.wire.story import Story


class Unenriched:
    """No model, no gazetteer: nothing is looked for, and the provenance says so."""

    models: tuple[str, ...] = ()

    def __init__(self, revision: int) -> None:
        self._provenance = Provenance(model="none", gazetteer="none", revision=revision)

    def read_ahead(self, stories: Sequence[Story]) -> None:
        """Does nothing: there are no models to read with."""

    def enrich(self, stories: Sequence[Story]) -> list[Enriched]:
        """Returns each story with its topics, and with neither entities nor places."""
        return [
            Enriched(story=story, topics=sent_topics(story), provenance=self._provenance)
            for story in stories
        ]


def load(settings: Settings) -> Unenriched:
    """Returns the enricher that adds nothing, with the revision of the settings."""
    return Unenriched(settings.enrichment.revision)
