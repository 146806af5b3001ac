"""`python quix.py BROKER URL TOPIC INDEX [MODEL]`: Quix Streams with its Elasticsearch sink.

It runs in an environment of its own (see `tests.bench.peers`), so it imports nothing of ours.
With a model it runs spaCy on each story and indexes the names that it finds.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from elasticsearch import Elasticsearch
from quixstreams import Application
from quixstreams.sinks.community.elasticsearch import ElasticsearchSink

BROKER, URL, TOPIC, INDEX = sys.argv[1:5]
FIELDS = {"PERSON": "persons", "ORG": "organisations", "GPE": "place_names", "LOC": "place_names"}
UNUSED = ["tagger", "parser", "attribute_ruler", "lemmatizer", "senter"]

Story = dict[str, Any]


class Sink(ElasticsearchSink):  # type: ignore[misc]
    """The sink, for a server without `GET /`, which the distribution for tests has not."""

    def setup(self) -> None:
        """Connect; the index is there."""
        self._client = Elasticsearch(**self._client_kwargs)


def present(story: Story) -> Story:
    """Return a story without what it does not have."""
    return {name: value for name, value in story.items() if value not in (None, [])}


def naming(model: str) -> Callable[[Story], Story]:
    """Return what adds the names that a spaCy model finds to a story."""
    import spacy

    nlp = spacy.load(model, exclude=UNUSED)

    def named(story: Story) -> Story:
        found: dict[str, dict[str, None]] = {}
        for entity in nlp(story["body"]).ents:
            if field := FIELDS.get(entity.label_):
                found.setdefault(field, {})[entity.text] = None
        return story | {field: list(names) for field, names in found.items()}

    return named


def main() -> None:
    """Run until killed."""
    app = Application(
        broker_address=BROKER,
        consumer_group=f"quix-{INDEX}",
        auto_offset_reset="earliest",
        auto_create_topics=False,
        # The sink writes at a commit: as often as newswire's worker commits.
        commit_interval=1.0,
    )
    stories = app.dataframe(app.topic(TOPIC, value_deserializer="json")).apply(present)
    for model in sys.argv[5:]:
        stories = stories.apply(naming(model))
    stories.sink(Sink(url=URL, index=INDEX))
    app.run()


if __name__ == "__main__":
    main()
