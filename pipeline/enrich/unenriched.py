"""Stories as they are: what the worker runs where `enrichment.model` is "none"."""

from __future__ import annotations

from collections.abc import Sequence

from config.settings import Settings
from pipeline.enrich.topics import inferred
from pipeline.enrich.topics.inferred import TopicModel, topics_of
from pipeline.wire.enriched import Enriched, Provenance
from pipeline.wire.story import Story


class Unenriched:
    """No model, no gazetteer: no names are looked for, and the provenance says so."""

    models: tuple[str, ...] = ()

    def __init__(self, revision: int, topics: TopicModel | None = None) -> None:
        self._topics = topics or inferred.load()
        self._provenance = Provenance(
            model="none", gazetteer="none", revision=revision, topics=self._topics.version
        )

    def read_ahead(self, stories: Sequence[Story]) -> None:
        """Does nothing: there are no models to read with."""

    def enrich(self, stories: Sequence[Story]) -> list[Enriched]:
        """Returns each story with its topics, and with neither entities nor places."""
        return [
            Enriched(
                story=story, topics=topics_of(story, self._topics), provenance=self._provenance
            )
            for story in stories
        ]


def load(settings: Settings) -> Unenriched:
    """Returns the enricher without a model of names, as the settings describe it."""
    enrichment = settings.enrichment
    return Unenriched(enrichment.revision, inferred.load(enrichment.topics_file))
